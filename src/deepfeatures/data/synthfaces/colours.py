"""Colours of skin, hair, eyes and things, as linear light (the display value squared), (n,) a channel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Colour = tuple[Array, Array, Array]
Values = Mapping[str, Array]

PALE, TAN, DARK = (0.96, 0.82, 0.74), (0.80, 0.60, 0.47), (0.37, 0.24, 0.18)
BLOND, BROWN, BLACK, GRAY, RED = (
    (0.88, 0.74, 0.46),
    (0.42, 0.27, 0.17),
    (0.09, 0.075, 0.07),
    (0.78, 0.78, 0.78),
    (0.62, 0.25, 0.10),
)
IRIS_BROWN, IRIS_GREEN, IRIS_BLUE = (0.33, 0.19, 0.10), (0.36, 0.45, 0.25), (0.30, 0.48, 0.68)


def mixed(first: Colour, second: Colour, share: Array) -> Colour:
    """share 0: first; 1: second."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def constant(colour: tuple[float, float, float], n: int) -> Colour:
    return np.full(n, colour[0]), np.full(n, colour[1]), np.full(n, colour[2])


def ramp(low: tuple[float, ...], middle: tuple[float, ...], high: tuple[float, ...], at: Array) -> Colour:
    """Through three display colours as `at` goes from 0 over 0.5 to 1."""
    n = len(at)
    lower = mixed(constant(low, n), constant(middle, n), np.clip(2 * at, 0, 1))  # type: ignore[arg-type]
    return mixed(lower, constant(high, n), np.clip(2 * at - 1, 0, 1))  # type: ignore[arg-type]


def linear(display: Colour) -> Colour:
    """Display value (0 to 1, gamma 2) to linear light."""
    red, green, blue = (np.clip(channel, 0, 1) for channel in display)
    return red * red, green * green, blue * blue


def hue(angle: Array, value: Array, saturation: float = 0.55) -> Colour:
    """Around the colour circle as `angle` goes from 0 (red) to 1, `value` bright; linear light."""
    turn = angle * 6
    channels = [np.clip(np.abs((turn + shift) % 6 - 3) - 1, 0, 1) for shift in (0.0, 4.0, 2.0)]
    red, green, blue = (value * (1 - saturation * (1 - channel)) for channel in channels)
    return linear((red, green, blue))


def skin(f: Values) -> Colour:
    red, green, blue = ramp(DARK, TAN, PALE, (f["skin_tone"] + 1) / 2)
    warm = f["skin_warmth"]
    return linear((red, green + 0.025 * warm, blue - 0.045 * warm))


def hair(f: Values) -> Colour:
    colour = ramp(BLOND, BROWN, BLACK, f["hair_darkness"])
    n = len(f["hair_darkness"])
    light = 1 - f["hair_darkness"] * f["hair_darkness"]
    colour = mixed(colour, constant(RED, n), 0.75 * np.clip(f["hair_redness"] * 2 - 1, 0, 1) * light)
    gray = np.where(f["hair_grayness"] > 0.85, 0.95, 0.12 * np.clip(f["hair_grayness"], 0, 1))
    return linear(mixed(colour, constant(GRAY, n), gray))


def iris(f: Values) -> Colour:
    red, green, blue = ramp(IRIS_BROWN, IRIS_GREEN, IRIS_BLUE, (f["eye_colour"] + 1) / 2)
    bright = 1 + 0.35 * f["eye_value"]
    return linear((red * bright, green * bright, blue * bright))


def lips(f: Values) -> Colour:
    """Bare lips are redder and darker skin; painted ones are red."""
    n = len(f["skin_tone"])
    bare = skin(f)
    dark = 0.62 - 0.2 * f["lip_tone"]
    natural = (bare[0] * (dark + 0.22), bare[1] * dark * 0.72, bare[2] * dark * 0.85)
    painted = linear(constant((0.74, 0.08, 0.16), n))
    return mixed(natural, painted, np.where((f["lipstick"] > 0) | (f["makeup"] > 0), 0.85, 0.0))
