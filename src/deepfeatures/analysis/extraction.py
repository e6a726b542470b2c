"""Where a read-out takes its features from: a trained network, an untrained one, or the pixels themselves."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from deepfeatures.networks.lenet import INPUT_SCALE, LeNet, load, untrained

SOURCES = ("network", "untrained", "pixels")


@dataclass(frozen=True)
class Extractor:
    """layers: uint8 images (n, 28, 28) -> float32 (n, features) by layer name, `probed` among them.

    probed: the layer that is read out, ip1 after its ReLU or the pixels. has_softmax: whether a trained ip2 gives
    label probabilities.
    """

    layers: Callable[[np.ndarray], dict[str, np.ndarray]]
    probed: str
    has_softmax: bool

    def probe(self, images: np.ndarray, *, chunk: int = 256) -> np.ndarray:
        """The probed layer of images (n, 28, 28): (n, d) float32."""
        return np.concatenate([self.layers(images[s : s + chunk])[self.probed] for s in range(0, len(images), chunk)])


def extractor(features: str, *, network: Path | None = None, seed: int = 0) -> Extractor:
    """features: 'network' (reads the folder `network`), 'untrained' (Caffe's filler from `seed`) or 'pixels'."""
    if features not in SOURCES:
        raise ValueError(f"features={features!r}: allowed are {', '.join(SOURCES)}")
    if features == "pixels":
        return Extractor(_pixels, "pixels", False)
    if features == "untrained":
        return of_network(untrained(seed), trained=False)
    if network is None:
        raise ValueError("features='network' needs the folder of a trained network")
    return of_network(load(network), trained=True)


def of_network(network: LeNet, *, trained: bool = True) -> Extractor:
    """All layers of a LeNet, and the softmax of ip2 where it has one."""

    def layers(images: np.ndarray) -> dict[str, np.ndarray]:
        values = network.features(images)
        if "ip2" in values:
            values["softmax"] = torch.softmax(values["ip2"], dim=1)
        return {name: value.cpu().numpy() for name, value in values.items()}

    return Extractor(layers, "ip1", trained and network.has_ip2)


def _pixels(images: np.ndarray) -> dict[str, np.ndarray]:
    return {"pixels": images.reshape(len(images), -1).astype(np.float32) * np.float32(INPUT_SCALE)}
