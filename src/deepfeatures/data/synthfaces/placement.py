"""From ellipsoids in a head's own frame to what an orthographic camera sees of them.

Frames are right-handed with X to the viewer's right, Y up and Z to the viewer when yaw, pitch and roll are 0; a unit
is half a head's height. Everything here is small ((n,) numbers a part), in float64, and runs image by image: sines
come from `math`, products from plain arithmetic, so no value depends on how many images are asked for together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Matrix = list[list[Array]]  # 3 rows of 3 columns of (n,)

FRAME_HALF = 1.45  # half the image's side in head units at zoom 1


def cos_sin(angle_deg: Array) -> tuple[Array, Array]:
    """Cosine and sine of (n,) degrees, one by one: vectorised ones may round differently by position in an array."""
    turns = [math.radians(one) for one in angle_deg.tolist()]
    return np.array([math.cos(one) for one in turns]), np.array([math.sin(one) for one in turns])


def multiply(left: Matrix, right: Matrix) -> Matrix:
    """Matrix product, element by element."""
    columns = list(zip(*right, strict=True))
    return [[line[0] * one + line[1] * two + line[2] * three for one, two, three in columns] for line in left]


def rotation(yaw_deg: Array, pitch_deg: Array, roll_deg: Array) -> Matrix:
    """Head to view, (n,) degrees: pitch first, then yaw, then roll. Signs: see factors.py."""
    (cy, sy), (cp, sp), (cr, sr) = cos_sin(yaw_deg), cos_sin(pitch_deg), cos_sin(roll_deg)
    zero, one = np.zeros(1), np.ones(1)
    pitch = [[one, zero, zero], [zero, cp, sp], [zero, -sp, cp]]
    yaw = [[cy, zero, sy], [zero, one, zero], [-sy, zero, cy]]
    roll = [[cr, sr, zero], [-sr, cr, zero], [zero, zero, one]]
    return multiply(roll, multiply(yaw, pitch))


@dataclass(frozen=True)
class Ellipsoid:
    """One part of a person, in its frame. centre, radii: three (n,) each, head units; tilt, flare: degrees.

    tilt turns the part's top towards +Z (about X); flare turns its front towards +X (about Y).
    """

    name: str
    centre: tuple[Array, Array, Array]
    radii: tuple[Array, Array, Array]
    tilt_deg: float | Array = 0.0
    flare_deg: float | Array = 0.0


@dataclass(frozen=True)
class Seen:
    """Ellipsoids in view coordinates, (parts, n) each; with (u, v) measured from its centre, a front surface is

    p = a u + b v,  q = b u + c v,  D = 1 - (u p + v q)  (0 on the outline),  z = z0 + zx u + zy v + bulge sqrt(D).
    """

    x: Array
    y: Array
    z: Array
    a: Array
    b: Array
    c: Array
    zx: Array
    zy: Array
    bulge: Array
    half_width: Array
    half_height: Array
    mean_radius: Array


def seen(parts: Sequence[Ellipsoid], head_to_view: Matrix) -> Seen:
    """The front surfaces of `parts`, as an orthographic camera at +z sees them: conditional-Gaussian formulas.

    An ellipsoid is w' S^-1 w = 1 with S = M diag(radii^2) M'; its outline has S's upper-left 2 x 2 block.
    """
    n = len(head_to_view[0][0])
    centre = [np.stack([part.centre[axis] for part in parts]) for axis in range(3)]
    square = [np.stack([part.radii[axis] for part in parts]) for axis in range(3)]
    square = [radius * radius for radius in square]
    own = [_own_rotation(part) for part in parts]
    turned: Matrix = multiply(
        head_to_view, [[np.stack([np.broadcast_to(one[i][j], n) for one in own]) for j in range(3)] for i in range(3)]
    )

    def s(i: int, j: int) -> Array:
        return (
            turned[i][0] * square[0] * turned[j][0]
            + turned[i][1] * square[1] * turned[j][1]
            + turned[i][2] * square[2] * turned[j][2]
        )

    x, y, z = (row[0] * centre[0] + row[1] * centre[1] + row[2] * centre[2] for row in head_to_view)
    sxx, sxy, syy, sxz, syz, szz = s(0, 0), s(0, 1), s(1, 1), s(0, 2), s(1, 2), s(2, 2)
    area = sxx * syy - sxy * sxy
    a, b, c = syy / area, -sxy / area, sxx / area
    zx, zy = a * sxz + b * syz, b * sxz + c * syz
    bulge = np.sqrt(np.maximum(szz - (sxz * zx + syz * zy), 0))
    return Seen(x, y, z, a, b, c, zx, zy, bulge, np.sqrt(sxx), np.sqrt(syy), np.sqrt(np.sqrt(area)))


def _own_rotation(part: Ellipsoid) -> Matrix:
    """The part's own turn, (1,) or (n,) an entry."""
    tilt, flare = np.atleast_1d(part.tilt_deg), np.atleast_1d(part.flare_deg)
    return rotation(flare, -tilt, np.zeros(1))
