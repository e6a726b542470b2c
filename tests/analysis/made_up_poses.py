"""Faces that exist as numbers alone: pose, people, and features in which yaw is to be found or is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np


def faces(
    folder: Path, *, people: int = 12, images: int = 15, seed: int = 0, roll: bool = True
) -> dict[str, np.ndarray]:
    """Write a faces artifact; pose is uniform, the last image has none. Returns its arrays."""
    rng = np.random.default_rng(seed)
    n = people * images
    pose = rng.uniform([-90, -20, -20], [90, 20, 20], (n, 3)).astype(np.float32)
    pose[-1] = np.nan
    if not roll:
        pose[:, 2] = np.nan
    arrays = {
        "ids": np.array([f"{seed}-{i:04d}" for i in range(n)]),
        "identity": np.repeat(np.arange(people), images) + 100,
        "pose": pose,
    }
    folder.mkdir(parents=True)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    (folder / "meta.json").write_text(json.dumps({"report": f"{n} made-up faces", "pose": "exact"}))
    return arrays


def features(
    folder: Path, arrays: dict[str, np.ndarray], *, width: int = 24, seed: int = 1,
    noise: float = 0.3, sign: float = 1.0, keep: slice = slice(None),
) -> np.ndarray:  # fmt: skip
    """Write a face-features artifact: |yaw| / 60, yaw / 60, pitch / 15, the person along fixed directions, noise.

    sign: -1 gives the features of the mirrored images; keep: the images that have features.
    """
    fixed, rng = np.random.default_rng(7), np.random.default_rng(seed)
    yaw, pitch = np.nan_to_num(arrays["pose"][:, 0]), np.nan_to_num(arrays["pose"][:, 1])
    person = fixed.standard_normal((arrays["identity"].max() + 1, width))[arrays["identity"]]
    of_pose = np.stack([np.abs(yaw) / 60, sign * yaw / 60, pitch / 15], axis=1) @ fixed.standard_normal((3, width))
    values = (of_pose + 0.5 * person + noise * rng.standard_normal((len(yaw), width)) + 4).astype(np.float32)
    folder.mkdir(parents=True)
    np.save(folder / "layer.npy", values[keep])
    np.save(folder / "ids.npy", arrays["ids"][keep])
    return values
