"""Rendered faces that answer one question each, as an artifact of the form of data.faces: ids, identity, pose, images.

    views     every person at the same yaws: `images_each` frontal, as many turned to either side; intact pictures
    defects   every person in one intact picture near the front, and in copies of it in which one thing is worse

Also factors.npy (n, factors); of defects, defect.npy and level.npy (n,) int8: number in meta's `defects` (0 is intact)
and 0..3. What is not said here is drawn as in the rendered world. In an ordinary world people differ in how they happen
to be turned and in how bad their pictures are; here they do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from deepfeatures.data.faces import POSE
from deepfeatures.data.synthfaces import FACTORS, SynthFaces

DESIGNS = ("views", "defects")
INTACT: Mapping[str, float] = dict.fromkeys(("blurred", "low_resolution", "compressed", "video", "occluder"), 0.0)
FRONTAL_DEG, TURNED_DEG = (-15.0, 15.0), (60.0, 90.0)
DEFECTS = ("intact", "blur", "low resolution", "video frame", "occlusion", "extreme view")
NEAR_FRONT = {"yaw_deg": (-15.0, 15.0), "pitch_deg": (-10.0, 10.0)}
# Level 1, 2, 3 of each defect: what the picture's factors become.
LEVELS: Mapping[str, tuple[Mapping[str, float], ...]] = {
    "blur": tuple({"blurred": 1.0, "blur_percent": value} for value in (1.0, 2.0, 3.0)),
    "low resolution": tuple({"low_resolution": 1.0, "resolution_percent": value} for value in (60.0, 40.0, 20.0)),
    "video frame": tuple(
        {"video": 1.0, "motion_percent": motion, "resolution_percent": pixels, "jpeg_quality": quality}
        for motion, pixels, quality in ((1.2, 60.0, 75.0), (1.9, 45.0, 45.0), (2.6, 30.0, 15.0))
    ),
    "occlusion": tuple({"occluder": 1.0, "occluder_size_percent": value} for value in (15.0, 30.0, 45.0)),
    "extreme view": tuple({"yaw_deg": value} for value in (40.0, 65.0, 90.0)),
}


def make(
    out: Path, inputs: dict[str, Path], *, design: str, seed: int, identities: int, side_px: int, images_each: int = 1
) -> None:
    """Write the arrays. images_each: of views, pictures of each person in each of the three views."""
    if design not in DESIGNS:
        raise ValueError(f"design={design!r}: allowed are {', '.join(DESIGNS)}")
    if design == "views":
        world, truth = views(seed, identities, images_each, side_px)
        known: dict[str, np.ndarray] = {}
    else:
        world, truth = defects(seed, identities, side_px)
        known = {name: truth[name].to_numpy(np.int8) for name in ("defect", "level")}
    for name, values in known.items():
        np.save(out / f"{name}.npy", values)
    np.save(out / "images.npy", world.render_truth(truth))
    np.save(out / "factors.npy", truth[list(FACTORS)].to_numpy(np.float64))
    np.save(out / "ids.npy", np.array([f"{design}-{seed}-{number:07d}" for number in range(len(truth))]))
    np.save(out / "identity.npy", truth["identity"].to_numpy(np.int64))
    np.save(out / "pose.npy", truth[list(POSE)].to_numpy(np.float32))
    report = f"{len(truth):,} rendered images of {identities:,} people"
    meta = {"report": report, "pose": "exact", "design": design, "factors": list(FACTORS), "defects": list(DEFECTS)}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def views(seed: int, identities: int, images_each: int, side_px: int) -> tuple[SynthFaces, pd.DataFrame]:
    """The world and its pictures: of each person first the frontal ones, then those turned to larger x, to smaller x.

    Yaws are evenly spaced and the same for everybody; light, expression and all else are drawn for each picture.
    """
    world = SynthFaces(seed, identities, 3 * images_each, side_px, chances=INTACT)
    frontal, turned = np.linspace(*FRONTAL_DEG, images_each), np.linspace(*TURNED_DEG, images_each)
    yaw = np.concatenate([frontal, turned, -turned])
    return world, world.truth().assign(yaw_deg=np.tile(yaw, identities))


def defects(seed: int, identities: int, side_px: int) -> tuple[SynthFaces, pd.DataFrame]:
    """The world and its pictures: of each person the intact one, then every defect at its three levels.

    A picture's noise and all its other factors are those of the intact one. Extreme views turn it the way it is turned.
    """
    world = SynthFaces(seed, identities, 1, side_px, chances=INTACT, ranges=NEAR_FRONT)
    intact = world.truth()
    side = np.where(intact["yaw_deg"] < 0, -1.0, 1.0)
    made = [intact.assign(defect=0, level=0)]
    for number, name in enumerate(DEFECTS[1:], start=1):
        for level, changes in enumerate(LEVELS[name], start=1):
            changed = {factor: side * value if factor == "yaw_deg" else value for factor, value in changes.items()}
            made.append(intact.assign(**changed, defect=number, level=level))
    return world, pd.concat(made).sort_values("identity", kind="stable", ignore_index=True)
