"""CelebA's 40 attributes in the rendered world: which are modelled, by what rule, and how each relates to identity.

`belongs` says how an attribute relates to identity *in this world*: "identity" (one value a person), "correlated" (a
person tends to it, images vary) or "independent" (drawn for every image); what photographs do is another matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Values = Mapping[str, Any]  # factor -> (n,) values
Rule = Callable[[Values], NDArray[np.bool_]]


@dataclass(frozen=True)
class Attribute:
    """rule: factor values -> (n,) bool, None where not modelled. factor, sign: the factor that decides it, if one."""

    name: str
    belongs: str  # "identity", "correlated", "independent" or "not modelled"
    how: str  # the rule in words, or why there is none
    rule: Rule | None = None
    factor: str | None = None
    sign: int = 1


def above(factor: str, threshold: float, belongs: str) -> tuple[str, str, Rule, str, int]:
    return belongs, f"{factor} > {threshold:g}", lambda f: f[factor] > threshold, factor, 1


def below(factor: str, threshold: float, belongs: str) -> tuple[str, str, Rule, str, int]:
    return belongs, f"{factor} < {threshold:g}", lambda f: f[factor] < threshold, factor, -1


def bald(f: Values) -> NDArray[np.bool_]:
    return f["baldness"] > 0.84


def bearded(f: Values) -> NDArray[np.bool_]:
    return (f["beard"] > 0.6) | (f["moustache"] > 0.8) | (f["goatee"] > 0.85)


def gray(f: Values) -> NDArray[np.bool_]:
    return f["hair_grayness"] > 0.85


def hair_between(low: float, high: float) -> tuple[str, str, Rule]:
    words = f"{low:g} < hair_darkness <= {high:g}, not gray, not bald"
    return (
        "correlated",
        words,
        lambda f: (f["hair_darkness"] > low) & (f["hair_darkness"] <= high) & ~gray(f) & ~bald(f),
    )


_MODELLED: dict[str, tuple[Any, ...]] = {
    "5_o_Clock_Shadow": ("correlated", "0.6 < beard <= 0.8", lambda f: (f["beard"] > 0.6) & (f["beard"] <= 0.8)),
    "Arched_Eyebrows": above("brow_arch", 0.3, "identity"),
    "Bags_Under_Eyes": above("eye_bags", 0.4, "identity"),
    "Bald": ("identity", "baldness > 0.84", bald, "baldness", 1),
    "Bangs": ("correlated", "bangs > 0.8, not bald", lambda f: (f["bangs"] > 0.8) & ~bald(f)),
    "Big_Lips": (
        "identity",
        "upper_lip + lower_lip > 0.5",
        lambda f: f["upper_lip"] + f["lower_lip"] > 0.5,
    ),
    "Big_Nose": (
        "identity",
        "nose_width + nose_forward + nose_length > 0.7",
        lambda f: f["nose_width"] + f["nose_forward"] + f["nose_length"] > 0.7,
    ),
    "Black_Hair": hair_between(0.7, 1.0),
    "Blond_Hair": (
        "correlated",
        "hair_darkness <= 0.35, not gray, not bald",
        lambda f: (f["hair_darkness"] <= 0.35) & ~gray(f) & ~bald(f),
    ),
    "Blurry": (
        "independent",
        "blurred, low_resolution or video",
        lambda f: (f["blurred"] > 0) | (f["low_resolution"] > 0) | (f["video"] > 0),
    ),
    "Brown_Hair": hair_between(0.35, 0.7),
    "Bushy_Eyebrows": above("brow_thickness", 0.4, "identity"),
    "Chubby": above("fatness", 0.6, "identity"),
    "Double_Chin": above("double_chin", 0.5, "identity"),
    "Eyeglasses": (
        "independent",
        "glasses or sunglasses",
        lambda f: (f["glasses"] > 0) | (f["sunglasses"] > 0),
    ),
    "Goatee": above("goatee", 0.85, "correlated"),
    "Gray_Hair": ("correlated", "hair_grayness > 0.85, not bald", lambda f: gray(f) & ~bald(f)),
    "Heavy_Makeup": above("makeup", 0, "independent"),
    "High_Cheekbones": above("cheekbone_height", 0.2, "identity"),
    "Mouth_Slightly_Open": above("mouth_open", 0.5, "independent"),
    "Mustache": above("moustache", 0.8, "correlated"),
    "Narrow_Eyes": below("eye_opening", -0.5, "identity"),
    "No_Beard": ("correlated", "no shadow, beard, moustache or goatee", lambda f: ~bearded(f)),
    "Oval_Face": (
        "identity",
        "face_length - jaw_width > 0.5",
        lambda f: f["face_length"] - f["jaw_width"] > 0.5,
    ),
    "Pale_Skin": above("skin_tone", 0.7, "identity"),
    "Pointy_Nose": below("nose_tip", -0.4, "identity"),
    "Receding_Hairline": (
        "identity",
        "hairline > 0.5, not bald",
        lambda f: (f["hairline"] > 0.5) & ~bald(f),
    ),
    "Rosy_Cheeks": above("blush", 0, "independent"),
    "Sideburns": above("sideburns", 0.8, "correlated"),
    "Smiling": above("smile", 0.5, "independent"),
    "Straight_Hair": (
        "correlated",
        "hair_wave <= 0.5, not bald",
        lambda f: (f["hair_wave"] <= 0.5) & ~bald(f),
    ),
    "Wavy_Hair": ("correlated", "hair_wave > 0.5, not bald", lambda f: (f["hair_wave"] > 0.5) & ~bald(f)),
    "Wearing_Earrings": above("earrings", 0, "independent"),
    "Wearing_Hat": above("hat", 0, "independent"),
    "Wearing_Lipstick": (
        "independent",
        "lipstick or makeup",
        lambda f: (f["lipstick"] > 0) | (f["makeup"] > 0),
    ),
    "Wearing_Necklace": above("necklace", 0, "independent"),
    "Wearing_Necktie": above("necktie", 0, "independent"),
}
_MISSING = {
    "Attractive": "a judgement of the annotators, not a property of a face",
    "Male": "shape, hair, beard and make-up vary without reference to a sex; its correlates can be set as correlations",
    "Young": "nothing here ages: gray hair, bags under eyes and a receding hairline are attributes of their own",
}

ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType(
    {name: Attribute(name, *row) for name, row in sorted({**_MODELLED}.items())}
)
NOT_MODELLED: Mapping[str, Attribute] = MappingProxyType(
    {name: Attribute(name, "not modelled", why) for name, why in _MISSING.items()}
)


def attribute_values(factors: Values) -> dict[str, NDArray[np.bool_]]:
    """{attribute: (n,) bool} of every modelled attribute, exactly as the rules say. factors: {name: (n,)}."""
    return {name: np.asarray(one.rule(factors), bool) for name, one in ATTRIBUTES.items() if one.rule is not None}


def attribute_table() -> pd.DataFrame:
    """CelebA's 40 attributes, a row each: attribute, modelled (bool), belongs, how (the rule, or why there is none)."""
    rows = [
        (one.name, one.rule is not None, one.belongs, one.how) for one in (*ATTRIBUTES.values(), *NOT_MODELLED.values())
    ]
    return pd.DataFrame(rows, columns=["attribute", "modelled", "belongs", "how"]).sort_values(
        "attribute", ignore_index=True
    )
