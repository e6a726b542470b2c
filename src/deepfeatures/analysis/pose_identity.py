"""Do the networks whose pose is read tell the very same faces' people apart? Beside an answer about pose it says
whether a network works on these faces at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from deepfeatures.analysis.attribute_readout import same_person_auc
from deepfeatures.analysis.pose_explorer import in_words
from deepfeatures.analysis.pose_rows import features_of, known_rows

FACES = "faces"
ANGLES = ("yaw", "pitch")
NEAR_DEG = 30.0  # within which both images of a pair look nearly ahead
PAIRS = 200_000  # at most, of one person and of two each
BOTH = ("mobilefacenet-ms1m", "mobilefacenet-casia")  # side by side they are the headline 'both' of chapter pose


class Folder(Protocol):
    """An artifact's folder: faces (data.faces) or features (networks.face_artifact)."""

    @property
    def folder(self) -> Path: ...


def told_apart(
    artifacts: Mapping[str, Sequence[Folder]], *, layer: str = "embedding", rng: np.random.Generator
) -> list[list[Any]]:
    """World, network, AUC of the cosine of two images, of one person against of two, and the same of images whose yaw
    and pitch (where it is known) are within NEAR_DEG; means over seeds. nan where no two images are left to compare.

    artifacts: 'WORLD/faces', and 'WORLD/NETWORK', features of them; where both published networks are among them, they
    are also put side by side. The faces are those whose pose is known, as read-outs of pose have them.
    """
    worlds: dict[str, dict[str, Sequence[Folder]]] = {}
    for name, group in artifacts.items():
        world, _, network = name.partition("/")
        worlds.setdefault(world, {})[network] = group
    rows: list[list[Any]] = []
    for world, groups in worlds.items():
        faces = groups[FACES][0].folder
        made_of = {network: [group] for network, group in groups.items() if network != FACES}
        if set(BOTH) <= set(groups):
            made_of["both"] = [groups[network] for network in BOTH]
        for network, parts in made_of.items():
            found = [_auc(faces, [one.folder for one in seed], layer, rng) for seed in zip(*parts, strict=True)]
            rows.append([world, in_words(network), *np.mean(found, axis=0).tolist()])
    return rows


def _auc(faces: Path, folders: Sequence[Path], layer: str, rng: np.random.Generator) -> tuple[float, float]:
    named = {f"part {number}": folder for number, folder in enumerate(folders)}
    rows = known_rows(faces, [np.load(folder / "ids.npy") for folder in folders])
    features = features_of(faces, rows, [(name, layer) for name in named], named)
    near = np.logical_and.reduce([np.abs(rows.column(one)) <= NEAR_DEG for one in ANGLES if one in rows.targets])
    times = np.unique(rows.identity[near], return_counts=True)[1]
    few = len(times) < 2 or times.max() < 2
    return (
        same_person_auc(features, rows.identity, rng=rng, each=PAIRS),
        np.nan if few else same_person_auc(features[near], rows.identity[near], rng=rng, each=PAIRS),
    )
