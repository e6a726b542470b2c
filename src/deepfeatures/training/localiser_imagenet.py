"""LNet_o and LNet_s that begin with ImageNet's weights: on the same tags, scenes, batches and steps as the small ones.

AdamW moves a weight by about the rate in every step, however large the weight is, so that at the small networks' rate
what was brought could be overwritten before it is of use. The trunk therefore moves at SLOWER of it, and weight decay
draws it to where it began. deviation: the notes say nothing of rates.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrize

from deepfeatures.data import scene_artifact
from deepfeatures.networks.lnet_anet import LNET_SIDE, as_pixels, save
from deepfeatures.networks.lnet_imagenet import ImageNetLNet, brought, load, untrained
from deepfeatures.networks.localise import SHOULDERS, squares_of
from deepfeatures.networks.response_windows import cut, shrunk
from deepfeatures.training.adam_loop import Shuffled, train
from deepfeatures.training.balanced import balance, balanced_loss

BATCH = 64
SLOWER = 0.1  # ours: a usual factor between the rate of training and that of fine-tuning


class Near(nn.Module):
    """A weight as start + SLOWER * moved, where `moved` is what is trained, from 0."""

    start: torch.Tensor

    def __init__(self, start: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("start", start.detach().clone())

    def forward(self, moved: torch.Tensor) -> torch.Tensor:
        """The weight. moved: of its shape."""
        return self.start + SLOWER * moved

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """What `forward` makes the weight of."""
        return (weight - self.start) / SLOWER


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    data_root: Path,
    *,
    seed: int,
    steps: int,
    weights: str = "",
    reading: str = "",
    batch: int = BATCH,
    device: str = "cpu",
) -> None:
    """Write the network and losses.npy (steps,). inputs: 'scenes'; 'coarse', the LNet_o whose windows (by `reading`)
    are enlarged for an LNet_s. weights: the file to begin with, by its name in <data root>/weights; '': random ones.
    """
    labels = np.load(inputs["scenes"] / "attributes.npy")
    scenes = scene_artifact.images(inputs["scenes"], data_root)
    if "coarse" in inputs:
        views = cut(scenes, squares_of(load(inputs["coarse"]), scenes, reading, SHOULDERS), LNET_SIDE)
    else:
        views = shrunk(scenes)
    del scenes
    balanced = torch.from_numpy(balance(labels)).to(device)
    tags = labels.shape[1]
    if not balanced.any():
        raise ValueError(f"of {tags} tags none is both present and absent in {len(labels)} scenes")
    network = slowed(brought(weights, data_root, tags)) if weights else untrained(seed, tags)
    network = network.to(device)
    truth = torch.from_numpy(labels).to(device)

    def loss_of(rows: np.ndarray) -> torch.Tensor:
        return balanced_loss(network(as_pixels(network, views[rows])), truth[rows], balanced)

    losses = train(
        nn.ModuleDict({"network": network}), loss_of, batches=Shuffled(len(views), batch, seed), steps=steps,
        scratch=scratch, description=f"localiser from {weights or 'random weights'}, seed {seed}",
    )  # fmt: skip
    np.save(out / "losses.npy", losses)
    which = "s" if "coarse" in inputs else "o"
    save(plain(network), out, name=f"lnet-{which}", weights=weights, seed=seed, steps=steps)


def slowed(network: ImageNetLNet) -> ImageNetLNet:
    """`network` whose trunk's weights are trained as `Near` says; its scores are the same."""
    for module, name in _weights(network):
        parametrize.register_parametrization(module, name, Near(getattr(module, name)))
    return network


def plain(network: ImageNetLNet) -> ImageNetLNet:
    """`network` with ordinary weights again: those that it has come to."""
    for module in list(network.blocks.modules()):
        for name in list(cast(nn.ModuleDict, module.parametrizations)) if parametrize.is_parametrized(module) else []:
            parametrize.remove_parametrizations(module, name, leave_parametrized=True)
    return network


def _weights(network: ImageNetLNet) -> list[tuple[nn.Module, str]]:
    return [
        (module, name)
        for module in list(network.blocks.modules())
        for name, _ in list(module.named_parameters(recurse=False))
    ]
