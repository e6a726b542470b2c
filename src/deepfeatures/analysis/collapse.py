"""Neural collapse, NC1: how small the scatter within classes is beside that of the class means."""
from __future__ import annotations

import numpy as np

from deepfeatures.probes.mean_activation import class_means


def within_class_collapse(
    features: np.ndarray, labels: np.ndarray, *, n_labels: int = 10, chunk_rows: int = 4096
) -> float:
    """NC1 = tr(S_W pinv(S_B)) / K: 0 for classes collapsed to points. features: (n, d); labels: (n,).

    S_W = mean of (x - m_l)(x - m_l)^T over all rows, S_B = mean over the K classes of (m_l - m)(m_l - m)^T, m the mean
    of the class means (Papyan, Han and Donoho 2020). S_B has at most K - 1 directions, so only these are formed.
    """
    means = class_means(features, labels, n_labels=n_labels)
    _, strength, directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    used = strength > 1e-10 * strength[0]
    if not used.any() or strength[0] == 0:
        raise ValueError(f"the {n_labels} class means coincide: NC1 is undefined")
    variance = np.zeros(int(used.sum()))
    for start in range(0, len(features), chunk_rows):
        rows = slice(start, start + chunk_rows)
        along = (features[rows] - means[labels[rows]]) @ directions[used].T
        variance += np.square(along).sum(axis=0)
    return float((variance / len(features) / (strength[used] ** 2 / n_labels)).sum() / n_labels)
