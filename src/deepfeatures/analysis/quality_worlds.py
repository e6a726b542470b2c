"""Pictures whose quality is known, and what each network makes of them.

    rendered         the rendered world as it is: every defect known exactly
    celeba           photographs as they are: pose estimated, size of the face in the original, the label Blurry
    celeba, spoilt   the same photographs, a random half of them made worse in one of four ways
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from deepfeatures.analysis import quality_truth
from deepfeatures.analysis.view_worlds import Artifact, Artifacts, features_of, last_layer, networks_of
from deepfeatures.data.faces import pose_estimates
from deepfeatures.data.pose_table import PoseTable

SPOILT = "celeba, spoilt"
SAID = {"rendered": "rendered", "celeba": "CelebA", SPOILT: "CelebA, half of it spoilt"}
POOL_SEED = 0  # which half is spoilt


@dataclass(frozen=True)
class Pictures:
    """One network in one world. features: (n, d), one a seed; truth: n rows (quality_truth); identity, row: (n,).

    row: of the faces artifact.
    """

    world: str
    network: str
    features: Sequence[np.ndarray]
    truth: pd.DataFrame
    identity: np.ndarray
    row: np.ndarray = field(repr=False)

    @property
    def factors(self) -> list[str]:
        """What is known of each picture, without the count of defects."""
        return [name for name in self.truth.columns if name != quality_truth.DEFECTS]

    @property
    def defects(self) -> np.ndarray:
        """(n,): how many known defects a picture has."""
        return self.truth[quality_truth.DEFECTS].to_numpy(float)


def pictures(artifacts: Artifacts, poses: PoseTable | None = None) -> list[Pictures]:
    """All worlds that are there, every network in each. poses: CelebA's table, for the size of faces."""
    found = []
    [faces] = artifacts["faces/rendered"]
    truth = quality_truth.rendered(faces)
    for network in networks_of(artifacts, "rendered"):
        made = [features_of(faces, one, last_layer(network))[0] for one in artifacts[f"features/rendered/{network}"]]
        found.append(_pictures("rendered", network, made, truth, faces, np.ones(len(truth), bool)))
    if "faces/celeba" not in artifacts:
        return found
    [faces] = artifacts["faces/celeba"]
    truth = quality_truth.photographs(faces, poses)
    known = truth.notna().all(axis=1).to_numpy()
    for world in ("celeba", SPOILT):
        for network in networks_of(artifacts, "celeba"):
            [intact] = artifacts[f"features/celeba/{network}"]
            if world == "celeba":
                values, there = features_of(faces, intact, last_layer(network))
                found.append(_pictures(world, network, [values], truth, faces, known & there))
            else:
                values, there, kind = spoilt(faces, intact, artifacts[f"damaged/{network}"][0], network)
                worse = quality_truth.with_damage(truth, kind).drop(columns="Blurry")
                found.append(_pictures(world, network, [values], worse, faces, known & there))
    return found


def spoilt(
    faces: Artifact, intact: Artifact, damaged: Artifact, network: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with a random half of the pictures replaced by damaged copies; which there are; kind, -1 intact."""
    (whole, there), (worse, there_too) = (features_of(faces, one, last_layer(network)) for one in (intact, damaged))
    kind, half = kinds(faces, damaged), np.zeros(len(whole), bool)
    half[np.random.default_rng(POOL_SEED).permutation(len(whole))[: len(whole) // 2]] = True
    return np.where(half[:, None], worse, whole), there & there_too, np.where(half, kind, -1)


def kinds(faces: Artifact, damaged: Artifact) -> np.ndarray:
    """(n,): what was done to each of the faces, a number in data.damage.KINDS; -1 where it has no copy."""
    of = dict(zip(np.asarray(damaged["ids"]).tolist(), np.asarray(damaged["kind"]).tolist(), strict=True))
    return np.array([of.get(one, -1) for one in np.asarray(faces["ids"]).tolist()])


def _pictures(
    world: str, network: str, made: list[np.ndarray], truth: pd.DataFrame, faces: Artifact, keep: np.ndarray
) -> Pictures:
    identity = np.asarray(faces["identity"])[keep]
    chosen = truth.loc[keep].reset_index(drop=True)
    return Pictures(world, network, [values[keep] for values in made], chosen, identity, np.flatnonzero(keep))


def face_sizes(data_root: Path | None) -> PoseTable | None:
    """CelebA's table of pose estimates, which holds the size of the face in the original; None where there is none."""
    return None if data_root is None else pose_estimates(data_root)
