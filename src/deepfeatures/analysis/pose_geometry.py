"""Is a face nearer to its mirror image, to another face of its person, or to another person in its pose?

Cosines are taken after the mean of the features is subtracted: features behind a ReLU all point one way otherwise.
"""

from __future__ import annotations

import numpy as np

from deepfeatures.analysis.pose_rows import Rows
from deepfeatures.probes.mean_activation import directions

SAME_POSE_DEG, OTHER_POSE_DEG = 7.5, 30.0  # of yaw: at most and at least


def mirror_and_person(
    features: np.ndarray, mirrored: np.ndarray, identity: np.ndarray, *, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """mirror_cosine (n,): cos(f(x), f(x mirrored)); person_cosine (n,): to another image of the person, nan where
    none.
    """
    centre = (features.mean(axis=0) + mirrored.mean(axis=0)) / 2
    unit, turned = directions(features - centre), directions(mirrored - centre)
    other = np.full(len(features), -1)
    for person in np.unique(identity):
        own = rng.permutation(np.flatnonzero(identity == person))
        if len(own) > 1:
            other[own] = np.roll(own, 1)
    person_cosine = np.where(other >= 0, (unit * unit[other]).sum(axis=1), np.nan)
    return {
        "mirror_cosine": (unit * turned).sum(axis=1).astype(np.float32),
        "person_cosine": person_cosine.astype(np.float32),
    }


def same_pose_against_same_person(
    features: np.ndarray, rows: Rows, *, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """pose_pull (n,): cosine to another person within SAME_POSE_DEG of yaw, less that to one's own face
    OTHER_POSE_DEG away.

    Above 0, pose outweighs identity (Rudd et al. 2017, section 3.2, first paragraph). One of each is drawn; nan
    where none is.
    """
    unit, yaw = directions(features - features.mean(axis=0)), rows.column("yaw")
    pull = np.full(len(unit), np.nan)
    for at in range(len(unit)):
        apart, own = np.abs(yaw - yaw[at]), rows.identity == rows.identity[at]
        others, selves = (
            np.flatnonzero(~own & (apart <= SAME_POSE_DEG)),
            np.flatnonzero(own & (apart >= OTHER_POSE_DEG)),
        )
        if len(others) and len(selves):
            other, self_ = rng.choice(others), rng.choice(selves)
            pull[at] = unit[at] @ (unit[other] - unit[self_])
    return {"pose_pull": pull.astype(np.float32)}
