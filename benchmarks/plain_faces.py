"""The ray caster of SynthFaces written plainly: one image, one pixel, one part after another, in float64.

It draws less than the package does (the bare head in one colour, no hair, paint or camera), which makes the ratio of
benchmark face-rendering a lower bound. The package's tests compare depths and slopes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from deepfeatures.data.synthfaces import anatomy, render, scene
from deepfeatures.data.synthfaces.placement import FRAME_HALF, Ellipsoid

Array = NDArray[np.float64]


@dataclass
class Clay:
    """A bare head: depth, slopes and cover, each (side_px, side_px)."""

    depth: Array
    slope_x: Array
    slope_y: Array
    cover: Array


def turn(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    """(3, 3): pitch, then yaw, then roll; up and to the right and clockwise are positive."""
    return (
        Rotation.from_rotvec([0, 0, -roll_deg], degrees=True)
        * Rotation.from_rotvec([0, yaw_deg, 0], degrees=True)
        * Rotation.from_rotvec([-pitch_deg, 0, 0], degrees=True)
    ).as_matrix()


def quadric(part: Ellipsoid, image: int, frame: Array) -> tuple[Array, Array]:
    """Centre (3,) and matrix Q (3, 3) in view coordinates: the surface is w' Q w = 1."""
    tilt = float(np.broadcast_to(part.tilt_deg, len(part.centre[0]))[image])
    flare = float(np.broadcast_to(part.flare_deg, len(part.centre[0]))[image])
    axes = frame @ turn(flare, -tilt, 0)
    centre = frame @ np.array([axis[image] for axis in part.centre])
    radii = np.array([axis[image] for axis in part.radii])
    return centre, axes @ np.diag(1 / radii**2) @ axes.T


def clay(f: Mapping[str, Array], image: int, side_px: int) -> Clay:
    """The bare head number `image` of factors f ({name: (n,)}), pixel by pixel."""
    at = anatomy.Landmarks(f)
    yaw, pitch, roll = (float(f[name][image]) for name in ("yaw_deg", "pitch_deg", "roll_deg"))
    head, neck = turn(yaw, pitch, roll), turn(0.7 * yaw, 0.45 * pitch, 0.5 * roll)
    parts = [
        (*quadric(one, image, head), render.SHARPER.get(one.name, render.SKIN_SOFTNESS)) for one in anatomy.skin(f, at)
    ]
    parts += [(*quadric(one, image, neck), 0.05) for one in anatomy.neck(f, at)]
    half = FRAME_HALF / f["zoom"][image]
    pixel = 2 * half / side_px
    right = half * f["shift_right_percent"][image] / 50
    up = half * f["shift_up_percent"][image] / 50 + scene.HEAD_UP
    found = Clay(*(np.zeros((side_px, side_px)) for _ in range(4)))
    for line in range(side_px):
        for column in range(side_px):
            x = (column - (side_px - 1) / 2) * pixel - right
            y = ((side_px - 1) / 2 - line) * pixel - up
            depth, slope_x, slope_y, cover = scene.FAR, 0.0, 0.0, 0.0
            for centre, q, softness in parts:
                # the ray (x, y, anything): a z^2 + 2 b z + c = 0 about the centre
                w = np.array([x - centre[0], y - centre[1], 0.0])
                a, b, c = q[2, 2], q[2] @ w, w @ q @ w - 1
                inside = (b * b - a * c) / a
                radius = (1 / np.linalg.det(q[:2, :2] - np.outer(q[:2, 2], q[2, :2]) / a)) ** 0.25
                covered = min(max(0.5 + inside * radius / (2 * pixel), 0), 1)
                if covered == 0:
                    continue
                w[2] = -b / a + np.sqrt(max(inside, scene.STEEP) / a)
                normal = q @ w
                z = w[2] + centre[2]
                share = min(max(0.5 + (z - depth) / (2 * softness), 0), 1)
                t = share * covered
                depth += (z - depth) * t + softness * t * (1 - share)
                slope_x += (-normal[0] / normal[2] - slope_x) * t
                slope_y += (-normal[1] / normal[2] - slope_y) * t
                cover = max(cover, covered)
            for field, value in zip(vars(found).values(), (depth, slope_x, slope_y, cover), strict=True):
                field[line, column] = value
    return found
