"""Hair: a shell round the skull, cut at a hairline, and curtains beside and behind the face where it is long."""

from __future__ import annotations

import numpy as np
import torch

from . import colours
from .dressing import Wearers, wave
from .paint import bump, step
from .placement import Ellipsoid


def grow(some: Wearers) -> None:
    """Hair on those who have any."""
    f, at, o = some.f, some.at, some.zero
    thick = 0.045 + 0.05 * f["hair_length"] + 0.03 * f["hair_wave"]
    radii = (at.skull_x + thick, at.skull_y + thick + 0.03 * f["hair_length"], at.skull_z + 0.6 * thick)
    patch = some.cast(Ellipsoid("hair", (o, o + 0.27, o - 0.15), radii))
    x, y, z = some.points(patch)
    shade = strands(some, x, y, z)
    colour = [channel * shade for channel in some.tensors(colours.hair(f))]
    some.scene.merge(patch, 0.03, mask=hairline(some, x, y, z), colour=colour, gloss=0.07)
    longer = some.among(f["hair_length"] > 0.35)
    if longer:
        curtains(longer)


def hairline(some: Wearers, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """1 where the shell carries hair: above a line that falls from the forehead (ahead = 1) over the ears to the nape."""
    t, f = some.tensor, some.f
    ahead = z / (x * x + z * z + 1e-4).sqrt()
    wears_bangs = f["bangs"] > 0.8
    recedes = np.where(f["hairline"] > 0.5, 0.1 + 0.2 * f["hairline"], 0.06 * f["hairline"])
    forehead = np.where(wears_bangs, 0.3, 0.58 + 0.5 * recedes)
    temple = np.where(wears_bangs, 0.0, np.where(f["hairline"] > 0.5, 0.3 * f["hairline"], 0.03))
    at_ear = np.where(f["hair_length"] > 0.5, -0.28, 0.02)
    nape = -0.35 - 0.25 * f["hair_length"]
    side = ((ahead - 0.42) * 2.0).clamp(0, 1)
    side = side * side * (3 - 2 * side)
    back = ((ahead + 0.05) * (1 / 0.35)).clamp(0, 1)
    corner = (ahead - 0.80) * 5.0
    line = t(nape) + t(at_ear - nape) * back + t(forehead - at_ear) * side + t(temple) * bump(corner * corner)
    line = line + wave(x * 6.5) * t(np.where(wears_bangs, 0.035, 0.012))
    return step(y - line, t(1 / np.maximum(1.2 * some.pixel, 0.035)))


def strands(some: Wearers, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """Light and dark along the hair: faint straight streaks, or waves across it. Even in X, as heads are."""
    curls = some.tensor(np.where(some.f["hair_wave"] > 0.5, 0.1 + 0.3 * some.f["hair_wave"], 0.0))
    aside = x.abs()
    turns = (aside - z * 0.55) * 7.0 + curls * wave(y * 2.6) * 1.4
    streaks = 0.07 * wave(turns) + 0.05 * wave(turns * 2.3 + y)
    return (1 + streaks) * (1 + curls * 0.7 * wave(y * 3.1 + wave(turns * 0.4) * 0.25))


def curtains(some: Wearers) -> None:
    """Long hair, from the crown to where its length ends."""
    f, at, o = some.f, some.at, some.zero
    long_ = (f["hair_length"] - 0.35) / 0.65
    curl = np.where(f["hair_wave"] > 0.5, 0.05, 0.0)
    bottom = 0.15 + 1.35 * long_
    middle, half = 0.3 - bottom / 2, 0.45 + bottom / 2
    parts = [Ellipsoid("behind", (o, middle, o - 0.42), (at.skull_x + 0.04 + curl, half + 0.1, o + 0.5))]
    parts += [
        Ellipsoid(
            "beside",
            (side * (at.skull_x - 0.02 + curl), middle, o - 0.2),
            (0.12 + 0.06 * long_ + curl, half - 0.1, 0.26 + 0.1 * long_),
        )
        for side in (-1.0, 1.0)
    ]
    paint = some.tensors(colours.hair(f))
    for patch in some.scene.cast(parts, some.frame, some.rows):
        shade = strands(some, *some.points(patch))
        some.scene.merge(patch, 0.08, colour=[channel * shade for channel in paint], gloss=0.07)
