"""Mean activation vectors as training needs them: mu-LeNet's targets, and the score on a validation split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from deepfeatures.networks.lenet import LeNet

NORMALISATIONS = ("global", "per-feature", "none")


@dataclass(frozen=True)
class FeatureSpace:
    """Of ip1 over a training set. means: (10, 500) per label; low, high: (500,) smallest and largest value seen."""

    means: np.ndarray
    low: np.ndarray
    high: np.ndarray


def describe(network: LeNet, images: np.ndarray, labels: np.ndarray) -> FeatureSpace:
    """Stream ip1 over images (n, 28, 28) uint8 with labels (n,); sums in float64."""
    sums = torch.zeros(10, 500, dtype=torch.float64)
    low, high = torch.full((500,), torch.inf), torch.full((500,), -torch.inf)
    start = 0
    for features in network.stream(images, "ip1"):
        features = features.cpu()
        chosen = torch.from_numpy(np.asarray(labels[start : start + len(features)], np.int64))
        sums.index_add_(0, chosen, features.double())
        low, high = torch.minimum(low, features.amin(0)), torch.maximum(high, features.amax(0))
        start += len(features)
    counts = np.bincount(labels, minlength=10)
    if (counts == 0).any():
        raise ValueError(f"no image of label {np.flatnonzero(counts == 0).tolist()}: a class mean cannot be formed")
    return FeatureSpace(sums.numpy() / counts[:, None], low.numpy().astype(np.float64), high.numpy().astype(np.float64))


def scaling(space: FeatureSpace, normalise: str) -> tuple[np.ndarray, np.ndarray]:
    """(low, span) of the min-max that takes the feature space to 0..1: scalars, or (500,) each for 'per-feature'.

    'global': one smallest and one largest value for all units. 'per-feature': each unit's own; a unit that never
    changes (a dead one) has span 1, so that its target is 0 (deviation D3). The paper does not say which. 'none': as it
    is, to see whether normalising was needed.
    """
    if normalise not in NORMALISATIONS:
        raise ValueError(f"normalise={normalise!r}: allowed are {', '.join(NORMALISATIONS)}")
    if normalise == "none":
        return np.asarray(0.0), np.asarray(1.0)
    low, high = (space.low.min(), space.high.max()) if normalise == "global" else (space.low, space.high)
    span = np.asarray(high - low)
    return np.asarray(low), np.where(span > 0, span, 1.0)


def targets(space: FeatureSpace, normalise: str) -> np.ndarray:
    """Class means in the normalised feature space: (10, 500) float32."""
    low, span = scaling(space, normalise)
    return ((space.means - low) / span).astype(np.float32)


def nearest_mean(features: torch.Tensor, means: np.ndarray) -> np.ndarray:
    """Label of the mean with the largest cosine, the lowest on ties. features: (n, d); means: (labels, d)."""
    directions = torch.nn.functional.normalize(torch.from_numpy(means).to(features), dim=1)
    return (features @ directions.T).argmax(1).cpu().numpy()
