"""The attribute network: one network trained end to end on all attributes at once, balanced. The paper's AFFACT row.

    minimise  sum over known (row, attribute)  w(attribute, side) * (score - target)^2,   target in {-1, +1}

w is 1 on an attribute's rarer side and rare / common on its commoner side: both sides then weigh the same, the
balanced target of MOON (Rudd, Guenther, Boult 2016). MOON keeps each target of the commoner side with that
probability; here every target counts with it, which is the expected value of the same gradient and has no noise of its
own. A departure: MOON and AFFACT train VGG-16 and ResNet-50 on 162,770 photographs; here FaceCNN on what is at hand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from deepfeatures.networks.face_cnn import FaceCNN, load, save, untrained
from deepfeatures.training.adam_loop import Shuffled, train
from deepfeatures.training.attribute_faces import LabelledFaces, labelled_faces

STARTS = ("random", "network")


def balance(attributes: np.ndarray) -> np.ndarray:
    """(2, k) float32: weights of an attribute where it is absent [0] and present [1]. attributes: (n, k) of 1, 0, -1.

    0 on both sides where a side has no row: nothing could be learnt but the constant.
    """
    counts = np.stack([(attributes == side).sum(0) for side in (0, 1)]).astype(float)
    rarer = counts.min(0)
    return np.divide(rarer, counts, out=np.zeros_like(counts), where=counts > 0).astype(np.float32)


def balanced_loss(scores: torch.Tensor, attributes: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Mean over rows and over attributes that can be learnt. scores: (n, k); attributes: (n, k) of 1, 0, -1 (ignored).

    weights: (2, k), as `balance` gives them.
    """
    target = torch.where(attributes > 0, 1.0, -1.0)
    weight = torch.where(attributes > 0, weights[1], weights[0]) * (attributes >= 0)
    learnt = max(int((weights.sum(0) > 0).sum()), 1)
    return (weight * (scores - target).square()).sum() / (len(scores) * learnt)


def fit(
    images: np.ndarray,
    attributes: np.ndarray,
    *,
    seed: int,
    steps: int,
    batch: int = 128,
    trunk: FaceCNN | None = None,
    device: str = "cpu",
    scratch: Path | None = None,
) -> tuple[FaceCNN, np.ndarray]:
    """The network, with a score per attribute (positive: present), and the loss of every step (steps,) float32.

    images: (n, side, side, 3) uint8; attributes: (n, k) int8 of 1, 0, -1 unknown. trunk: where to start, all but the
    last layer; None: random weights. Raises ValueError where nothing can be learnt or the trunk reads another size.
    """
    if len(images) != len(attributes):
        raise ValueError(f"{len(attributes)} rows of attributes for {len(images)} images")
    weights = torch.from_numpy(balance(attributes)).to(device)
    if not weights.any():
        raise ValueError(f"of {attributes.shape[1]} attributes none is both present and absent in {len(images)} images")
    network = untrained(images.shape[1], seed, outputs=attributes.shape[1])
    if trunk is not None:
        _begin_from(network, trunk)
    # Begin with scores of 0, midway between the targets, whatever the trunk's scale.
    assert network.head is not None
    nn.init.zeros_(network.head.weight)
    network = network.to(device)
    truth = torch.from_numpy(np.ascontiguousarray(attributes)).to(device)

    def loss_of(rows: np.ndarray) -> torch.Tensor:
        rows = np.sort(rows)  # a memory map is read in order
        return balanced_loss(network(network.as_pixels(images[rows]))["scores"], truth[rows], weights)

    losses = train(
        nn.ModuleDict({"network": network}), loss_of, batches=Shuffled(len(images), batch, seed), steps=steps,
        scratch=scratch, description=f"attribute network, seed {seed}",
    )  # fmt: skip
    return network, losses


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    data_root: Path,
    *,
    seed: int,
    steps: int,
    start: str = "random",
    dataset: str = "rendered",
    fingerprint: str = "",
    side_px: int = 0,
    fold: int = -1,
    folds: int = 0,
    fold_seed: int = 0,
    batch: int = 128,
    device: str = "cpu",
) -> None:
    """Write the network and losses.npy (steps,). The rest: see attribute_faces.labelled_faces.

    start: 'random', or 'network': the trunk of inputs['network'] (AFFACT as well began from a trained network).
    """
    if start not in STARTS:
        raise ValueError(f"start={start!r}: allowed are {', '.join(STARTS)}")
    trunk = load(inputs["network"]) if start == "network" else None
    faces: LabelledFaces = labelled_faces(
        inputs["faces"], scratch, data_root, dataset=dataset, fingerprint=fingerprint, side_px=side_px,
        fold=fold, folds=folds, fold_seed=fold_seed,
    )  # fmt: skip
    network, losses = fit(
        faces.images, faces.attributes, seed=seed, steps=steps, batch=batch, trunk=trunk, device=device, scratch=scratch
    )
    np.save(out / "losses.npy", losses)
    save(
        network, out, name="attribute-network", seed=seed, steps=steps, start=start, dataset=dataset,
        rows=len(faces.images), left_out=list(faces.left_out), fold=fold, folds=folds, fold_seed=fold_seed,
    )  # fmt: skip


def _begin_from(network: FaceCNN, trunk: FaceCNN) -> None:
    if trunk.side_px != network.side_px:
        raise ValueError(f"a trunk for {trunk.side_px} px cannot begin a network for {network.side_px} px")
    shared = {name: value for name, value in trunk.state_dict().items() if not name.startswith("head.")}
    network.load_state_dict(shared, strict=False)
