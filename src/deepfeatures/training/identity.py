"""The identity network of the rendered world: softmax over people with a margin, as face networks are trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from pytorch_metric_learning.losses import CosFaceLoss
from torch import nn

from deepfeatures.networks.face_cnn import EMBEDDING, save, untrained
from deepfeatures.training.adam_loop import train

MARGIN, SCALE = 0.15, 24.0  # of CosFace (Wang et al. 2018); smaller than for photographs: few people, few steps


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    seed: int,
    steps: int,
    batch: int = 128,
    device: str = "cpu",
) -> None:
    """Write the network and losses.npy (steps,). inputs: 'faces', a rendered artifact (data.faces)."""
    images = np.load(inputs["faces"] / "images.npy", mmap_mode="r")
    people, person = np.unique(np.load(inputs["faces"] / "identity.npy"), return_inverse=True)
    network = untrained(images.shape[1], seed).to(device)
    generator = torch.Generator().manual_seed(seed)
    margin = CosFaceLoss(len(people), EMBEDDING, margin=MARGIN, scale=SCALE)
    with torch.no_grad():
        margin.W.copy_(torch.randn(margin.W.shape, generator=generator))
    modules = nn.ModuleDict({"network": network, "margin": margin.to(device)})
    labels = torch.from_numpy(person).to(device)

    def loss_of(rows: np.ndarray) -> torch.Tensor:
        # Sorted: a memory map is read in order; a batch's loss does not depend on the order within it.
        rows = np.sort(rows)
        return margin(network(network.as_pixels(images[rows]))["embedding"], labels[rows])

    losses = train(
        modules, loss_of, rows=len(images), steps=steps, seed=seed, batch=batch, scratch=scratch,
        description=f"identity network, seed {seed}",
    )  # fmt: skip
    np.save(out / "losses.npy", losses)
    save(network, out, name="identity-network", people=len(people), steps=steps, seed=seed)
