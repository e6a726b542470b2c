"""The attribute network of rendered faces: FaceCNN trained end to end on the people of all folds but one.

It begins from the trunk of the identity network, which has seen other people (AFFACT too began from a trained network),
and every face is shifted and turned left for right by chance, as AFFACT was trained to need no alignment. A departure:
MOON and AFFACT train VGG-16 and ResNet-50 on 162,770 photographs; here a small network on a few thousand images.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from deepfeatures.networks.face_cnn import FaceCNN, load, save, untrained
from deepfeatures.training.balanced import asked_in_fold, chances, dropped, fit, without_unlearnt

SHIFT = 12  # the largest shift is this part of the side: 4 pixels of 48
BATCH_READ = 256  # images read at a time once the network is trained


def begun(trunk: FaceCNN, outputs: int, seed: int) -> FaceCNN:
    """A network with `outputs` scores whose other layers are the trunk's. Scores are 0, midway between the targets."""
    network = untrained(trunk.side_px, seed, outputs=outputs)
    shared = {name: value for name, value in trunk.state_dict().items() if not name.startswith("head.")}
    network.load_state_dict(shared, strict=False)
    assert network.head is not None
    nn.init.zeros_(network.head.weight)
    return network


def train(
    network: FaceCNN,
    images: np.ndarray,
    attributes: np.ndarray,
    *,
    seed: int,
    steps: int,
    batch: int = 128,
    scratch: Path | None = None,
) -> np.ndarray:
    """The loss of every step; `network` is trained in place. images: (n, side, side, 3) uint8; attributes: (n, k).

    Raises ValueError on unequal lengths or another size.
    """
    if len(images) != len(attributes):
        raise ValueError(f"{len(attributes)} rows of attributes for {len(images)} images")
    head = network.head
    assert head is not None

    def scores_of(rows: np.ndarray) -> torch.Tensor:
        rng = chances(seed, rows)
        seen = network(network.as_pixels(jittered(images[rows], rng)))
        scores: torch.Tensor = head(dropped(seen["embedding"], rng))
        return scores

    return fit(network, scores_of, attributes, seed=seed, steps=steps, batch=batch, scratch=scratch)


def jittered(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image shifted by up to side / SHIFT pixels both ways, its border repeated, and every other one mirrored.

    images: (n, side, side, 3) uint8. No attribute of CelebA's tells left from right.
    """
    n, side = images.shape[:2]
    most = side // SHIFT
    steps = np.arange(side)
    down, right = (np.clip(rng.integers(-most, most + 1, (n, 1)) + steps, 0, side - 1) for _ in range(2))
    right = np.where(rng.random((n, 1)) < 0.5, right, right[:, ::-1])
    return images[np.arange(n)[:, None, None], down[:, :, None], right[:, None, :]]


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    seed: int,
    steps: int,
    fold: int,
    folds: int,
    fold_seed: int,
    batch: int = 128,
    device: str = "cpu",
) -> None:
    """Write the network of one fold, losses.npy, and what it reads from all faces: ids, embedding and scores.

    inputs: 'faces', a rendered artifact (data.faces); 'network', whose trunk is begun from. scores.npy (n, 40): nan for
    attributes that were not learnt. Those of people in other folds are of faces that the network was trained on.
    """
    images = np.load(inputs["faces"] / "images.npy", mmap_mode="r")
    known, identity = (np.load(inputs["faces"] / f"{name}.npy") for name in ("attributes", "identity"))
    learnt = np.flatnonzero(~asked_in_fold(identity, fold, folds, fold_seed))
    network = begun(load(inputs["network"]), known.shape[1], seed).to(device)
    losses = train(network, images[learnt], known[learnt], seed=seed, steps=steps, batch=batch, scratch=scratch)
    parts = [network.features(images[at : at + BATCH_READ]) for at in range(0, len(images), BATCH_READ)]
    scores, embedding = (np.concatenate([part[layer] for part in parts]) for layer in ("scores", "embedding"))
    np.save(out / "losses.npy", losses)
    np.save(out / "ids.npy", np.load(inputs["faces"] / "ids.npy"))
    np.save(out / "embedding.npy", embedding)
    np.save(out / "scores.npy", without_unlearnt(scores, known[learnt]))
    save(
        network, out, name="attribute-network", seed=seed, steps=steps,
        learnt_from=len(learnt), fold=fold, folds=folds, fold_seed=fold_seed,
    )  # fmt: skip
