"""Worlds in which people are seen from the front and from the side, and what each network makes of them.

    views        rendered for this: everybody at the same yaws, either side its own view
    pointing04   photographs of ten people, everybody at the same poses; heads raised or lowered at most PITCH_DEG
    celeba       photographs as they come: few profiles, so turned means half-way, and both sides are one view
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from deepfeatures.analysis.attribute_readout import side_by_side
from deepfeatures.analysis.view_effects import Design, design

PITCH_DEG = 30.0
LAST = {"pixels": "pixels"}  # a network's last layer, where it is not called embedding


class Artifact(Protocol):
    """An opened artifact: its folder, arrays by name, and meta."""

    @property
    def folder(self) -> Path: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...
    def __getitem__(self, name: str, /) -> np.ndarray: ...


Artifacts = Mapping[str, Sequence[Artifact]]


@dataclass(frozen=True)
class Views:
    """frontal_deg: |yaw| at most; turned_deg: at least; sides: whether left and right are two views; said: in words."""

    frontal_deg: float
    turned_deg: float
    sides: bool
    said: str


WORLDS: Mapping[str, Views] = {
    "views": Views(15.0, 60.0, True, "rendered, designed"),
    "pointing04": Views(15.0, 60.0, True, "Pointing'04"),
    "celeba": Views(10.0, 25.0, False, "CelebA"),
}


@dataclass(frozen=True)
class Seen:
    """One network in one world. features: (n, d), one a seed, in rows that `design` counts."""

    world: str
    network: str
    design: Design
    features: Sequence[np.ndarray]

    @property
    def images(self) -> int:
        cells = [*self.design.frontal, *(rows for side in self.design.turned for rows in side)]
        return sum(map(len, cells))


def last_layer(network: str) -> str:
    """The layer that stands for a network."""
    return LAST.get(network, "embedding")


def networks_of(artifacts: Artifacts, world: str) -> list[str]:
    """Those with features of a world, in the plan's order."""
    start = f"features/{world}/"
    return [name.removeprefix(start) for name in artifacts if name.startswith(start)]


def features_of(faces: Artifact, made: Artifact, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Features of the faces in their order, (n, d) float32, and which of them there are, (n,) bool."""
    return side_by_side({"one": made.folder}, [("one", layer)], np.asarray(faces["ids"]))


def seen(artifacts: Artifacts, networks: Sequence[str] | None = None) -> list[Seen]:
    """Every world of WORLDS that is there, every network (or some) in it. artifacts: 'faces/WORLD', 'features/...'."""
    found = []
    for world, views in WORLDS.items():
        if f"faces/{world}" not in artifacts:
            continue
        [faces] = artifacts[f"faces/{world}"]
        pose = np.asarray(faces["pose"], np.float64)
        yaw = np.where(np.abs(pose[:, 1]) <= PITCH_DEG, pose[:, 0], np.nan)
        for network in networks_of(artifacts, world):
            if networks is not None and network not in networks:
                continue
            made = [features_of(faces, one, last_layer(network)) for one in artifacts[f"features/{world}/{network}"]]
            there = np.where(np.all([have for _, have in made], axis=0), yaw, np.nan)
            of = design(
                np.asarray(faces["identity"]), there,
                frontal_deg=views.frontal_deg, turned_deg=views.turned_deg, sides=views.sides,
            )  # fmt: skip
            found.append(Seen(world, network, of, [values for values, _ in made]))
    return found
