"""Where tests find real faces and weights, which the repository never holds: each skips, saying what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import data_root


def celeba_root() -> Path:
    return _has("celeba/img_align_celeba", "CelebA")


def pointing_root() -> Path:
    return _has("pointing04", "Pointing'04")


def weights(name: str) -> Path:
    return _has(f"weights/{name}", "the weights") / "weights" / name


def _has(path: str, what: str) -> Path:
    root = data_root()
    if not (root / path).exists():
        pytest.skip(f"{what} not found: no {path} under {root}; set DEEPFEATURES_DATA")
    return root
