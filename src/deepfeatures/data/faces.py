"""Faces and what is known of each, as an artifact: the rendered world with its images, photographs without theirs.

    ids.npy (n,) str   identity.npy (n,) int64   pose.npy (n, 3) float32: yaw, pitch, roll, degrees, nan where unknown
    attributes.npy (n, 40) int8: 1, 0, or -1 where this world does not say; in CelebA's order (data.attributes.NAMES)
    images.npy (n, side, side, 3) uint8, and factors.npy (n, factors): of rendered faces only; meta.json
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deepfeatures.data import attributes, celeba, pointing04, pose_table
from deepfeatures.data.synthfaces import ATTRIBUTES, FACTORS, SynthFaces

DATASETS = ("rendered", "celeba", "pointing04")
POSE = ("yaw_deg", "pitch_deg", "roll_deg")
POSE_FILE = "pose_estimates.csv"


def make(
    out: Path,
    inputs: dict[str, Path],
    data_root: Path,
    *,
    dataset: str,
    fingerprint: str = "",
    poses: str = "",
    seed: int = 0,
    identities: int = 0,
    images_per_identity: int = 0,
    side_px: int = 64,
) -> None:
    """Write the arrays. fingerprint: of the photographs; poses: of CelebA's table of pose estimates, '' without one;
    the rest but `dataset`: of the rendered world.

    Raises ValueError where the photographs found are not those planned for.
    """
    if dataset == "rendered":
        _rendered(out, SynthFaces(seed, identities, images_per_identity, side_px))
    elif dataset == "celeba":
        faces = celeba.read(data_root)
        _same(fingerprint, faces.fingerprint)
        _celeba(out, faces, data_root, poses)
    elif dataset == "pointing04":
        heads = pointing04.read(data_root)
        _same(fingerprint, heads.fingerprint)
        pose = np.stack([heads.yaw_deg, heads.pitch_deg, np.full(len(heads), np.nan)], axis=1)
        unknown = np.full((len(heads), len(attributes.NAMES)), -1, np.int8)
        meta = {"report": heads.report(), "pose": "measured", "series": heads.series.tolist()}
        _write(out, heads.ids, heads.person, pose, unknown, meta)
    else:
        raise ValueError(f"dataset={dataset!r}: allowed are {', '.join(DATASETS)}")


def _rendered(out: Path, world: SynthFaces, chunk: int = 2048) -> None:
    truth = world.truth()
    images = np.lib.format.open_memmap(
        out / "images.npy", mode="w+", dtype=np.uint8, shape=(len(world), world.side_px, world.side_px, 3)
    )
    for start in range(0, len(world), chunk):
        rows = truth.iloc[start : start + chunk]
        images[start : start + len(rows)] = world.render_truth(rows)
    images.flush()
    known = np.full((len(world), len(attributes.NAMES)), -1, np.int8)
    for name in ATTRIBUTES:
        known[:, attributes.NAMES.index(name)] = truth[name].to_numpy()
    np.save(out / "factors.npy", truth[list(FACTORS)].to_numpy(np.float64))
    meta = {"report": f"{len(world):,} rendered images of {world.identities:,} people", "pose": "exact"}
    ids = np.array([f"{world.seed}-{number:07d}" for number in range(len(world))])
    pose = truth[list(POSE)].to_numpy(np.float64)
    _write(out, ids, truth["identity"].to_numpy(), pose, known, meta | {"factors": list(FACTORS)})


def _celeba(out: Path, faces: celeba.CelebA, data_root: Path, planned: str) -> None:
    pose = np.full((len(faces), 3), np.nan)
    meta: dict[str, Any] = {"report": faces.report(), "pose": "estimated", "pose_report": "no table of pose estimates"}
    table = pose_estimates(data_root)
    _same(planned, table.fingerprint if table is not None else "")
    if table is not None:
        poses = table.of(faces.ids)
        believed = pose_table.believe(poses)
        pose[believed.kept] = np.stack([poses.yaw_deg, poses.pitch_deg, poses.roll_deg], axis=1)[believed.kept]
        meta |= {"pose_report": str(believed), "rule": asdict(believed.rule)}
    _write(out, faces.ids, faces.identity, pose, faces.attributes.astype(np.int8), meta)


def pose_estimates(data_root: Path) -> pose_table.PoseTable | None:
    """CelebA's table of pose estimates, None where there is none beside it."""
    path = data_root / "celeba" / POSE_FILE
    return pose_table.read(path) if path.is_file() else None


def _same(planned: str, found: str) -> None:
    if planned != found:
        raise ValueError(f"planned for {planned or 'none'}, found {found or 'none'}: plan again")


def _write(
    out: Path, ids: np.ndarray, identity: np.ndarray, pose: np.ndarray, known: np.ndarray, meta: dict[str, Any]
) -> None:
    np.save(out / "ids.npy", ids)
    np.save(out / "identity.npy", identity.astype(np.int64))
    np.save(out / "pose.npy", pose.astype(np.float32))
    np.save(out / "attributes.npy", known)
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
