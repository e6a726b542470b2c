"""k-means prototypes: known clusters, a fixed seed, too few rows."""
from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.probes.prototypes import class_prototypes


def test_clusters_are_found_and_the_seed_decides() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[10.0, 0], [0, 10], [-10, -10]])
    features = np.repeat(centres, [30, 20, 10], axis=0) + rng.normal(0, 0.1, (60, 2))
    found = class_prototypes(features.astype(np.float32), 3, rng=np.random.default_rng(1))
    np.testing.assert_allclose(found, centres, atol=0.2)  # ordered by size
    np.testing.assert_array_equal(found, class_prototypes(features.astype(np.float32), 3, rng=np.random.default_rng(1)))


def test_one_prototype_is_the_mean() -> None:
    features = np.random.default_rng(0).random((20, 4))
    np.testing.assert_allclose(class_prototypes(features, 1, rng=np.random.default_rng(0))[0], features.mean(axis=0))


def test_more_prototypes_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="7 prototypes asked of 3 rows"):
        class_prototypes(np.zeros((3, 2)), 7, rng=np.random.default_rng(0))
