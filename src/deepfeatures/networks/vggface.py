"""VGG-Face (Parkhi, Vedaldi, Zisserman 2015), in the layout of the public vgg_face_dag.pth.

The VGG column of Rudd et al. 2017, table 1: "4096-dimensional, layer FC7, post-ReLU". RGB of 224 x 224, mean
subtracted, std 1; 2,622 identities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.weights import load_mapped, read_state, sha256

# vgg_face_dag.py, meta: mean [129.186279296875, 104.76238250732422, 93.59396362304688], std [1, 1, 1], 224 x 224
MEAN = (129.186279296875, 104.76238250732422, 93.59396362304688)
STAGES = (2, 2, 3, 3, 3)  # convolutions in each stage


@dataclass(frozen=True)
class Widths:
    """Maps of the five stages, units of fc6 and fc7, identities, input side: the published ones; a test takes less."""

    stages: tuple[int, int, int, int, int] = (64, 128, 256, 512, 512)
    full: int = 4096
    identities: int = 2622
    side: int = 224


class VGGFace(nn.Module):
    """13 convolutions of 3 x 3, 2 x 2 maxima after each stage, fc6, fc7, fc8. Implements FaceNetwork."""

    name = "vgg-face"

    def __init__(self, fingerprint: str, widths: Widths | None = None) -> None:
        super().__init__()
        self.fingerprint = fingerprint
        self.widths = widths or Widths()
        self.input = FaceInput(self.widths.side, self.widths.side, MEAN, (1.0, 1.0, 1.0))
        inside = 3
        for stage, (maps, count) in enumerate(zip(self.widths.stages, STAGES, strict=True), start=1):
            for number in range(1, count + 1):
                self.add_module(f"conv{stage}_{number}", nn.Conv2d(inside, maps, 3, padding=1))
                inside = maps
        positions = (self.widths.side // 2 ** len(STAGES)) ** 2
        self.fc6 = nn.Linear(inside * positions, self.widths.full)
        self.fc7 = nn.Linear(self.widths.full, self.widths.full)
        self.fc8 = nn.Linear(self.widths.full, self.widths.identities)

    @property
    def layers(self) -> Mapping[str, int]:
        stages, full = self.widths.stages, self.widths.full
        return {"pool3": stages[2], "pool4": stages[3], "pool5": stages[4], "fc6": full, "fc7": full}

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Layer to (n, width). pixels: (n, 3, 224, 224), mean subtracted.

        pool3, pool4, pool5: averaged over positions; fc6, fc7: after ReLU. fc8 is loaded, so that a file is accounted
        for, and not evaluated: its 2,622 scores belong to the training identities.
        """
        read: dict[str, torch.Tensor] = {}
        maps = pixels
        for stage, count in enumerate(STAGES, start=1):
            for number in range(1, count + 1):
                maps = F.relu(self.get_submodule(f"conv{stage}_{number}")(maps))
            maps = F.max_pool2d(maps, 2)
            if stage >= 3:
                read[f"pool{stage}"] = maps.mean((2, 3))
        read["fc6"] = F.relu(self.fc6(maps.flatten(1)))
        read["fc7"] = F.relu(self.fc7(read["fc6"]))
        return read

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. images: (n, 224, 224, 3) uint8, RGB."""
        pixels = torch.from_numpy(np.ascontiguousarray(self.input.pixels(images).transpose(0, 3, 1, 2)))
        with torch.inference_mode():
            read = self(pixels.to(self.fc7.weight.device))
            return {layer: values.float().cpu().numpy() for layer, values in read.items()}


def load(path: Path, widths: Widths | None = None) -> VGGFace:
    """The network of vgg_face_dag.pth, or of a file made like it. Raises ForeignWeights naming the keys at fault."""
    state = read_state(path)
    with torch.device("meta"):  # 145 million parameters: not filled twice
        network = VGGFace(f"sha256-{sha256(path)}", widths)
    network = network.to_empty(device="cpu")
    load_mapped(network, state, {name: name for name in network.state_dict()}, source=path.name)
    return network.eval()


def untrained(seed: int, widths: Widths | None = None) -> VGGFace:
    """The random twin: He's normal weights (fan in), biases 0."""
    network = VGGFace(f"untrained-seed-{seed}", widths)
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, generator=generator)
            module.bias.data.zero_()  # type: ignore[union-attr]  # all of them have one
    return network.eval()
