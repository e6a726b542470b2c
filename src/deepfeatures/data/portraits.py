"""Portraits: rendered people near the front, plainly lit, wearing nothing; as an artifact with the arrays of `faces`.

The stimuli of studies that call a face a point in a parameter space: who is shown decides nearly all of an image.
What a person tends to wear is worn (the tie is 0.999 instead of 0.8 to 0.9); pose, light, expression and the camera
still vary a little from image to image, so that how reliable a response is can be measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from deepfeatures.data import face_space
from deepfeatures.data.synthfaces import FACTORS, IMAGE_FACTORS, SynthFaces

TIE = 0.999  # of a tendency with what is worn
POSE = ("yaw_deg", "pitch_deg", "roll_deg")
RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "yaw_deg": (-15.0, 15.0),
        "pitch_deg": (-8.0, 8.0),
        "roll_deg": (-5.0, 5.0),
        "shift_right_percent": (-2.0, 2.0),
        "shift_up_percent": (-2.0, 2.0),
        "zoom": (0.96, 1.04),
        "light_yaw_deg": (-10.0, 50.0),  # from one side, so that depth shows in shading
        "light_pitch_deg": (0.0, 40.0),
        "light_intensity": (0.65, 0.95),
        "light_ambient": (0.26, 0.42),
        "light_warmth": (-0.3, 0.3),
        "smile": (0.0, 0.4),
        "mouth_open": (0.0, 0.4),
        "brow_raise": (-0.4, 0.4),
        "gaze_right": (-0.4, 0.4),
        "clothes_value": (0.2, 0.6),
        "background_value": (0.4, 0.6),
        "background_contrast": (0.0, 0.1),
        "noise_percent": (0.0, 1.0),
    }
)


def world(seed: int, people: int, images_each: int, side_px: int) -> SynthFaces:
    """The portraits of `people` persons, `images_each` of everyone."""
    switches = {name: 0.0 for name in IMAGE_FACTORS if FACTORS[name].is_switch}
    ties = {(tendency, shown): TIE for tendency, shown in face_space.TIED.items()}
    return SynthFaces(seed, people, images_each, side_px, ranges=RANGES, chances=switches, correlations=ties)


def make(
    out: Path, inputs: dict[str, Path], *, seed: int, people: int, images_each: int, side_px: int,
    dataset: str = "rendered",
) -> None:  # fmt: skip
    """Write ids, identity, pose, factors, images and meta.json, as `data.faces` names them."""
    made = world(seed, people, images_each, side_px)
    truth = made.truth()
    np.save(out / "images.npy", made.render_truth(truth))
    np.save(out / "factors.npy", truth[list(FACTORS)].to_numpy(np.float64))
    np.save(out / "identity.npy", truth["identity"].to_numpy(np.int64))
    np.save(out / "pose.npy", truth[list(POSE)].to_numpy(np.float32))
    np.save(out / "ids.npy", np.array([f"portrait-{seed}-{number:07d}" for number in range(len(made))]))
    meta = {"report": f"{len(made):,} portraits of {people:,} people", "pose": "exact", "factors": list(FACTORS)}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def neutral(parameters: np.ndarray) -> pd.DataFrame:
    """A table to render: these people (n, 59) as every portrait's average shows them, wearing what they tend to.

    Everything that belongs to an image is at the middle of its range, without noise, and every switch is off.
    Parameters beyond -1..1, as a decoder may give them, are brought back to the nearest end.
    """
    inside = np.clip(np.asarray(parameters, np.float64), -1, 1)
    values = {name: np.zeros(len(inside)) for name in FACTORS}
    for name in IMAGE_FACTORS:
        low, high = RANGES.get(name, (FACTORS[name].low, FACTORS[name].high))
        values[name][:] = 0.0 if FACTORS[name].is_switch or name == "noise_percent" else (low + high) / 2
    for name, column in zip(face_space.NAMES, inside.T, strict=True):
        values[name] = column
        if name in face_space.TIED:
            values[face_space.TIED[name]] = face_space.worn(name, column)
    rows = np.arange(len(inside))
    return pd.DataFrame({"index": rows, "identity": rows, **values})


def render_neutral(parameters: np.ndarray, side_px: int) -> np.ndarray:
    """(n, side_px, side_px, 3) uint8 of `neutral`."""
    return SynthFaces(0, max(len(parameters), 1), 1, side_px).render_truth(neutral(parameters))
