"""LFW's official protocol, for who has LFW: accuracy over ten folds, a fold's threshold chosen on the other nine.

    from deepfeatures.networks import deepid2plus
    network = deepid2plus.load(folder)                      # or anything with `features`
    pairs = lfw_pairs(Path("~/scikit_learn_data").expanduser(), side_px=network.side_px)
    ten_folds(pairs, lambda images: network.features(images)["fc4"])

The unrestricted protocol with outside data, in LFW's terms: the features come from a network that saw other faces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.face_pairs import decided
from deepfeatures.data.lfw import LfwPairs
from deepfeatures.probes.joint_bayesian import JointBayesian
from deepfeatures.probes.verification import Pairs, cosine_of_pairs

BATCH = 64


@dataclass(frozen=True)
class Protocol:
    """percent: mean accuracy over folds; standard_error: of that mean, as for LFW's results; by_fold: (folds,)."""

    percent: float
    standard_error: float
    by_fold: np.ndarray


def ten_folds(
    pairs: LfwPairs, features: Callable[[np.ndarray], np.ndarray], *, model: JointBayesian | None = None
) -> Protocol:
    """features: images (n, side, side, 3) uint8 to (n, d). model: a joint Bayesian one of the same features, fitted on
    people who are not in LFW; None: cosine."""
    read = [
        np.concatenate([features(side[start : start + BATCH]) for start in range(0, len(side), BATCH)])
        for side in (pairs.first, pairs.second)
    ]
    if model is None:
        n = len(pairs.same)
        similarity = cosine_of_pairs(np.concatenate(read), Pairs(np.arange(n), n + np.arange(n), pairs.same))
    else:
        similarity = model.of_pairs(*(model.coordinates(values) for values in read))
    return accuracy(similarity, pairs.same, pairs.fold)


def accuracy(similarity: np.ndarray, same: np.ndarray, fold: np.ndarray) -> Protocol:
    """similarity, same, fold: (pairs,)."""
    right = decided(similarity, same, fold)
    by_fold = np.array([100 * right[fold == number].mean() for number in np.unique(fold)])
    return Protocol(float(by_fold.mean()), float(by_fold.std(ddof=1) / np.sqrt(len(by_fold))), by_fold)
