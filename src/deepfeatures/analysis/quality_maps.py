"""The plane pictures of a feature space with what is known of their images, and rendered faces along the distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from deepfeatures.analysis.quality_distance import distance
from deepfeatures.analysis.quality_truth import DEFECTS
from deepfeatures.analysis.quality_worlds import SAID, Pictures
from deepfeatures.analysis.view_worlds import Artifacts, features_of, last_layer

Map = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
START = "map/"


@dataclass(frozen=True)
class Along:
    """images (count, side, side, 3) uint8, rendered; distance (count,): from the origin, ascending."""

    images: np.ndarray
    distance: np.ndarray


def titled(found: dict[tuple[str, str], Map]) -> dict[str, Map]:
    """The same by world and network in words, as figures.space_maps takes them."""
    return {f"{SAID[world]}, {network}": one for (world, network), one in found.items()}


def maps(artifacts: Artifacts, pictures: Sequence[Pictures]) -> dict[tuple[str, str], Map]:
    """By world and network: points of each map, and colours: distance from the origin; defects, or size of the face."""
    found: dict[tuple[str, str], Map] = {}
    for name in (name for name in artifacts if name.startswith(START)):
        world, network = name.removeprefix(START).split("/")
        [drawn], one = artifacts[name], _of(pictures, world, network)
        # Rows of the map are rows of the features; pictures may lack some, of which less is known.
        place = _places(artifacts, world, network, one)
        rows = np.asarray(drawn["row"])
        known = place[rows] >= 0
        at = place[rows[known]]
        points = {"PCA": np.asarray(drawn["pca"])[known], "t-SNE": np.asarray(drawn["tsne"])[known]}
        colours = {"distance from the origin": distance(one.features[0], "origin")[at]}
        last = DEFECTS if DEFECTS in one.truth else "small face"
        shown = {DEFECTS: "known defects", "small face": "side of the face, px"}[last]
        values = one.truth[last].to_numpy(float)[at]
        found[world, network] = points, colours | {shown: values if last == DEFECTS else -values}
    return found


def kept(artifacts: Artifacts, pictures: Sequence[Pictures]) -> list[list[Any]]:
    """World, network; share of variance in two directions; share of nearest neighbours of the same person in the full
    space, in the t-SNE, and among images taken at random."""
    rows = []
    for (world, network), (points, _) in maps(artifacts, pictures).items():
        [drawn], one = artifacts[f"{START}{world}/{network}"], _of(pictures, world, network)
        place = _places(artifacts, world, network, one)
        at = place[np.asarray(drawn["row"])]
        at = at[at >= 0]
        who = one.identity[at]
        _, counts = np.unique(who, return_counts=True)
        accident = float((counts * (counts - 1)).sum() / (len(who) * (len(who) - 1)))
        near = [same_person(values, who) for values in (one.features[0][at], points["t-SNE"])]
        rows.append([SAID[world], network, float(sum(drawn.meta["explained"])), *near, accident])
    return rows


def same_person(points: np.ndarray, identity: np.ndarray) -> float:
    """Share of points (n, d) whose nearest neighbour shows the same person."""
    nearest = cKDTree(np.asarray(points, np.float64)).query(points, k=2)[1]
    own = np.arange(len(points))
    other = np.where(nearest[:, 0] == own, nearest[:, 1], nearest[:, 0])
    return float((identity[other] == identity).mean())


def along(artifacts: Artifacts, pictures: Sequence[Pictures], *, count: int, network: str = "trained") -> Along:
    """`count` rendered faces at most, evenly spaced in the order of distance from the origin, nearest first."""
    one = _of(pictures, "rendered", network)
    far = distance(one.features[0], "origin")
    chosen = evenly(far, count)
    images = artifacts["faces/rendered"][0]["images"]
    return Along(np.stack([images[row] for row in one.row[chosen].tolist()]), far[chosen])


def evenly(far: np.ndarray, count: int) -> np.ndarray:
    """Rows of `count` images at most, evenly spaced in the order of distance, nearest first. far: (n,)."""
    order = np.argsort(far, kind="stable")
    return np.asarray(order[np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))])


def _of(pictures: Sequence[Pictures], world: str, network: str) -> Pictures:
    [one] = [one for one in pictures if (one.world, one.network) == (world, network)]
    return one


def _places(artifacts: Artifacts, world: str, network: str, one: Pictures) -> np.ndarray:
    """Position among the pictures of each row of the network's features; -1 for those of which too little is known."""
    [faces], made = artifacts[f"faces/{world}"], artifacts[f"features/{world}/{network}"][0]
    ids = np.asarray(faces["ids"])
    _, there = features_of(faces, made, last_layer(network))
    of_id = {name: at for at, name in enumerate(ids[one.row].tolist())}
    assert there[one.row].all()
    return np.array([of_id.get(name, -1) for name in np.asarray(made["ids"]).tolist()])
