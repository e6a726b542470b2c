"""The walk of rendered faces as a table for an explorer: a row a picture and network."""

from __future__ import annotations

from typing import Any

import pandas as pd

from deepfeatures.analysis.face_walk import NETWORKS

IN_WORDS = {"trained": "identity network, embedding", "untrained": "random weights, embedding", "pixels": "pixels"}


def grid(walk: Any) -> pd.DataFrame:
    """person, yaw, light, glasses, features; picture, reference (side, side, 3) uint8; own, other: cosines; place of
    the own reference among all of the gallery; gallery.

    walk: the artifact of face_walk.
    """
    rows = []
    people, yaws, lights, kinds = walk["images"].shape[:4]
    cosines = {name: (walk[f"own_{name}"], walk[f"other_{name}"], walk[f"rank_{name}"]) for name in NETWORKS}
    for person in range(people):
        for yaw in range(yaws):
            for light in range(lights):
                for kind in range(kinds):
                    at = (person, yaw, light, kind)
                    where = {
                        "person": f"{person + 1} of {people}", "yaw": _degrees(walk.meta["yaw_deg"][yaw]),
                        "light": _degrees(walk.meta["light_yaw_deg"][light]), "glasses": walk.meta["glasses"][kind],
                        "picture": walk["images"][at], "reference": walk["references"][person],
                        "gallery": walk.meta["gallery"],
                    }  # fmt: skip
                    for name, (own, other, rank) in cosines.items():
                        measured = {"own": float(own[at]), "other": float(other[at]), "place": int(rank[at])}
                        rows.append({**where, "features": IN_WORDS[name], **measured})
    return pd.DataFrame(rows)


def _degrees(angle: float) -> str:
    return f"{angle:.0f}".replace("-", "−") + "°"
