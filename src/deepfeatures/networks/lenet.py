"""LeNet as Caffe ships it (BVLC/caffe, examples/mnist/lenet_train_test.prototxt), filler included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

LAYERS: tuple[str, ...] = ("pool1", "pool2", "ip1", "ip2")
INPUT_SCALE = 1 / 256  # Caffe lenet_train_test.prototxt: scale 0.00390625, no mean subtracted


class LeNet(nn.Module):
    """conv 20@5x5, max 2/2, conv 50@5x5, max 2/2, ip1 500, ReLU (the only one), ip2 10: 431,080 parameters.

    `has_ip2=False` is the network truncated at ip1, as mu-LeNet trains it.
    """

    def __init__(self, has_ip2: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 50, 5)
        self.ip1 = nn.Linear(50 * 4 * 4, 500)
        self.ip2 = nn.Linear(500, 10) if has_ip2 else None

    @property
    def has_ip2(self) -> bool:
        return self.ip2 is not None

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Activations by layer. pixels: (n, 1, 28, 28) in 0..1.

        pool1 (n, 20, 12, 12), pool2 (n, 50, 4, 4), ip1 (n, 500) after its ReLU, ip2 (n, 10) before the softmax.
        """
        pool1 = F.max_pool2d(self.conv1(pixels), 2)
        pool2 = F.max_pool2d(self.conv2(pool1), 2)
        ip1 = F.relu(self.ip1(pool2.flatten(1)))
        layers = {"pool1": pool1, "pool2": pool2, "ip1": ip1}
        if self.ip2 is not None:
            layers["ip2"] = self.ip2(ip1)
        return layers

    def features(self, images: np.ndarray) -> dict[str, torch.Tensor]:
        """Activations of uint8 images (n, 28, 28), without gradients, each layer flattened to (n, features)."""
        with torch.inference_mode():
            layers = self(as_pixels(images, next(self.parameters()).device))
            return {name: values.flatten(1) for name, values in layers.items()}

    def stream(self, images: np.ndarray, layer: str, batch: int = 256) -> Iterator[torch.Tensor]:
        """One layer's features of any number of images, batch by batch: (up to batch, features)."""
        if layer not in LAYERS or (layer == "ip2" and not self.has_ip2):
            raise ValueError(
                f"layer {layer!r} is not in this network: {[n for n in LAYERS if n != 'ip2' or self.has_ip2]}"
            )
        for start in range(0, len(images), batch):
            yield self.features(images[start : start + batch])[layer]


def as_pixels(images: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """uint8 (n, 28, 28) to what the network reads: (n, 1, 28, 28) float32 = value / 256, channels last."""
    pixels = torch.tensor(images).to(device, torch.float32).mul_(INPUT_SCALE)
    return pixels[:, None].contiguous(memory_format=torch.channels_last)


def caffe_filler(network: LeNet, seed: int) -> LeNet:
    """Caffe's `xavier`: weights U(-sqrt(3/fan_in), +sqrt(3/fan_in)), biases 0 (src: include/caffe/filler.hpp).

    Not torch's xavier_uniform_, whose bound is sqrt(6/(fan_in+fan_out)).
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
            else:
                fan_in = parameter[0].numel()
                bound = (3 / fan_in) ** 0.5
                parameter.copy_(torch.rand(parameter.shape, generator=generator).mul_(2 * bound).sub_(bound))
    return network


def untrained(seed: int, has_ip2: bool = True) -> LeNet:
    """A LeNet fresh from Caffe's filler: the control for every claim that training put something there."""
    return caffe_filler(LeNet(has_ip2), seed).to(memory_format=torch.channels_last)


def save(network: LeNet, folder: Path, **facts: object) -> None:
    """Weights as network.safetensors, and meta.json with `has_ip2` and the given facts."""
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / "network.safetensors")
    (folder / "meta.json").write_text(
        json.dumps({"has_ip2": network.has_ip2, **facts}, indent=1, sort_keys=True) + "\n"
    )


def load(folder: Path, device: torch.device | str = "cpu") -> LeNet:
    """The network that `save` wrote. Raises FileNotFoundError naming the folder, KeyError on foreign weights."""
    meta = json.loads((folder / "meta.json").read_text())
    network = LeNet(meta["has_ip2"])
    network.load_state_dict(load_file(folder / "network.safetensors"))
    return network.to(device).to(memory_format=torch.channels_last).eval()
