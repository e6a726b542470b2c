"""LNet_o and LNet_s, which find a face from image-level tags, and ANet, which describes it (Liu et al. 2014).

Small ones of our own, after a reader's notes on the paper: it gives neither sizes nor widths. What it does say is kept:
two localisers, from coarse to fine, and a third network of four convolutions, "in the middle two" of them with filters
shared locally, "the front and back" with filters shared everywhere.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.locally_shared import LocallyShared

LNET_SIDE = 48  # pixels of what a localiser reads
LNET_WIDTHS = (16, 32, 48, 48)
ANET_WIDTHS = (20, 32, 48, 64)
UNITS = 96
GRID = 4  # regions a side of a locally shared convolution

Network = TypeVar("Network", "LNet", "ANet")


class LNet(nn.Module):
    """Four convolutions, of which the first two halve the map; tags are scored from the mean over all positions.

    Because positions are only averaged, a score is the mean of what each position says: where a tag is read can be
    asked of a network that was never told. outputs: tags.
    """

    def __init__(self, outputs: int, *, name: str = "lnet") -> None:
        super().__init__()
        self.outputs, self.name = outputs, name
        inside = (3, *LNET_WIDTHS[:-1])
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(i, o, 3, padding=1, bias=False),
                    nn.MaxPool2d(2) if number < 2 else nn.Identity(),
                    nn.BatchNorm2d(o),
                    nn.ReLU(),
                )
                for number, (i, o) in enumerate(zip(inside, LNET_WIDTHS, strict=True))
            )
        )
        self.head = nn.Linear(LNET_WIDTHS[-1], outputs)

    @property
    def input(self) -> FaceInput:
        return FaceInput(LNET_SIDE, LNET_SIDE, (127.5,) * 3, (127.5,) * 3)

    def maps(self, pixels: torch.Tensor) -> torch.Tensor:
        """(n, 48, 12, 12), 0 or more. pixels: (n, 3, 48, 48), normalised."""
        return self.blocks(pixels)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Scores of tags, (n, outputs): positive, present."""
        return self.head(self.maps(pixels).mean((2, 3)))


class ANet(nn.Module):
    """Four convolutions, each followed by a 2x2 maximum, batch normalisation and ReLU; then `units`, signed responses.

    The second and third convolution have filters of their own in each of GRID x GRID regions (local=False: everywhere
    the same, the control). side_px: divisible by 16. outputs: scores on the units. Implements FaceNetwork.
    """

    def __init__(
        self, side_px: int, outputs: int, *, local: bool = True, name: str = "anet", fingerprint: str = ""
    ) -> None:
        super().__init__()
        if side_px < 32 or side_px % 16:
            raise ValueError(f"side_px={side_px}: at least 32 and divisible by 16")
        self.side_px, self.outputs, self.local = side_px, outputs, local
        self.name, self.fingerprint = name, fingerprint
        inside = (3, *ANET_WIDTHS[:-1])
        self.blocks = nn.ModuleList(
            nn.Sequential(_convolution(i, o, local and number in (1, 2)), nn.MaxPool2d(2), nn.BatchNorm2d(o), nn.ReLU())
            for number, (i, o) in enumerate(zip(inside, ANET_WIDTHS, strict=True))
        )
        self.linear = nn.Linear(ANET_WIDTHS[-1] * (side_px // 16) ** 2, UNITS, bias=False)
        self.normalise = nn.BatchNorm1d(UNITS)
        self.head = nn.Linear(UNITS, outputs)

    @property
    def input(self) -> FaceInput:
        return FaceInput(self.side_px, self.side_px, (127.5,) * 3, (127.5,) * 3)

    @property
    def layers(self) -> MappingProxyType[str, int]:
        return MappingProxyType({"units": UNITS})

    def units(self, pixels: torch.Tensor) -> torch.Tensor:
        """(n, UNITS). pixels: (n, 3, side, side), normalised."""
        maps = pixels
        for block in self.blocks:
            maps = block(maps)
        return self.normalise(self.linear(maps.flatten(1)))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Scores of attributes, (n, outputs)."""
        return self.head(self.units(pixels))

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """{'units': (n, UNITS) float32}. images: (n, side, side, 3) uint8, RGB. The network must be in `eval`."""
        with torch.inference_mode():
            return {"units": self.units(as_pixels(self, images)).float().cpu().numpy()}


def _convolution(inside: int, outside: int, local: bool) -> nn.Module:
    if local:
        return LocallyShared(inside, outside, GRID)
    return nn.Conv2d(inside, outside, 3, padding=1, bias=False)


def as_pixels(network: LNet | ANet, images: np.ndarray) -> torch.Tensor:
    """(n, 3, side, side) float32, on the network's device. images: (n, side, side, 3) uint8 of its size."""
    pixels = torch.from_numpy(network.input.pixels(images)).permute(0, 3, 1, 2)
    return pixels.to(next(network.parameters()).device)


def untrained_lnet(seed: int, outputs: int) -> LNet:
    """He's normal weights from the seed; scores of 0. The control, and where training begins."""
    return _drawn(LNet(outputs, name="lnet-untrained"), seed)


def untrained_anet(side_px: int, seed: int, outputs: int, *, local: bool = True) -> ANet:
    """The same of ANet."""
    fingerprint = f"anet-untrained-seed-{seed}-side-{side_px}-local-{local}"
    return _drawn(ANet(side_px, outputs, local=local, name="anet-untrained", fingerprint=fingerprint), seed)


def begin_from(network: Network, trunk: Network) -> Network:
    """`network` with the trunk's weights in all but its last layer, whose scores stay 0."""
    shared = {name: value for name, value in trunk.state_dict().items() if not name.startswith("head.")}
    network.load_state_dict(shared, strict=False)
    return network


def _drawn(network: Network, seed: int) -> Network:
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear | LocallyShared):
            with torch.no_grad():
                module.weight.normal_(0, (2 / module.weight[0].numel()) ** 0.5, generator=generator)
    # Begin with scores of 0, midway between the targets, whatever the trunk's scale.
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)
    return network.to(memory_format=torch.channels_last).eval()


def save(network: LNet | ANet, folder: Path, **facts: object) -> None:
    """Weights as network.safetensors, and meta.json."""
    save_file({name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()},
              folder / "network.safetensors")  # fmt: skip
    kind = {"side_px": network.side_px, "local": network.local} if isinstance(network, ANet) else {}
    meta = {"network": network.name, "outputs": network.outputs, **kind, **facts}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def load_lnet(folder: Path) -> LNet:
    """The localiser that `save` wrote, ready to be read."""
    meta = json.loads((folder / "meta.json").read_text())
    network = LNet(meta["outputs"], name=meta["network"])
    network.load_state_dict(load_file(folder / "network.safetensors"))
    return network.to(memory_format=torch.channels_last).eval()


def load_anet(folder: Path) -> ANet:
    """The describer that `save` wrote, ready to be read."""
    meta = json.loads((folder / "meta.json").read_text())
    network = ANet(meta["side_px"], meta["outputs"], local=meta["local"], name=meta["network"], fingerprint=folder.name)
    network.load_state_dict(load_file(folder / "network.safetensors"))
    return network.to(memory_format=torch.channels_last).eval()
