"""A shape-appearance space fitted to photographs: an artifact.

With landmarks (data.face_landmarks): shape, the principal components of the aligned points, and appearance, those of
the colours once every face is warped to the mean shape. Without: appearance alone, the components of the aligned crops,
in which shape and background are mixed; meta.json says which (`partial`).

    ids.npy, identity.npy, parameters.npy (n, k) float32; explained.npy (k,): share of the variance of its part
    meta.json: names, kinds (k each), partial, landmarks, report
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.analysis.parameter_space_warp import Components, Warp, align, components
from deepfeatures.data import celeba, crops, face_landmarks
from deepfeatures.networks.face_features import CroppedFaces, celeba_photographs

PARTIAL = "appearance alone: no landmarks are at hand, so shape and background are mixed into it"


def make(
    out: Path, inputs: dict[str, Path], data_root: Path, *, dataset: str, fingerprint: str, landmarks: str,
    components: int, side_px: int,
) -> None:  # fmt: skip
    """components: at most so many of shape, and of appearance; side_px: of the crops; landmarks: fingerprint, or ''."""
    if dataset != "celeba":
        raise ValueError(f"dataset={dataset!r}: only celeba has a landmark file")
    faces = celeba.read(data_root)
    if faces.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {faces.fingerprint}: plan again")
    points = face_landmarks.read(data_root)
    if (points.fingerprint if points else "") != landmarks:
        raise ValueError(f"planned for {landmarks or 'no landmarks'}, found others: plan again")
    photographs = celeba_photographs(faces)
    rows = np.arange(len(faces.ids))
    if points is not None:
        rows = np.flatnonzero(np.isin(faces.ids, points.ids))
    size = (side_px, side_px)
    seen, images = [], []
    for places, batch in CroppedFaces(photographs, rows.tolist(), size):
        seen.append(places)
        images.append(batch)
    if not seen:
        raise ValueError(f"none of {len(rows)} photographs could be read")
    rows, crops_ = np.concatenate(seen), np.concatenate(images)
    on_crop = None
    if points is not None:
        place = {one: at for at, one in enumerate(points.ids.tolist())}
        given = points.points[[place[one] for one in faces.ids[rows].tolist()]]
        on_crop = to_crop(given, crops.celeba_crop(size))
    write(out, faces.ids[rows], faces.identity[rows], crops_, on_crop, count=components)


def to_crop(points: np.ndarray, crop: np.ndarray) -> np.ndarray:
    """Points (n, p, 2) of a photograph, in its crop. crop: (2, 3), from a pixel of the crop to the photograph."""
    back = np.linalg.inv(crop[:, :2])
    return np.asarray((points - crop[:, 2]) @ back.T)


def fit(images: np.ndarray, points: np.ndarray | None, *, count: int) -> dict[str, Components]:
    """Components by kind. images: (n, side, side, 3) uint8; points: (n, p, 2) pixels of them, or None."""
    if points is None:
        return {"appearance": components(images, count, seed=0)}
    aligned = align(points)
    colours = Warp(aligned.mean, images.shape[1])(images, points)
    return {"shape": components(aligned.shapes, count, seed=0), "appearance": components(colours, count, seed=1)}


def write(
    out: Path, ids: np.ndarray, identity: np.ndarray, images: np.ndarray, points: np.ndarray | None, *, count: int
) -> None:
    """The arrays and meta.json of these photographs."""
    found = fit(images, points, count=count)
    kinds = [kind for kind, one in found.items() for _ in one.explained]
    names = [f"{kind} {number + 1}" for kind, one in found.items() for number in range(len(one.explained))]
    np.save(out / "ids.npy", ids)
    np.save(out / "identity.npy", identity)
    np.save(out / "parameters.npy", np.concatenate([one.scores for one in found.values()], axis=1).astype(np.float32))
    np.save(out / "explained.npy", np.concatenate([one.explained for one in found.values()]))
    held = {kind: f"{100 * one.explained.sum():.0f} % of its variance in {len(one.explained)} components"
            for kind, one in found.items()}  # fmt: skip
    meta = {
        "names": names, "kinds": kinds, "landmarks": 0 if points is None else points.shape[1],
        "partial": PARTIAL if points is None else "",
        "report": f"{len(ids):,} photographs; " + "; ".join(f"{kind}: {text}" for kind, text in held.items()),
    }  # fmt: skip
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
