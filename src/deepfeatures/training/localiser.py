"""LNet_o and LNet_s: trained on image-level tags alone. No box is read here; where a head is, nobody tells them.

minimise the balanced square loss of `training.balanced` over tags: which objects are in a scene (pre-training), or
which attributes its face has (fine-tuning). LNet_o sees whole scenes; LNet_s what LNet_o points at, enlarged.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from deepfeatures.data import scene_artifact
from deepfeatures.networks.lnet_anet import LNET_SIDE, as_pixels, begin_from, load_lnet, save, untrained_lnet
from deepfeatures.networks.localise import SHOULDERS, squares_of
from deepfeatures.networks.response_windows import cut, shrunk
from deepfeatures.training.adam_loop import Shuffled, train
from deepfeatures.training.balanced import balance, balanced_loss

TAGS = ("objects", "attributes")
BATCH = 64


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    data_root: Path,
    *,
    tags: str,
    seed: int,
    steps: int,
    reading: str = "",
    batch: int = BATCH,
    device: str = "cpu",
) -> None:
    """Write the network and losses.npy (steps,). inputs: 'scenes'; 'start', a localiser to begin from, if any;
    'coarse', the LNet_o whose windows (by `reading`) are enlarged for an LNet_s, if that is what is trained.
    """
    if tags not in TAGS:
        raise ValueError(f"tags={tags!r}: allowed are {', '.join(TAGS)}")
    labels = np.load(inputs["scenes"] / f"{tags}.npy")
    scenes = scene_artifact.images(inputs["scenes"], data_root)
    if "coarse" in inputs:
        views = cut(scenes, squares_of(load_lnet(inputs["coarse"]), scenes, reading, SHOULDERS), LNET_SIDE)
    else:
        views = shrunk(scenes)
    del scenes
    weights = torch.from_numpy(balance(labels)).to(device)
    if not weights.any():
        raise ValueError(f"of {labels.shape[1]} tags none is both present and absent in {len(labels)} scenes")
    network = untrained_lnet(seed, labels.shape[1])
    if "start" in inputs:
        begin_from(network, load_lnet(inputs["start"]))
    network = network.to(device)
    truth = torch.from_numpy(labels).to(device)

    def loss_of(rows: np.ndarray) -> torch.Tensor:
        return balanced_loss(network(as_pixels(network, views[rows])), truth[rows], weights)

    losses = train(
        nn.ModuleDict({"network": network}), loss_of, batches=Shuffled(len(views), batch, seed), steps=steps,
        scratch=scratch, description=f"localiser on {tags}, seed {seed}",
    )  # fmt: skip
    np.save(out / "losses.npy", losses)
    save(network, out, name=f"lnet-{'s' if 'coarse' in inputs else 'o'}", tags=tags, seed=seed, steps=steps)
