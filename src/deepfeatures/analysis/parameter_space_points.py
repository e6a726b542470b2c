"""Faces as points of a parameter space, with a layer's response to each: what every analysis of the space starts from.

Rendered faces have the exact space of `data.face_space`, in which a point is a *person*: his images differ in what
belongs to the image. Photographs have a space that was fitted to them (`parameter_space_photographs`), in which a
point is an *image*.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepfeatures.analysis.parameter_space_ceiling import person_means
from deepfeatures.data import face_space

MOST_UNITS = 512  # of a wider layer, as many units drawn at random are asked about one by one


@dataclass(frozen=True)
class Points:
    """parameters: (n, k) of each image; identity: (n,) 0, 1, ...; responses: (n, d) float32; names, kinds: k each.

    by_person: whether all images of a person have one point.
    """

    parameters: np.ndarray
    identity: np.ndarray
    responses: np.ndarray
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    by_person: bool

    @property
    def people(self) -> int:
        return int(self.identity.max()) + 1

    def rows(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points (m, k), responses (m, units) and whose they are (m,): a row a person where a point is one, else a
        row an image."""
        chosen = self.responses[:, units]
        if not self.by_person:
            return self.parameters, np.asarray(chosen, np.float64), self.identity
        means, people = person_means(chosen, self.identity)
        _, first = np.unique(self.identity, return_index=True)
        return self.parameters[first], means, people


def read(inputs: Mapping[str, Path], layer: str) -> Points:
    """inputs: 'features', and 'faces' (rendered) or 'space' (fitted to photographs). Images that lack features are
    left out.

    Raises ValueError where images of one rendered person have different parameters.
    """
    exact = "space" not in inputs
    known = inputs["faces" if exact else "space"]
    meta = json.loads((known / "meta.json").read_text())
    if exact:
        parameters = face_space.columns(np.load(known / "factors.npy"), meta["factors"])
        names = face_space.NAMES
        kinds = tuple(one.kind for one in face_space.PARAMETERS.values())
    else:
        parameters = np.load(known / "parameters.npy").astype(np.float64)
        names, kinds = tuple(meta["names"]), tuple(meta["kinds"])
    ids, given = np.load(known / "ids.npy"), np.load(inputs["features"] / "ids.npy")
    place = {one: at for at, one in enumerate(given.tolist())}
    here = np.array([one in place for one in ids.tolist()])
    if not here.any():
        raise ValueError(f"none of {len(ids)} faces has features")
    responses = np.load(inputs["features"] / f"{layer}.npy", mmap_mode="r")[[place[one] for one in ids[here].tolist()]]
    _, identity = np.unique(np.load(known / "identity.npy")[here], return_inverse=True)
    points = parameters[here]
    if exact:
        _, first = np.unique(identity, return_index=True)
        if not np.array_equal(points, points[first][identity]):
            raise ValueError("images of one person have different parameters: these are not factors of the person")
    return Points(points, identity, np.asarray(responses).reshape(len(points), -1), names, kinds, exact)


def some_units(width: int, seed: int) -> np.ndarray:
    """Numbers of the units that are asked about, ascending: all, or MOST_UNITS of them, the same for a seed."""
    if width <= MOST_UNITS:
        return np.arange(width)
    return np.sort(np.random.default_rng([seed, width]).choice(width, MOST_UNITS, replace=False))
