"""Photographs through a face network into the feature store: decoding, cropping, network, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepfeatures.data import celeba, crops, pointing04
from deepfeatures.data.decoding import ImageStream
from deepfeatures.data.features import Extracted, FeaturePlan, Json, make
from deepfeatures.networks.face_network import FaceNetwork


@dataclass(frozen=True)
class Photographs:
    """Images to extract features from. ids: (n,) str; paths: n files, all of image_size (height, width).

    crops_for: (height, width) of a network's input to the crops, (2, 3) or (n, 2, 3); rule: the same in words.
    """

    dataset: str
    fingerprint: str
    ids: np.ndarray
    paths: Sequence[Path]
    crops_for: Callable[[tuple[int, int]], np.ndarray]
    image_size: tuple[int, int]
    rule: str


def celeba_photographs(faces: celeba.CelebA) -> Photographs:
    """CelebA's aligned images, one crop for all."""
    rule = "similarity from CelebA's mean points to the ArcFace template"
    return Photographs(
        "celeba", faces.fingerprint, faces.ids, faces.paths(), crops.celeba_crop, crops.CELEBA_SIZE, rule
    )


def pointing_photographs(heads: pointing04.Pointing04) -> Photographs:
    """Pointing'04, cropped by its face boxes."""
    rule = f"square of {crops.POINTING_SIDE} box heights, {crops.POINTING_RISE} above its centre"
    return Photographs(
        "pointing04", heads.fingerprint, heads.ids, heads.paths(),
        lambda size: crops.pointing_crops(heads.boxes, size), pointing04.IMAGE_SIZE, rule,
    )  # fmt: skip


class CroppedFaces:
    """Crops of some photographs, batch by batch: iterates over (rows (m,), crops (m, height, width, 3) uint8).

    size: (height, width); batch: photographs decoded at a time. After a pass `left_out` names those that were no use.
    """

    def __init__(self, photographs: Photographs, rows: Sequence[int], size: tuple[int, int], batch: int = 64) -> None:
        self.photographs, self.rows, self.size = photographs, np.asarray(rows, np.int64), size
        self.stream = ImageStream([photographs.paths[row] for row in self.rows], batch)
        self.left_out: list[str] = []

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        self.left_out.clear()
        matrices = self.photographs.crops_for(self.size)
        for batch in self.stream:
            fits = np.array([image.shape[:2] == self.photographs.image_size for image in batch.images], bool)
            for place, row in zip(batch.images, self.rows[batch.rows], strict=True):
                if place.shape[:2] != self.photographs.image_size:
                    self.left_out.append(
                        f"{self.photographs.ids[row]} is {place.shape[0]} x {place.shape[1]} pixels, "
                        f"{self.photographs.image_size[0]} x {self.photographs.image_size[1]} are expected"
                    )
            if not fits.any():
                continue
            rows = self.rows[batch.rows[fits]]
            images = np.stack([image for image, fit in zip(batch.images, fits, strict=True) if fit])
            yield rows, crops.crop(images, matrices if matrices.ndim == 2 else matrices[rows], self.size)
        self.left_out.extend(self.stream.damaged)


def plan_features(
    photographs: Photographs,
    network: FaceNetwork,
    *,
    layers: Sequence[str] = (),
    shard_size: int = 1024,
    batch: int = 64,
    provenance: Mapping[str, Json] | None = None,
) -> FeaturePlan:
    """What `face_features` will store: the given layers, or all."""
    wanted = {layer: network.layers[layer] for layer in (layers or network.layers)}
    facts: dict[str, Json] = {
        "data": photographs.fingerprint,
        "weights": network.fingerprint,
        "crop": photographs.rule,
        "input": str(network.input),
        "batch": batch,
        **(provenance or {}),
    }
    return FeaturePlan(photographs.dataset, network.name, wanted, tuple(photographs.ids.tolist()), facts, shard_size)


def face_features(
    root: Path,
    plan: FeaturePlan,
    photographs: Photographs,
    network: FaceNetwork,
    *,
    shards: Iterable[int] | None = None,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Make the missing shards of a plan. Damaged photographs are left out and named in their shard."""
    batch = int(plan.provenance["batch"] or 64)

    def extract(rows: range) -> Extracted:
        faces = CroppedFaces(photographs, rows, network.input.size, batch)
        kept: list[np.ndarray] = []
        values: dict[str, list[np.ndarray]] = {layer: [] for layer in plan.layers}
        for places, images in faces:
            kept.append(places)
            features = network.features(images)
            for layer in plan.layers:
                values[layer].append(features[layer])
        if not kept:
            empty = {layer: np.empty((0, width), np.float32) for layer, width in plan.layers.items()}
            return Extracted(np.empty(0, np.int64), empty, tuple(faces.left_out))
        joined = {layer: np.concatenate(parts) for layer, parts in values.items()}
        return Extracted(np.concatenate(kept), joined, tuple(faces.left_out))

    make(root, plan, extract, shards=shards, progress=progress)
