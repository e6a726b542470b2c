"""Things that are no faces, in the renderer of the faces: ten kinds, each a few ellipsoids in two colours.

They stand behind a head as clutter, and alone they are what a localiser can be pre-trained on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from .synthfaces import colours
from .synthfaces.draws import normal
from .synthfaces.placement import Ellipsoid, Matrix, rotation
from .synthfaces.scene import Scene

Array = NDArray[np.float64]
Part = tuple[tuple[float, float, float], tuple[float, float, float], int]  # centre, radii, which colour: 0 or 1

_PETALS: list[Part] = [
    ((0.55 * math.sin(turn), 0.55 * math.cos(turn), 0.0), (0.3, 0.3, 0.12), 1)
    for turn in (2 * math.pi * number / 5 for number in range(5))
]
KINDS: Mapping[str, tuple[Part, ...]] = MappingProxyType(
    {
        "ball": (((0, 0, 0), (0.8, 0.8, 0.8), 0),),
        "bottle": (((0, -0.25, 0), (0.36, 0.7, 0.36), 0), ((0, 0.6, 0), (0.14, 0.38, 0.14), 1)),
        "mug": (
            ((0, 0, 0), (0.5, 0.6, 0.5), 0),
            ((0.62, 0.22, 0), (0.22, 0.08, 0.1), 1),
            ((0.62, -0.22, 0), (0.22, 0.08, 0.1), 1),
            ((0.8, 0, 0), (0.08, 0.26, 0.1), 1),
        ),
        "mushroom": (((0, -0.4, 0), (0.2, 0.55, 0.2), 0), ((0, 0.3, 0), (0.75, 0.4, 0.75), 1)),
        "dumbbell": (
            ((-0.7, 0, 0), (0.3, 0.44, 0.44), 0),
            ((0.7, 0, 0), (0.3, 0.44, 0.44), 0),
            ((0, 0, 0), (0.65, 0.12, 0.12), 1),
        ),
        "snowman": (
            ((0, -0.5, 0), (0.5, 0.5, 0.5), 0),
            ((0, 0.2, 0), (0.37, 0.37, 0.37), 0),
            ((0, 0.7, 0), (0.26, 0.26, 0.26), 1),
        ),
        "lamp": (
            ((0, -0.9, 0), (0.42, 0.1, 0.42), 0),
            ((0, -0.2, 0), (0.07, 0.8, 0.07), 0),
            ((0, 0.6, 0), (0.55, 0.35, 0.55), 1),
        ),
        "fish": (
            ((0.1, 0, 0), (0.75, 0.34, 0.22), 0),
            ((-0.75, 0, 0), (0.15, 0.38, 0.08), 1),
            ((0.05, 0.34, 0), (0.25, 0.18, 0.06), 1),
        ),
        "plane": (
            ((0, 0, 0), (0.95, 0.16, 0.16), 0),
            ((0.05, 0, 0), (0.22, 0.85, 0.06), 1),
            ((-0.8, 0, 0), (0.12, 0.36, 0.05), 1),
        ),
        "flower": (*_PETALS, ((0, 0, 0.05), (0.28, 0.28, 0.16), 0)),
    }
)
NAMES: tuple[str, ...] = tuple(KINDS)
MOST = 5  # objects of one scene
LEAST = 2
SIZES = (0.18, 0.5)  # of an object, of the side of the scene
NEAREST, FURTHEST = -3.5, -7.5  # depths, head units: behind every head, before the background


def uniform(seed: int, name: str, index: NDArray[np.int64], low: float = 0.0, high: float = 1.0) -> Array:
    """(n,) draws over low..high that depend on (seed, name, index) and nothing else."""
    return low + (high - low) * ndtr(normal(seed, name, index))


def kinds_of(seed: int, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n, MOST): the kind of each object, -1 where there is none; every scene has LEAST or more."""
    kind = np.stack([uniform(seed, f"object {slot} kind", index, 0, len(NAMES)) for slot in range(MOST)], axis=1)
    count = LEAST + np.floor(uniform(seed, "objects", index, 0, MOST + 1 - LEAST))
    drawn = np.minimum(np.floor(kind), len(NAMES) - 1).astype(np.int64)
    return np.where(np.arange(MOST) < count[:, None], drawn, -1)


def put_objects(scene: Scene, seed: int, index: NDArray[np.int64]) -> None:
    """Draw each scene's objects: place, size, turn and colours from (seed, its index)."""
    kinds = kinds_of(seed, index)
    for slot in range(MOST):
        draw = {
            name: uniform(seed, f"object {slot} {name}", index, *limits)
            for name, limits in {
                "x": (0.08, 0.92), "y": (0.08, 0.92), "size": SIZES, "depth": (FURTHEST, NEAREST),
                "yaw": (-60, 60), "pitch": (-30, 30), "roll": (-45, 45),
                "hue": (0, 1), "value": (0.15, 0.95), "other hue": (0, 1), "other value": (0.15, 0.95),
            }.items()
        }  # fmt: skip
        for number, name in enumerate(NAMES):
            rows = np.flatnonzero(kinds[:, slot] == number)
            if len(rows):
                _put(scene, KINDS[name], {key: values[rows] for key, values in draw.items()}, rows)


def _put(scene: Scene, parts: tuple[Part, ...], at: Mapping[str, Array], rows: NDArray[np.int64]) -> None:
    view, side = scene.view, scene.side_px
    pixel = view.pixel[rows]
    turned = rotation(at["yaw"], at["pitch"], at["roll"])
    turned = [[np.broadcast_to(entry, len(rows)) for entry in line] for line in turned]
    scale = at["size"] * side * pixel / 2  # head units of a part's unit
    place = (
        (at["x"] - 0.5) * side * pixel - view.right[rows],
        (0.5 - at["y"]) * side * pixel - view.up[rows],
        at["depth"],
    )
    centre = _turned_back(turned, place)
    paint = [
        colours.hue(at["hue"], at["value"]),
        colours.hue(at["other hue"], at["other value"]),
    ]
    for where, radii, colour in parts:
        solid = Ellipsoid(
            "object",
            (centre[0] + scale * where[0], centre[1] + scale * where[1], centre[2] + scale * where[2]),
            (scale * radii[0], scale * radii[1], scale * radii[2]),
        )
        for patch in scene.cast([solid], turned, rows):
            scene.merge(patch, 0.02, colour=[scene.tensor(channel) for channel in paint[colour]], gloss=0.1)


def _turned_back(turned: Matrix, place: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """View coordinates in the object's own frame: the transpose of its turn."""
    x, y, z = (
        turned[0][axis] * place[0] + turned[1][axis] * place[1] + turned[2][axis] * place[2] for axis in range(3)
    )
    return x, y, z
