"""ANet: pre-trained to tell people apart, then fine-tuned on attributes; either step can be left out.

Identity: the softmax over the batch's people of `training.identity` on the units. Attributes: the balanced square loss
of `training.balanced`. deviation: the notes name neither loss.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from deepfeatures.networks.lnet_anet import as_pixels, begin_from, load_anet, save, untrained_anet
from deepfeatures.training.adam_loop import Batches, Shuffled, train
from deepfeatures.training.balanced import balance, balanced_loss
from deepfeatures.training.identity import EACH, MARGIN, SCALE, centre_loss
from deepfeatures.training.people_batches import PeopleBatches

GOALS = ("identity", "attributes")


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    goal: str,
    local: bool,
    seed: int,
    steps: int,
    batch: int = 64,
    device: str = "cpu",
) -> None:
    """Write the network and losses.npy (steps,). inputs: 'faces', rendered; 'start', an ANet to begin from, if any."""
    if goal not in GOALS:
        raise ValueError(f"goal={goal!r}: allowed are {', '.join(GOALS)}")
    images = np.load(inputs["faces"] / "images.npy", mmap_mode="r")
    person, labels = np.load(inputs["faces"] / "identity.npy"), np.load(inputs["faces"] / "attributes.npy")
    network = untrained_anet(images.shape[1], seed, labels.shape[1], local=local)
    if "start" in inputs:
        begin_from(network, load_anet(inputs["start"]))
    network = network.to(device)
    weights, truth = torch.from_numpy(balance(labels)).to(device), torch.from_numpy(labels).to(device)
    batches: Batches
    if goal == "identity":
        batches = PeopleBatches(person, batch // EACH, EACH, seed)
    else:
        batches = Shuffled(len(images), batch, seed)

    def loss_of(rows: np.ndarray) -> torch.Tensor:
        if goal == "identity":
            return centre_loss(network.units(as_pixels(network, images[rows])), EACH, margin=MARGIN, scale=SCALE)
        return balanced_loss(network(as_pixels(network, images[rows])), truth[rows], weights)

    losses = train(
        nn.ModuleDict({"network": network}), loss_of, batches=batches, steps=steps, scratch=scratch,
        description=f"ANet on {goal}, seed {seed}",
    )  # fmt: skip
    np.save(out / "losses.npy", losses)
    save(network, out, goal=goal, seed=seed, steps=steps)
