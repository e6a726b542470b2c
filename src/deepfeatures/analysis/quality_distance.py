"""How far an image's features are from the centre, and what they are good for. features: (n, d).

    origin   |x|                                  mean   |x - mean of all x|
    unit     |u - mean of all u|, u = x / |x|: after length normalisation |u| is 1 everywhere, so the mean stands in
"""

from __future__ import annotations

import numpy as np

DISTANCES = ("origin", "mean", "unit")


def distance(features: np.ndarray, kind: str, *, centre_of: np.ndarray | None = None) -> np.ndarray:
    """(n,): in the features' own unit; of 'unit', between 0 and 2. Raises ValueError on an unknown kind.

    centre_of: features (m, d) whose mean is the centre, if not those that are asked about.
    """
    if kind not in DISTANCES:
        raise ValueError(f"kind={kind!r}: allowed are {', '.join(DISTANCES)}")
    values = np.asarray(features, np.float64)
    if kind == "origin":
        return np.asarray(np.linalg.norm(values, axis=1))
    others = values if centre_of is None else np.asarray(centre_of, np.float64)
    if kind == "unit":
        values, others = unit(values), unit(others)
    return np.asarray(np.linalg.norm(values - others.mean(axis=0), axis=1))


def unit(features: np.ndarray) -> np.ndarray:
    """Rows divided by their length; a row of zeros stays one."""
    values = np.asarray(features, np.float64)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(length > 0, length, 1.0))


def margin(features: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """(n,): mean cosine to the other images of the same person less the mean cosine to everybody else's.

    What an image is worth in recognition; nan for a person's only image. Length plays no part in it.
    """
    rows = unit(features)
    people, of_image, counts = np.unique(identity, return_inverse=True, return_counts=True)
    if len(people) < 2:
        raise ValueError(f"{len(people)} person: a margin compares a person with others")
    sums = np.zeros((len(people), rows.shape[1]))
    np.add.at(sums, of_image, rows)
    own = np.einsum("nd,nd->n", rows, sums[of_image])
    itself = np.einsum("nd,nd->n", rows, rows)
    everybody = rows @ sums.sum(axis=0)
    others = (everybody - own) / (len(rows) - counts[of_image])
    siblings = counts[of_image] - 1
    same = np.divide(own - itself, siblings, out=np.full(len(rows), np.nan), where=siblings > 0)
    return np.asarray(same - others)
