"""A person's solid parts as ellipsoids, from factor values. Lengths in head units (half a head's height).

The average head: crown at Y = 1, chin at -1, eyes at 0, nose's base at -0.42, mouth at -0.63.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .placement import Ellipsoid

Array = NDArray[np.float64]
Values = Mapping[str, Array]


class Landmarks:
    """Where things are on a face: (n,) each, shared by its solid parts and its paint."""

    def __init__(self, f: Values) -> None:
        self.eye_x = 0.305 + 0.055 * f["eye_spacing"]
        self.eye_y = 0.0 + 0.06 * f["eye_height"]
        self.eye_w = 0.145 + 0.03 * f["eye_size"]
        self.brow_y = self.eye_y + 0.2 + 0.045 * f["brow_height"] + 0.03 * f["brow_raise"]
        self.nose_y = self.eye_y - 0.40 - 0.075 * f["nose_length"]
        self.tip_z = 0.93 + 0.12 * f["nose_forward"]
        self.mouth_y = self.nose_y - 0.235 + 0.045 * f["mouth_height"]
        self.mouth_w = 0.245 + 0.06 * f["mouth_width"]
        self.upper_h = 0.05 + 0.028 * f["upper_lip"]
        self.lower_h = 0.062 + 0.033 * f["lower_lip"]
        self.gape = np.where(f["mouth_open"] > 0.5, 0.05 + 0.22 * (f["mouth_open"] - 0.5), 0.0)
        self.chin_y = -0.86 - 0.11 * f["chin_length"] - 0.06 * f["face_length"]
        self.cheek_y = -0.2 + 0.1 * f["cheekbone_height"]
        self.ear_y = -0.14 + 0 * self.eye_y
        self.skull_x = 0.70 + 0.085 * f["head_width"]
        self.skull_y = 0.72 + 0.085 * f["skull_height"]
        self.skull_z = 0.84 + 0.1 * f["head_depth"]
        self.bald = f["baldness"] > 0.84


def skin(f: Values, at: Landmarks) -> list[Ellipsoid]:
    """Head and ears, back to front; smoothly blended by the ray caster. The neck is apart: it turns less."""
    o = np.zeros_like(at.eye_x)
    fat = f["fatness"]
    face_x = 0.585 + 0.065 * f["face_width"] + 0.04 * fat
    face_y = 0.74 + 0.05 * f["face_length"]
    jaw_x = 0.47 + 0.095 * f["jaw_width"] + 0.045 * fat
    jaw_z = 0.48 + 0.13 * f["jaw_depth"]
    cheek = 0.035 * f["cheekbone_size"]
    bridge = 0.075 + 0.022 * f["nose_bridge"]
    tip = 0.098 + 0.03 * f["nose_tip"]
    wing = 0.115 + 0.04 * f["nose_width"]
    nasion_y = at.eye_y + 0.08
    parts = [
        Ellipsoid("skull", (o, o + 0.28, o - 0.12), (at.skull_x, at.skull_y, at.skull_z)),
        Ellipsoid("face", (o, o - 0.25, o + 0.1), (face_x, face_y, o + 0.62)),
        Ellipsoid("jaw", (o, o - 0.56 - 0.03 * f["face_length"], o + 0.06), (jaw_x, o + 0.38, jaw_z)),
        Ellipsoid(
            "chin",
            (o, at.chin_y, 0.44 + 0.09 * f["chin_forward"]),
            (0.2 + 0.07 * f["chin_width"], o + 0.16, o + 0.19),
        ),
        Ellipsoid(
            "double_chin",
            (o, o - 0.92, o + 0.2),
            (0.26 + 0.1 * f["double_chin"], 0.12 + 0.13 * f["double_chin"], o + 0.3),
            35.0,
        ),
        Ellipsoid("muzzle", (o, at.mouth_y, o + 0.48), (0.29 + 0.5 * (at.mouth_w - 0.245), o + 0.24, o + 0.24)),
        Ellipsoid("brow_ridge", (o, at.eye_y + 0.17, 0.53 + 0.05 * f["brow_ridge"]), (o + 0.46, o + 0.12, o + 0.19)),
    ]
    for side in (-1.0, 1.0):
        parts += [
            Ellipsoid(
                "cheekbone",
                (side * (0.27 + 0.03 * f["face_width"]), at.cheek_y, o + 0.24),
                (0.33 + cheek, o + 0.24, 0.36 + cheek),
            ),
            Ellipsoid(
                "cheek",
                (side * (0.2 + 0.015 * f["jaw_width"]), at.cheek_y - 0.27, o + 0.18),
                (0.3 + 0.06 * fat, o + 0.3, 0.37 + 0.055 * fat),
            ),
            Ellipsoid(
                "ear",
                (side * (at.skull_x + 0.045 * f["ear_out"]), at.ear_y, o - 0.1),
                (o + 0.045, 0.2 + 0.045 * f["ear_size"], 0.12 + 0.025 * f["ear_size"]),
                -12.0,
                side * (-24 - 14 * f["ear_out"]),
            ),
        ]
    length = nasion_y - at.nose_y
    parts += [
        Ellipsoid(
            "nose_bridge",
            (o, (nasion_y + at.nose_y) / 2 + 0.02, (0.66 + at.tip_z) / 2 - 0.06),
            (bridge, 0.62 * length, o + 0.105),
            -(18 + 16 * f["nose_forward"]),
        ),
    ]
    parts += [
        Ellipsoid("nose_wing", (side * wing, at.nose_y - 0.005, at.tip_z - 0.15), (o + 0.065, o + 0.06, o + 0.1))
        for side in (-1.0, 1.0)
    ]
    parts += [
        Ellipsoid(
            "nose_tip",
            (o, at.nose_y + 0.035 + 0.04 * f["nose_turn"], at.tip_z - 0.08),
            (tip, 0.85 * tip, o + 0.12),
            -12 + 20 * f["nose_turn"],
        ),
        Ellipsoid(
            "upper_lip", (o, at.mouth_y + 0.3 * at.upper_h, o + 0.645), (at.mouth_w * 0.72, at.upper_h, o + 0.085)
        ),
        Ellipsoid(
            "lower_lip",
            (o, at.mouth_y - 0.4 * at.lower_h - at.gape, o + 0.63),
            (at.mouth_w * 0.62, at.lower_h, o + 0.085),
        ),
    ]
    return parts


def neck(f: Values, at: Landmarks) -> list[Ellipsoid]:
    """In the neck's own frame."""
    o = np.zeros_like(at.eye_x)
    width = 0.42 + 0.06 * f["neck_width"] + 0.03 * f["fatness"]
    return [Ellipsoid("neck", (o, o - 1.1, o - 0.2), (width, o + 0.85, width))]


def body(f: Values, at: Landmarks) -> list[Ellipsoid]:
    """Clothed shoulders in the body's own frame."""
    o = np.zeros_like(at.eye_x)
    wide = f["shoulder_width"]
    return [
        Ellipsoid("shoulders", (o, o - 2.0, o - 0.25), (1.35 + 0.2 * wide, o + 0.75, o + 0.55)),
        Ellipsoid("collar", (o, o - 1.42, o - 0.22), (0.68 + 0.08 * wide, o + 0.27, o + 0.42)),
    ]
