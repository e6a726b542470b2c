"""Every factor swept alone: groups in which they are shown, on which neutral head, and what an attribute reads.

A factor is shown where it can be seen: a chin that protrudes in profile, a beard's tendency by the beard that it leads
to, the hue of a hat on a head that wears one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from .attributes import ATTRIBUTES
from .factors import APPEARANCE, EXPRESSION, FACTORS, HAIR, LIGHT, POSE, SHAPE, TENDENCIES, TIES, Factor, known
from .world import Sweep, SynthFaces, with_attributes

STEPS = 5  # pictures of a factor that is no switch: the ends of its range and even places between

# A plain head, seen from the front: the middle of every range, but for these.
NEUTRAL: Mapping[str, float] = MappingProxyType(
    {
        "skin_tone": 0.3,
        "mole_size": -1.0,
        "hair_length": 0.15,
        "hair_darkness": 0.75,
        "hair_redness": 0.1,
        "hair_grayness": 0.1,
        "hair_wave": 0.2,
        **dict.fromkeys(("bangs", "beard", "moustache", "goatee", "sideburns"), 0.1),
        "light_yaw_deg": 20.0,
        "light_ambient": 0.4,
        "light_intensity": 0.8,
        "smile": 0.2,
        "mouth_open": 0.0,
        "noise_percent": 0.0,
        "zoom": 1.12,
        "clothes_hue": 0.6,
        "background_hue": 0.55,
        "background_value": 0.75,
        "background_contrast": 0.2,
    }
)


def _seen(text: str) -> dict[str, Mapping[str, float]]:
    """{factor: {factor: value}} of lines "factor value, ... | factors that are shown with these"."""
    found: dict[str, Mapping[str, float]] = {}
    for settings, names in (line.split("|") for line in text.strip().splitlines()):
        pairs = [one.split() for one in settings.split(",")]
        found |= dict.fromkeys(names.split(), MappingProxyType({name: float(value) for name, value in pairs}))
    return found


# Where a factor shows, if not on the neutral head. A switch is 0 there unless it is named. A zoom of 1.5 is closer than
# any image that is drawn by chance: for what is small; one of 0.9 leaves room for neck and chest.
SEEN: Mapping[str, Mapping[str, float]] = MappingProxyType(
    _seen("""
    yaw_deg 75            | head_depth jaw_depth chin_forward brow_ridge nose_forward nose_turn
    yaw_deg 45            | cheekbone_height cheekbone_size nose_bridge light_pitch_deg sideburns tends_sideburns
    zoom 1.5              | chin_length chin_width double_chin eye_spacing eye_size eye_opening eye_height eye_tilt
    zoom 1.5              | brow_thickness brow_arch brow_height brow_length nose_length nose_width nose_tip
    zoom 1.5              | mouth_width mouth_height upper_lip lower_lip lip_tone eye_colour eye_value eye_bags
    zoom 1.5              | mole_size smile mouth_open brow_raise gaze_right eyes_closed lipstick makeup blush
    zoom 1.5, mole_size 1 | mole_right mole_up
    zoom 1.5, glasses 1   | glasses_size glasses_roundness
    zoom 0.9, shift_up_percent 5        | neck_width shoulder_width clothes_hue clothes_value necklace necktie
    zoom 0.9, shift_up_percent 5, hat 1 | hat_shape hat_hue hat_value
    hair_darkness 0.5     | hair_redness tends_red_hair
    hair_length 0.8       | hair_wave tends_wavy_hair
    occluder 1            | occluder_right_percent occluder_up_percent occluder_size_percent occluder_hue
    background_contrast 0.5 | background_hue background_value
    background_contrast 1 | background_period_percent background_slope
    blurred 1             | blur_percent
    compressed 1          | jpeg_quality
    low_resolution 1      | resolution_percent
    video 1, resolution_percent 60, jpeg_quality 75                     | motion_percent
    video 1, resolution_percent 60, jpeg_quality 75, motion_percent 2.6 | video_shakes_up
""")
)


@dataclass(frozen=True)
class Group:
    """Factors that are shown together. slug: of its file; names: in the order shown."""

    slug: str
    title: str
    names: tuple[str, ...]


def groups() -> list[Group]:
    """Every factor once: the person first, then what an image adds."""
    shape = [one.name for one in SHAPE]
    parts = [shape.index(first) for first in ("head_width", "brow_ridge", "nose_length", "ear_size")]
    skull, eyes, nose, neck = (shape[a:b] for a, b in zip(parts, [*parts[1:], len(shape)], strict=True))
    found = [
        Group("skull", "Shape: skull, cheeks, jaw and chin", tuple(skull)),
        Group("eyes", "Shape: eyes and brows", tuple(eyes)),
        Group("nose", "Shape: nose and mouth", tuple(nose)),
        Group("neck", "Shape: ears, neck and hairline", tuple(neck)),
        Group("appearance", "Appearance: skin, lips and irises", _names(APPEARANCE)),
        Group("tendencies", "What a person tends to", _names(TENDENCIES)),
        Group("hair", "Hair and beard", _names(HAIR)),
        Group("pose", "Pose and frame", _names(POSE)),
        Group("light", "Light", _names(LIGHT)),
        Group("expression", "Expression", (*_names(EXPRESSION), "eyes_closed")),
        Group("dressing", "Glasses, hats, make-up, jewellery and clothes", (
            *("glasses", "sunglasses", "glasses_size", "glasses_roundness", "hat", "hat_shape", "hat_hue", "hat_value"),
            *("lipstick", "makeup", "blush", "earrings", "necklace", "necktie", "clothes_hue", "clothes_value"),
        )),
        Group("occluder", "What stands in the way", tuple(name for name in FACTORS if name.startswith("occluder"))),
        Group("background", "Background", tuple(name for name in FACTORS if name.startswith("background"))),
        Group("camera", "Blur, noise, compression and video", (
            *("blurred", "blur_percent", "low_resolution", "resolution_percent", "noise_percent"),
            *("compressed", "jpeg_quality", "video", "motion_percent", "video_shakes_up"),
        )),
    ]  # fmt: skip
    shown = [name for group in found for name in group.names]
    if sorted(shown) != sorted(FACTORS):
        odd = sorted({name for name in shown if shown.count(name) > 1} | set(FACTORS) ^ set(shown))
        raise ValueError(f"every factor stands in one group of sweeps.py; not so: {', '.join(odd)}")
    return found


def values(name: str) -> NDArray[np.float64]:
    """What a factor is swept over: STEPS even places from its lowest to its highest value; a switch off and on."""
    one = known(name)
    return np.array([0.0, 1.0]) if one.is_switch else np.linspace(one.low, one.high, STEPS)


def led_to(name: str) -> tuple[str, float] | None:
    """The factor of an image that a person's tendency is tied to, and the correlation; None of any other factor."""
    found = [(image, value) for (person, image), value in TIES.items() if person == name]
    return found[0] if found else None


def sweeps(names: Sequence[str], side_px: int = 64) -> dict[str, Sweep]:
    """The neutral head at `values` of each factor alone, everything else fixed, side_px x side_px pixels.

    A tendency is in no picture itself: its head has the tied factor at the median, given the tendency, of what the
    person's images have: Phi(r z) of its range, z the tendency's normal score and r the correlation. All are rendered
    together, which takes a fraction of the time of `SynthFaces.vary` for one after another, and gives the same.
    """
    tables = {name: _table(name) for name in names}
    truth = with_attributes(pd.concat(tables.values(), ignore_index=True))
    images = SynthFaces(0, 1, 1, side_px).render_truth(truth)
    ends = np.cumsum([len(table) for table in tables.values()])
    rows = [slice(end - len(table), end) for end, table in zip(ends.tolist(), tables.values(), strict=True)]
    return {
        name: Sweep(factor=name, truth=truth.iloc[own].reset_index(drop=True), images=images[own])
        for name, own in zip(tables, rows, strict=True)
    }


def neutral(name: str) -> dict[str, float]:
    """Every factor's value on the head that `name` is shown on."""
    middle = {one.name: 0.0 if one.is_switch else (one.low + one.high) / 2 for one in FACTORS.values()}
    return {**middle, **NEUTRAL, **SEEN.get(name, {})}


def attributes_of(name: str) -> list[str]:
    """CelebA's attributes whose rule reads a factor, sorted; of a tendency, those of the factor it is tied to."""
    tied = led_to(name)
    wanted = known(name).name if tied is None else tied[0]
    found = []
    for one in ATTRIBUTES.values():
        read = _Read()
        if one.rule is not None:
            one.rule(read)
        if wanted in read.names:
            found.append(one.name)
    return sorted(found)


class _Read(dict[str, NDArray[np.float64]]):
    """A factor's value is 0, whichever is asked for; names: those that were."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __missing__(self, name: str) -> NDArray[np.float64]:
        self.names.add(known(name).name)
        return np.zeros(1)


def _table(name: str) -> pd.DataFrame:
    """A row for each of `values`: index and identity 0, and every factor."""
    wanted = values(name)
    columns: dict[str, NDArray[np.float64]] = {one: np.full(len(wanted), at) for one, at in neutral(name).items()}
    columns[name] = wanted
    tied = led_to(name)
    if tied is not None:
        person, image = known(name), known(tied[0])
        share = ndtr(tied[1] * ndtri((wanted - person.low) / (person.high - person.low)))
        columns[image.name] = image.low + (image.high - image.low) * share
    return pd.DataFrame({"index": 0, "identity": 0, **columns})


def _names(factors: list[Factor]) -> tuple[str, ...]:
    return tuple(one.name for one in factors)
