"""The work of one face-features artifact in parts: each makes some shards of the store that it is put together from.

`face_artifact.make` finds the shards there; what no part made, or what was damaged since, it makes itself.
"""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from deepfeatures.data.features import FeaturePlan
from deepfeatures.networks import face_artifact
from deepfeatures.networks.face_features import Photographs, face_features, plan_features
from deepfeatures.networks.face_network import FaceNetwork

SHARDS_A_PIECE = 12  # 12,288 photographs: minutes of work, beside which the start of a job is little


def count(data_root: Path, *, dataset: str, **_: object) -> int:
    """Parts worth a job each; 0 where one job is enough. Takes the artifact's parameters."""
    if dataset == "rendered":
        return 0  # images in memory, as one array: face_artifact.make reads no store
    photographs = face_artifact._photographs(dataset, data_root)
    shards = -(-len(photographs.ids) // FeaturePlan.shard_size)
    return 0 if shards <= SHARDS_A_PIECE else -(-shards // SHARDS_A_PIECE)


def make(
    number: int,
    of: int,
    inputs: dict[str, Path],
    scratch: Path,
    data_root: Path,
    *,
    dataset: str,
    network: str,
    seed: int = 0,
    fingerprint: str = "",
    mirrored: bool = False,
) -> None:
    """Make every `of`-th shard from `number`. scratch and the rest: the artifact's own.

    Raises ValueError where the photographs found are not those planned for.
    """
    photographs, reader, plan = _planned(inputs, data_root, dataset, network, seed, mirrored)
    if photographs.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
    face_features(scratch, plan, photographs, reader, shards=range(number, plan.shards, of), progress=tqdm.write)


def _planned(
    inputs: dict[str, Path], data_root: Path, dataset: str, network: str, seed: int, mirrored: bool
) -> tuple[Photographs, FaceNetwork, FeaturePlan]:
    photographs = face_artifact._photographs(dataset, data_root)
    reader = face_artifact._network(network, (64, 64), inputs, data_root, seed, mirrored)
    return photographs, reader, plan_features(photographs, reader)
