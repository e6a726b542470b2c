"""Features of people seen from the front and from both sides, where it is known what view does to whom and to which."""

from __future__ import annotations

import numpy as np

from deepfeatures.analysis.view_effects import Design, design


def world(
    size: np.ndarray, *, common: np.ndarray | float = 0.0, images: int = 8, person: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, Design, np.ndarray]:
    """Features (n, J), their design, and identity (n,). Image noise has standard deviation 1.

    size (I, J): standard deviation of the shift that turning brings to a person and feature, in a direction of its own;
    common: added to everybody's. person: standard deviation of what a person is in either view.
    """
    rng = np.random.default_rng(seed)
    people, width = size.shape
    identity = np.repeat(np.arange(people), 3 * images)
    yaw = np.tile(np.concatenate([np.linspace(-15, 15, images), np.linspace(60, 90, images),
                                  -np.linspace(60, 90, images)]), people)  # fmt: skip
    shift = size[:, None, :] * rng.choice([-1.0, 1.0], (people, 2, width)) + common
    values = rng.standard_normal((len(yaw), width)) + person * rng.standard_normal((people, width))[identity]
    for side, turned in enumerate((yaw >= 60, yaw <= -60)):
        values[turned] += shift[identity[turned], side]
    return values, design(identity, yaw, frontal_deg=15, turned_deg=60), identity
