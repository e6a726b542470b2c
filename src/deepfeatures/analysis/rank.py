"""How many directions recognition needs: MAV accuracy on r singular vectors. Rudd et al. 2017, section 4.3."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.probes.moments import Moments

MU_RANK = 10  # Rudd et al. 2017, section 4.3: what mu-LeNet's features are said to have
RANKS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 400)


def ranks_up_to(width: int, ranks: Sequence[int] = RANKS) -> list[int]:
    """The ranks below `width`, and `width` itself, where nothing is lost."""
    return [r for r in ranks if r < width] + [width]


def rank_accuracy(
    features: np.ndarray,
    labels: np.ndarray,
    means: np.ndarray,
    basis_of: Moments,
    ranks: Sequence[int],
    *,
    chunk_rows: int = 4096,
) -> np.ndarray:
    """Fraction correct of cosine to class means when only r directions are kept: (ranks,).

    x_r = m + V_r V_r^T (x - m), for features (n, d) and means (labels, d) alike; m and V_r are the mean and the first
    r principal directions of basis_of. Take the training features for it, so that no test image chooses the
    directions. ranks must ascend. At r = d this is plain MAV.
    """
    if list(ranks) != sorted(ranks) or not 1 <= ranks[0] <= ranks[-1] <= features.shape[1]:
        raise ValueError(f"ranks must ascend within 1..{features.shape[1]}, got {list(ranks)}")
    vectors = np.linalg.eigh(basis_of.scatter)[1][:, ::-1]
    # With a = V^T x and b = V^T c, x_r . c_r = rest_r + sum_{k<=r} a_k b_k, where rest_r, the part of |m|^2 outside the
    # r directions, is |m|^2 - sum_{k<=r} (V^T m)_k^2. So all ranks together cost one pass over the columns.
    centre = np.square(basis_of.mean @ vectors)
    rest = np.maximum(centre.sum() - np.cumsum(centre), 0.0)[np.asarray(ranks) - 1]
    means_turned = means @ vectors
    correct = np.zeros(len(ranks), np.int64)
    for start in range(0, len(features), chunk_rows):
        turned = features[start : start + chunk_rows].astype(np.float64) @ vectors
        dots = np.zeros((len(turned), len(means)))
        mean_power, done = np.zeros(len(means)), 0
        for position, rank in enumerate(ranks):
            columns = slice(done, rank)
            dots += turned[:, columns] @ means_turned[:, columns].T
            mean_power += np.square(means_turned[:, columns]).sum(axis=1)
            length = np.sqrt(mean_power + rest[position])
            # The row's own length does not change which label wins, so it is left out.
            score = (dots + rest[position]) / np.where(length > 0, length, np.inf)
            correct[position] += (score.argmax(axis=1) == labels[start : start + chunk_rows]).sum()
            done = rank
    return correct / len(features)
