"""LNet_o and LNet_s on the first half of torchvision's ResNet-18, whose weights know ImageNet, where a user has them.

The paper pre-trains on ImageNet. The weights are no part of the book; the file's name holds how its SHA-256 begins, and
a file that is another is refused. What the small localisers see, 48 pixels a side, is enlarged to 96, since ImageNet's
first layers halve pictures three times: maps have the small ones' 12 x 12 positions. The second half of the network
would make 3 x 3 of them, and is left out.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.lnet_anet import LNET_SIDE, LNet
from deepfeatures.networks.weights import ForeignWeights, load_mapped, read_state, sha256

WHERE = "https://download.pytorch.org/models/"
NAMED = re.compile(r"resnet18-([0-9a-f]{8})\.pth")
MAPS = 128  # of the second group of blocks
ENLARGED = 2
# ImageNet's, as torchvision has them, of values of 0..255
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
PARTS = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2")  # torchvision's names, in order


class ImageNetLNet(LNet):
    """An LNet whose four convolutions are ResNet-18's first nine. outputs: tags."""

    def __init__(self, outputs: int, *, name: str = "lnet-imagenet") -> None:
        super().__init__(outputs, name=name)
        whole = _resnet18()
        enlarge = nn.Upsample(scale_factor=ENLARGED, mode="bilinear", align_corners=False)
        self.blocks = nn.Sequential(enlarge, *(getattr(whole, part) for part in PARTS))
        self.head = nn.Linear(MAPS, outputs)

    @property
    def input(self) -> FaceInput:
        return FaceInput(LNET_SIDE, LNET_SIDE, MEAN, STD)


def brought(file: str, data_root: Path, outputs: int) -> ImageNetLNet:
    """A network with the weights of <data root>/weights/`file`, and scores of 0.

    Raises FileNotFoundError with one line on what to do, ForeignWeights where the file is not what its name says.
    """
    begins = _checksum(file)
    path = data_root / "weights" / file
    if not path.is_file():
        raise FileNotFoundError(how_to_get(file, data_root))
    found = sha256(path)
    if not found.startswith(begins):
        raise ForeignWeights(
            f"{path} has SHA-256 {found}, and by its name one that begins with {begins}: it is damaged, or "
            f"another file; fetch it again from {WHERE}{file}"
        )
    whole = _resnet18()
    load_mapped(whole, read_state(path), {name: name for name in whole.state_dict()}, source=path.name)
    network = ImageNetLNet(outputs)
    for block, part in zip(network.blocks[1:], PARTS, strict=True):
        block.load_state_dict(getattr(whole, part).state_dict())
    return _ready(network)


def untrained(seed: int, outputs: int) -> ImageNetLNet:
    """The same network with He's normal weights from the seed; scores of 0. The control."""
    network, generator = ImageNetLNet(outputs, name="lnet-resnet18"), torch.Generator().manual_seed(seed)
    for module in network.blocks.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=generator)
    return _ready(network)


def with_drawn_head(network: ImageNetLNet, seed: int) -> ImageNetLNet:
    """`network` with a last layer from the seed: readings that ask which maps tags lean on need one."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        network.head.weight.normal_(0, MAPS**-0.5, generator=generator)
    return network


def load(folder: Path) -> ImageNetLNet:
    """The localiser that `lnet_anet.save` wrote, ready to be read; no file of weights is needed."""
    meta = json.loads((folder / "meta.json").read_text())
    network = ImageNetLNet(meta["outputs"], name=meta["network"])
    network.load_state_dict(load_file(folder / "network.safetensors"))
    return network.to(memory_format=torch.channels_last).eval()


def how_to_get(file: str, data_root: Path) -> str:
    """One line: what to download, where to put it, how its checksum begins."""
    return (
        f"pretraining=torchvision: get {WHERE}{file} (45 MB) and put it at {data_root / 'weights' / file} "
        f"(its SHA-256 begins with {_checksum(file)}; torchvision's weights of ResNet-18, trained on ImageNet)"
    )


def _checksum(file: str) -> str:
    named = NAMED.fullmatch(file)
    if named is None:
        raise ValueError(f"{file!r}: a name like resnet18-<eight digits of its SHA-256>.pth is expected")
    return named[1]


def _resnet18() -> nn.Module:
    from torchvision.models import resnet18  # a thousand modules: only where they are asked for

    # Its own random weights are replaced by every caller; nobody else's random numbers depend on them.
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = resnet18(weights=None)
    return network


def _ready(network: ImageNetLNet) -> ImageNetLNet:
    nn.init.zeros_(network.head.weight)
    nn.init.zeros_(network.head.bias)
    return network.to(memory_format=torch.channels_last).eval()
