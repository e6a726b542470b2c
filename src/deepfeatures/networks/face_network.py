"""What every face network offers, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class FaceInput:
    """What a network reads: height and width in pixels, then (value - mean) / std per channel on values of 0..255.

    mean, std: in the order of `channels`, "RGB" or "BGR".
    """

    height: int
    width: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    channels: str = "RGB"

    def __post_init__(self) -> None:
        if self.channels not in ("RGB", "BGR"):
            raise ValueError(f"channels {self.channels!r} is neither RGB nor BGR")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), as crops want it."""
        return self.height, self.width

    def pixels(self, images: np.ndarray) -> np.ndarray:
        """(n, height, width, 3) float32, normalised. images: the same shape, uint8, RGB. Raises on another size."""
        expected = (self.height, self.width, 3)
        if images.dtype != np.uint8 or images.shape[1:] != expected:
            raise ValueError(
                f"images are {images.shape} {images.dtype}; this network reads (n, {self.height}, {self.width}, 3) "
                f"uint8: crop them to {self.height} x {self.width} first"
            )
        ordered = images if self.channels == "RGB" else images[..., ::-1]
        return (ordered.astype(np.float32) - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)


class FaceNetwork(Protocol):
    """A network that turns faces into features. One image gives one row per layer: nothing is averaged over mirrors.

    layers: name to width, from the first to the last; the last is the embedding.
    fingerprint: SHA-256 of the weight file, or what made the weights.
    """

    @property
    def name(self) -> str: ...
    @property
    def input(self) -> FaceInput: ...
    @property
    def layers(self) -> Mapping[str, int]: ...
    @property
    def fingerprint(self) -> str: ...

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. images: (n, height, width, 3) uint8, RGB, of the size that `input` says."""
        ...
