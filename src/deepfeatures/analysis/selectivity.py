"""Single units as detectors of attributes and of identities; whole layers as readers of attributes.

An attribute's unit is chosen on the background's people and scored on the probed ones. An identity's unit is chosen on
half of that person's images against half of the other people, and scored on the other halves: nobody else knows the
person. For each layer NAME ('NETWORK LAYER'), sides being excitatory and inhibitory:

    says, NAME (2, attributes, n) uint8    chosen, NAME (2, attributes) balanced accuracy on the choosing images
    machines, NAME (attributes, n) float32: decision values of linear SVMs on the whole layer
    identities, NAME (2, people): held-out balanced accuracy     identities chosen, NAME: on the choosing images
    shuffled, NAME (2, people): held out, where images are dealt to people at random
    subsets, NAME (2, people): how much more often the most excited (inhibited: less often) SUBSET share of the units,
    chosen on half of the images, are active in the other half than in other people     subsets shuffled, NAME
    labels (n, attributes) of 1, 0, -1; person (n,) of the probed images
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.attribute_labels import enough_people, signs_of
from deepfeatures.analysis.joint_bayesian import BACKGROUND
from deepfeatures.data.attributes import NAMES
from deepfeatures.data.identities import draw_identities
from deepfeatures.probes.joint_bayesian import principal_directions
from deepfeatures.probes.linear_svc_many import ManyLinearSVC
from deepfeatures.probes.single_units import balanced, choose

SUBSET = 0.05  # of the units
LEAST_IMAGES = 4  # of a person: two to choose by and two to score
WIDEST = 400  # numbers that a machine reads; more are cut by PCA, as is usual for LBP
LENGTH = 3.0  # ours: root mean square of a face's distance from the mean face
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)  # C of the linear machines, chosen on people of the background


@dataclass(frozen=True)
class Faces:
    """ids, identity (n,); attributes (n, 40) of 1, 0, -1."""

    ids: np.ndarray
    identity: np.ndarray
    attributes: np.ndarray

    def of(self, rows: np.ndarray) -> Faces:
        return Faces(self.ids[rows], self.identity[rows], self.attributes[rows])


def faces_of(folder: Path) -> Faces:
    return Faces(*(np.load(folder / f"{name}.npy") for name in ("ids", "identity", "attributes")))


def make(
    out: Path, inputs: dict[str, Path], *, layers: Mapping[str, Sequence[str]], seed: int = 0, most_people: int = 60
) -> None:
    """inputs: as analysis.joint_bayesian's. layers: input -> its layers. most_people: whose units are sought."""
    probed = faces_of(inputs["faces"])
    there = np.ones(len(probed.ids), bool)
    for name in layers:
        there &= np.isin(probed.ids, np.load(inputs[name] / "ids.npy"))
    probed = probed.of(np.flatnonzero(there))
    apart = f"{BACKGROUND}faces" in inputs
    if apart:
        background = faces_of(inputs[f"{BACKGROUND}faces"])
    else:
        mask = draw_identities(probed.identity, 0.5, rng=np.random.default_rng([seed, 3]))
        probed, background = probed.of(np.flatnonzero(~mask)), probed.of(np.flatnonzero(mask))
    asked = enough_people(signs_of(probed.attributes), probed.identity)
    asked &= enough_people(signs_of(background.attributes), background.identity)
    columns = np.flatnonzero(asked)
    rng = np.random.default_rng([seed, 7])
    halves = _halves(probed.identity, most_people, rng=rng)
    shuffled = _halves(rng.permutation(probed.identity), most_people, rng=rng)
    todo = [(name, layer) for name, own in layers.items() for layer in own]
    for name, layer in tqdm(todo, desc="single units", unit="layer"):
        values = _values(inputs[name], layer, probed.ids)
        seen = _values(inputs[BACKGROUND + name if apart else name], layer, background.ids)
        label = f"{name} {layer}"
        if len(columns):
            units = choose(seen, background.attributes[:, columns])
            np.save(out / f"says, {label}.npy", units.says(values).astype(np.uint8))
            np.save(out / f"chosen, {label}.npy", units.accuracy)
            decided = machines(seen, background, columns, values, rng=rng)
            np.save(out / f"machines, {label}.npy", decided.astype(np.float32))
        for prefix, split in (("", halves), ("shuffled", shuffled)):
            if split is None:
                continue
            held, chosen = split.best_units(values)
            np.save(out / f"{prefix or 'identities'}, {label}.npy", held)
            np.save(out / f"{(prefix + ' chosen') if prefix else 'identities chosen'}, {label}.npy", chosen)
            if not (values < 0).any():
                np.save(out / f"subsets{' shuffled' if prefix else ''}, {label}.npy", split.subsets(values > 0))
    np.save(out / "labels.npy", probed.attributes[:, columns])
    np.save(out / "person.npy", np.unique(probed.identity, return_inverse=True)[1])
    meta = {
        "attributes": [NAMES[column] for column in columns],
        "layers": [f"{name} {layer}" for name, layer in todo],
        "people": 0 if halves is None else halves.choosing.shape[1],
        "images": len(probed.ids),
        "background_images": len(background.ids),
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


@dataclass(frozen=True)
class Halves:
    """choosing, scoring: (n, people) of 1 (that person's images), 0 (other people's), -1 (no part in it)."""

    choosing: np.ndarray
    scoring: np.ndarray

    def best_units(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(2, people) each: balanced accuracy of the best unit held out, and where it was chosen."""
        units = choose(values, self.choosing)
        return balanced(units.says(values), self.scoring), units.accuracy

    def subsets(self, active: np.ndarray) -> np.ndarray:
        """(2, people): excess of activity in the most excited units, and its lack in the most inhibited, held out."""
        rates = []
        for labels in (self.choosing, self.scoring):
            own, others = ((labels == side).astype(np.float64) for side in (1, 0))
            own_rate = own.T @ active / own.sum(axis=0)[:, None]
            rates.append(own_rate - others.T @ active / others.sum(axis=0)[:, None])
        chosen, held = rates
        many = max(1, round(SUBSET * active.shape[1]))
        order = np.argsort(chosen, axis=1, kind="stable")
        excited = np.take_along_axis(held, order[:, -many:], axis=1).mean(axis=1)
        return np.stack([excited, -np.take_along_axis(held, order[:, :many], axis=1).mean(axis=1)])


def _halves(identity: np.ndarray, most: int, *, rng: np.random.Generator) -> Halves | None:
    """People with LEAST_IMAGES or more, `most` of them. None where there are fewer than two."""
    names, code, counts = np.unique(identity, return_inverse=True, return_counts=True)
    people = np.flatnonzero(counts >= LEAST_IMAGES)
    if len(people) < 2:
        return None
    people = np.sort(rng.permutation(people)[:most])
    side = rng.permutation(len(names)) % 2  # of every person, as one of the others
    part = np.zeros(len(code), np.int64)  # of every image, among those of its person
    for person in range(len(names)):
        rows = np.flatnonzero(code == person)
        part[rows] = rng.permutation(len(rows)) % 2
    own = code[:, None] == people
    labels = [
        np.where(own, np.where(part[:, None] == half, 1, -1), np.where(side[code] == half, 0, -1)[:, None])
        for half in (0, 1)
    ]
    return Halves(labels[0].astype(np.int8), labels[1].astype(np.int8))


def machines(
    seen: np.ndarray, background: Faces, columns: np.ndarray, values: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """(attributes, n): decision values of balanced linear SVMs, learnt on the background. C is the best of PENALTIES,
    by the mean over attributes on a quarter of the background's people."""
    mean, size = seen.mean(axis=0), np.sqrt(np.square(seen - seen.mean(axis=0)).sum(axis=1).mean()) or 1.0
    X, Z = ((part - mean) * (LENGTH / size) for part in (seen, values))
    if X.shape[1] > WIDEST:
        basis = principal_directions(X, WIDEST)
        X, Z = X @ basis, Z @ basis
    X, Z = X.astype(np.float32), Z.astype(np.float32)
    y = np.where(background.attributes[:, columns] < 0, np.nan, background.attributes[:, columns])
    out = draw_identities(background.identity, 0.25, rng=rng)
    settings: dict[str, Any] = {"class_weight": "balanced", "missing": "skip", "tol": 1e-3}
    usable = [c for c in range(len(columns)) if len(np.unique(y[~out, c][~np.isnan(y[~out, c])])) == 2]
    if not usable:
        usable = list(range(len(columns)))  # too few people to choose by: the choosing part sees all of them
        out = np.zeros(len(X), bool)
    tried = ManyLinearSVC(PENALTIES, **settings).fit(X[~out], y[~out][:, usable])
    found = []
    for weights, intercepts in zip(tried.coef_path_, tried.intercept_path_, strict=True):
        asked = out if out.any() else ~out
        says = (X[asked] @ weights.T + intercepts > 0).T
        found.append(np.nanmean(balanced(says, background.attributes[asked][:, columns[usable]])))
    best = float(tried.C_[int(np.argmax(found))])
    fitted = ManyLinearSVC(best, **settings).fit(X, y)
    return np.asarray((Z @ fitted.coef_.T + fitted.intercept_).T)


def _values(folder: Path, layer: str, ids: np.ndarray) -> np.ndarray:
    """(n, width): rows of a features artifact in the order of ids."""
    there = np.load(folder / "ids.npy")
    values = np.load(folder / f"{layer}.npy", mmap_mode="r")
    if len(there) == len(ids) and (there == ids).all():
        return np.asarray(values)
    place = {one: at for at, one in enumerate(there.tolist())}
    return np.asarray(values[[place[one] for one in ids.tolist()]])
