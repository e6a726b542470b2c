"""Side or frontal, left or right, still or video frame: decision values of one linear machine each, out of fold.

Parde et al. 2016 feed features to linear classifiers. Here people are dealt into folds, machines are trained on the
other folds' people (attribute_readout.read_fold), and nobody stands on two sides.

    scores (n, labels) float32: nan where a face has no such label or no features   signs (n, labels) int8: -1, 0, +1
    fold (n,) int8   identity (n,)   summary.json: labels, facts
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.attribute_readout import Shorten, read_fold, side_by_side
from deepfeatures.data.damage import KINDS
from deepfeatures.data.identities import identity_folds

LABELS = ("turned", "left", "frame")  # +1: turned to a side, not frontal; to smaller x, not larger; a video frame
FEATURES, DAMAGED = "features", "damaged"


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    layer: str,
    folds: int,
    penalties: Sequence[float],
    frontal_deg: float,
    turned_deg: float,
    seed: int,
) -> None:
    """Write the arrays. inputs: 'faces', 'features' and, where video frames are made from photographs, 'damaged'.

    frontal_deg: |yaw| of frontal faces at most; turned_deg: of turned ones at least; between them, none. seed: of folds
    and of people held out to choose C; equal seeds deal equal folds.
    """
    faces = inputs["faces"]
    ids, identity = np.load(faces / "ids.npy"), np.load(faces / "identity.npy")
    pose_signs = signs_of_pose(np.load(faces / "pose.npy")[:, 0], frontal_deg, turned_deg)
    stills, seen = side_by_side(inputs, [(FEATURES, layer)], ids)
    frames, frame_signs = frames_of(inputs, faces, ids, layer)
    with_frames = stills if frames is None else np.where((frame_signs > 0)[:, None], frames, stills)
    signs = np.column_stack([*pose_signs.T, frame_signs]).astype(np.int8)
    signs[~seen] = 0
    rng_folds, rng_inside = np.random.default_rng(seed).spawn(2)
    fold = identity_folds(identity, folds, rng=rng_folds)
    scores = np.full(signs.shape, np.nan, np.float32)
    for X, columns in ((stills, [0, 1]), (with_frames, [2])):
        for number in tqdm(range(folds), desc="views", unit="fold", mininterval=1):
            _fold(X, signs, identity, fold == number, columns, penalties, scores, rng=rng_inside.spawn(1)[0])
    for name, values in {"scores": scores, "signs": signs, "fold": fold.astype(np.int8), "identity": identity}.items():
        np.save(out / f"{name}.npy", values)
    counts = {name: [int((signs[:, at] == sign).sum()) for sign in (-1, 1)] for at, name in enumerate(LABELS)}
    summary = {
        "labels": list(LABELS),
        "counts": counts,
        "width": int(stills.shape[1]),
        "frontal_deg": frontal_deg,
        "turned_deg": turned_deg,
        "frames": "rendered" if frames is None else "made from photographs",
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n")


def signs_of_pose(yaw_deg: np.ndarray, frontal_deg: float, turned_deg: float) -> np.ndarray:
    """(n, 2) of -1, 0, +1: turned, left. yaw_deg: (n,), nan where unknown: it has neither label."""
    if not 0 < frontal_deg < turned_deg:
        raise ValueError(f"frontal to {frontal_deg:g}, turned from {turned_deg:g} degrees: the second must be larger")
    yaw = np.nan_to_num(np.asarray(yaw_deg, np.float64), nan=(frontal_deg + turned_deg) / 2)
    turned = (np.abs(yaw) >= turned_deg).astype(int) - (np.abs(yaw) <= frontal_deg)
    left = np.where(np.abs(yaw) >= turned_deg, -np.sign(yaw), 0).astype(int)
    return np.stack([turned, left], axis=1)


def frames_of(
    inputs: dict[str, Path], faces: Path, ids: np.ndarray, layer: str
) -> tuple[np.ndarray | None, np.ndarray]:
    """Features of video frames, (n, d) or None, and which images are frames: (n,) -1 still, +1 frame, 0 unknown.

    Rendered: the world's own switch. Photographs: those that 'damaged' made into frames; all others stay stills.
    """
    if DAMAGED in inputs:
        kind = dict(zip(np.load(inputs[DAMAGED] / "ids.npy").tolist(), np.load(inputs[DAMAGED] / "kind.npy").tolist(),
                        strict=True))  # fmt: skip
        frame = np.array([kind.get(one, -1) == KINDS.index("video") for one in ids.tolist()])
        return side_by_side(inputs, [(DAMAGED, layer)], ids)[0], np.where(frame, 1, -1)
    if not (faces / "factors.npy").is_file():
        return None, np.zeros(len(ids), int)
    names = json.loads((faces / "meta.json").read_text())["factors"]
    video = np.load(faces / "factors.npy", mmap_mode="r")[:, names.index("video")]
    return None, np.where(video > 0, 1, -1)


def _fold(
    X: np.ndarray,
    signs: np.ndarray,
    identity: np.ndarray,
    tested: np.ndarray,
    columns: list[int],
    penalties: Sequence[float],
    scores: np.ndarray,
    *,
    rng: np.random.Generator,
) -> None:
    """Fill `scores` of one fold's people, column by column: a column's machine sees only images that have its label."""
    for column in columns:
        has = signs[:, column] != 0
        train, test = np.flatnonzero(has & ~tested), np.flatnonzero(has & tested)
        if len(set(signs[train, column].tolist())) < 2 or len(np.unique(identity[train])) < 2 or not len(test):
            continue
        wanted = signs[train, column][None]
        read = read_fold(X[train], wanted, identity[train], X[test], penalties, Shorten(), rng=rng)
        scores[test, column] = read.scores[:, 0]
