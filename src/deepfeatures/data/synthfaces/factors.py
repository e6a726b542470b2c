"""Every factor of the rendered faces: name with unit, range, and whether it belongs to the identity or the image.

Angles in degrees, one sign convention for the whole world (and for anything that reads it):

- yaw: positive when the face is turned to the viewer's right, so that its nose points to larger image x;
- pitch: positive when it looks up; applied before yaw, so that it means the same in profile;
- roll: positive when the head is turned clockwise in the image;
- light_yaw, light_pitch: positive where the light comes from the viewer's right, from above.

A factor without a unit in its name is a share (0 to 1), a position inside its range (-1 to 1), or a switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True)
class Factor:
    """One number of a face: uniform over [low, high], or a switch that is on with probability `chance`."""

    name: str
    scope: str  # "identity": one value a person; "image": one value a picture
    low: float
    high: float
    meaning: str
    chance: float | None = None

    @property
    def is_switch(self) -> bool:
        return self.chance is not None


def _identity(text: str) -> list[Factor]:
    rows = [line.split("|") for line in text.strip().splitlines()]
    return [Factor(name.strip(), "identity", -1.0, 1.0, meaning.strip()) for name, meaning in rows]


def _image(text: str) -> list[Factor]:
    rows = [line.split("|") for line in text.strip().splitlines()]
    return [Factor(n.strip(), "image", float(low), float(high), meaning.strip()) for n, low, high, meaning in rows]


def _switches(text: str) -> list[Factor]:
    rows = [line.split("|") for line in text.strip().splitlines()]
    return [Factor(n.strip(), "image", 0.0, 1.0, meaning.strip(), float(chance)) for n, chance, meaning in rows]


SHAPE = _identity("""
    head_width       | skull, narrow to wide
    head_depth       | skull, short to long from front to back
    skull_height     | low to high crown
    face_width       | narrow to wide at the cheekbones
    face_length      | eyes to chin, short to long
    jaw_width        | narrow to wide at the jaw's corners
    jaw_depth        | flat to full jaw, seen in profile
    chin_length      | short to long
    chin_width       | pointed to broad
    chin_forward     | receding to protruding
    cheekbone_height | low to high
    cheekbone_size   | flat to prominent
    fatness          | hollow to full cheeks and neck
    double_chin      | none to full
    brow_ridge       | flat to protruding
    eye_spacing      | close to wide
    eye_size         | small to large
    eye_opening      | narrow to round
    eye_height       | low to high in the face
    eye_tilt         | outer corners down to up
    brow_thickness   | thin to bushy
    brow_arch        | straight to arched
    brow_height      | close to the eye to high above it
    brow_length      | short to long
    nose_length      | short to long
    nose_width       | narrow to wide wings
    nose_forward     | flat to protruding
    nose_bridge      | narrow to broad bridge
    nose_tip         | pointed to bulbous
    nose_turn        | tip down to up
    mouth_width      | narrow to wide
    mouth_height     | low to high under the nose
    upper_lip        | thin to full
    lower_lip        | thin to full
    ear_size         | small to large
    ear_out          | flat against the head to standing out
    neck_width       | thin to thick
    shoulder_width   | narrow to broad
    hairline         | low to receding
    baldness         | the top of this range has no hair on the head
""")

APPEARANCE = _identity("""
    skin_tone        | dark to pale
    skin_warmth      | pink to yellow
    lip_tone         | pale to dark lips
    eye_colour       | brown over green to blue
    eye_value        | dark to bright iris
    eye_bags         | none to marked shade under the eyes
    mole_right       | where the one mole is, the person's right to left cheek
    mole_up          | where the mole is, chin to cheekbone
    mole_size        | invisible to large
""")

# What a person tends to: an image's own value is tied to it (see TIES), so these attributes are identity-correlated.
TENDENCIES = _identity("""
    tends_long_hair  | short to long hair
    tends_dark_hair  | blond over brown to black hair
    tends_red_hair   | neutral to red hair
    tends_gray_hair  | the top of this range is gray
    tends_wavy_hair  | straight to wavy hair
    tends_bangs      | the top of this range wears bangs
    tends_beard      | the top of this range wears a full beard, below it a shadow
    tends_moustache  | the top of this range wears a moustache
    tends_goatee     | the top of this range wears a goatee
    tends_sideburns  | the top of this range wears sideburns
""")

HAIR = _image("""
    hair_length      | 0 | 1 | cropped to shoulder length
    hair_darkness    | 0 | 1 | blond over brown to black
    hair_redness     | 0 | 1 | neutral to red
    hair_grayness    | 0 | 1 | gray above 0.85
    hair_wave        | 0 | 1 | straight below 0.5, wavy above
    bangs            | 0 | 1 | worn above 0.8
    beard            | 0 | 1 | shadow above 0.6, full beard above 0.8
    moustache        | 0 | 1 | worn above 0.8
    goatee           | 0 | 1 | worn above 0.85
    sideburns        | 0 | 1 | worn above 0.8
""")

POSE = _image("""
    yaw_deg          | -90 | 90 | positive: the nose points to larger image x
    pitch_deg        | -25 | 25 | positive: looks up
    roll_deg         | -20 | 20 | positive: clockwise in the image
    shift_right_percent | -5 | 5 | of the image side
    shift_up_percent | -5 | 5 | of the image side
    zoom             | 0.88 | 1.12 | size of the face
""")

LIGHT = _image("""
    light_yaw_deg    | -75 | 75 | positive: from the viewer's right
    light_pitch_deg  | -15 | 60 | positive: from above
    light_intensity  | 0.45 | 1.15 | of the directed light
    light_ambient    | 0.18 | 0.5 | light from everywhere
    light_warmth     | -1 | 1 | bluish to reddish
""")

EXPRESSION = _image("""
    smile            | 0 | 1 | smiling above 0.5
    mouth_open       | 0 | 1 | open above 0.5
    brow_raise       | -1 | 1 | frowning to raised
    gaze_right       | -1 | 1 | where the eyes look, in the head's own frame
""")

SURROUNDINGS = _image("""
    glasses_size     | -1 | 1 | small to large lenses
    glasses_roundness | 0 | 1 | oblong to round
    hat_shape        | 0 | 1 | a cap without brim below 1/3, with a peak below 2/3, with a brim all round above
    hat_hue          | 0 | 1 | around the colour circle
    hat_value        | 0.1 | 0.9 | dark to bright
    clothes_hue      | 0 | 1 | around the colour circle
    clothes_value    | 0.08 | 0.9 | dark to bright
    occluder_right_percent | -24 | 24 | centre, from the image's middle, of its side
    occluder_up_percent | -24 | 24 | centre, from the image's middle, of its side
    occluder_size_percent | 15 | 32 | side of the block, of the image's side
    occluder_hue     | 0 | 1 | around the colour circle
    background_hue   | 0 | 1 | around the colour circle
    background_value | 0.1 | 0.95 | dark to bright
    background_contrast | 0 | 1 | plain to strongly patterned
    background_period_percent | 12 | 70 | of the pattern, of the image's side
    background_slope | -1 | 1 | which way the pattern runs
""")

CAMERA = _image("""
    blur_percent     | 1.4 | 2.6 | standard deviation, of the image side, where `blurred`
    noise_percent    | 0 | 4 | standard deviation, of the full grey scale
    jpeg_quality     | 15 | 75 | of Pillow's JPEG, where `compressed` or `video`
    resolution_percent | 30 | 60 | of the image side, where `low_resolution` or `video`
    motion_percent   | 1.2 | 2.6 | standard deviation of the shake, of the image side, where `video`
""")

SWITCHES = _switches("""
    eyes_closed      | 0.08 | both
    glasses          | 0.15 | clear ones
    sunglasses       | 0.07 | dark ones; worn instead of clear ones
    hat              | 0.12 | of any shape
    lipstick         | 0.2  | red lips
    makeup           | 0.15 | lids and cheeks painted, lips too
    blush            | 0.12 | rosy cheeks
    earrings         | 0.15 | both ears
    necklace         | 0.12 | round the neck
    necktie          | 0.1  | on the chest
    occluder         | 0.08 | a plain block in front of everything
    blurred          | 0.12 | out of focus
    low_resolution   | 0.1  | taken small, then enlarged
    compressed       | 0.3  | kept as a JPEG
    video            | 0.12 | a video frame: shaken, small and compressed at once
    video_shakes_up  | 0.5  | the shake runs up and down, else left and right
""")

FACTORS: Mapping[str, Factor] = MappingProxyType(
    {
        one.name: one
        for group in (
            *(SHAPE, APPEARANCE, TENDENCIES),
            *(POSE, LIGHT, EXPRESSION, HAIR, SWITCHES, SURROUNDINGS, CAMERA),
        )
        for one in group
    }
)
IDENTITY_FACTORS: tuple[str, ...] = tuple(name for name, one in FACTORS.items() if one.scope == "identity")
IMAGE_FACTORS: tuple[str, ...] = tuple(name for name, one in FACTORS.items() if one.scope == "image")

# Correlations of the normal scores that hold unless the user sets another: a person's tendency and what an image shows.
TIES: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("tends_long_hair", "hair_length"): 0.85,
        ("tends_dark_hair", "hair_darkness"): 0.9,
        ("tends_red_hair", "hair_redness"): 0.9,
        ("tends_gray_hair", "hair_grayness"): 0.9,
        ("tends_wavy_hair", "hair_wave"): 0.8,
        ("tends_bangs", "bangs"): 0.8,
        ("tends_beard", "beard"): 0.8,
        ("tends_moustache", "moustache"): 0.8,
        ("tends_goatee", "goatee"): 0.8,
        ("tends_sideburns", "sideburns"): 0.8,
    }
)

# Bounds a user's range may not leave: beyond them the geometry is not a head any more, or a unit has no meaning.
LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "pitch_deg": (-45.0, 45.0),
        "roll_deg": (-180.0, 180.0),
        "shift_right_percent": (-30.0, 30.0),
        "shift_up_percent": (-30.0, 30.0),
        "zoom": (0.5, 1.5),
        "light_yaw_deg": (-90.0, 90.0),
        "light_pitch_deg": (-90.0, 90.0),
        "light_intensity": (0.0, 1.5),
        "light_ambient": (0.05, 1.0),
        "blur_percent": (0.0, 3.0),
        "noise_percent": (0.0, 20.0),
        "jpeg_quality": (5.0, 95.0),
        "resolution_percent": (20.0, 100.0),
        "motion_percent": (0.0, 3.0),
        "occluder_right_percent": (-50.0, 50.0),
        "occluder_up_percent": (-50.0, 50.0),
        "occluder_size_percent": (1.0, 100.0),
        "background_period_percent": (5.0, 200.0),
    }
)


def limits(name: str) -> tuple[float, float]:
    """The lowest and highest value that `name` may ever take."""
    one = known(name)
    return LIMITS.get(name, (one.low, one.high))


def known(name: str) -> Factor:
    """The factor of that name, or an error that names the nearest ones."""
    if name not in FACTORS:
        from difflib import get_close_matches

        near = get_close_matches(name, FACTORS, 3) or list(FACTORS)[:3]
        raise ValueError(f"no factor {name!r}; near: {', '.join(near)}; all {len(FACTORS)}: synthfaces.FACTORS")
    return FACTORS[name]


def with_ranges(ranges: Mapping[str, tuple[float, float]], chances: Mapping[str, float]) -> dict[str, Factor]:
    """FACTORS with the user's ranges (low, high) and the user's chances of switches, both checked."""
    found = dict(FACTORS)
    for name, (low, high) in ranges.items():
        one = known(name)
        lowest, highest = limits(name)
        if one.is_switch:
            raise ValueError(f"{name} is a switch: set its chance, as chances={{{name!r}: 0.5}}")
        if not lowest <= low <= high <= highest:
            raise ValueError(f"range of {name} is ({low:g}, {high:g}), expected inside {lowest:g}..{highest:g}")
        found[name] = replace(one, low=float(low), high=float(high))
    for name, chance in chances.items():
        if not known(name).is_switch:
            raise ValueError(f"{name} is no switch: set its range, as ranges={{{name!r}: (low, high)}}")
        if not 0 <= chance <= 1:
            raise ValueError(f"chance of {name} is {chance:g}, expected 0..1")
        found[name] = replace(known(name), chance=float(chance))
    return found
