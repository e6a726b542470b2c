"""Surfaces on a grid of pixels: the nearest one so far, and how one more ellipsoid is seen, blended and cut.

Only +, -, *, /, square root, minimum, maximum and comparisons touch a pixel, one operation at a time. Each is rounded
correctly by IEEE 754 wherever it runs, so an image has the same bytes alone, in any batch, on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .placement import FRAME_HALF, Ellipsoid, Matrix, Seen, seen

FAR = -9.0  # depth of the background, head units
STEEP = 0.02  # the least D under the square root: bounds slopes at an outline


@dataclass
class Camera:
    """Pixel centres in view coordinates: x = (column - middle) * pixel - right. (n,) each; side in pixels."""

    side_px: int
    pixel: NDArray[np.float64]  # side of a pixel, head units
    right: NDArray[np.float64]
    up: NDArray[np.float64]


def camera(
    side_px: int, zoom: NDArray[np.float64], right_percent: NDArray[np.float64], up_percent: NDArray[np.float64]
) -> Camera:
    """The orthographic camera of each image; shifts in percent of its side move the face."""
    half = FRAME_HALF / zoom
    return Camera(side_px, 2 * half / side_px, half * right_percent / 50, half * up_percent / 50)


@dataclass
class Patch:
    """A part's front surface in a box of pixels. where: flat positions, None for every pixel of every image.

    x: (k, 1, w), y: (k, h, 1); z, slope_x, slope_y, cover (share of the pixel, 0 to 1): (k, h, w).
    """

    where: torch.Tensor | None
    x: torch.Tensor
    y: torch.Tensor
    z: torch.Tensor
    slope_x: torch.Tensor
    slope_y: torch.Tensor
    cover: torch.Tensor


class Scene:
    """n images of side_px**2 pixels, flat: depth, its slopes, cover (0 background, 1 surface) and colour (linear)."""

    def __init__(self, view: Camera, device: torch.device | str = "cpu") -> None:
        n = len(view.pixel)
        self.view, self.n, self.side_px, self.device = view, n, view.side_px, torch.device(device)
        shape = (n * self.side_px**2,)
        self.depth = torch.full(shape, FAR, device=self.device)
        self.slope_x = torch.zeros(shape, device=self.device)
        self.slope_y = torch.zeros(shape, device=self.device)
        self.cover = torch.zeros(shape, device=self.device)
        self.colour = [torch.zeros(shape, device=self.device) for _ in range(3)]
        self.gloss = torch.zeros(shape, device=self.device)

    def tensor(self, values: NDArray[np.float64]) -> torch.Tensor:
        """(k,) float64 as (k, 1, 1) float32 on the scene's device."""
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(self.device)[:, None, None]

    def cast(self, part: Ellipsoid, frame: Matrix, rows: NDArray[np.int64] | None = None) -> Patch:
        """`part` of the images `rows` (None: all), whose numbers and frame have one entry a row."""
        return self.cast_seen(seen(part, frame), rows)

    def cast_seen(self, one: Seen, rows: NDArray[np.int64] | None = None) -> Patch:
        side = self.side_px
        every = rows is None
        rows = np.arange(self.n) if rows is None else rows
        pixel, right, up = self.view.pixel[rows], self.view.right[rows], self.view.up[rows]
        # the box: the outline and the pixels it half covers
        margin = np.sqrt(1 + pixel / one.mean_radius)
        half_w, half_h = one.half_width * margin / pixel + 1, one.half_height * margin / pixel + 1
        column = (one.x + right) / pixel + (side - 1) / 2
        line = (side - 1) / 2 - (one.y + up) / pixel
        wide = min(int(np.ceil(2 * half_w).max()) + 1, side)
        high = min(int(np.ceil(2 * half_h).max()) + 1, side)
        if wide * high > 0.7 * side * side:
            wide = high = side
        left = torch.from_numpy(np.clip(np.floor(column - half_w), 0, side - wide).astype(np.int64)).to(self.device)
        top = torch.from_numpy(np.clip(np.floor(line - half_h), 0, side - high).astype(np.int64)).to(self.device)
        columns = left[:, None, None] + torch.arange(wide, device=self.device)[None, None, :]
        lines = top[:, None, None] + torch.arange(high, device=self.device)[None, :, None]
        where = None
        if not (every and wide == side and high == side):
            start = torch.from_numpy(rows * side * side).to(self.device)[:, None, None]
            where = (start + lines * side) + columns
        half_pixel = self.tensor(pixel / 2)
        x = (2 * columns - (side - 1)).to(torch.float32) * half_pixel - self.tensor(right)
        y = ((side - 1) - 2 * lines).to(torch.float32) * half_pixel - self.tensor(up)
        u, v = x - self.tensor(one.x), y - self.tensor(one.y)
        p = self.tensor(one.a) * u + self.tensor(one.b) * v
        q = self.tensor(one.b) * u + self.tensor(one.c) * v
        inside = 1 - (u * p + v * q)
        cover = (inside * self.tensor(one.mean_radius / (2 * pixel))).add_(0.5).clamp_(0, 1)
        root = inside.clamp_(min=STEEP).sqrt_()
        bulge = self.tensor(one.bulge)
        z = (self.tensor(one.zx) * u + (self.tensor(one.zy) * v + self.tensor(one.z))) + bulge * root
        fall = bulge / root
        slope_x = self.tensor(one.zx) - fall * p
        slope_y = self.tensor(one.zy) - fall * q
        return Patch(where, x, y, z, slope_x, slope_y, cover)

    def read(self, field: torch.Tensor, patch: Patch) -> torch.Tensor:
        return field.view(patch.z.shape) if patch.where is None else field.take(patch.where)

    def write(self, field: torch.Tensor, patch: Patch, values: torch.Tensor) -> None:
        if patch.where is None:
            field.copy_(values.reshape(-1))
        else:
            field.put_(patch.where, values)

    def merge(
        self,
        patch: Patch,
        softness: float,
        *,
        mask: torch.Tensor | None = None,
        colour: list[torch.Tensor] | None = None,
        gloss: float = 0.0,
    ) -> None:
        """Put the patch before what is there: a smooth maximum of depths, width `softness` (head units).

        t is the share of the new surface: 0 behind, 1 before, in between near a meeting (Quilez, "smooth minimum",
        polynomial). mask: a share of the patch, (k, h, w). colour: three tensors that broadcast, or None for skin.
        """
        depth = self.read(self.depth, patch)
        ahead = patch.z - depth
        t = (ahead * (0.5 / softness)).add_(0.5).clamp_(0, 1)
        cover = patch.cover if mask is None else patch.cover * mask
        rounded = (t * (1 - t)).mul_(softness)  # the fillet
        t = t.mul_(cover)
        self.write(self.depth, patch, depth + (ahead * t).add_(rounded.mul_(cover)))
        for field, new in ((self.slope_x, patch.slope_x), (self.slope_y, patch.slope_y)):
            old = self.read(field, patch)
            self.write(field, patch, old + (new - old) * t)
        self.write(self.cover, patch, torch.maximum(self.read(self.cover, patch), cover))
        if colour is not None:
            for field, paint in zip(self.colour, colour, strict=True):
                old = self.read(field, patch)
                self.write(field, patch, old + (paint - old) * t)
            old = self.read(self.gloss, patch)
            self.write(self.gloss, patch, old + (gloss - old) * t)

    def own_frame(self, patch: Patch, frame: Matrix) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The patch's surface points in the frame whose rotation to the view is `frame`: X, Y, Z, each (k, h, w)."""
        return own_frame(patch.x, patch.y, patch.z, frame, self.tensor)


def own_frame(
    x: torch.Tensor,
    y: torch.Tensor,
    z: torch.Tensor,
    frame: Matrix,
    tensor: Callable[[NDArray[np.float64]], torch.Tensor],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """View coordinates turned back: the transpose of `frame`, term by term."""
    found = [
        (tensor(frame[0][axis]) * x + tensor(frame[1][axis]) * y) + tensor(frame[2][axis]) * z for axis in range(3)
    ]
    return found[0], found[1], found[2]
