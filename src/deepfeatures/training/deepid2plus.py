"""Training DeepID2+: identification and verification signals on every fully connected layer (section 3).

    loss = sum over layers n of  identification(FC-n) + VERIFICATION * verification(FC-n)

identification: softmax over the training people, each layer with its own centres. verification, of a pair of images:

    1/2 |f_i - f_j|^2  of one person,   1/2 max(0, m - |f_i - f_j|)^2  of two                     (section 3)

meaned over all pairs of a step, those of one person and those of two each for themselves. Distances are per unit:
|f_i - f_j|^2 is the mean over units of squared differences, so that one margin suits layers of any width. The paper
takes one pair at a time, retunes m as it goes and weighs the signals by numbers that are not in the text at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from deepfeatures.data.regions import as_seen
from deepfeatures.networks.deepid2plus import LAYERS, save, untrained
from deepfeatures.training.adam_loop import train
from deepfeatures.training.people_batches import PeopleBatches

VERIFICATION, MARGIN = 1.0, 1.0  # ours
WIDTH = 128  # of a layer whose head is a usual linear layer
EACH = 4  # images of a person in a batch
CALIBRATION = 256  # training faces whose statistics the untrained twin is given


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    seed: int,
    steps: int,
    side_px: int,
    maps: Sequence[int],
    units: int,
    region: str = "face",
    layerwise: bool = True,
    people_share: float = 1.0,
    images_share: float = 1.0,
    batch: int = 128,
    device: str = "cpu",
) -> None:
    """Write the network and losses.npy (steps,). inputs: 'faces', a rendered artifact (data.faces).

    side_px: of the network's input, to which `region` (data.regions) is brought. layerwise=False: only FC-4's signals
    reach the convolutions. people_share, images_share: of the people, and of each one's images, that are used. steps
    0: the untrained twin, which has seen the faces' brightness and nothing else.
    """
    person = np.load(inputs["faces"] / "identity.npy")
    kept = fewer(person, people_share, images_share)
    person = np.unique(person[kept], return_inverse=True)[1]
    images = as_seen(np.load(inputs["faces"] / "images.npy", mmap_mode="r")[kept], region, side_px)
    rng = np.random.default_rng([seed, 1])
    some = images[np.sort(rng.permutation(len(images))[:CALIBRATION])]
    network = untrained(side_px, seed, maps=maps, units=units, images=some).to(device)
    people = int(person.max()) + 1
    facts = {
        "people": people,
        "images": len(images),
        "steps": steps,
        "seed": seed,
        "region": region,
        "layerwise": layerwise,
    }
    losses = np.zeros(0, np.float32)
    if steps:
        heads = nn.ModuleDict({layer: _Head(units, people) for layer in LAYERS}).to(device)
        batches = PeopleBatches(person, batch // EACH, EACH, seed)

        def loss_of(rows: np.ndarray) -> torch.Tensor:
            read = network(network.as_pixels(images[rows]), layerwise=layerwise)
            who = torch.from_numpy(person[rows]).to(device)
            return torch.stack([signals(read[layer], heads[layer](read[layer]), who) for layer in LAYERS]).sum()

        losses = train(
            nn.ModuleDict({"network": network, "heads": heads}),
            loss_of,
            batches=batches,
            steps=steps,
            scratch=scratch,
            checkpoint_every=50,
            description=f"DeepID2+ of {region}, seed {seed}",
        )
    np.save(out / "losses.npy", losses)
    save(network, out, **facts)


def fewer(person: np.ndarray, people_share: float, images_share: float) -> np.ndarray:
    """Rows, ascending, of the first share of the people and the first share of each one's images, two at least."""
    for name, share in (("people_share", people_share), ("images_share", images_share)):
        if not 0 < share <= 1:
            raise ValueError(f"{name}={share}: above 0 and at most 1")
    names = np.unique(person)
    names = names[: max(2, round(people_share * len(names)))]
    rows = [np.flatnonzero(person == one) for one in names]
    return np.sort(np.concatenate([own[: max(2, round(images_share * len(own)))] for own in rows]))


def signals(features: torch.Tensor, logits: torch.Tensor, person: torch.Tensor) -> torch.Tensor:
    """Both signals of one layer. features: (n, units); logits: (n, people); person: (n,) int."""
    return F.cross_entropy(logits, person) + VERIFICATION * verification(features, person, margin=MARGIN)


def verification(features: torch.Tensor, person: torch.Tensor, *, margin: float) -> torch.Tensor:
    """Mean over pairs of one person, plus mean over pairs of two. features: (n, units); person: (n,)."""
    first, second = torch.triu_indices(len(features), len(features), 1, device=features.device)
    squared = pairwise_mean_square(features)[first, second]
    same = person[first] == person[second]
    # The root has no slope at 0: two equal images of two people would give nan.
    apart = F.relu(margin - squared.clamp_min(1e-8).sqrt()).square()
    return 0.5 * (squared[same].mean() + apart[~same].mean())


def pairwise_mean_square(features: torch.Tensor) -> torch.Tensor:
    """(n, n): mean over units of squared differences."""
    product = features @ features.T
    squares = product.diagonal()
    return ((squares[:, None] + squares - 2 * product) / features.shape[1]).clamp_min(0)


class _Head(nn.Linear):
    """Scores of the training people, all 0 at first. Scaled, so that a step moves them as much whatever the width."""

    def __init__(self, units: int, people: int) -> None:
        super().__init__(units, people)
        self.scale = WIDTH / units
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return F.linear(values * self.scale, self.weight, self.bias)
