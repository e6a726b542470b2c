"""MobileFaceNet (Chen, Liu, Gao, Han 2018, table 1), as two public weight files have it.

`MS1M`: foamliu/MobileFaceNet, ArcFace on MS-Celeb-1M, 112 x 112, ReLU6. `CASIA`: Xiaoccer/MobileFaceNet_Pytorch,
ArcFace on CASIA-WebFace, 112 high x 96 wide, PReLU. The trunk is the same; what differs stands in `Variant`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.weights import load_mapped, read_state, sha256

BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))  # table 1: t, c, n, s
BLOCKS = sum(repeats for _, _, repeats, _ in BOTTLENECKS)
CALIBRATION = 16  # noise images that scale a random twin
EARLY, MIDDLE = 4, 11  # the last blocks at 28 and at 14 pixels

# Maps of a convolution are averaged over positions; gdc and embedding have one position.
LAYERS = MappingProxyType({"block5": 64, "block12": 128, "conv2": 512, "gdc": 512, "embedding": 128})


@dataclass(frozen=True)
class Variant:
    """What the two weight files do differently. gdc: kernel of the last, global convolution (height, width)."""

    name: str
    input: FaceInput
    gdc: tuple[int, int]
    prelu: bool
    second_pointwise: bool  # foamliu's second layer is depthwise and pointwise, the paper's depthwise alone
    embedding_bias: bool
    state_under: str | None


MS1M = Variant(
    "mobilefacenet-ms1m",
    FaceInput(112, 112, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),  # ImageNet's mean and std, times 255
    gdc=(7, 7),
    prelu=False,
    second_pointwise=True,
    embedding_bias=True,
    state_under=None,
)
CASIA = Variant(
    "mobilefacenet-casia",
    FaceInput(112, 96, (127.5,) * 3, (128.0,) * 3),
    gdc=(7, 6),
    prelu=True,
    second_pointwise=False,
    embedding_bias=False,
    state_under="net_state_dict",
)


class _Conv(nn.Module):
    """Convolution, batch normalisation and, where `act` is given, an activation."""

    def __init__(
        self, inside: int, out: int, kernel: int | tuple[int, int], act: nn.Module | None, *,
        stride: int = 1, padding: int = 0, depthwise: bool = False, bias: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(inside, out, kernel, stride, padding, groups=inside if depthwise else 1, bias=bias)
        self.bn = nn.BatchNorm2d(out)
        self.act = act or nn.Identity()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.act(self.bn(self.conv(maps)))


class _Bottleneck(nn.Module):
    """Widen t times, filter each map, project without activation; the input is added where shapes allow."""

    def __init__(self, inside: int, out: int, widen: int, stride: int, prelu: bool) -> None:
        super().__init__()
        wide = inside * widen
        self.widen = _Conv(inside, wide, 1, _activation(wide, prelu))
        self.filter = _Conv(wide, wide, 3, _activation(wide, prelu), stride=stride, padding=1, depthwise=True)
        self.project = _Conv(wide, out, 1, None)
        self.residual = stride == 1 and inside == out

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        made = self.project(self.filter(self.widen(maps)))
        return maps + made if self.residual else made


class MobileFaceNet(nn.Module):
    """About a million parameters; embedding of 128. Implements FaceNetwork."""

    def __init__(self, variant: Variant, fingerprint: str) -> None:
        super().__init__()
        self.variant = variant
        self.fingerprint = fingerprint
        prelu = variant.prelu
        self.conv1 = _Conv(3, 64, 3, _activation(64, prelu), stride=2, padding=1)
        # foamliu's second layer has plain ReLU, unlike all others there.
        second = _activation(64, True) if prelu else nn.ReLU()
        self.conv_dw = _Conv(64, 64, 3, second, padding=1, depthwise=True)
        self.conv_pw = _Conv(64, 64, 1, nn.ReLU()) if variant.second_pointwise else nn.Identity()
        blocks, inside = [], 64
        for widen, out, repeats, stride in BOTTLENECKS:
            for repeat in range(repeats):
                blocks.append(_Bottleneck(inside, out, widen, stride if repeat == 0 else 1, prelu))
                inside = out
        self.blocks = nn.ModuleList(blocks)
        self.conv2 = _Conv(inside, 512, 1, _activation(512, prelu))
        self.gdc = _Conv(512, 512, variant.gdc, None, depthwise=True)
        self.embedding = _Conv(512, 128, 1, None, bias=variant.embedding_bias)

    @property
    def name(self) -> str:
        return self.variant.name

    @property
    def input(self) -> FaceInput:
        return self.variant.input

    @property
    def layers(self) -> MappingProxyType[str, int]:
        return LAYERS

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Layer to (n, width). pixels: (n, 3, height, width), normalised.

        block5, block12: after the residual sum; conv2: after its activation; gdc: the 512 numbers that the last linear
        layer reads; embedding: 128, not normalised.
        """
        read: dict[str, torch.Tensor] = {}
        maps = self.conv_pw(self.conv_dw(self.conv1(pixels)))
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number in (EARLY, MIDDLE):
                read[f"block{number + 1}"] = maps.mean((2, 3))
        maps = self.conv2(maps)
        read["conv2"] = maps.mean((2, 3))
        maps = self.gdc(maps)
        read["gdc"] = maps.flatten(1)
        read["embedding"] = self.embedding(maps).flatten(1)
        return read

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. images: (n, height, width, 3) uint8, RGB."""
        # A view of NHWC as NCHW is what torch calls channels last: no copy, and the faster layout here.
        pixels = torch.from_numpy(self.input.pixels(images)).permute(0, 3, 1, 2)
        device = next(self.parameters()).device
        with torch.inference_mode():
            return {layer: values.float().cpu().numpy() for layer, values in self(pixels.to(device)).items()}


def load(path: Path, variant: Variant) -> MobileFaceNet:
    """The published network. Raises FileNotFoundError, or ForeignWeights naming keys that are missing or too many."""
    state = read_state(path, variant.state_under)
    network = MobileFaceNet(variant, f"sha256-{sha256(path)}")
    names = _foamliu_names() if variant.second_pointwise else _xiaoccer_names()
    load_mapped(network, state, _with_tensors(names), source=path.name)
    return network.to(memory_format=torch.channels_last).eval()


def untrained(variant: Variant, seed: int) -> MobileFaceNet:
    """The random twin: the same layers with He's normal weights (fan in), scaled by batch normalisation on noise.

    Without the scaling features of the last layers are near 1e-6 or 1e3, by how initialisation counts a depthwise
    convolution, and a probe's penalty, not the network, would decide. The noise is the seed's: no face is seen.
    """
    network = MobileFaceNet(variant, f"untrained-seed-{seed}")
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the statistics of the one batch, not a moving average with 0 and 1
    coarse = torch.rand((CALIBRATION, 3, 8, 8), generator=generator)
    noise = F.interpolate(coarse, variant.input.size, mode="bicubic", align_corners=False).clamp(0, 1)
    values = (noise * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    with torch.no_grad():
        network.train()(torch.from_numpy(variant.input.pixels(values)).permute(0, 3, 1, 2))
    return network.to(memory_format=torch.channels_last).eval()


def _activation(maps: int, prelu: bool) -> nn.Module:
    return nn.PReLU(maps) if prelu else nn.ReLU6()


def _foamliu_names() -> dict[str, str]:
    # The file's module to ours.
    names = {"conv1.0": "conv1.conv", "conv1.1": "conv1.bn"}
    names |= {"dw_conv.depthwise": "conv_dw.conv", "dw_conv.bn1": "conv_dw.bn"}
    names |= {"dw_conv.pointwise": "conv_pw.conv", "dw_conv.bn2": "conv_pw.bn"}
    for block in range(BLOCKS):
        theirs, ours = f"features.{block}.conv", f"blocks.{block}"
        names |= {f"{theirs}.0.0": f"{ours}.widen.conv", f"{theirs}.0.1": f"{ours}.widen.bn"}
        names |= {f"{theirs}.1.0": f"{ours}.filter.conv", f"{theirs}.1.1": f"{ours}.filter.bn"}
        names |= {f"{theirs}.2": f"{ours}.project.conv", f"{theirs}.3": f"{ours}.project.bn"}
    names |= {"conv2.0": "conv2.conv", "conv2.1": "conv2.bn"}
    names |= {"gdconv.depthwise": "gdc.conv", "gdconv.bn": "gdc.bn"}
    return names | {"conv3": "embedding.conv", "bn": "embedding.bn"}


def _xiaoccer_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for theirs, ours in {"conv1": "conv1", "dw_conv1": "conv_dw", "conv2": "conv2"}.items():
        names |= {f"{theirs}.conv": f"{ours}.conv", f"{theirs}.bn": f"{ours}.bn", f"{theirs}.prelu": f"{ours}.act"}
    parts = [f"{step}.{part}" for step in ("widen", "filter", "project") for part in ("conv", "bn", "act")][:8]
    for block in range(BLOCKS):
        names |= {f"blocks.{block}.conv.{place}": f"blocks.{block}.{part}" for place, part in enumerate(parts)}
    for theirs, ours in {"linear7": "gdc", "linear1": "embedding"}.items():
        names |= {f"{theirs}.conv": f"{ours}.conv", f"{theirs}.bn": f"{ours}.bn"}
    return names


def _with_tensors(modules: dict[str, str]) -> dict[str, str]:
    tensors = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    return {f"{theirs}.{tensor}": f"{ours}.{tensor}" for theirs, ours in modules.items() for tensor in tensors}
