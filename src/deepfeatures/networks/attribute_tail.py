"""MobileFaceNet in two parts: a trunk that stays as it was published, and a tail that is trained on attributes.

Trained end to end the network sees 20 photographs a second on one core. Its first 13 blocks cost almost all of that and
need be run once: what they say of a photograph, 7 x 7 x 128 numbers, is kept, and the last two blocks and all behind
them train on it at 700 a second.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from deepfeatures.networks.mobilefacenet import MS1M, MobileFaceNet, Variant

FROZEN = 13  # blocks that stay as they were published
MAPS = (7, 7, 128)  # what the last of them says of one face: (height, width, maps)
EMBEDDING = 128


class Trunk:
    """The first blocks of a MobileFaceNet, whose one layer is 'maps'. Implements FaceNetwork."""

    def __init__(self, network: MobileFaceNet) -> None:
        self.network, self.input = network, network.input
        self.name, self.fingerprint = f"{network.name}-trunk", f"{network.fingerprint}-{FROZEN}-blocks"
        self.layers = {"maps": math.prod(MAPS)}

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """maps: (n, 7 * 7 * 128) float32, position by position. images: (n, height, width, 3) uint8."""
        network = self.network
        pixels = torch.from_numpy(network.input.pixels(images)).permute(0, 3, 1, 2)
        with torch.inference_mode():
            maps = network.conv_pw(network.conv_dw(network.conv1(pixels)))
            for block in network.blocks[:FROZEN]:
                maps = block(maps)
            return {"maps": maps.permute(0, 2, 3, 1).flatten(1).numpy()}


class AttributeTail(nn.Module):
    """The last blocks of a MobileFaceNet, its embedding normalised by batch, and a score for each attribute."""

    def __init__(self, outputs: int, variant: Variant = MS1M) -> None:
        super().__init__()
        whole = MobileFaceNet(variant, "")
        self.outputs = outputs
        self.blocks = whole.blocks[FROZEN:]
        self.conv2, self.gdc, self.embedding = whole.conv2, whole.gdc, whole.embedding
        self.normalise = nn.BatchNorm1d(EMBEDDING)
        self.head = nn.Linear(EMBEDDING, outputs)
        nn.init.zeros_(self.head.weight)  # scores begin at 0, midway between the targets
        nn.init.zeros_(self.head.bias)

    @property
    def layers(self) -> MappingProxyType[str, int]:
        return MappingProxyType({"embedding": EMBEDDING, "scores": self.outputs})

    def begin_from(self, network: MobileFaceNet) -> AttributeTail:
        """The same tail with the network's weights where it has them."""
        for name in ("conv2", "gdc", "embedding"):
            getattr(self, name).load_state_dict(getattr(network, name).state_dict())
        self.blocks.load_state_dict(network.blocks[FROZEN:].state_dict())
        return self

    def forward(self, maps: torch.Tensor) -> dict[str, torch.Tensor]:
        """Layer to (n, width). maps: (n, 128, 7, 7)."""
        for block in self.blocks:
            maps = block(maps)
        embedding = self.normalise(self.embedding(self.gdc(self.conv2(maps))).flatten(1))
        return {"embedding": embedding, "scores": self.head(embedding)}

    def as_maps(self, maps: np.ndarray) -> torch.Tensor:
        """(n, 128, 7, 7) float32 on the tail's device, channels last in memory. maps: (n, 7, 7, 128)."""
        tensor = torch.from_numpy(maps.astype(np.float32)).permute(0, 3, 1, 2)
        return tensor.to(next(self.parameters()).device)

    def features(self, maps: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. maps: (n, 7, 7, 128). The tail must be in `eval`."""
        with torch.inference_mode():
            return {layer: values.float().cpu().numpy() for layer, values in self(self.as_maps(maps)).items()}


def save(tail: AttributeTail, folder: Path, **facts: object) -> None:
    """Weights as tail.safetensors, and meta.json."""
    state = {name: value.detach().cpu().contiguous() for name, value in tail.state_dict().items()}
    save_file(state, folder / "tail.safetensors")
    (folder / "meta.json").write_text(json.dumps({"outputs": tail.outputs, **facts}, indent=1, sort_keys=True) + "\n")


def load(folder: Path) -> AttributeTail:
    """The tail that `save` wrote, ready to read features."""
    tail = AttributeTail(json.loads((folder / "meta.json").read_text())["outputs"])
    tail.load_state_dict(load_file(folder / "tail.safetensors"))
    return tail.eval()
