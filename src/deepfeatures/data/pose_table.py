"""Pose estimates of CelebA's images: a table made by a pose network, joined by image and filtered by a stated rule.

    <data root>/celeba/pose_estimates.csv    image, yaw_deg, pitch_deg, roll_deg, face_side_px, n_faces

They are estimates (3DDFA_V2), not measurements: hyperface's, which the paper used, were never released. In the file
yaw grows as the nose points to smaller x, pitch as the face looks down, roll counter-clockwise; the book's convention
(`pointing04`) is the opposite of each, and reading converts.

Yaw and pitch are the same before and after the similarity transform that aligns an image. Roll is that of the
*original photograph*: alignment has turned it away, so an aligned image shows it only in what surrounds the face.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

YAW_SIGN, PITCH_SIGN, ROLL_SIGN = -1, -1, -1  # file to book
COLUMNS = ("image", "yaw_deg", "pitch_deg", "roll_deg", "face_side_px", "n_faces")


@dataclass(frozen=True)
class PoseTable:
    """In the book's convention. ids: (n,) str; yaw_deg, pitch_deg, roll_deg: (n,) degrees, NaN where not estimated.

    face_side_px: (n,) side of the face in the original photograph; n_faces: (n,) faces detected in it, -1 unknown.
    """

    ids: np.ndarray
    yaw_deg: np.ndarray
    pitch_deg: np.ndarray
    roll_deg: np.ndarray
    face_side_px: np.ndarray
    n_faces: np.ndarray
    fingerprint: str

    def of(self, ids: np.ndarray) -> PoseTable:
        """The same columns for these images, in their order; NaN and -1 where the table has no row."""
        row_of = {name: row for row, name in enumerate(self.ids.tolist())}
        rows = np.array([row_of.get(str(name), -1) for name in ids], np.int64)
        here = rows >= 0

        def column(values: np.ndarray) -> np.ndarray:
            if not len(values):
                return np.full(len(rows), np.nan)
            return np.where(here, values[rows], np.nan)

        faces = np.where(here, self.n_faces[rows], -1) if len(self.n_faces) else np.full(len(rows), -1)
        angles = (column(self.yaw_deg), column(self.pitch_deg), column(self.roll_deg), column(self.face_side_px))
        return PoseTable(np.asarray(ids), *angles, faces, self.fingerprint)


@dataclass(frozen=True)
class PoseRule:
    """Which estimates are believed. A failed fit turns a head further than a neck can; ours, and stated on the page.

    Yaw reaches a full profile. Beyond 60 degrees of pitch or roll this table holds almost only failed fits (upside
    down, from behind); heads tilted so far by lying down are lost with them.
    """

    yaw_limit_deg: float = 90.0
    pitch_limit_deg: float = 60.0
    roll_limit_deg: float = 60.0
    faces: int = 1  # several faces in the photograph: which one was measured is not certain

    def __str__(self) -> str:
        return (
            f"|yaw| <= {self.yaw_limit_deg:g}, |pitch| <= {self.pitch_limit_deg:g}, |roll| <= {self.roll_limit_deg:g} "
            f"degrees, {self.faces} face in the photograph"
        )


@dataclass(frozen=True)
class PoseReport:
    """What the rule did. kept: (n,) bool, by image; the counts are of images, each under the first reason it met."""

    kept: np.ndarray
    rule: PoseRule
    missing: int
    beyond_a_neck: int
    several_faces: int

    def __str__(self) -> str:
        out = f"{self.missing:,} without an estimate, {self.beyond_a_neck:,} beyond any neck"
        return (
            f"{int(self.kept.sum()):,} of {len(self.kept):,} images kept ({self.rule}); "
            f"left out: {out}, {self.several_faces:,} with several faces"
        )


def read(path: Path) -> PoseTable:
    """The table, converted to the book's convention. Raises ValueError naming missing columns, repeated or odd rows."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: a table of pose estimates with the columns {', '.join(COLUMNS)}")
    table = pd.read_csv(path, dtype={"image": str})
    absent = [column for column in COLUMNS if column not in table.columns]
    if absent:
        raise ValueError(f"{path} lacks the columns {absent}; it has {list(table.columns)}")
    if not table["image"].is_unique:
        twice = table["image"][table["image"].duplicated()].iloc[0]
        raise ValueError(f"{path} lists {twice} twice")
    odd = [column for column in COLUMNS[1:] if len(table) and not pd.api.types.is_numeric_dtype(table[column])]
    if odd:
        raise ValueError(f"{path}: {odd} hold something other than numbers")

    def column(name: str) -> np.ndarray:
        return table[name].to_numpy(float)

    return PoseTable(
        ids=table["image"].to_numpy(str),
        yaw_deg=YAW_SIGN * column("yaw_deg"),
        pitch_deg=PITCH_SIGN * column("pitch_deg"),
        roll_deg=ROLL_SIGN * column("roll_deg"),
        face_side_px=column("face_side_px"),
        n_faces=table["n_faces"].fillna(-1).to_numpy(np.int64),
        fingerprint=f"poses-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}",
    )


def believe(poses: PoseTable, rule: PoseRule | None = None) -> PoseReport:
    """Apply the rule to a table, usually one that `of` has put in the order of the images."""
    rule = rule or PoseRule()
    angles = np.stack([poses.yaw_deg, poses.pitch_deg, poses.roll_deg])
    limits = np.array([rule.yaw_limit_deg, rule.pitch_limit_deg, rule.roll_limit_deg])[:, None]
    missing = ~np.isfinite(angles).all(0)
    beyond = ~missing & (np.abs(np.nan_to_num(angles)) > limits).any(0)
    several = ~missing & ~beyond & (poses.n_faces != rule.faces)
    counts = (int(mask.sum()) for mask in (missing, beyond, several))
    return PoseReport(~(missing | beyond | several), rule, *counts)
