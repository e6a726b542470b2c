"""Hair, hats, glasses, jewellery and clothes: parts with a colour, drawn for the images that have them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from . import colours
from .anatomy import Landmarks, body
from .paint import bump, step
from .placement import Ellipsoid, Matrix
from .scene import Patch, Scene

Array = NDArray[np.float64]
Values = Mapping[str, Array]
Frames = Mapping[str, Matrix]


def rows_where(condition: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.flatnonzero(condition).astype(np.int64)


def wave(turns: torch.Tensor) -> torch.Tensor:
    """A wave of period 1 between -1 and 1 from parabolas: exact arithmetic, where a sine would not be."""
    part = turns - turns.round()
    return 8 * part * (1 - 2 * part.abs())


class Wardrobe:
    """Draws on one scene; `f`, `at` and `frames` hold every image of it, and each method takes the rows it needs."""

    def __init__(self, scene: Scene, f: Values, frames: Frames) -> None:
        self.scene, self.f, self.frames = scene, f, frames

    def of(self, rows: NDArray[np.int64]) -> tuple[dict[str, Array], Landmarks, NDArray[np.float64]]:
        f = {name: values[rows] for name, values in self.f.items()}
        return f, Landmarks(f), np.zeros(len(rows))

    def frame(self, name: str, rows: NDArray[np.int64]) -> Matrix:
        return [[entry[rows] for entry in line] for line in self.frames[name]]

    def paint(self, colour: colours.Colour) -> list[torch.Tensor]:
        return [self.scene.tensor(channel) for channel in colour]

    def clothes(self) -> None:
        rows = np.arange(self.scene.n)
        f, at, _ = self.of(rows)
        colour = self.paint(colours.hue(f["clothes_hue"], f["clothes_value"]))
        for part in body(f, at):
            patch = self.scene.cast(part, self.frame("body", rows), rows)
            self.scene.merge(patch, 0.02, colour=colour)

    def necktie(self) -> None:
        rows = rows_where(self.f["necktie"] > 0)
        if not len(rows):
            return
        f, _, o = self.of(rows)
        colour = self.paint(colours.hue((f["clothes_hue"] + 0.45) % 1, 0.9 - 0.75 * f["clothes_value"], 0.85))
        frame = self.frame("body", rows)
        white = self.paint(colours.constant((0.8, 0.8, 0.8), len(rows)))
        for centre, radii, tilt, cloth in (
            ((o, o - 1.5, o + 0.1), (o + 0.3, o + 0.22, o + 0.12), -40.0, white),
            ((o, o - 1.46, o + 0.22), (o + 0.1, o + 0.08, o + 0.08), 0.0, colour),
            ((o, o - 1.95, o + 0.28), (o + 0.12, o + 0.5, o + 0.08), -12.0, colour),
        ):
            self.scene.merge(self.scene.cast(Ellipsoid("tie", centre, radii, tilt), frame, rows), 0.01, colour=cloth)

    def necklace(self) -> None:
        rows = rows_where(self.f["necklace"] > 0)
        if not len(rows):
            return
        f, _, o = self.of(rows)
        width = 0.45 + 0.06 * f["neck_width"] + 0.03 * f["fatness"]
        gold = self.paint(colours.linear(colours.constant((0.98, 0.84, 0.35), len(rows))))
        part = Ellipsoid("necklace", (o, o - 1.32, o - 0.05), (width, o + 0.05, width * 1.05), -28.0)
        self.scene.merge(self.scene.cast(part, self.frame("neck", rows), rows), 0.01, colour=gold, gloss=0.6)

    def earrings(self) -> None:
        rows = rows_where(self.f["earrings"] > 0)
        if not len(rows):
            return
        f, at, o = self.of(rows)
        gold = self.paint(colours.linear(colours.constant((0.98, 0.86, 0.42), len(rows))))
        frame = self.frame("head", rows)
        for side in (-1.0, 1.0):
            lobe = (
                side * (at.skull_x + 0.03 + 0.045 * f["ear_out"]),
                at.ear_y - 0.27 - 0.045 * f["ear_size"],
                o - 0.04,
            )
            part = Ellipsoid("earring", lobe, (o + 0.055, o + 0.085, o + 0.055))
            self.scene.merge(self.scene.cast(part, frame, rows), 0.01, colour=gold, gloss=0.7)

    def hair(self) -> None:
        """A shell round the skull, cut at the hairline; curtains where it is long."""
        rows = rows_where(self.f["baldness"] <= 0.84)
        if not len(rows):
            return
        f, at, o = self.of(rows)
        frame = self.frame("head", rows)
        colour = self.paint(colours.hair(f))
        long_ = np.clip((f["hair_length"] - 0.35) / 0.65, 0, 1)
        thick = 0.045 + 0.05 * f["hair_length"] + 0.03 * f["hair_wave"]
        tall = thick + 0.03 * f["hair_length"]
        shell = Ellipsoid(
            "hair",
            (o, o + 0.27, o - 0.15),
            (at.skull_x + thick, at.skull_y + tall, at.skull_z + 0.6 * thick + 0.0),
        )
        patch = self.scene.cast(shell, frame, None if len(rows) == self.scene.n else rows)
        x, y, z = self.scene.own_frame(patch, frame)
        mask = self.hairline(x, y, z, f, self.scene.view.pixel[rows])
        strands = self.strands(x, y, z, f)
        self.scene.merge(patch, 0.03, mask=mask, colour=[channel * strands for channel in colour], gloss=0.12)
        rows = rows[long_ > 0]
        if len(rows):
            self.curtains(rows)

    def hairline(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, f: Values, pixel: Array) -> torch.Tensor:
        """1 where the shell carries hair. Round the head from the front (ahead = 1) the line falls to the nape."""
        t = self.scene.tensor
        ahead = z / (x * x + z * z + 1e-4).sqrt()
        wears_bangs = f["bangs"] > 0.8
        recedes = np.where(f["hairline"] > 0.5, 0.06 + 0.2 * f["hairline"], 0.06 * f["hairline"])
        front = np.where(wears_bangs, 0.30 + 0 * recedes, 0.58 + 0.5 * recedes)
        temple = np.where(wears_bangs, 0.0, 0.16 * np.clip(f["hairline"], 0, 1) + 0.03)
        side = (ahead - 0.42) * (1 / 0.5)
        side = side.clamp(0, 1)
        side = side * side * (3 - 2 * side)
        back = ((ahead + 0.05) * (1 / 0.35)).clamp(0, 1)
        at_ear = t(np.where(f["hair_length"] > 0.5, -0.28, 0.02))
        nape = t(-0.35 - 0.25 * f["hair_length"])
        line = nape + (at_ear - nape) * back
        line = line + (t(front) - at_ear) * side
        corner = (ahead - 0.80) * 5.0
        line = line + t(temple) * bump(corner * corner)
        line = line + wave(x * 6.5) * t(np.where(wears_bangs, 0.035, 0.012))
        return step(y - line, t(1 / np.maximum(1.2 * pixel, 0.035)))

    def strands(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, f: Values) -> torch.Tensor:
        """Light and dark along the hair: straight streaks, or waves across it."""
        t = self.scene.tensor
        wavy = t(np.where(f["hair_wave"] > 0.5, 0.1 + 0.3 * f["hair_wave"], 0.0))
        turns = (x + z * 0.7) * 5.0 + wavy * wave(y * 2.6) * 1.4
        across = wave(y * 3.1 + wave(turns * 0.5) * 0.2)
        return (1 + 0.16 * wave(turns)) * (1 + wavy * 0.9 * across)

    def curtains(self, rows: NDArray[np.int64]) -> None:
        """Hair beside and behind the face, from the crown to where its length ends."""
        f, at, o = self.of(rows)
        frame = self.frame("head", rows)
        colour = self.paint(colours.hair(f))
        long_ = np.clip((f["hair_length"] - 0.35) / 0.65, 0, 1)
        curl = 0.05 * (f["hair_wave"] > 0.5)
        bottom = 0.15 + 1.35 * long_
        parts = [
            Ellipsoid(
                "behind",
                (o, 0.3 - bottom / 2, o - 0.42),
                (at.skull_x + 0.04 + curl, 0.55 + bottom / 2, o + 0.5),
            )
        ]
        parts += [
            Ellipsoid(
                "beside",
                (side * (at.skull_x - 0.02 + curl), 0.3 - bottom / 2, o - 0.16),
                (0.12 + 0.06 * long_ + curl, 0.35 + bottom / 2, 0.26 + 0.1 * long_),
            )
            for side in (-1.0, 1.0)
        ]
        for part in parts:
            patch = self.scene.cast(part, frame, rows)
            strands = self.strands(*self.scene.own_frame(patch, frame), f)
            self.scene.merge(patch, 0.06, colour=[channel * strands for channel in colour], gloss=0.12)

    def glasses(self) -> None:
        """Two lenses, a bridge and two arms; dark lenses where they are sunglasses."""
        rows = rows_where((self.f["glasses"] > 0) | (self.f["sunglasses"] > 0))
        if not len(rows):
            return
        f, at, o = self.of(rows)
        frame = self.frame("head", rows)
        dark = f["sunglasses"] > 0
        t = self.scene.tensor
        tint = self.paint(colours.linear(colours.constant((0.10, 0.09, 0.09), len(rows))))
        pale = 0.35 * (np.modf(f["hat_hue"] * 7)[0] > 0.7)
        rim = self.paint((0.012 + pale * 0.5, 0.010 + pale * 0.4, 0.010 + pale * 0.2))
        width = 0.215 + 0.03 * f["glasses_size"]
        height = width * (0.72 + 0.24 * f["glasses_roundness"])
        level, front = at.eye_y - 0.01, o + 0.80
        for side in (-1.0, 1.0):
            lens = Ellipsoid("lens", (side * at.eye_x, level, front - 0.03), (width, height, o + 0.035), 0.0, side * 10)
            patch = self.scene.cast(lens, frame, rows)
            x, y, _ = self.scene.own_frame(patch, frame)
            across = (x - t(side * at.eye_x)) * t(1 / width)
            up = (y - t(level)) * t(1 / height)
            edge = across * across + up * up
            ring = step(edge - t(1 - np.maximum(0.30, 1.5 * self.scene.view.pixel[rows] / height)), 8.0)
            ring = torch.maximum(ring, t(np.where(dark, 0.93, 0.06)).expand_as(ring))
            self.scene.merge(
                _flat(patch), 0.02, mask=ring, colour=[*_between(tint, rim, t(np.where(dark, 1.0, 0.0)))], gloss=0.5
            )
            arm = Ellipsoid(
                "arm",
                (side * (at.skull_x - 0.02), level + 0.04, o + 0.3),
                (o + 0.028, o + 0.028, o + 0.5),
                0.0,
                side * -6,
            )
            self.scene.merge(self.scene.cast(arm, frame, rows), 0.02, colour=rim, gloss=0.3)
        bridge = Ellipsoid("bridge", (o, level + 0.05, front + 0.02), (at.eye_x - width + 0.03, o + 0.026, o + 0.03))
        self.scene.merge(self.scene.cast(bridge, frame, rows), 0.02, colour=rim, gloss=0.3)

    def hat(self) -> None:
        """A crown on every hat; a peak in front or a brim all round on some."""
        rows = rows_where(self.f["hat"] > 0)
        if not len(rows):
            return
        f, at, o = self.of(rows)
        frame = self.frame("head", rows)
        colour = self.paint(colours.hue(f["hat_hue"], f["hat_value"], 0.6))
        brimmed = f["hat_shape"] >= 2 / 3
        tall = at.skull_y + np.where(brimmed, 0.22, 0.1)
        crown = Ellipsoid("crown", (o, o + 0.33, o - 0.13), (at.skull_x + 0.1, tall, at.skull_z + 0.1))
        patch = self.scene.cast(crown, frame, rows)
        x, y, z = self.scene.own_frame(patch, frame)
        edge = y - (z * 0.12 + self.scene.tensor(np.where(f["hat_shape"] < 1 / 3, 0.36, 0.42)))
        ribbed = 1 + 0.12 * wave(x * 5.0) * self.scene.tensor((f["hat_shape"] < 1 / 3) * 1.0)
        band = 1 - 0.55 * step(0.15 - edge, 16.0) * self.scene.tensor(brimmed * 1.0)
        mask = step(edge, self.scene.tensor(1 / np.maximum(1.2 * self.scene.view.pixel[rows], 0.03)))
        self.scene.merge(patch, 0.02, mask=mask, colour=[c * ribbed * band for c in colour], gloss=0.03)
        for chosen, centre_z, across, along in (
            (rows_where((f["hat_shape"] >= 1 / 3) & ~brimmed), 0.62, 0.62, 0.62),
            (rows_where(brimmed), -0.1, 1.22, 1.28),
        ):
            if len(chosen):
                zero = o[chosen]
                part = Ellipsoid(
                    "brim",
                    (zero, zero + 0.44 + 0.12 * max(centre_z, 0), zero + centre_z),
                    (zero + across, zero + 0.04, zero + along),
                    6.0,
                )
                near = [[entry[chosen] for entry in line] for line in frame]
                shade = [channel[torch.from_numpy(chosen).to(channel.device)] * 0.8 for channel in colour]
                self.scene.merge(self.scene.cast(part, near, rows[chosen]), 0.02, colour=shade, gloss=0.03)


def _flat(patch: Patch) -> Patch:
    """A lens reflects as if it were flat: its own outline slopes steeply, which would blacken the rim."""
    return Patch(patch.where, patch.x, patch.y, patch.z, patch.slope_x * 0.2, patch.slope_y * 0.2, patch.cover)


def _between(first: list[torch.Tensor], second: list[torch.Tensor], share: torch.Tensor) -> list[torch.Tensor]:
    """share 1: first; 0: second."""
    return [two + (one - two) * share for one, two in zip(first, second, strict=True)]
