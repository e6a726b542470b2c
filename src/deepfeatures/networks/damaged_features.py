"""Features of photographs that were made worse first, as an artifact of the form of networks.face_artifact.

    <layer>.npy (n, width) float32   ids.npy (n,)   kind.npy (n,) int8: number in data.damage.KINDS   meta.json

A photograph is cropped to the square that the network's template stands in, damaged there, and then cut to the
network's width: what damage means does not depend on how wide the crop is. Damaged photographs are never kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.data import celeba, features
from deepfeatures.data.damage import Damage, damaged, draw
from deepfeatures.data.features import Extracted, FeaturePlan
from deepfeatures.networks import face_catalogue
from deepfeatures.networks.face_artifact import BATCH, Pixels
from deepfeatures.networks.face_features import CroppedFaces, Photographs, celeba_photographs
from deepfeatures.networks.face_network import FaceNetwork

PIXELS_SIZE = (64, 64)  # of the crop that `pixels` reads, as networks.face_artifact has it
UNTRAINED = "-untrained"


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    data_root: Path,
    *,
    network: str,
    damage: Sequence[str],
    fingerprint: str,
    damage_seed: int,
    seed: int = 0,
) -> None:
    """Write features of CelebA's images, each with one of the kinds `damage`. network: 'pixels', a name of the
    catalogue, or that name and '-untrained' (seed: of its weights). damage_seed: of kinds and amounts, the same for
    every network.
    """
    photographs = celeba_photographs(celeba.read(data_root))
    if photographs.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
    reader = _network(network, data_root, seed)
    drawn = draw(len(photographs.ids), damage, rng=np.random.default_rng(damage_seed))
    stored_plan = plan(photographs, reader, damage, damage_seed)
    features.make(
        scratch, stored_plan, lambda rows: extract(rows, photographs, reader, drawn), progress=tqdm.write
    )
    stored = features.open_features(scratch, stored_plan)
    for name in reader.layers:
        np.save(out / f"{name}.npy", np.concatenate(list(stored.blocks(name))))
    np.save(out / "ids.npy", stored.ids)
    place = {name: row for row, name in enumerate(photographs.ids.tolist())}
    np.save(out / "kind.npy", drawn.kind[[place[name] for name in stored.ids.tolist()]].astype(np.int8))
    meta = {
        "network": reader.name,
        "weights": reader.fingerprint,
        "layers": dict(reader.layers),
        "left_out": list(stored.left_out),
        "damage": list(damage),
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def plan(photographs: Photographs, reader: FaceNetwork, damage: Sequence[str], damage_seed: int) -> FeaturePlan:
    """What is stored while it is made, so that a run that was stopped goes on."""
    facts: dict[str, features.Json] = {
        "data": photographs.fingerprint,
        "weights": reader.fingerprint,
        "crop": photographs.rule,
        "damage": " ".join(damage),
        "damage_seed": damage_seed,
    }
    ids = tuple(photographs.ids.tolist())
    return FeaturePlan(photographs.dataset, f"{reader.name}-damaged", dict(reader.layers), ids, facts)


def extract(rows: range, photographs: Photographs, reader: FaceNetwork, drawn: Damage) -> Extracted:
    """Features of some photographs, damaged as `drawn` (of all photographs) says."""
    height, width = reader.input.size
    if width > height:
        raise ValueError(f"{reader.name} reads {height} x {width}: crops wider than high are not made here")
    faces = CroppedFaces(photographs, rows, (height, height), BATCH)
    left = (height - width) // 2
    kept: list[np.ndarray] = []
    values: dict[str, list[np.ndarray]] = {layer: [np.empty((0, size))] for layer, size in reader.layers.items()}
    for places, images in faces:
        worse = damaged(images, drawn.taken(places))[:, :, left : left + width]
        kept.append(places)
        for layer, found in reader.features(np.ascontiguousarray(worse)).items():
            values[layer].append(found)
    joined = {layer: np.concatenate(parts).astype(np.float32) for layer, parts in values.items()}
    return Extracted(np.concatenate([np.empty(0, np.int64), *kept]), joined, tuple(faces.left_out))


def _network(name: str, data_root: Path, seed: int) -> FaceNetwork:
    if name == "pixels":
        return Pixels(PIXELS_SIZE)
    if name.endswith(UNTRAINED):
        return face_catalogue.untrained_twin(name.removesuffix(UNTRAINED), seed)
    return face_catalogue.load_face_network(name, data_root)
