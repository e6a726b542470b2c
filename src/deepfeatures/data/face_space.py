"""The shape-appearance space of the rendered faces: which of a person's factors are shape, which appearance, and why.

A point is (59,) numbers in -1..1, one a factor, in the order of NAMES. The rule is that of active appearance models
(Cootes, Edwards, Taylor 2001), which Chang and Tsao's space follows: *shape* is where the points and contours of a
face lie; *appearance* is the colour that is left at each point once every face has been brought to one shape.

Factors are drawn independently and evenly, so that the covariance of the space is a multiple of the identity: its
linear PCA has no first axis, and none is used (`pca_spread` says how far a sample strays from that).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from deepfeatures.data.synthfaces import FACTORS, IDENTITY_FACTORS, TIES

SOLID, DRAWN, COLOUR, HAIR, WORN = (
    "moves the surface of the bare head",
    "moves a contour that is drawn on the surface",
    "changes colour at points that stay where they are",
    "moves the edge of hair, a change of colour on the forehead and skull: no landmark of a face follows hair",
    "decides the hair and beard that are worn, painted on or grown around points that stay where they are",
)
# Contours that are painted, not solid: a landmark would sit on each of them.
_DRAWN = (
    *("eye_spacing", "eye_size", "eye_opening", "eye_tilt"),
    *("brow_thickness", "brow_arch", "brow_height", "brow_length"),
)
_COLOUR = (
    *("skin_tone", "skin_warmth", "lip_tone", "eye_colour", "eye_value"),
    *("eye_bags", "mole_right", "mole_up", "mole_size"),
)
_HAIR = ("hairline", "baldness")


@dataclass(frozen=True)
class Parameter:
    """One number of the space. kind: 'shape' or 'appearance'; why: the reason, in words."""

    name: str
    kind: str
    why: str


def _sorted(name: str) -> Parameter:
    if name in _HAIR:
        return Parameter(name, "appearance", HAIR)
    if name.startswith("tends_"):
        return Parameter(name, "appearance", WORN)
    if name in _COLOUR:
        return Parameter(name, "appearance", COLOUR)
    return Parameter(name, "shape", DRAWN if name in _DRAWN else SOLID)


PARAMETERS: Mapping[str, Parameter] = MappingProxyType({name: _sorted(name) for name in IDENTITY_FACTORS})
NAMES: tuple[str, ...] = tuple(PARAMETERS)
KINDS: tuple[str, ...] = ("shape", "appearance")
TIED: Mapping[str, str] = MappingProxyType({tends: shown for tends, shown in TIES})  # what an image shows of it


def of_kind(kind: str) -> np.ndarray:
    """(59,) bool: which parameters are of that kind."""
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: allowed are {', '.join(KINDS)}")
    return np.array([one.kind == kind for one in PARAMETERS.values()])


def table() -> pd.DataFrame:
    """kind, why, parameters (how many), names: a row a reason."""
    reasons = dict.fromkeys((one.kind, one.why) for kind in KINDS for one in PARAMETERS.values() if one.kind == kind)
    rows = []
    for kind, why in reasons:
        names = [one.name for one in PARAMETERS.values() if one.why == why]
        rows.append((kind, why, len(names), ", ".join(names)))
    return pd.DataFrame(rows, columns=["kind", "why", "parameters", "names"])


def columns(factors: np.ndarray, names: tuple[str, ...] | list[str]) -> np.ndarray:
    """(n, 59) parameters from factors (n, len(names)). Raises ValueError naming what is missing."""
    missing = [name for name in NAMES if name not in names]
    if missing:
        raise ValueError(f"{len(missing)} of {len(NAMES)} parameters are not among the factors, as {missing[0]!r}")
    return np.asarray(factors, np.float64)[:, [list(names).index(name) for name in NAMES]]


def worn(tendency: str, values: np.ndarray) -> np.ndarray:
    """What a person wears who wears exactly what he tends to: (n,), in the unit of the tied image factor."""
    one = FACTORS[TIED[tendency]]
    return one.low + (one.high - one.low) * (np.asarray(values, np.float64) + 1) / 2


def pca_spread(parameters: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Eigenvalues of the covariance over their mean, descending, (59,); and the Marchenko-Pastur edges of pure chance.

    parameters: (people, 59). Inside (1 -+ sqrt(59 / people))^2 no axis of the sample is longer than chance makes it.
    """
    spectrum = np.linalg.eigvalsh(np.cov(parameters, rowvar=False))[::-1]
    ratio = np.sqrt(parameters.shape[1] / len(parameters))
    return spectrum / spectrum.mean(), float(max(0.0, 1 - ratio) ** 2), float((1 + ratio) ** 2)
