"""A small convolutional network for rendered faces: four blocks and an embedding. Ours, in the manner of its time."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from deepfeatures.networks.face_network import FaceInput

WIDTHS = (24, 48, 96, 128)
EMBEDDING = 128


class FaceCNN(nn.Module):
    """Blocks of 3x3 convolution, 2x2 maximum, batch normalisation and ReLU; then one linear layer, normalised by batch.

    The maximum comes before the normalisation, which then sees a quarter of the values: 1.5 times the images a second.
    side_px: 32 or more, divisible by 16. Implements FaceNetwork; `outputs`, if not 0, adds a linear layer on the
    embedding (the attribute network's): it is read as one more layer, 'scores', behind the embedding.
    """

    def __init__(
        self, side_px: int, *, outputs: int = 0, name: str = "identity-network", fingerprint: str = ""
    ) -> None:
        super().__init__()
        if side_px < 32 or side_px % 16:
            raise ValueError(f"side_px={side_px}: at least 32 and divisible by 16, so that four halvings come out even")
        self.side_px, self.outputs, self._name, self._fingerprint = side_px, outputs, name, fingerprint
        inside = (3, *WIDTHS[:-1])
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(i, o, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(o), nn.ReLU()
            )
            for i, o in zip(inside, WIDTHS, strict=True)
        )
        self.linear = nn.Linear(WIDTHS[-1] * (side_px // 16) ** 2, EMBEDDING, bias=False)
        self.normalise = nn.BatchNorm1d(EMBEDDING)
        self.head = nn.Linear(EMBEDDING, outputs) if outputs else None

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
        last = WIDTHS[-1] * (self.side_px // 16) ** 2
        scores = {"scores": self.outputs} if self.outputs else {}
        widths = {"block2": WIDTHS[1], "block3": WIDTHS[2], "block4": last, "embedding": EMBEDDING, **scores}
        return MappingProxyType(widths)

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Layer to (n, width). pixels: (n, 3, side, side), normalised. block2, block3: averaged over positions."""
        read: dict[str, torch.Tensor] = {}
        maps = pixels
        for number, block in enumerate(self.blocks, start=1):
            maps = block(maps)
            if number in (2, 3):
                read[f"block{number}"] = maps.mean((2, 3))
        read["block4"] = maps.flatten(1)
        read["embedding"] = self.normalise(self.linear(read["block4"]))
        if self.head is not None:
            read["scores"] = self.head(read["embedding"])
        return read

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. images: (n, side, side, 3) uint8, RGB. The network must be in `eval`."""
        with torch.inference_mode():
            read = self(self.as_pixels(images))
            return {layer: values.float().cpu().numpy() for layer, values in read.items()}

    def as_pixels(self, images: np.ndarray) -> torch.Tensor:
        """(n, 3, side, side) float32 on the network's device, channels last."""
        pixels = torch.from_numpy(self.input.pixels(images)).permute(0, 3, 1, 2)
        return pixels.to(next(self.parameters()).device)


def untrained(side_px: int, seed: int, *, outputs: int = 0) -> FaceCNN:
    """He's normal weights from the seed; batch normalisation at its start. The control, and where training begins."""
    network = FaceCNN(side_px, outputs=outputs, name="untrained", fingerprint=f"untrained-seed-{seed}-side-{side_px}")
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network.to(memory_format=torch.channels_last).eval()


def save(network: FaceCNN, folder: Path, **facts: object) -> None:
    """Weights as network.safetensors, and meta.json."""
    save_file({name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()},
              folder / "network.safetensors")  # fmt: skip
    meta = {"side_px": network.side_px, "outputs": network.outputs, "name": network.name, **facts}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def load(folder: Path) -> FaceCNN:
    """The network that `save` wrote, ready to read features."""
    meta = json.loads((folder / "meta.json").read_text())
    network = FaceCNN(meta["side_px"], outputs=meta["outputs"], name=meta["name"], fingerprint=folder.name)
    network.load_state_dict(load_file(folder / "network.safetensors"))
    return network.to(memory_format=torch.channels_last).eval()
