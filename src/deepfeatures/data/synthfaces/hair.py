"""Hair: a shell round the skull, cut at a hairline, and curtains beside and behind the face where it is long."""

from __future__ import annotations

import numpy as np
import torch

from . import colours
from .dressing import Wearers, wave
from .paint import bump, step
from .placement import Ellipsoid


def grow(some: Wearers) -> None:
    """Hair on those who have any; the bald have a hairline above their heads."""
    f, at, o = some.f, some.at, some.zero
    thick = 0.045 + 0.05 * f["hair_length"] + 0.03 * f["hair_wave"]
    radii = (at.skull_x + thick, at.skull_y + thick + 0.03 * f["hair_length"], at.skull_z + 0.6 * thick)
    patch = some.cast(Ellipsoid("hair", (o, o + 0.27, o - 0.15), radii))
    x, y, z = some.points(patch)
    streaks, shade = strands(some, x, y, z)
    colour = [channel * shade for channel in some.tensors(colours.hair(f))]
    some.scene.merge(patch, 0.03, mask=hairline(some, x, y, z, streaks), colour=colour, gloss=0.07)
    longer = some.among((f["hair_length"] > 0.35) & ~at.bald)
    if longer:
        curtains(longer)


def hairline(some: Wearers, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, streaks: torch.Tensor) -> torch.Tensor:
    """1 where the shell carries hair: above a line that falls from the forehead over the ears to the nape."""
    t, f, at = some.tensor, some.f, some.at
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
    line = line + streaks * t(np.where(wears_bangs, 0.04, 0.015)) + t(np.where(at.bald, 9.0, 0.0))
    return step(y - line, t(1 / np.maximum(1.2 * some.pixel, 0.035)))


def strands(some: Wearers, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Fine streaks along the hair (-1 to 1) and its shade (about 1), with waves across where it curls. Even in X."""
    curls = some.tensor(np.where(some.f["hair_wave"] > 0.5, 0.1 + 0.3 * some.f["hair_wave"], 0.0))
    along = (x.abs() - z * 0.55) * 7.0
    across = wave(y * 2.8 + along * 0.16) * curls
    streaks = wave(along + across * 1.4)
    return streaks, (streaks * 0.08 + 1) + across * 0.6


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
        _, shade = strands(some, *some.points(patch))
        some.scene.merge(patch, 0.08, colour=[channel * shade for channel in paint], gloss=0.07)
