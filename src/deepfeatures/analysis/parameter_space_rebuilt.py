"""Faces rebuilt from decoded parameters, beside what was seen and beside what the true parameters give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.columns import Readout
from deepfeatures.data import face_space, portraits


@dataclass(frozen=True)
class Sheet:
    """images (rows * columns, side, side, 3) uint8, row by row; titles as many; columns."""

    images: np.ndarray
    titles: list[str]
    columns: int


def rebuilt(
    seen: np.ndarray, readouts: Mapping[str, Readout], *, people: int, side_px: int, rng: np.random.Generator
) -> Sheet:
    """A row a person, drawn by rng: the image seen, the true parameters rendered, those decoded from that one image by
    each network (by its label), and the average face.

    seen: (n, side, side, 3) images of the read-outs, in their order.
    """
    first = next(iter(readouts.values()))
    identity = np.asarray(first["identity"])
    who = rng.permutation(identity.max() + 1)[:people]
    rows = np.array([np.flatnonzero(identity == one)[0] for one in who])
    truth = np.asarray(first["truth"], np.float64)
    made = {"true parameters": truth[rows]}
    made |= {label: np.asarray(one["decoded"], np.float64)[rows] for label, one in readouts.items()}
    made["average face"] = np.tile(truth.mean(axis=0), (len(rows), 1))
    rendered = [_to_side(np.asarray(seen)[rows], side_px)]
    rendered += [portraits.render_neutral(values, side_px) for values in made.values()]
    labels = ["image seen", *made]
    images = np.stack(rendered, axis=1).reshape(-1, side_px, side_px, 3)
    return Sheet(images, labels + [""] * (len(labels) * (len(rows) - 1)), len(labels))


def halves(*, people: int, side_px: int, seed: int) -> Sheet:
    """A row a person: his face, the average shape with his appearance, his shape with the average appearance."""
    points = np.random.default_rng(seed).uniform(-1, 1, (people, len(face_space.NAMES)))
    shape = face_space.of_kind("shape")
    made = [points, np.where(shape, 0, points), np.where(shape, points, 0)]
    images = np.stack([portraits.render_neutral(values, side_px) for values in made])
    labels = ["both", "appearance alone", "shape alone"]
    titles = [label for label in labels for _ in range(people)]
    return Sheet(images.reshape(-1, side_px, side_px, 3), titles, people)


def nearer_than(readout: Readout) -> np.ndarray:
    """(n,) for each image: the share of other people whose true parameters are further from the decoded ones than its
    own person's. 1 is always, 0.5 chance."""
    truth, decoded = (np.asarray(readout[name], np.float64) for name in ("truth", "decoded"))
    identity = np.asarray(readout["identity"])
    _, first = np.unique(identity, return_index=True)
    known = truth[first]
    squared = np.square(known).sum(axis=1) - 2 * decoded @ known.T
    own = squared[np.arange(len(decoded)), identity]
    return (squared > own[:, None]).sum(axis=1) / (len(known) - 1)


def _to_side(images: np.ndarray, side_px: int) -> np.ndarray:
    """Enlarged or shrunk to side_px by data.crops."""
    from deepfeatures.data.crops import crop

    step = images.shape[1] / side_px
    return crop(images, np.array([[step, 0, (step - 1) / 2], [0, step, (step - 1) / 2]]), (side_px, side_px))
