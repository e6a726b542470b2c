"""What one unit tells: the unit, and the value of it, that best separate images with a label from those without.

Of each unit, with F1 and F0 the distribution functions of its values on images that have the label and that lack it, at
a cut c:     excitatory  1/2 + (F0(c) - F1(c)) / 2       the unit is above c where the label is there
                inhibitory  1/2 + (F1(c) - F0(c)) / 2       the unit is below c where it is there
both balanced accuracies, 0.5 where the unit tells nothing. The best of many units looks good by luck alone: score it on
images that had no part in choosing it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EXCITATORY, INHIBITORY = 0, 1
SIDES = ("excitatory", "inhibitory")


@dataclass(frozen=True)
class Chosen:
    """The best unit of each label, by side: all (2, labels). accuracy: on the images it was chosen by."""

    unit: np.ndarray
    cut: np.ndarray
    accuracy: np.ndarray

    def says(self, values: np.ndarray) -> np.ndarray:
        """(2, labels, n) bool: whether each label is there, by its one unit. values: (n, units)."""
        read = np.moveaxis(values[:, self.unit], 0, -1)  # (2, labels, n)
        above = read > self.cut[..., None]
        return np.asarray(np.stack([above[EXCITATORY], ~above[INHIBITORY]]))


def choose(values: np.ndarray, labels: np.ndarray, *, columns: int = 256) -> Chosen:
    """values: (n, units); labels: (n, labels) of 1, 0 and -1 (takes no part). A cut never parts equal values.

    Raises ValueError where a label has no image on one of its sides.
    """
    sides = np.stack([(labels == side).sum(axis=0) for side in (0, 1)])
    if not sides.all():
        raise ValueError(f"{int((sides == 0).any(axis=0).sum())} of {labels.shape[1]} labels have only one side")
    weight = ((labels == 1) / sides[1] - (labels == 0) / sides[0]).astype(np.float64)  # sums to 0
    count = labels.shape[1]
    best = np.full((2, count), -np.inf)
    unit, cut = np.zeros((2, count), np.int64), np.zeros((2, count))
    for start in range(0, values.shape[1], columns):
        block = np.asarray(values[:, start : start + columns], np.float64)
        order = np.argsort(block, axis=0, kind="stable")
        ascending = np.take_along_axis(block, order, axis=0)
        tied = ascending[1:] <= ascending[:-1]
        for label in range(count):
            below = np.cumsum(weight[:, label][order], axis=0)[:-1]  # F1 - F0 at the cut after each place
            below[tied] = 0.0
            for side, sign in ((EXCITATORY, -1), (INHIBITORY, 1)):
                place = below.argmin(axis=0) if side == EXCITATORY else below.argmax(axis=0)
                gain = sign * np.take_along_axis(below, place[None], axis=0)[0]
                winner = int(gain.argmax())
                if 0.5 + gain[winner] / 2 > best[side, label]:
                    at = place[winner]
                    best[side, label] = 0.5 + gain[winner] / 2
                    unit[side, label] = start + winner
                    cut[side, label] = (ascending[at, winner] + ascending[min(at + 1, len(block) - 1), winner]) / 2
    return Chosen(unit, cut, best)


def balanced(says: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(..., labels) balanced accuracy, nan of one side. says: (..., labels, n) bool; labels: (n, labels): 1, 0, -1."""
    present, absent = (labels == 1).T, (labels == 0).T
    with np.errstate(invalid="ignore"):
        hits = (says & present).sum(axis=-1) / present.sum(axis=-1)
        rejections = (~says & absent).sum(axis=-1) / absent.sum(axis=-1)
    return np.asarray((hits + rejections) / 2)
