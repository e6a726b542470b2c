"""Scenes and what is known of each, as an artifact: rendered ones with their images, photographs without theirs.

    ids.npy (n,) str   identity.npy (n,) int64   attributes.npy (n, 40) int8: 1, 0, -1 unknown, as data.faces has them
    objects.npy (n, kinds) int8: which objects are there   boxes.npy (n, 4) float64: left, top, right, bottom of the
    head, pixels (nan without one)   images.npy (n, side, side, 3) uint8: of rendered scenes only   meta.json
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data import attributes, celeba
from deepfeatures.data.pasted import PastedScenes
from deepfeatures.data.scenes import Scenes

PARTS = {"learnt": (celeba.TRAIN, celeba.VALIDATION), "probed": (celeba.TEST,)}  # CelebA's partitions: nobody is in two


def make(
    out: Path,
    inputs: dict[str, Path],
    data_root: Path,
    *,
    dataset: str,
    seed: int,
    side_px: int,
    people: int = 0,
    each: int = 0,
    heads: bool = True,
    fingerprint: str = "",
    part: str = "",
) -> None:
    """Write the arrays.

    people, each, heads: of rendered scenes; fingerprint, part: of CelebA ('learnt' or 'probed').
    """
    if dataset == "rendered":
        scenes = Scenes(seed, people, each, side_px, heads=heads)
        ids = np.array([f"scene-{seed}-{number:07d}" for number in range(len(scenes))])
        boxes = scenes.boxes() if heads else np.full((len(scenes), 4), np.nan)
        known = scenes.attributes() if heads else np.full((len(scenes), len(attributes.NAMES)), -1, np.int8)
        np.save(out / "images.npy", scenes.render())
        report = f"{len(scenes):,} rendered scenes" + (f" of {people:,} people" if heads else " with nobody in them")
        meta = {"report": report, "boxes": "exact", "heads": heads}
        _write(out, ids, scenes.identity(), known, scenes.objects(), boxes, meta)
    elif dataset == "celeba":
        faces, rows = _photographs(data_root, fingerprint, part)
        pasted = PastedScenes([faces.paths()[row] for row in rows], seed, side_px)
        people_here = len(set(faces.identity[rows].tolist()))
        report = f"{len(rows):,} photographs of {people_here:,} people, pasted into clutter in memory"
        meta = {"report": report, "boxes": "by alignment", "fingerprint": fingerprint, "part": part}
        known = faces.attributes[rows].astype(np.int8)
        _write(out, faces.ids[rows], faces.identity[rows], known, pasted.objects(), pasted.boxes(), meta)
    else:
        raise ValueError(f"dataset={dataset!r}: allowed are rendered, celeba")
    settings = {"dataset": dataset, "seed": seed, "side_px": side_px}
    found = json.loads((out / "meta.json").read_text())
    (out / "meta.json").write_text(json.dumps(found | settings, indent=1, sort_keys=True) + "\n")


def images(folder: Path, data_root: Path) -> np.ndarray:
    """(n, side, side, 3) uint8 of the scenes in `folder`: a memory map, or photographs composed anew in memory."""
    if (folder / "images.npy").is_file():
        return np.asarray(np.load(folder / "images.npy", mmap_mode="r"))
    meta = json.loads((folder / "meta.json").read_text())
    faces, rows = _photographs(data_root, meta["fingerprint"], meta["part"])
    return PastedScenes([faces.paths()[row] for row in rows], meta["seed"], meta["side_px"]).render()


def _photographs(data_root: Path, fingerprint: str, part: str) -> tuple[celeba.CelebA, np.ndarray]:
    if part not in PARTS:
        raise ValueError(f"part={part!r}: allowed are {', '.join(PARTS)}")
    faces = celeba.read(data_root)
    if faces.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint or 'none'}, found {faces.fingerprint}: plan again")
    return faces, np.flatnonzero(np.isin(faces.partition, PARTS[part]))


def _write(
    out: Path,
    ids: np.ndarray,
    identity: np.ndarray,
    known: np.ndarray,
    objects: np.ndarray,
    boxes: np.ndarray,
    meta: dict[str, object],
) -> None:
    np.save(out / "identity.npy", identity.astype(np.int64))
    for name, values in {"ids": ids, "attributes": known, "objects": objects, "boxes": boxes}.items():
        np.save(out / f"{name}.npy", values)
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
