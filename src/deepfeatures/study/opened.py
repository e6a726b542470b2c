"""Artifacts as chapters see them: arrays by name, memory-mapped, read when first used."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Opened:
    """An artifact's folder. `opened["label"]` is label.npy, memory-mapped; KeyError says which arrays there are."""

    folder: Path

    def __getitem__(self, name: str) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        if not path.is_file():
            raise KeyError(f"{self.folder.parent.name} has no array {name!r}: it has {', '.join(self.arrays)}")
        return np.load(path, mmap_mode="r")

    def __contains__(self, name: str) -> bool:
        return (self.folder / f"{name}.npy").is_file()

    @property
    def arrays(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.npy"))


class Described(Opened):
    """Any artifact with a meta.json."""

    @cached_property
    def meta(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "meta.json").read_text()))


class Readout(Opened):
    """What a network's ip1 says (analysis.readout). Rows are digit-major: row = digit * 7 + angle."""

    @cached_property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "summary.json").read_text()))


class Selection(Opened):
    """A run on the validation split (training.selection)."""

    @cached_property
    def curve(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "curve.json").read_text()))


class Rotated(Opened):
    """Digits at their seven angles (data.rotated)."""
