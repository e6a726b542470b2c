"""Surfaces on a grid of pixels: the nearest one so far, and how one more ellipsoid is seen, blended and cut.

Only +, -, *, /, square root, minimum, maximum and comparisons touch a pixel, one operation at a time. Each is rounded
correctly by IEEE 754 wherever it runs, so an image has the same bytes alone, in any batch, on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .placement import FRAME_HALF, Ellipsoid, Matrix, seen

FAR = -9.0  # depth of the background, head units
WHOLE = 0.4  # a box above this share of the image is drawn as the whole image: no gathering
HEAD_UP = 0.1  # the head sits this far above the middle, head units
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
    return Camera(side_px, 2 * half / side_px, half * right_percent / 50, half * up_percent / 50 + HEAD_UP)


@dataclass
class Patch:
    """A part's front surface in a box of pixels. where: (k h w,) positions, None for every pixel of every image.

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

    def cast(self, parts: Sequence[Ellipsoid], frame: Matrix, rows: NDArray[np.int64] | None = None) -> Iterator[Patch]:
        """Each of `parts` of the images `rows` (None: all), whose numbers and frame have one entry a row."""
        every = rows is None or len(rows) == self.n
        rows = np.arange(self.n) if rows is None else rows
        one = seen(parts, frame)
        side, pixel = self.side_px, self.view.pixel[rows]
        right, up = self.view.right[rows], self.view.up[rows]
        # each part's box: its outline and the pixels it half covers
        margin = np.sqrt(1 + pixel / one.mean_radius)
        half_w, half_h = one.half_width * margin / pixel + 1, one.half_height * margin / pixel + 1
        column = (one.x + right) / pixel + (side - 1) / 2
        line = (side - 1) / 2 - (one.y + up) / pixel
        wide = np.minimum(np.ceil(2 * half_w).max(1).astype(np.int64) + 1, side)
        high = np.minimum(np.ceil(2 * half_h).max(1).astype(np.int64) + 1, side)
        whole = wide * high > WHOLE * side * side
        wide[whole], high[whole] = side, side
        left = np.clip(np.floor(column - half_w), 0, side - wide[:, None]).astype(np.int64)
        top = np.clip(np.floor(line - half_h), 0, side - high[:, None]).astype(np.int64)
        corners = torch.from_numpy(np.stack([left, top], 1)).to(self.device)[..., None, None]
        start = torch.from_numpy(rows * side * side).to(self.device)[:, None, None]
        numbers = (one.x, one.y, one.z, one.a, one.b, one.c, one.zx, one.zy, one.bulge, one.mean_radius / (2 * pixel))
        table = torch.from_numpy(np.stack(numbers, 1).astype(np.float32)).to(self.device)[..., None, None]
        view = (self.tensor(pixel / 2), self.tensor(right), self.tensor(up))
        for part in range(len(parts)):
            columns = corners[part, 0] + torch.arange(int(wide[part]), device=self.device)[None, None, :]
            lines = corners[part, 1] + torch.arange(int(high[part]), device=self.device)[None, :, None]
            where = None if every and whole[part] else ((start + lines * side) + columns).view(-1)
            yield self._front(where, columns, lines, view, table[part])

    def _front(
        self,
        where: torch.Tensor | None,
        columns: torch.Tensor,
        lines: torch.Tensor,
        view: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        numbers: torch.Tensor,
    ) -> Patch:
        """The front surface over a box of pixels; numbers: (10, k, 1, 1), see placement.Seen."""
        half_pixel, right, up = view
        x0, y0, z0, a, b, c, zx, zy, bulge, edge = numbers
        x = (2 * columns - (self.side_px - 1)).to(torch.float32) * half_pixel - right
        y = ((self.side_px - 1) - 2 * lines).to(torch.float32) * half_pixel - up
        u, v = x - x0, y - y0
        p = a * u + b * v
        q = b * u + c * v
        inside = 1 - (u * p).add_(v * q)
        cover = (inside * edge).add_(0.5).clamp_(0, 1)
        root = inside.clamp_(min=STEEP).sqrt_()
        z = (zx * u + (zy * v + z0)).add_(bulge * root)
        fall = bulge / root
        return Patch(where, x, y, z, zx - fall * p, zy - fall * q, cover)

    def read(self, field: torch.Tensor, patch: Patch) -> torch.Tensor:
        return (field if patch.where is None else field.index_select(0, patch.where)).view(patch.z.shape)

    def write(self, field: torch.Tensor, patch: Patch, values: torch.Tensor) -> None:
        """Values of a whole image are already in place where they were read and changed in place."""
        if patch.where is not None:
            field.scatter_(0, patch.where, values.reshape(-1))

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
        ahead = patch.z - self.read(self.depth, patch)
        share = (ahead * (0.5 / softness)).add_(0.5).clamp_(0, 1)
        cover = patch.cover if mask is None else patch.cover * mask
        t = share * cover
        rise = ahead.mul_(t)
        if colour is None:  # skin melts into skin: the fillet
            rise.add_((1 - share).mul_(t).mul_(softness))
        self.write(self.depth, patch, self.read(self.depth, patch).add_(rise))
        old = self.read(self.cover, patch)
        self.write(self.cover, patch, torch.maximum(old, cover, out=old))
        blends: list[tuple[torch.Tensor, torch.Tensor | float]] = [
            (self.slope_x, patch.slope_x),
            (self.slope_y, patch.slope_y),
        ]
        if colour is not None:
            blends += [*zip(self.colour, colour, strict=True), (self.gloss, gloss)]
        for field, new in blends:
            old = self.read(field, patch)
            self.write(field, patch, old.add_((new - old).mul_(t)))

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
