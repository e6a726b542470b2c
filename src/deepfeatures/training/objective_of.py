"""From a recipe's words to an objective: shared by the selection of iterations and by the final training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from deepfeatures.networks.lenet import load
from deepfeatures.training.class_means import describe, scaling, targets
from deepfeatures.training.objectives import ClassMeans, Pair, Softmax

STARTS = ("normalised", "caffe")  # of mu-LeNet's ip1: its filler divided by the span of the min-max, or as it is
OBJECTIVES = ("softmax", "class-means", "pair")


def objective_of(
    objective: str,
    *,
    teacher: Path | None,
    images: np.ndarray,
    labels: np.ndarray,
    normalise: str,
    start: str = "normalised",
    pair_weight: float,
    device: str,
) -> Softmax | ClassMeans | Pair:
    """images (n, angles, 28, 28) and labels (n,) are the training set, on which the teacher's means are taken."""
    if objective == "softmax":
        return Softmax()
    if objective == "pair":
        return Pair(pair_weight)
    if objective != "class-means":
        raise ValueError(f"objective {objective!r}: allowed are {', '.join(OBJECTIVES)}")
    if start not in STARTS:
        raise ValueError(f"start {start!r}: allowed are {', '.join(STARTS)}")
    if teacher is None:
        raise ValueError("regression to class means needs a teacher: the network whose means are the targets")
    flat = images.reshape(-1, *images.shape[2:])
    space = describe(load(teacher, device), flat, np.repeat(labels, images.shape[1]))
    span = torch.from_numpy(scaling(space, normalise if start == "normalised" else "none")[1].astype(np.float32))
    return ClassMeans(torch.from_numpy(targets(space, normalise)).to(device), span.to(device))
