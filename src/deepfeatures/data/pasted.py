"""Photographs of faces pasted into rendered clutter, in memory: CelebA's aligned images made a question of place.

In an aligned image the face is always in the middle, and a localiser has nothing to find. Here it is shrunk and pasted
anywhere among rendered objects. A rectangle of photograph would give the place away, so every scene also has decoys:
the same kind of rectangle, from another person's photograph, cut into blocks that are dealt anew, in which no face is
left. No picture made here is ever written to a file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepfeatures.data.crops import CELEBA_POINTS, CELEBA_SIZE, crop
from deepfeatures.data.decoding import decode
from deepfeatures.data.scene_objects import uniform
from deepfeatures.data.scenes import Scenes

WIDTHS = (0.4, 0.65)  # of a pasted photograph, of the scene's side; its height is 218 / 178 of it
DECOYS = 2
BLOCKS = 6  # a side of a decoy's shuffled blocks
FEATHER = 0.12  # of a photograph's width, over which its edge fades out

# The rendered world's average head in the frame of the eyes (anatomy.py): eyes 0.61 head units apart, the crown 1 above
# and the chin 1 below the line of the eyes, 0.8 to either side. CelebA's aligned eyes then say where a head is.
EYES_APART, HALF_WIDTH, HALF_HEIGHT = 0.61, 0.8, 1.0


def aligned_head() -> NDArray[np.float64]:
    """(4,) left, top, right, bottom of the head in CelebA's aligned images, pixels: by alignment, not by looking."""
    left, right = CELEBA_POINTS[0], CELEBA_POINTS[1]
    unit = float(right[0] - left[0]) / EYES_APART
    x, y = (left + right) / 2 + 0.5  # from pixel centres to the picture's corner
    return np.array([x - HALF_WIDTH * unit, y - HALF_HEIGHT * unit, x + HALF_WIDTH * unit, y + HALF_HEIGHT * unit])


class PastedScenes:
    """Scene i shows photograph paths[i]; clutter, place, size and decoys depend on (seed, i) alone.

    read: from a path to (218, 178, 3) uint8; a test gives its own.
    """

    def __init__(
        self, paths: list[Path], seed: int, side_px: int, *, read: Callable[[Path], NDArray[np.uint8]] = decode
    ) -> None:
        if len(paths) < 2:
            raise ValueError(f"{len(paths)} photographs: 2 are needed, since decoys come from another")
        self.paths, self.seed, self.side_px, self._read = paths, seed, side_px, read
        self._clutter = Scenes(seed, len(paths), 1, side_px, heads=False)

    def __len__(self) -> int:
        return len(self.paths)

    def objects(self) -> NDArray[np.int8]:
        return self._clutter.objects()

    def places(self, name: str = "photograph") -> NDArray[np.float64]:
        """(n, 3): left and top of a pasted rectangle and its width, pixels of the scene."""
        index = np.arange(len(self))
        width = uniform(self.seed, f"{name} width", index, *WIDTHS)
        height = width * CELEBA_SIZE[0] / CELEBA_SIZE[1]
        left = uniform(self.seed, f"{name} left", index) * (1 - width)
        top = uniform(self.seed, f"{name} top", index) * (1 - height)
        return self.side_px * np.stack([left, top, width], axis=1)

    def boxes(self) -> NDArray[np.float64]:
        """(n, 4) left, top, right, bottom of the head in the scene, pixels, as alignment gives it."""
        at = self.places()
        corner = np.stack([at[:, 0], at[:, 1], at[:, 0], at[:, 1]], axis=1)
        return corner + aligned_head() * at[:, 2:3] / CELEBA_SIZE[1]

    def render(self, indices: NDArray[np.int64] | None = None) -> NDArray[np.uint8]:
        """(n, side_px, side_px, 3) uint8. A photograph that cannot be decoded raises, naming it."""
        index = np.arange(len(self)) if indices is None else np.asarray(indices, np.int64)
        scenes = self._clutter.render(index)
        own, places = self.places(), [self.places(f"decoy {number}") for number in range(DECOYS)]
        others = [1 + np.floor(uniform(self.seed, f"decoy {number}", np.arange(len(self)), 0, len(self) - 1))
                  for number in range(DECOYS)]  # fmt: skip
        for row, one in enumerate(index):
            canvas = scenes[row].astype(np.float64)
            for number in range(DECOYS):
                other = (int(one) + min(int(others[number][one]), len(self) - 1)) % len(self)
                rng = np.random.default_rng([self.seed, int(one), number])
                _paste(canvas, shuffled(self._read(self.paths[other]), rng), places[number][one])
            _paste(canvas, self._read(self.paths[one]), own[one])
            scenes[row] = np.clip(np.round(canvas), 0, 255)
        return scenes


def shuffled(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same pixels in blocks dealt anew; what the blocks do not divide evenly stays at the edge."""
    high, wide = image.shape[0] // BLOCKS, image.shape[1] // BLOCKS
    found = image.copy()
    inner = image[: high * BLOCKS, : wide * BLOCKS].reshape(BLOCKS, high, BLOCKS, wide, 3).swapaxes(1, 2)
    dealt = inner.reshape(-1, high, wide, 3)[rng.permutation(BLOCKS * BLOCKS)]
    found[: high * BLOCKS, : wide * BLOCKS] = (
        dealt.reshape(BLOCKS, BLOCKS, high, wide, 3).swapaxes(1, 2).reshape(high * BLOCKS, wide * BLOCKS, 3)
    )
    return found


def _paste(canvas: NDArray[np.float64], photograph: NDArray[np.uint8], place: NDArray[np.float64]) -> None:
    """Blend a photograph into the canvas in place: read where each pixel of the canvas falls, fading at the edge."""
    left, top, width = place
    scale = photograph.shape[1] / width  # pixels of the photograph per pixel of the canvas
    side = canvas.shape[0]
    halved, step = photograph, scale
    while step >= 2 and min(halved.shape[:2]) >= 2:  # means of four before reading: no pixel is skipped
        high, wide = halved.shape[0] // 2 * 2, halved.shape[1] // 2 * 2
        blocks = halved[:high, :wide].reshape(high // 2, 2, wide // 2, 2, 3)
        halved, step = np.round(blocks.mean(axis=(1, 3), dtype=np.float64)).astype(np.uint8), step / 2
    matrix = np.array([[step, 0, (0.5 - left) * step - 0.5], [0, step, (0.5 - top) * step - 0.5]])
    read = crop(halved[None], matrix, (side, side))[0]
    centre = np.arange(side) + 0.5
    height = width * photograph.shape[0] / photograph.shape[1]
    inside = [np.minimum(centre - start, start + size - centre) for start, size in ((top, height), (left, width))]
    share = [np.clip(depth / (FEATHER * width), 0, 1) for depth in inside]
    alpha = (share[0][:, None] * share[1][None, :])[..., None]
    canvas += (read - canvas) * alpha
