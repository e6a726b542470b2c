"""A plan of ten images and features that can be had without a network."""

from __future__ import annotations

import numpy as np

from deepfeatures.data.features import Extracted, FeaturePlan

PLAN = FeaturePlan(
    "toy", "net", {"deep": 3, "shallow": 2}, tuple(f"{number}.jpg" for number in range(10)), {"weights": "w1"}, 4
)


def values(rows: range, skip: tuple[int, ...] = ()) -> Extracted:
    """Features that say which image they are of."""
    kept = np.array([row for row in rows if row not in skip], int)
    layers = {"deep": np.stack([kept, kept * 10, kept * 100], 1), "shallow": np.stack([kept, -kept], 1)}
    return Extracted(kept, layers, tuple(f"{row}.jpg is truncated" for row in rows if row in skip))
