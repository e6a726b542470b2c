"""Images made worse in a stated way: the camera of the rendered world (synthfaces.photograph), for any square picture.

    video           a video frame: motion blur in one direction, few pixels, JPEG, all at once
    blurred         out of focus                 low-resolution  taken small, then enlarged
    occluded        a plain square in front

Amounts are drawn from the ranges that the rendered world has (synthfaces.factors), in percent of the image's side, so
that a video frame means the same in both worlds, at any size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from deepfeatures.data.synthfaces.factors import FACTORS
from deepfeatures.data.synthfaces.photograph import taken

KINDS = ("video", "blurred", "low-resolution", "occluded")
CAMERA = ("motion_percent", "resolution_percent", "jpeg_quality", "blur_percent")
BLOCK = ("occluder_right_percent", "occluder_up_percent", "occluder_size_percent")
SWITCH_OF = {"video": "video", "blurred": "blurred", "low-resolution": "low_resolution"}


@dataclass(frozen=True)
class Damage:
    """kind: (n,) number in KINDS; values: (n,) each, by factor name; colour: (n, 3) uint8 of the occluding square."""

    kind: np.ndarray
    values: Mapping[str, np.ndarray]
    colour: np.ndarray

    def taken(self, rows: np.ndarray) -> Damage:
        """Of some images."""
        return Damage(self.kind[rows], {name: column[rows] for name, column in self.values.items()}, self.colour[rows])


def draw(n: int, kinds: Sequence[str], *, rng: np.random.Generator) -> Damage:
    """One of `kinds` for each of n images, equally often, and its amounts, uniform over the rendered world's ranges."""
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        raise ValueError(f"kinds {list(kinds)}: one or more of {', '.join(KINDS)}")
    numbers = np.array([KINDS.index(kind) for kind in kinds])
    kind = numbers[rng.permutation(n) % len(numbers)]
    values = {name: rng.uniform(FACTORS[name].low, FACTORS[name].high, n) for name in (*CAMERA, *BLOCK)}
    values["video_shakes_up"] = (rng.random(n) < (FACTORS["video_shakes_up"].chance or 0)).astype(np.float64)
    return Damage(kind, values, rng.integers(0, 256, (n, 3), np.uint8))


def damaged(images: np.ndarray, damage: Damage) -> np.ndarray:
    """(n, side, side, 3) uint8. images: the same; damage: of these n images, in their order."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != images.shape[2] or images.shape[3] != 3:
        raise ValueError(f"images are {images.shape} {images.dtype}: (n, side, side, 3) uint8 is expected")
    if len(images) != len(damage.kind):
        raise ValueError(f"{len(images)} images, damage for {len(damage.kind)}")
    images = images.copy()
    for row in np.flatnonzero(damage.kind == KINDS.index("occluded")).tolist():
        top, left, size = _square(images.shape[1], {name: float(damage.values[name][row]) for name in BLOCK})
        images[row, max(top, 0) : top + size, max(left, 0) : left + size] = damage.colour[row]
    # The camera takes linear light, whose display value is its square root: squares come back as they were.
    light = torch.from_numpy(images).permute(0, 3, 1, 2).to(torch.float32).div_(255).square_()
    switches = {name: (damage.kind == KINDS.index(kind)).astype(np.float64) for kind, name in SWITCH_OF.items()}
    zero = np.zeros(len(images))
    factors = {**damage.values, **switches, "compressed": zero, "noise_percent": zero}
    return taken(list(light.unbind(1)), factors, [()] * len(images))


def _square(side: int, block: Mapping[str, float]) -> tuple[int, int, int]:
    """Top, left and side of the occluding square, pixels. Its centre is right of and above the image's middle."""
    size = max(round(block["occluder_size_percent"] * side / 100), 1)
    middle_x = side * (0.5 + block["occluder_right_percent"] / 100)
    middle_y = side * (0.5 - block["occluder_up_percent"] / 100)
    return round(middle_y - size / 2), round(middle_x - size / 2), size
