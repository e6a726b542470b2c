"""What training minimises: softmax, regression to class means (mu-LeNet), pairs (PAIR-LeNet)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from deepfeatures.networks.lenet import LeNet

PAIR_LAYERS = ("pool1", "pool2", "ip1", "ip2")  # figure 5 draws a loss a layer and names none (deviation D4)


def euclidean(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Caffe's EuclideanLoss: sum of squared differences / (2 * batch)."""
    return (a - b).square().sum() / (2 * len(a))


@dataclass(frozen=True)
class Softmax:
    """Mean negative log likelihood of the label."""

    def __call__(self, layers: Mapping[str, torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(layers["ip2"], labels)


@dataclass(frozen=True)
class ClassMeans:
    """mu-LeNet: EuclideanLoss between ip1 (after its ReLU) and the target of the label. targets: (10, 500).

    span: () or (500,), what the feature space was divided by. The new network begins in the same normalised space: its
    ip1 weights are divided by it once. Begun at Caffe's full scale, its outputs are tens of times the targets, and
    Caffe's learning rate makes the loss infinite within ten steps (deviation D3).
    """

    targets: torch.Tensor
    span: torch.Tensor

    @torch.no_grad()
    def begin(self, network: LeNet) -> None:
        """Divide the untrained ip1 by the span, unit by unit or all alike."""
        network.ip1.weight.div_(self.span[:, None] if self.span.ndim else self.span)

    def __call__(self, layers: Mapping[str, torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        return euclidean(layers["ip1"], self.targets[labels])


@dataclass(frozen=True)
class Pair:
    """PAIR-LeNet: softmax on the first of each pair + weight * sum over layers of EuclideanLoss(first, second).

    Layers hold the first images, then the second ones: (2 * batch, ...). labels: (batch,) of the first.
    """

    weight: float

    def __call__(self, layers: Mapping[str, torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
        pairs = len(labels)
        loss = F.cross_entropy(layers["ip2"][:pairs], labels)
        for name in PAIR_LAYERS:
            loss = loss + self.weight * euclidean(layers[name][:pairs], layers[name][pairs:])
        return loss
