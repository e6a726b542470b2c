"""DeepID2+ (Sun, Wang, Tang 2014, section 3): four convolutions, and behind each a fully connected layer, FC-1 to FC-4.

    maps_n = relu(norm(max2x2(conv3x3(maps_n-1))))        n = 1..4, maps_0 = the image
    FC-n   = relu(scale * W_n flatten(maps_n) + b_n)       nobody reads FC-n but its own two signals

The text at hand gives the number of maps (128), of units (512) and that FC-n follows the maximum; kernels, strides and
the activation are ours. Batch normalisation of the maps is ours too: without it a few hundred steps teach four layers
nothing. There is none before FC-n, where it would make a unit active on about half of the faces by construction.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

from deepfeatures.networks.face_network import FaceInput

MAPS, UNITS = (128, 128, 128, 128), 512  # section 3, paragraph 2
SMALL_MAPS, SMALL_UNITS = (20, 40, 60, 80), 160  # section 3, paragraph 1: DeepID2's
LAYERS = ("fc1", "fc2", "fc3", "fc4")
REFERENCE = 512  # inputs of a layer that a step moves as it would move a usual one


class Scaled(nn.Linear):
    """A linear layer whose weights are multiplied by `scale` when used (after Karras et al. 2018).

    AdamW moves every weight by about the learning rate, so an output by about rate * scale * inputs: for a layer of
    30,000 inputs far too much at the rate that suits a convolution (of 512 such units half were never active again
    after 60 steps). Here scale ~ 1 / inputs, and what weights begin with makes up for it: `spread` is their deviation.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.scale = math.sqrt(2 * REFERENCE) / inputs
        self.spread = math.sqrt(inputs / REFERENCE)  # scale * spread = sqrt(2 / inputs), He's deviation

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return F.linear(values * self.scale, self.weight, self.bias)


class DeepID2Plus(nn.Module):
    """Implements FaceNetwork; the last layer is fc4. side_px: 32 or more, divisible by 16. maps, units: sizes."""

    def __init__(
        self,
        side_px: int,
        *,
        maps: Sequence[int] = MAPS,
        units: int = UNITS,
        name: str = "deepid2plus",
        fingerprint: str = "",
    ) -> None:
        super().__init__()
        if side_px < 32 or side_px % 16:
            raise ValueError(f"side_px={side_px}: at least 32 and divisible by 16, so that four halvings come out even")
        if len(maps) != len(LAYERS):
            raise ValueError(f"maps={list(maps)}: one number for each of {len(LAYERS)} convolutions")
        self.side_px, self.maps, self.units = side_px, tuple(maps), units
        self._name, self._fingerprint = name, fingerprint
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(o), nn.ReLU())
            for i, o in zip((3, *maps[:-1]), maps, strict=True)
        )
        sides = [side_px // 2**n for n in range(1, 5)]
        self.connected = nn.ModuleList(Scaled(o * side * side, units) for o, side in zip(maps, sides, strict=True))

    @property
    def name(self) -> str:
        return self._name

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def input(self) -> FaceInput:
        return FaceInput(self.side_px, self.side_px, (127.5,) * 3, (127.5,) * 3)

    @property
    def layers(self) -> MappingProxyType[str, int]:
        return MappingProxyType(dict.fromkeys(LAYERS, self.units))

    def forward(self, pixels: torch.Tensor, *, layerwise: bool = True) -> dict[str, torch.Tensor]:
        """FC-n as 'fc1' to 'fc4', (n, units) each. pixels: (n, 3, side, side), normalised.

        layerwise=False: what FC-1 to FC-3 learn does not reach the convolutions (the ablation of section 4).
        """
        read, maps = {}, pixels
        for layer, block, connected in zip(LAYERS, self.blocks, self.connected, strict=True):
            maps = block(maps)
            seen = maps if layerwise or layer == LAYERS[-1] else maps.detach()
            read[layer] = F.relu(connected(seen.flatten(1)))
        return read

    def maps_of(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        """What FC-1 to FC-4 are connected to: (n, maps, side, side) each, after the ReLU."""
        found = []
        for block in self.blocks:
            pixels = block(pixels)
            found.append(pixels)
        return found

    def before_relu(self, pixels: torch.Tensor) -> torch.Tensor:
        """FC-4 before its ReLU, (n, units): negative where a unit is not active."""
        return self.connected[-1](self.maps_of(pixels)[-1].flatten(1))

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, units) float32. images: (n, side, side, 3) uint8, RGB. The network must be in `eval`."""
        with torch.inference_mode():
            return {layer: values.float().cpu().numpy() for layer, values in self(self.as_pixels(images)).items()}

    def as_pixels(self, images: np.ndarray) -> torch.Tensor:
        """(n, 3, side, side) float32 on the network's device, channels last."""
        pixels = torch.from_numpy(self.input.pixels(images)).permute(0, 3, 1, 2)
        return pixels.to(next(self.parameters()).device)


def untrained(
    side_px: int, seed: int, *, maps: Sequence[int] = MAPS, units: int = UNITS, images: np.ndarray | None = None
) -> DeepID2Plus:
    """He's normal weights from the seed, biases 0: the random twin, and where training begins.

    images: (m, side, side, 3) uint8; batch normalisation then has their statistics instead of 0 and 1, as a trained
    network has those of its training faces. No label is seen and no weight moves.
    """
    network = DeepID2Plus(
        side_px, maps=maps, units=units, name="untrained", fingerprint=f"untrained-seed-{seed}-side-{side_px}"
    )
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, Scaled):
            nn.init.normal_(module.weight, std=module.spread, generator=generator)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=generator)
    network = network.to(memory_format=torch.channels_last)
    if images is not None:
        _calibrate(network, images)
    return network.eval()


def _calibrate(network: DeepID2Plus, images: np.ndarray) -> None:
    normalised = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [module.momentum for module in normalised]
    for module in normalised:
        module.momentum = None  # the statistics of these images, not a moving average with 0 and 1
    with torch.no_grad():
        network.train()(network.as_pixels(images))
    for module, momentum in zip(normalised, usual, strict=True):
        module.momentum = momentum


def save(network: DeepID2Plus, folder: Path, **facts: object) -> None:
    """Weights as network.safetensors, and meta.json."""
    save_file(
        {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()},
        folder / "network.safetensors",
    )
    meta = {"side_px": network.side_px, "maps": network.maps, "units": network.units, "name": network.name, **facts}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def load(folder: Path) -> DeepID2Plus:
    """The network that `save` wrote, ready to read features."""
    meta = json.loads((folder / "meta.json").read_text())
    network = DeepID2Plus(
        meta["side_px"], maps=meta["maps"], units=meta["units"], name=meta["name"], fingerprint=folder.name
    )
    network.load_state_dict(load_file(folder / "network.safetensors"))
    return network.to(memory_format=torch.channels_last).eval()
