"""What an attribute's machines would have said at every C of the grid, not at the chosen one alone.

People, folds and what is learned to shorten features are those of `attribute_readout`, so that at the C that a fold
chose the errors are the read-out's own. They are asked about people that no machine has seen, but nobody may choose C
by them: the read-outs choose it on other people, held out inside the training folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.attribute_labels import enough_people, signs_of
from deepfeatures.analysis.attribute_readout import Shorten, decision_path, side_by_side, standardised
from deepfeatures.analysis.embeddings import EMBEDDINGS
from deepfeatures.data.identities import identity_folds


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    parts: Sequence[Sequence[str]],
    embedding: str,
    dimensions: int,
    folds: int,
    penalties: Sequence[float],
    seed: int,
    triplet_steps: int = 1000,
) -> None:
    """Write C.npy (k,), ascending; fn.npy and fp.npy (k, 40), shares of all tested images that show or lack it.

    Settings are those of attribute_readout.make. nan where an attribute has no machine in some fold.
    """
    if embedding not in EMBEDDINGS:
        raise ValueError(f"embedding={embedding!r}: allowed are {', '.join(EMBEDDINGS)}")
    if not penalties:
        raise ValueError("penalties is empty: give one C or more")
    faces, order = inputs["faces"], np.sort(np.asarray(penalties, np.float64))
    identity, signs = np.load(faces / "identity.npy"), signs_of(np.load(faces / "attributes.npy"))
    X, seen = side_by_side(inputs, parts, np.load(faces / "ids.npy"))
    shorten = Shorten(embedding, dimensions, triplet_steps)
    rng_folds, rng_inside = np.random.default_rng(seed).spawn(2)
    fold = np.where(seen, identity_folds(identity, folds, rng=rng_folds), -1)
    enough = np.flatnonzero(enough_people(signs[:, seen], identity[seen]))
    wrong = np.zeros((2, len(order), len(signs)))  # of images that lack it, that show it
    for number in tqdm(range(folds), desc="penalties", unit="fold", mininterval=1):
        train, test = np.flatnonzero(seen & (fold != number)), np.flatnonzero(fold == number)
        *_, rng_outer = rng_inside.spawn(1)[0].spawn(3)  # as attribute_readout.read_fold has them
        rows, asked = standardised(*shorten(X[train], identity[train], X[test], rng_outer))
        path = decision_path(rows, signs[np.ix_(enough, train)], asked, order)
        there = signs[np.ix_(enough, test)].T
        for kind, label in enumerate((-1, 1)):
            missed = ((path > 0) != (label > 0)) & (there == label)
            count = missed.sum(axis=1).astype(np.float64)
            wrong[kind][:, enough] += np.where(np.isnan(path).all(axis=1), np.nan, count)
    wrong[:, :, np.setdiff1d(np.arange(len(signs)), enough)] = np.nan
    asked_of = np.stack([(signs[:, seen] == label).sum(axis=1) for label in (-1, 1)])
    fp, fn = wrong / np.maximum(asked_of, 1)[:, None]
    for name, values in {"C": order, "fn": fn, "fp": fp}.items():
        np.save(out / f"{name}.npy", values)
