"""What is drawn on the skin, in the face's own coordinates: eyes, brows, mouth, beard, blush, shade.

Works on a list of m surface points, X, Y, Z (m,) in head units, of several images; every number of a face is gathered
to its points. Drawn on the surface, a feature turns with the head, foreshortens and disappears as it should.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from . import colours
from .anatomy import Landmarks

Tensor = torch.Tensor
Array = NDArray[np.float64]


class Gathered:
    """(n,) numbers of n faces, read at the m points whose faces are `image`."""

    def __init__(self, numbers: Mapping[str, Tensor], image: Tensor) -> None:
        self.numbers, self.image = numbers, image
        self.read: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.read:
            self.read[name] = self.numbers[name].index_select(0, self.image)
        return self.read[name]

    def part(self, chosen: Tensor) -> Gathered:
        """Of some of the points."""
        return Gathered(self.numbers, self.image.index_select(0, chosen))


def numbers(f: Mapping[str, Array], at: Landmarks, pixel: Array) -> dict[str, Array]:
    """Everything the paint needs to know of each face, (n,) each."""
    opening = 0.058 + 0.032 * f["eye_opening"] + 0.01 * f["eye_size"] + 0.008 * f["brow_raise"]
    smiling = f["smile"] > 0.5
    painted = f["makeup"] > 0
    found = {
        "soft": 1 / np.maximum(1.2 * pixel, 0.02),  # one over the width of an edge
        "eye_x": at.eye_x,
        "eye_y": at.eye_y,
        "eye_w": 1 / at.eye_w,
        "eye_h": np.where(f["eyes_closed"] > 0, 0.0, opening),
        "lid_h": opening,
        "eye_tilt": 0.22 * f["eye_tilt"],
        "gaze": 0.035 * f["gaze_right"],
        "iris_size": 0.066 + 0.006 * f["eye_size"],
        "lid_paint": np.where(painted, 0.75, 0.0),
        "bags": 0.22 + 0.22 * np.where(f["eye_bags"] > 0.4, f["eye_bags"] + 0.6, 0.3 * f["eye_bags"]),
        "brow_x": at.eye_x + 0.015,
        "brow_y": at.brow_y,
        "brow_w": 1 / (0.2 + 0.04 * f["brow_length"]),
        "brow_h": 0.034 + 0.02 * f["brow_thickness"],
        "brow_arch": 0.045 + 0.055 * f["brow_arch"],
        "brow_in": 0.05 * np.minimum(f["brow_raise"], 0),
        "nose_y": at.nose_y,
        "nostril_x": 0.06 + 0.025 * f["nose_width"],
        "mouth_y": at.mouth_y,
        "mouth_w": 1 / (at.mouth_w * np.where(smiling, 1.06 + 0.2 * f["smile"], 1.0)),
        "upper_h": at.upper_h * np.where(smiling, 0.85, 1.0),
        "lower_h": at.lower_h * 1.15,
        "gape": at.gape,
        "teeth": np.where(smiling, 0.05 * f["smile"], 0.0),
        "lift": np.where(smiling, 0.02 + 0.1 * f["smile"], 0.03 * (f["smile"] - 0.5)),
        "fold": np.where(smiling, 0.5 * f["smile"], 0.0),
        "shadow": np.where(f["beard"] > 0.8, 0.88, np.where(f["beard"] > 0.6, 0.34, 0.0)),
        "moustache": np.where(
            f["moustache"] > 0.8, 0.92, np.where(f["beard"] > 0.8, 0.8, np.where(f["beard"] > 0.6, 0.3, 0))
        ),
        "goatee": np.where(f["goatee"] > 0.85, 0.92, 0.0),
        "sideburns": np.where(f["sideburns"] > 0.8, 0.9, 0.0),
        "hairy": ((f["beard"] > 0.6) | (f["moustache"] > 0.8) | (f["goatee"] > 0.85) | (f["sideburns"] > 0.8)) * 1.0,
        "beard_y": at.mouth_y + 0.02,
        "chin_y": at.chin_y,
        "blush": np.where(f["blush"] > 0, 0.6, np.where(painted, 0.35, 0.0)),
        "cheek_y": at.cheek_y - 0.06,
        "mole_x": 0.42 * f["mole_right"],
        "mole_y": -0.3 + 0.45 * f["mole_up"],
        "mole_r": 1 / np.maximum(0.02 + 0.035 * f["mole_size"], 1e-3),
        "mole": np.where(f["mole_size"] > -0.2, 0.75, 0.0),
    }
    for name, colour in (
        ("skin", colours.skin(f)),
        ("hair", colours.hair(f)),
        ("iris", colours.iris(f)),
        ("lip", colours.lips(f)),
    ):
        for channel, values in zip("rgb", colour, strict=True):
            found[f"{name}_{channel}"] = values
    for channel, values in zip("rgb", colours.hair(f), strict=True):
        found[f"brow_{channel}"] = 0.55 * values + 0.004
    return found


def step(distance: Tensor, sharpness: Tensor | float) -> Tensor:
    """0 outside, 1 inside, a ramp of width 1/sharpness between. distance: positive inside."""
    return (distance * sharpness + 0.5).clamp(0, 1)


def bump(square: Tensor) -> Tensor:
    """1 where square = 0, smoothly 0 from 1 on: a compact bell."""
    inside = (1 - square).clamp(min=0)
    return inside * inside


class Paint:
    """Colour of m points, changed stroke by stroke. gloss: how much the surface shines."""

    def __init__(self, g: Gathered) -> None:
        self.rgb = [g["skin_r"], g["skin_g"], g["skin_b"]]
        self.gloss = torch.full_like(self.rgb[0], 0.07)

    def part(self, chosen: Tensor) -> Paint:
        piece = object.__new__(Paint)
        piece.rgb, piece.gloss = (
            [channel.index_select(0, chosen) for channel in self.rgb],
            self.gloss.index_select(0, chosen),
        )
        return piece

    def put(self, chosen: Tensor, piece: Paint) -> None:
        self.rgb = [channel.scatter(0, chosen, new) for channel, new in zip(self.rgb, piece.rgb, strict=True)]
        self.gloss.scatter_(0, chosen, piece.gloss)

    def over(self, share: Tensor, red: Tensor | float, green: Tensor | float, blue: Tensor | float) -> None:
        """Cover `share` of the surface with a colour."""
        self.rgb = [old + (new - old) * share for old, new in zip(self.rgb, (red, green, blue), strict=True)]

    def dim(self, share: Tensor, red: float = 0.0, green: float = 0.0, blue: float = 0.0) -> None:
        """Multiply by a shade: 1 where share is 0, (red, green, blue) where it is 1."""
        self.rgb = [old * (1 - share * (1 - shade)) for old, shade in zip(self.rgb, (red, green, blue), strict=True)]


def face(x: Tensor, y: Tensor, z: Tensor, g: Gathered) -> Paint:
    """All strokes, from large and soft to small and sharp. x, y, z: (m,) head units."""
    paint = Paint(g)
    aside = x.abs()
    front = step(z - 0.12, 4.0)
    cheeks(paint, x, y, aside, front, g)
    hairy = ((g["hairy"] > 0) & (y < 0.3)).nonzero()[:, 0]
    if len(hairy):
        piece, near = paint.part(hairy), g.part(hairy)
        beard(piece, y.index_select(0, hairy), aside.index_select(0, hairy), z.index_select(0, hairy), near)
        paint.put(hairy, piece)
    upper = ((y > -0.24) & (y < 0.42) & (z > 0.1)).nonzero()[:, 0]
    if len(upper):
        piece, near = paint.part(upper), g.part(upper)
        eyes_and_brows(piece, x.index_select(0, upper), y.index_select(0, upper), aside.index_select(0, upper), near)
        paint.put(upper, piece)
    lower = ((y < -0.25) & (aside < 0.55) & (z > 0.3)).nonzero()[:, 0]
    if len(lower):
        piece, near = paint.part(lower), g.part(lower)
        nose_and_mouth(piece, y.index_select(0, lower), aside.index_select(0, lower), z.index_select(0, lower), near)
        paint.put(lower, piece)
    return paint


def cheeks(paint: Paint, x: Tensor, y: Tensor, aside: Tensor, front: Tensor, g: Gathered) -> None:
    """Blush, the mole, and the shade where the neck meets the chin."""
    across, up = (aside - 0.42) * 4.2, (y - g["cheek_y"]) * 5.0
    paint.over(bump(across * across + up * up) * front * g["blush"], 0.62, 0.12, 0.13)
    across, up = (x - g["mole_x"]) * g["mole_r"], (y - g["mole_y"]) * g["mole_r"]
    paint.dim(bump((across * across + up * up) * 0.5) * front * g["mole"], 0.25, 0.15, 0.1)


def beard(paint: Paint, y: Tensor, aside: Tensor, z: Tensor, g: Gathered) -> None:
    """Shadow and full beard along the jaw, moustache, goatee, sideburns; all of the hair's colour."""
    front = step(z - 0.12, 4.0)
    line = g["beard_y"] - 0.03 + 1.1 * ((aside - 0.26).clamp(min=0) * (aside - 0.26).clamp(min=0)) * 2.4
    bare = g["chin_y"] - 0.16
    jaw = step(line - y, 9.0) * step(y - bare, 9.0) * step(z - 0.02, 6.0)
    share = jaw * g["shadow"]
    middle = g["mouth_y"] + g["upper_h"]
    lip = (g["nose_y"] - 0.05 + middle) * 0.5
    up, across = (y - lip + 0.3 * (aside * aside)) * 12.0, aside * 3.4
    share = torch.maximum(share, step(1 - (up * up + across * across), 1.6) * front * g["moustache"])
    up, across = (y - (g["chin_y"] + g["mouth_y"]) * 0.5 + 0.05) * 4.6, aside * 4.4
    share = torch.maximum(share, step(1 - (up * up + across * across), 2.0) * front * g["goatee"])
    strip = step(0.16 - (z - 0.14).abs(), 14.0) * step(0.2 - y, 10.0) * step(y + 0.46, 10.0)
    share = torch.maximum(share, strip * step(aside - 0.38, 10.0) * g["sideburns"])
    paint.over(share, g["hair_r"], g["hair_g"], g["hair_b"])
    paint.gloss = paint.gloss * (1 - 0.7 * share)


def eyes_and_brows(paint: Paint, x: Tensor, y: Tensor, aside: Tensor, g: Gathered) -> None:
    """Sockets, bags, lids, eyeballs, lashes, brows; both sides at once, by |X|."""
    soft = g["soft"]
    out = aside - g["eye_x"]
    level = y - g["eye_y"] - g["eye_tilt"] * out
    across = out * g["eye_w"]
    # the socket lies deeper: shade, most towards the nose and under the brow
    deep = across * 0.62
    high = (level - 0.045) * 5.2
    paint.dim(bump(deep * deep + high * high), 0.62, 0.55, 0.52)
    low = (level + 0.105) * 12.0
    paint.dim(bump(across * across * 0.8 + low * low) * g["bags"], 0.42, 0.36, 0.42)
    arc = 1 - across * across
    lid = step(torch.minimum(g["lid_h"] * 1.9 * arc + 0.015 - level, level + 0.02), soft) * step(arc, 4.0)
    paint.over(lid * g["lid_paint"], 0.10, 0.05, 0.16)
    crease = (level - g["lid_h"] * 1.45 * arc).abs()
    paint.dim(step(0.008 - crease, soft) * step(arc, 3.0) * 0.5, 0.3, 0.25, 0.25)
    upper, lower = g["eye_h"] * arc, g["eye_h"] * arc * -0.75
    open_ = step(torch.minimum(upper - level, level - lower), soft) * (arc > 0)
    paint.over(open_, 0.70, 0.68, 0.66)
    paint.gloss = paint.gloss + open_ * 0.3
    # the iris looks where the gaze goes: to the same side in both eyes
    side = torch.where(x < 0, -1.0, 1.0)
    turn = out - side * g["gaze"]
    radius = (turn * turn + level * level).sqrt()
    paint.over(open_ * step(g["iris_size"] - radius, soft), g["iris_r"], g["iris_g"], g["iris_b"])
    paint.over(open_ * step(g["iris_size"] * 0.48 - radius, soft), 0.004, 0.004, 0.004)
    glint = ((turn * turn) + (level - 0.022) * (level - 0.022)).sqrt()
    paint.over(open_ * step(0.012 - glint, soft) * 0.8, 0.95, 0.95, 0.95)
    lash = (level - g["eye_h"] * arc).abs()
    thick = 0.014 + 0.012 * g["lid_paint"]
    paint.over(step(thick - lash, soft) * step(arc, 6.0) * 0.9, 0.012, 0.009, 0.008)
    # brows: a tapering band along an arch
    along = (aside - g["brow_x"]) * g["brow_w"]
    curve = g["brow_y"] + g["brow_arch"] * (0.6 - (along - 0.25) * (along - 0.25)) + g["brow_in"] * (-along)
    half = g["brow_h"] * (1.05 - 0.45 * along).clamp(0.2, 1.25)
    brow = step(half - (y - curve).abs(), soft) * step(1 - along.abs(), 5.0)
    paint.over(brow * 0.88, g["brow_r"], g["brow_g"], g["brow_b"])


def nose_and_mouth(paint: Paint, y: Tensor, aside: Tensor, z: Tensor, g: Gathered) -> None:
    """Nostrils, folds of a smile, lips, teeth and the open mouth."""
    soft = g["soft"]
    across, up = (aside - g["nostril_x"]) * 24.0, (y - g["nose_y"] + 0.045) * 30.0
    paint.dim(bump((across * across + up * up) * 0.6) * step(z - 0.6, 8.0) * 0.9, 0.12, 0.07, 0.06)
    under = (y - g["nose_y"] + 0.075) * 13.0
    paint.dim(bump(under * under + aside * aside * 20.0) * 0.45, 0.45, 0.38, 0.36)
    bent = aside - 0.2 - 0.55 * (g["nose_y"] - y)
    fold = step(0.012 - bent.abs(), soft) * step(g["nose_y"] + 0.02 - y, 10.0) * step(y - g["mouth_y"] - 0.02, 10.0)
    paint.dim(fold * g["fold"], 0.35, 0.28, 0.26)
    along = aside * g["mouth_w"]
    square = along * along
    within = 1 - square  # negative beyond the corners
    arc = within.clamp(min=0)
    centre = g["mouth_y"] + g["lift"] * (square - 0.35)
    level = y - centre
    gap = (g["gape"] + g["teeth"]) * arc
    bow = 1 - 0.28 * bump(square * 9.0)
    top = g["upper_h"] * arc * bow + 0.25 * g["teeth"] * arc
    bottom = gap + g["lower_h"] * arc
    lip = step(torch.minimum(top - level, level + bottom), soft) * step(within - 0.06, 8.0)
    paint.over(lip * 0.92, g["lip_r"], g["lip_g"], g["lip_b"])
    paint.gloss = paint.gloss + lip * 0.12
    inside = step(torch.minimum(-level, level + gap), soft) * step(gap - 0.008, 60.0)
    paint.over(inside, 0.035, 0.008, 0.008)
    depth = torch.minimum(gap * 0.55 + 0.5 * g["teeth"], gap)
    teeth = step(torch.minimum(-level, level + depth), soft) * inside
    paint.over(teeth * 0.92, 0.80, 0.77, 0.70)
    line = step(0.009 - level.abs(), soft) * step(within, 12.0) * (1 - inside)
    paint.over(line * 0.75, 0.05, 0.015, 0.015)
    corner = (along - 1.0) * 7.0
    dip = level * 26.0
    paint.dim(bump(corner * corner + dip * dip) * 0.5, 0.3, 0.25, 0.25)
