"""Faces with attributes to train on: rendered ones as they are, photographs cropped for this one training alone.

Crops of photographs lie in the maker's scratch folder, which is removed when the network is done: no artifact holds a
photograph.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.data import celeba
from deepfeatures.data.identities import identity_folds
from deepfeatures.networks.face_features import CroppedFaces, Photographs, celeba_photographs


@dataclass(frozen=True)
class LabelledFaces:
    """images: (n, side, side, 3) uint8; attributes: (n, 40) int8, 1, 0 or -1 unknown; left_out: what is no use."""

    images: np.ndarray
    attributes: np.ndarray
    left_out: tuple[str, ...] = ()


def labelled_faces(
    faces: Path,
    scratch: Path,
    data_root: Path,
    *,
    dataset: str,
    fingerprint: str = "",
    side_px: int = 0,
    fold: int = -1,
    folds: int = 0,
    fold_seed: int = 0,
) -> LabelledFaces:
    """The faces of an artifact (data.faces) to train on. dataset: 'rendered' or 'celeba'.

    fingerprint, side_px: of photographs and of their crops. fold, folds, fold_seed: which images are kept for testing,
    see `unseen_in_fold`. Raises ValueError where photographs are not those planned for.
    """
    attributes = np.load(faces / "attributes.npy")
    kept = np.flatnonzero(~unseen_in_fold(np.load(faces / "identity.npy"), fold, folds, fold_seed))
    if dataset == "rendered":
        images = np.load(faces / "images.npy", mmap_mode="r")
        return LabelledFaces(images if len(kept) == len(images) else images[kept], attributes[kept])
    if dataset != "celeba":
        raise ValueError(f"dataset={dataset!r}: attributes are known of rendered, celeba")
    photographs = celeba_photographs(celeba.read(data_root))
    if photographs.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
    rows, images, left_out = cropped(photographs, kept, side_px, scratch)
    return LabelledFaces(images, attributes[rows], left_out)


def unseen_in_fold(identity: np.ndarray, fold: int, folds: int, fold_seed: int = 0) -> np.ndarray:
    """Mask (n,) bool of the images that the network of this fold has not seen; none where fold is -1.

    Whoever reads the network leaves out the same people: a read-out by folds deals them out in the same way.
    """
    if fold == -1:
        return np.zeros(len(identity), bool)
    if not 0 <= fold < folds:
        raise ValueError(f"fold={fold} of {folds}: 0 to {folds - 1}, or -1 for none")
    return identity_folds(identity, folds, rng=np.random.default_rng(fold_seed).spawn(2)[0]) == fold


def cropped(
    photographs: Photographs, rows: np.ndarray, side_px: int, scratch: Path
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Rows that could be read (m,), their crops (m, side, side, 3) in a file of `scratch`, and why others could not."""
    faces = CroppedFaces(photographs, rows.tolist(), (side_px, side_px))
    shape = (len(rows), side_px, side_px, 3)
    images = np.lib.format.open_memmap(scratch / "crops.npy", mode="w+", dtype=np.uint8, shape=shape)
    read: list[int] = []
    for places, crops in tqdm(faces, desc="crops", unit="batch", mininterval=1):
        images[len(read) : len(read) + len(places)] = crops
        read.extend(places.tolist())
    images.flush()
    return np.array(read, np.int64), images[: len(read)], tuple(faces.left_out)
