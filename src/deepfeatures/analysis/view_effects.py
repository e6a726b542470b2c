"""How differently a person's frontal and turned images are coded, feature by feature.

    shift[i, s, j] = (mean of feature j over person i's images turned to side s - mean over the frontal ones) / sd[j]

sd[j]: the standard deviation of feature j among images of one person in one view, pooled over all of them. Few images
make a shift where there is none; its squared size is known, and energy = shift^2 - noise has no bias from it: 0 on
average where view changes nothing (a single value may be negative).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST = 4  # images of a person in a view: so that each half of them still shows its own noise


@dataclass(frozen=True)
class Design:
    """people (I,): labels; frontal: rows of each; turned: for each side, rows of each. yaw_gap_deg (I,): mean |yaw|
    of the turned less the frontal ones."""

    people: np.ndarray
    frontal: tuple[np.ndarray, ...]
    turned: tuple[tuple[np.ndarray, ...], ...]
    yaw_gap_deg: np.ndarray


@dataclass(frozen=True)
class Effects:
    """shift, noise: (people, sides, features), in standard deviations and their square. See the top of this module."""

    shift: np.ndarray
    noise: np.ndarray

    @property
    def energy(self) -> np.ndarray:
        """(people, features): squared shift less its noise, mean over sides."""
        return np.asarray((self.shift**2 - self.noise).mean(axis=1))


def design(
    identity: np.ndarray,
    yaw_deg: np.ndarray,
    *,
    frontal_deg: float,
    turned_deg: float,
    sides: bool = True,
    least: int = LEAST,
) -> Design:
    """People with `least` images or more in each view. frontal_deg: |yaw| at most; turned_deg: at least.

    sides: those turned to larger x and to smaller x are two views, each against the frontal ones; else one. Raises
    ValueError where fewer than three people have enough images.
    """
    frontal, turned = np.abs(yaw_deg) <= frontal_deg, np.abs(yaw_deg) >= turned_deg
    views = [turned & (yaw_deg > 0), turned & (yaw_deg < 0)] if sides else [turned]
    people, rows, gaps = [], [], []
    for person in np.unique(identity):
        mine = identity == person
        cells = [np.flatnonzero(mine & view) for view in (frontal, *views)]
        if min(map(len, cells)) >= least:
            people.append(person)
            rows.append(cells)
            away = [np.abs(yaw_deg[cell]).mean() for cell in cells]
            gaps.append(np.mean(away[1:]) - away[0])
    if len(people) < 3:
        raise ValueError(
            f"{len(people)} of {len(np.unique(identity))} people have {least} images within {frontal_deg:g} degrees "
            f"and {least} beyond {turned_deg:g}{' to either side' if sides else ''}: 3 are needed; take more images"
        )
    of_side = tuple(tuple(cells[1 + side] for cells in rows) for side in range(len(views)))
    return Design(np.array(people), tuple(cells[0] for cells in rows), of_side, np.array(gaps))


def frontal_twice(of: Design) -> Design:
    """The control in which nothing is turned: every second frontal image plays the turned one. Rows are in the order
    of the data, which in a designed world is the order of yaw."""
    first, second = tuple(rows[0::2] for rows in of.frontal), tuple(rows[1::2] for rows in of.frontal)
    return Design(of.people, first, (second,), np.zeros(len(of.people)))


def effects(features: np.ndarray, of: Design) -> Effects:
    """features: (n, d); those that never vary within a person and view are left out."""
    return _effects(standardised(features, of), of)


def halves(features: np.ndarray, of: Design, *, rng: np.random.Generator) -> tuple[Effects, Effects]:
    """The same from two halves of every person's images in every view, which share no image; one scale for both."""
    scaled = standardised(features, of)
    frontal, turned = _split(of.frontal, rng), [_split(side, rng) for side in of.turned]
    parts = [Design(of.people, frontal[half], tuple(side[half] for side in turned), of.yaw_gap_deg) for half in (0, 1)]
    return _effects(scaled, parts[0]), _effects(scaled, parts[1])


def standardised(features: np.ndarray, of: Design) -> np.ndarray:
    """(n, kept) float64: in units of `pooled_sd`; a feature that never varies there is left out."""
    scale = pooled_sd(features, of)
    return np.asarray(features, np.float64)[:, scale > 0] / scale[scale > 0]


def pooled_sd(features: np.ndarray, of: Design) -> np.ndarray:
    """(d,): standard deviation within people and views; 0 where a feature does not vary there."""
    total, freedom = np.zeros(features.shape[1]), 0
    for rows in (*of.frontal, *(rows for side in of.turned for rows in side)):
        values = np.asarray(features[rows], np.float64)
        total += np.square(values - values.mean(axis=0)).sum(axis=0)
        freedom += len(rows) - 1
    sd = np.sqrt(total / max(freedom, 1))
    return np.where(sd > 1e-9 * np.abs(features).max(initial=1e-30), sd, 0.0)


def _effects(scaled: np.ndarray, of: Design) -> Effects:
    frontal, noise_frontal = _means(scaled, of.frontal)
    sides = [_means(scaled, side) for side in of.turned]
    shift = np.stack([mean - frontal for mean, _ in sides], axis=1)
    noise = np.stack([own + noise_frontal for _, own in sides], axis=1)
    return Effects(shift, noise)


def _means(scaled: np.ndarray, cells: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each cell, (I, d), and the variance of that mean, from the cell's own spread."""
    means = np.stack([scaled[rows].mean(axis=0) for rows in cells])
    noise = np.stack([scaled[rows].var(axis=0, ddof=1) / len(rows) for rows in cells])
    return means, noise


def _split(
    cells: Sequence[np.ndarray], rng: np.random.Generator
) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    mixed = [rng.permutation(rows) for rows in cells]
    return tuple(rows[: len(rows) // 2] for rows in mixed), tuple(rows[len(rows) // 2 :] for rows in mixed)
