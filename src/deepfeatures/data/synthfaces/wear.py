"""Clothes, jewellery, glasses and hats on those who wear them; each a few ellipsoids with a colour."""

from __future__ import annotations

import numpy as np
import torch

from . import colours
from .anatomy import body
from .dressing import Wearers, wave
from .paint import step
from .placement import Ellipsoid
from .scene import Patch

GOLD = (0.98, 0.85, 0.38)


def clothes(some: Wearers) -> None:
    some.put(body(some.f, some.at), colours.hue(some.f["clothes_hue"], some.f["clothes_value"]), softness=0.08)


def necktie(some: Wearers) -> None:
    """A collar, a knot and the tie. Frame: the body."""
    f, o = some.f, some.zero
    cloth = colours.hue((f["clothes_hue"] + 0.45) % 1, 0.9 - 0.75 * f["clothes_value"], 0.85)
    collar = Ellipsoid("collar", (o, o - 1.26, o + 0.13), (o + 0.3, o + 0.2, o + 0.14), -35.0)
    knot = Ellipsoid("knot", (o, o - 1.26, o + 0.27), (o + 0.095, o + 0.085, o + 0.08))
    tie = Ellipsoid("tie", (o, o - 1.75, o + 0.34), (o + 0.12, o + 0.5, o + 0.1), -10.0)
    some.put([collar], colours.constant((0.8, 0.8, 0.8), len(o)))
    some.put([knot, tie], cloth)


def necklace(some: Wearers) -> None:
    """A ring that shows where it is wider than the neck. Frame: the neck."""
    f, o = some.f, some.zero
    width = 0.475 + 0.06 * f["neck_width"] + 0.03 * f["fatness"]
    ring = Ellipsoid("necklace", (o, o - 1.17, o - 0.08), (width, o + 0.055, width * 1.05), -24.0)
    some.put([ring], colours.linear(colours.constant(GOLD, len(o))), gloss=0.6)


def earrings(some: Wearers) -> None:
    f, at, o = some.f, some.at, some.zero
    lobe_x, lobe_y = at.skull_x + 0.03 + 0.045 * f["ear_out"], at.ear_y - 0.27 - 0.045 * f["ear_size"]
    drops = [
        Ellipsoid("earring", (side * lobe_x, lobe_y, o - 0.04), (o + 0.055, o + 0.085, o + 0.055))
        for side in (-1.0, 1.0)
    ]
    some.put(drops, colours.linear(colours.constant(GOLD, len(o))), gloss=0.7)


def glasses(some: Wearers) -> None:
    """Two lenses, a bridge and two arms; dark lenses where they are sunglasses."""
    f, at, o, t = some.f, some.at, some.zero, some.tensor
    dark = f["sunglasses"] > 0
    rim = (o + 0.012, o + 0.010, o + 0.010)
    tint = colours.mixed(rim, colours.constant((0.012, 0.011, 0.014), len(o)), dark.astype(np.float64))
    width = 0.215 + 0.03 * f["glasses_size"]
    height = width * (0.72 + 0.24 * f["glasses_roundness"])
    level, front = at.eye_y - 0.01, 0.8
    for side in (-1.0, 1.0):
        lens = Ellipsoid("lens", (side * at.eye_x, level, o + front - 0.03), (width, height, o + 0.035), 0.0, side * 10)
        patch = some.cast(lens)
        x, y, _ = some.points(patch)
        across, up = (x - t(side * at.eye_x)) * t(1 / width), (y - t(level)) * t(1 / height)
        ring = step(across * across + up * up - t(1 - np.maximum(0.3, 1.5 * some.pixel / height)), 8.0)
        ring = torch.maximum(ring, t(np.where(dark, 0.93, 0.06)).expand_as(ring))
        some.scene.merge(_flat(patch), 0.02, mask=ring, colour=some.tensors(tint), gloss=0.5)
    hinge, ear = at.eye_x + width, at.skull_x + 0.02
    arms = [
        Ellipsoid(
            "arm",
            (side * (hinge + ear) / 2, level + 0.04, o + 0.33),
            (o + 0.028, o + 0.028, o + 0.46),
            0.0,
            side * -57 * (ear - hinge) / 0.9,
        )
        for side in (-1.0, 1.0)
    ]
    bridge = Ellipsoid("bridge", (o, level + 0.05, o + front + 0.02), (at.eye_x - width + 0.03, o + 0.026, o + 0.03))
    some.put([*arms, bridge], rim, softness=0.02, gloss=0.3)


def _flat(patch: Patch) -> Patch:
    """A lens reflects as if it were flat: its own outline slopes steeply, which would blacken the rim."""
    return Patch(patch.where, patch.x, patch.y, patch.z, patch.slope_x * 0.2, patch.slope_y * 0.2, patch.cover)


def hat(some: Wearers) -> None:
    """A crown on every hat; a peak in front or a brim all round on some."""
    f, at, o, t = some.f, some.at, some.zero, some.tensor
    knitted, brimmed = f["hat_shape"] < 1 / 3, f["hat_shape"] >= 2 / 3
    colour = colours.hue(f["hat_hue"], f["hat_value"], 0.6)
    tall = at.skull_y + np.where(brimmed, 0.22, 0.1)
    crown = Ellipsoid("crown", (o, o + 0.33, o - 0.13), (at.skull_x + 0.1, tall, at.skull_z + 0.1))
    patch = some.cast(crown)
    x, y, z = some.points(patch)
    above = y - (z * 0.12 + t(np.where(knitted, 0.36, 0.42)))
    ribs = 1 + 0.12 * wave(x.abs() * 5.0) * t(knitted.astype(np.float64))
    band = 1 - 0.55 * step(0.15 - above, 16.0) * t(brimmed.astype(np.float64))
    mask = step(above, t(1 / np.maximum(1.2 * some.pixel, 0.03)))
    some.scene.merge(patch, 0.02, mask=mask, colour=[c * ribs * band for c in some.tensors(colour)], gloss=0.03)
    for wearing, ahead, across, along in ((~knitted & ~brimmed, 0.62, 0.6, 0.62), (brimmed, -0.1, 1.2, 1.26)):
        peaked = some.among(wearing)
        if peaked:
            zero = peaked.zero
            brim = Ellipsoid(
                "brim",
                (zero, zero + 0.44 + 0.1 * max(ahead, 0), zero + ahead),
                (zero + across, zero + 0.045, zero + along),
                6.0,
            )
            red, green, blue = colours.hue(peaked.f["hat_hue"], peaked.f["hat_value"], 0.6)
            peaked.put([brim], (red * 0.8, green * 0.8, blue * 0.8), softness=0.02, gloss=0.03)
