"""Faces whose pose is known, with their features, in one order: what every read-out of pose starts from.

Targets are columns of `truth`, degrees, in the order of TARGETS. One sign convention (data.pointing04): positive
yaw, the nose points to larger image x; positive pitch, looking up; positive roll, clockwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepfeatures.data.rudd2017_table1 import COUNTS, EDGES_DEG

TARGETS = ("abs_yaw", "yaw", "pitch", "roll")
Part = Sequence[str]  # (name of an input, layer)


@dataclass(frozen=True)
class Rows:
    """row: (n,) of the faces artifact; identity: (n,); truth: (n, targets) float64 degrees; targets: those that are
    known.
    """

    row: np.ndarray
    identity: np.ndarray
    truth: np.ndarray
    targets: tuple[str, ...]

    def column(self, target: str) -> np.ndarray:
        return self.truth[:, self.targets.index(target)]

    def taken(self, chosen: np.ndarray) -> Rows:
        """The same of some rows, by mask or number."""
        return Rows(self.row[chosen], self.identity[chosen], self.truth[chosen], self.targets)


def known_rows(faces: Path, ids: Sequence[np.ndarray] = ()) -> Rows:
    """Faces with known yaw that are also among each of `ids`. A target is read where all of them have it.

    Raises ValueError where a target is known of some rows only, or nothing is left.
    """
    pose = np.load(faces / "pose.npy").astype(np.float64)
    own = np.load(faces / "ids.npy")
    there = np.isfinite(pose[:, 0])
    for other in ids:
        there &= np.isin(own, other)
    if not there.any():
        raise ValueError(f"none of {len(own)} faces has both a known yaw and features")
    yaw, pitch, roll = pose[there].T
    columns = {"abs_yaw": np.abs(yaw), "yaw": yaw, "pitch": pitch, "roll": roll}
    shares = {name: np.isfinite(values).mean() for name, values in columns.items()}
    partly = {name: f"{share:.1%}" for name, share in shares.items() if 0 < share < 1}
    if partly:
        raise ValueError(f"targets known of some rows only, {partly}: leave those rows or those targets out")
    targets = tuple(name for name in TARGETS if shares[name] == 1)
    return Rows(
        np.flatnonzero(there),
        np.load(faces / "identity.npy")[there],
        np.stack([columns[name] for name in targets], axis=1),
        targets,
    )


def features_of(faces: Path, rows: Rows, parts: Sequence[Part], inputs: Mapping[str, Path]) -> np.ndarray:
    """Layers side by side, (n, d) float64, each divided by its root mean square about its mean.

    One number a part, of all rows: so that a network of large features does not drown one of small ones.
    """
    wanted = np.load(faces / "ids.npy")[rows.row]
    columns = []
    for name, layer in parts:
        place = {identifier: at for at, identifier in enumerate(np.load(inputs[name] / "ids.npy").tolist())}
        found = np.load(inputs[name] / f"{layer}.npy", mmap_mode="r")[[place[one] for one in wanted.tolist()]]
        found = found.reshape(len(found), -1).astype(np.float64)
        size = np.sqrt(np.square(found - found.mean(axis=0)).sum(axis=1).mean())
        columns.append(found / (size or 1.0))
    return np.concatenate(columns, axis=1)


def as_the_paper(rows: Rows, *, rng: np.random.Generator) -> np.ndarray:
    """Row numbers, ascending: as many rows as can be had with the shares of |yaw| that table 1 counts, one a range
    at least.
    """
    group = np.searchsorted(EDGES_DEG[1:-1], rows.column("abs_yaw"), side="right")
    there, share = np.bincount(group, minlength=len(COUNTS)), np.array(COUNTS) / sum(COUNTS)
    if there.min() < 1:
        raise ValueError(f"images by range of |yaw|: {there.tolist()}; one of each is needed for the paper's shares")
    wanted = np.maximum(1, np.floor((there / share).min() * share + 1e-9).astype(int))
    drawn = [rng.permutation(np.flatnonzero(group == one))[:count] for one, count in enumerate(wanted)]
    return np.sort(np.concatenate(drawn))
