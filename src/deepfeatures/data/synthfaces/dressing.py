"""What hair and clothes share: some of a scene's images, their factors, and coloured parts put on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from .anatomy import Landmarks
from .colours import Colour
from .placement import Ellipsoid, Matrix
from .scene import Patch, Scene

Array = NDArray[np.float64]
Values = Mapping[str, Array]


class Wearers:
    """The images of a scene where `condition` ((n,) bool) holds. f, at: as for the scene, of these images only."""

    def __init__(self, scene: Scene, f: Values, frame: Matrix, condition: NDArray[np.bool_]) -> None:
        self.scene = scene
        self.rows = np.flatnonzero(condition).astype(np.int64)
        self.f = {name: values[self.rows] for name, values in f.items()}
        self.at = Landmarks(self.f)
        self.frame = [[np.broadcast_to(entry, len(condition))[self.rows] for entry in line] for line in frame]
        self.zero = np.zeros(len(self.rows))
        self.pixel = scene.view.pixel[self.rows]

    def __bool__(self) -> bool:
        return len(self.rows) > 0

    def among(self, condition: NDArray[np.bool_]) -> Wearers:
        """Those of them where `condition`, one entry a wearer, holds."""
        some = np.zeros(self.scene.n, bool)
        some[self.rows[condition]] = True
        return Wearers(self.scene, _spread(self.f, self.rows, self.scene.n), _spread_matrix(self, self.scene.n), some)

    def tensor(self, values: Array) -> torch.Tensor:
        return self.scene.tensor(values)

    def tensors(self, colour: Colour) -> list[torch.Tensor]:
        return [self.scene.tensor(channel) for channel in colour]

    def cast(self, part: Ellipsoid) -> Patch:
        [patch] = self.scene.cast([part], self.frame, self.rows)
        return patch

    def points(self, patch: Patch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The patch's surface in the wearers' own frame: X, Y, Z."""
        return self.scene.own_frame(patch, self.frame)

    def put(self, parts: Sequence[Ellipsoid], colour: Colour, *, softness: float = 0.01, gloss: float = 0.0) -> None:
        """Plain parts of one colour."""
        paint = self.tensors(colour)
        for patch in self.scene.cast(parts, self.frame, self.rows):
            self.scene.merge(patch, softness, colour=paint, gloss=gloss)


def _spread(f: Values, rows: NDArray[np.int64], n: int) -> dict[str, Array]:
    found = {}
    for name, values in f.items():
        found[name] = np.zeros(n)
        found[name][rows] = values
    return found


def _spread_matrix(wearers: Wearers, n: int) -> Matrix:
    spread = [_spread({str(j): entry for j, entry in enumerate(line)}, wearers.rows, n) for line in wearers.frame]
    return [[line[str(j)] for j in range(3)] for line in spread]


def wave(turns: torch.Tensor) -> torch.Tensor:
    """A wave of period 1 between -1 and 1 from parabolas: exact arithmetic, where a sine would not be."""
    part = turns - turns.round()
    return 8 * part * (1 - 2 * part.abs())
