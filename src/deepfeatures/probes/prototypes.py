"""k-means prototypes of a class: the control for means per angle, with as many vectors but no angle in them."""
from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans


def class_prototypes(features: np.ndarray, prototypes: int, *, rng: np.random.Generator) -> np.ndarray:
    """k-means centres of one class's features (n, d): (prototypes, d) float64, one k-means++ start, ordered by size.

    A gain of means per angle over the class mean only speaks for the angle where it exceeds the gain of these.
    """
    if not 1 <= prototypes <= len(features):
        raise ValueError(f"{prototypes} prototypes asked of {len(features)} rows: 1..{len(features)} are possible")
    means = KMeans(prototypes, n_init=1, random_state=int(rng.integers(2**31))).fit(features)
    size = np.bincount(means.labels_, minlength=prototypes)
    return means.cluster_centers_[np.argsort(-size, kind="stable")].astype(np.float64)
