"""Labeled Faces in the Wild, for who has it: the pairs of its official protocol, by scikit-learn's loader.

Expected under `data_home`, as scikit-learn keeps it: lfw_home/pairs.txt, pairsDevTrain.txt, pairsDevTest.txt and
lfw_home/lfw_funneled/NAME/NAME_0001.jpg. Nothing is downloaded. scikit-learn keeps a cache of what it has decoded in
lfw_home/joblib.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_lfw_pairs

PHOTOGRAPH_PX = 250
SQUARE_PX = 128  # ours: the middle of a photograph, which holds the face


@dataclass(frozen=True)
class LfwPairs:
    """first, second: (pairs, side, side, 3) uint8; same: (pairs,) bool; fold: (pairs,) as pairs.txt deals them out."""

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray
    fold: np.ndarray


def lfw_pairs(data_home: Path, *, side_px: int = 32) -> LfwPairs:
    """All pairs of pairs.txt: 6,000 in ten folds in the official one. side_px: of the square middle, 1 to 128.

    Raises FileNotFoundError where LFW is not there, ValueError where pairs.txt does not say how its folds are made.
    """
    if not 1 <= side_px <= SQUARE_PX:
        raise ValueError(f"side_px={side_px}: from 1 to {SQUARE_PX}")
    listed = data_home / "lfw_home" / "pairs.txt"
    if not listed.is_file():
        raise FileNotFoundError(f"no LFW: {listed} is missing; see scikit-learn's fetch_lfw_pairs for the layout")
    folds, each = _folds(listed)
    start = (PHOTOGRAPH_PX - SQUARE_PX) // 2
    middle = slice(start, start + SQUARE_PX)
    try:
        found = fetch_lfw_pairs(
            subset="10_folds",
            data_home=str(data_home),
            color=True,
            slice_=(middle, middle),
            resize=side_px / SQUARE_PX,
            download_if_missing=False,
        )
    except OSError as absence:
        raise FileNotFoundError(f"no LFW: {absence}") from absence
    same = np.asarray(found.target) == 1
    if len(same) != 2 * folds * each:
        raise ValueError(f"pairs.txt announces {folds} folds of twice {each} pairs and lists {len(same)}")
    images = np.round(np.asarray(found.pairs) * 255).astype(np.uint8)
    return LfwPairs(images[:, 0], images[:, 1], same, np.arange(len(same)) // (2 * each))


def _folds(listed: Path) -> tuple[int, int]:
    """(folds, pairs of one person in each) of the first line, as '10<tab>300'."""
    head = listed.read_text(encoding="utf-8").splitlines()[:1]
    try:
        folds, each = (int(word) for word in head[0].split())
    except (IndexError, ValueError):
        raise ValueError(
            f"the first line of {listed.name} is {head}; two numbers, folds and pairs, are expected"
        ) from None
    return folds, each
