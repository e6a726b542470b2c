"""How every attribute network is trained: on all attributes at once, balanced, with what keeps few faces from being
learnt by heart.

    minimise  sum over known (row, attribute)  w(attribute, side) * (score - target)^2,   target in {-1, +1}

w is 1 on an attribute's rarer side and rare / common on its commoner side: both sides then weigh the same, the
balanced target of MOON (Rudd, Guenther, Boult 2016). MOON keeps each target of the commoner side with that
probability; here every target counts with it, which is the expected value of the same gradient and has no noise of its
own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from deepfeatures.data.identities import identity_folds
from deepfeatures.training.adam_loop import Shuffled, train

DROPPED = 0.5  # share of the embedding that a training step does not see; ours, see attribute_tail


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
    network: nn.Module,
    scores_of: Callable[[np.ndarray], torch.Tensor],
    attributes: np.ndarray,
    *,
    seed: int,
    steps: int,
    batch: int = 128,
    scratch: Path | None = None,
) -> np.ndarray:
    """Train `network` in place; the loss of every step (steps,) float32.

    scores_of: (m, k) scores of these rows of `attributes`, (n, k) int8 of 1, 0, -1 unknown; rows come sorted, as a
    memory map is best read. Raises ValueError where nothing can be learnt.
    """
    device = next(network.parameters()).device
    weights = torch.from_numpy(balance(attributes)).to(device)
    if not weights.any():
        n, k = attributes.shape
        raise ValueError(f"of {k} attributes none is both present and absent in {n} images")
    truth = torch.from_numpy(np.ascontiguousarray(attributes)).to(device)

    def loss_of(rows: np.ndarray) -> torch.Tensor:
        rows = np.sort(rows)
        return balanced_loss(scores_of(rows), truth[torch.from_numpy(rows).to(device)], weights)

    return train(
        nn.ModuleDict({"network": network}), loss_of, batches=Shuffled(len(attributes), batch, seed), steps=steps,
        scratch=scratch, description=f"attribute network, seed {seed}",
    )  # fmt: skip


def chances(seed: int, rows: np.ndarray) -> np.random.Generator:
    """What chance does in the step that sees these rows: of the rows alone, so that a resumed run is the same."""
    return np.random.default_rng([seed, *rows.tolist()])


def dropped(embedding: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """With a share DROPPED of the numbers at 0 and the others enlarged, so that sums stay as they are on average."""
    kept = torch.from_numpy((rng.random(tuple(embedding.shape)) >= DROPPED).astype(np.float32))
    return embedding * kept.to(embedding.device) / (1 - DROPPED)


def asked_in_fold(identity: np.ndarray, fold: int, folds: int, fold_seed: int) -> np.ndarray:
    """Mask (n,) bool of the images of the people whom the network of this fold has not seen.

    Read-outs with this seed deal people into the same folds (analysis.attribute_readout).
    """
    if not 0 <= fold < folds:
        raise ValueError(f"fold={fold} of {folds}: 0 to {folds - 1}")
    return identity_folds(identity, folds, rng=np.random.default_rng(fold_seed).spawn(2)[0]) == fold


def without_unlearnt(scores: np.ndarray, attributes: np.ndarray) -> np.ndarray:
    """scores (n, k), nan for attributes that the training rows `attributes` (m, k) all show or all lack."""
    return np.where(balance(attributes).any(axis=0), scores, np.nan).astype(np.float32)
