"""Landmarks of photographs, brought by a user: points of a face that mean the same in every image.

    <data root>/celeba/landmarks.csv    image, x0, y0, x1, y1, ...    pixels of the 178 x 218 aligned image, x to the
                                        right, y down, (0, 0) the centre of the upper left pixel; an image once

Any detector's points will do, as long as every row has the same ones, 20 or more and not all on a line: they become
the corners of triangles between which faces are warped. Images without a row are left out. None is at hand here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FILE = "landmarks.csv"
FEWEST = 20


@dataclass(frozen=True)
class Landmarks:
    """ids: (n,) str; points: (n, p, 2) float64 pixels, x and y; fingerprint: of the file."""

    ids: np.ndarray
    points: np.ndarray
    fingerprint: str


def path(data_root: Path) -> Path:
    """Where the file is looked for."""
    return data_root / "celeba" / FILE


def fingerprint(data_root: Path) -> str:
    """Of the file, '' where there is none."""
    file = path(data_root)
    return f"landmarks-{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}" if file.is_file() else ""


def read(data_root: Path) -> Landmarks | None:
    """The table, None where there is no file. Raises ValueError naming what is wrong with it."""
    file = path(data_root)
    if not file.is_file():
        return None
    table = pd.read_csv(file, dtype={"image": str})
    count = (len(table.columns) - 1) // 2
    expected = ["image", *(f"{axis}{number}" for number in range(count) for axis in "xy")]
    if list(table.columns) != expected or count < FEWEST:
        raise ValueError(
            f"{file} has {len(table.columns)} columns, {list(table.columns)[:5]}...: "
            f"image, x0, y0, x1, y1, ... of {FEWEST} points or more are expected"
        )
    if not len(table) or not table["image"].is_unique:
        raise ValueError(f"{file} has {len(table)} rows of {table['image'].nunique()} images: one an image is expected")
    points = table[expected[1:]].to_numpy(np.float64).reshape(len(table), count, 2)
    if not np.isfinite(points).all():
        bad = table["image"][~np.isfinite(points).all(axis=(1, 2))].iloc[0]
        raise ValueError(f"{file}: a point of {bad} is missing: leave such images out")
    return Landmarks(table["image"].to_numpy(str), points, fingerprint(data_root))
