"""From surfaces to linear light: one directed light, light from everywhere, a highlight; and what lies behind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from . import colours
from .dressing import wave
from .placement import cos_sin
from .scene import Scene

Array = NDArray[np.float64]
Values = Mapping[str, Array]


def light_direction(f: Values) -> tuple[Array, Array, Array]:
    """Unit vectors to the light, view coordinates, (n,) each."""
    (cos_yaw, sin_yaw), (cos_pitch, sin_pitch) = cos_sin(f["light_yaw_deg"]), cos_sin(f["light_pitch_deg"])
    return sin_yaw * cos_pitch, sin_pitch, cos_yaw * cos_pitch


def lit(scene: Scene, f: Values) -> list[torch.Tensor]:
    """Red, green and blue of every pixel's surface, linear, (n, side, side): Lambert's law, Blinn's highlight."""
    shape = (scene.n, scene.side_px, scene.side_px)
    slope_x, slope_y = scene.slope_x.view(shape), scene.slope_y.view(shape)
    gloss = scene.gloss.view(shape)
    t = scene.tensor
    to_light = light_direction(f)
    upright = 1 / (slope_x * slope_x + slope_y * slope_y + 1).sqrt_()  # normal = (-slope_x, -slope_y, 1) * upright
    facing = (t(to_light[2]) - (slope_x * t(to_light[0]) + slope_y * t(to_light[1]))) * upright
    half = (to_light[0], to_light[1], to_light[2] + 1)
    length = np.sqrt(half[0] * half[0] + half[1] * half[1] + half[2] * half[2])
    half = (half[0] / length, half[1] / length, half[2] / length)
    shine = ((t(half[2]) - (slope_x * t(half[0]) + slope_y * t(half[1]))) * upright).clamp_(min=0)
    for _ in range(4):  # to the 16th power
        shine = shine * shine
    shine = shine * gloss * t(f["light_intensity"])
    # light from everywhere is stronger from above than from below, and from the front than from the side
    soft = ((0.24 * upright + 0.76) - (0.22 * slope_y) * upright) * t(f["light_ambient"])
    facing = facing.clamp_(min=0)
    found = []
    for channel, warm in zip(scene.colour, (0.16, 0.0, -0.2), strict=True):
        direct = t(f["light_intensity"] * (1 + warm * f["light_warmth"]))
        found.append(channel.view(shape) * (facing * direct + soft) + shine)
    return found


def behind(scene: Scene, f: Values) -> list[torch.Tensor]:
    """The background, linear: a plain colour to a pattern of crossing bands. In image coordinates."""
    side = scene.side_px
    t = scene.tensor
    steps = (2 * torch.arange(side, device=scene.device) - (side - 1)).to(torch.float32) / side  # -1 to 1
    x, y = steps[None, None, :], -steps[None, :, None]
    rate = t(50 / f["background_period_percent"])
    slope = t(f["background_slope"])
    first = wave((x * slope + y * (1 - slope.abs())) * rate)
    second = wave((x * (1 - slope.abs()) - y * slope) * rate * 0.6)
    share = ((first + second) * 0.25 + 0.5) * t(f["background_contrast"])
    plain = colours.hue(f["background_hue"], f["background_value"], 0.4)
    other = colours.hue((f["background_hue"] + 0.37) % 1, 1.05 - f["background_value"], 0.5)
    return [t(one) + t(two - one) * share for one, two in zip(plain, other, strict=True)]


def block(scene: Scene, f: Values, rgb: list[torch.Tensor]) -> None:
    """A plain square in front of everything, in place, in the images that have one."""
    rows = np.flatnonzero(f["occluder"] > 0)
    if not len(rows):
        return
    side = scene.side_px
    t = scene.tensor
    x = (torch.arange(side, device=scene.device).to(torch.float32) + 0.5)[None, None, :]
    y = (torch.arange(side, device=scene.device).to(torch.float32) + 0.5)[None, :, None]
    percent = side / 100
    half = t(f["occluder_size_percent"][rows] * percent / 2)
    from_x = (x - t((50 + f["occluder_right_percent"][rows]) * percent)).abs()
    from_y = (y - t((50 - f["occluder_up_percent"][rows]) * percent)).abs()
    share = (half - from_x + 0.5).clamp(0, 1) * (half - from_y + 0.5).clamp(0, 1)
    at = torch.from_numpy(rows).to(scene.device)
    colour = colours.hue(f["occluder_hue"][rows], 0.3 + 0.6 * f["occluder_hue"][rows], 0.5)
    for channel, paint in zip(rgb, colour, strict=True):
        old = channel[at]
        channel[at] = old + (t(paint) - old) * share
