"""What the notes on Liu et al. 2014 assert, each as the ledger (claims/liu2014.yaml) measures it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from deepfeatures.analysis.attribute_errors import Errors
from deepfeatures.analysis.described import gap
from deepfeatures.analysis.hyperplanes import Together
from deepfeatures.analysis.localisation import BLIND, COARSE, FINE_AS_LONG, HEADLINE, Arrays, Found, World
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.unit_semantics import Strength
from deepfeatures.networks.localise import SHOULDERS
from deepfeatures.networks.response_windows import squares_round

UNTRAINED, FOUND = "untrained LNet_o, LNet_s", "found"


def of_localisation(world: World) -> dict[str, Measured]:
    """Claims about where heads are said to be, in one world. Shares of scenes, 0..1."""
    controls = [name for name in (*BLIND, UNTRAINED, "untrained LNet_o") if name in world.found]
    best = max(controls, key=lambda name: world.interval(name, "recall").value)
    long = "LNet_o, no pre-training, as many steps"
    return {
        "coarse-gets-head": world.interval(COARSE, "in_head"),
        "fine-gets-face": world.interval(HEADLINE, "recall"),
        "fine-beyond-coarse": world.difference(HEADLINE, COARSE, "recall"),
        "tags-locate": world.difference(HEADLINE, best, "recall"),
        "objects-know-faces": world.difference("LNet_o, objects alone", "untrained LNet_o", "in_head"),
        "pre-training-locates": world.difference(COARSE, long, "recall"),
        "pre-training-locates-face": world.difference(HEADLINE, FINE_AS_LONG, "recall"),
    }


def of_cuts(located: Sequence[Arrays], boxes: np.ndarray, world: World, *, reading: int = 0) -> dict[str, Measured]:
    """Whether what LNet_o cuts out for LNet_s has the whole head in it. located: what the pre-trained networks say of
    the world's scenes, one a seed; boxes: (n, 4) true ones, pixels of the scene."""
    holds = []
    for one in located:
        squares = squares_round(np.asarray(one["coarse"])[reading], SHOULDERS)
        holds.append(((squares[:, :2] <= boxes[:, :2]) & (squares[:, 2:] >= boxes[:, 2:])).all(axis=1))
    share = Found({"holds": np.asarray(holds, np.float64)})
    return {"coarse-holds-face": replace(world, found={"coarse": share}).interval("coarse", "holds")}


def of_description(errors: Mapping[str, Errors]) -> dict[str, Measured]:
    """Claims about attributes, points of balanced error."""
    faces, scenes = errors["rendered"], errors["in scenes"]
    return {
        "place-costs": gap(scenes, "fine", "true").points,
        "local-keeps-place": gap(faces, "anet-everywhere/units", "anet/units").points,
    }


def of_units(trained: Strength, untrained: Strength) -> dict[str, Measured]:
    """Claims about units: shares and areas, 0..1."""
    return {"every-unit-tells": trained.telling(), "units-beyond-random": trained.above(untrained)}


def of_hyperplanes(found: Together | NotApplicable) -> dict[str, Measured]:
    """Claims about hyperplanes: cosines and adjusted Rand indices."""
    if isinstance(found, NotApplicable):
        return dict.fromkeys(("similar-planes", "clusters-are-groups"), found)
    if not np.isfinite([found.cohesion.value, found.agreement.value]).all():
        return of_hyperplanes(NotApplicable("too few attributes have a number for two groups of two"))
    return {"similar-planes": found.cohesion, "clusters-are-groups": found.agreement}
