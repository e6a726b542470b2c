"""Rendered faces along the distance from the origin as a table for an explorer: a row a network and place."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from deepfeatures.analysis.quality_distance import distance
from deepfeatures.analysis.quality_maps import evenly
from deepfeatures.analysis.quality_truth import DEFECTS, EXTREME_DEG
from deepfeatures.analysis.quality_worlds import Pictures
from deepfeatures.analysis.view_worlds import Artifacts

WORLD = "rendered"  # no photograph is shown


def grid(artifacts: Artifacts, pictures: list[Pictures], *, count: int) -> pd.DataFrame:
    """network, place (the nearest first), picture (side, side, 3) uint8, distance, nearer (% of all images), yaw,
    known (its defects in words), defects (their number). `count` places a network at most, evenly spaced in the order.
    """
    images = artifacts[f"faces/{WORLD}"][0]["images"]
    rows = []
    for one in pictures:
        if one.world != WORLD:
            continue
        far = distance(one.features[0], "origin")
        chosen = evenly(far, count)
        for place, at in enumerate(chosen.tolist()):
            truth = one.truth.iloc[at].to_dict()
            rows.append({
                "network": one.network, "place": f"{place + 1} of {len(chosen)}", "picture": images[one.row[at]],
                "distance": float(far[at]), "nearer": 100 * float((far < far[at]).mean()),
                "yaw": float(truth["|yaw|"]), "known": in_words(truth), "defects": int(truth[DEFECTS]),
            })  # fmt: skip
    return pd.DataFrame(rows)


def in_words(truth: Mapping[str, float]) -> str:
    """The defects of one row of quality_truth.rendered; 'none'. A video frame that is also small is said once."""
    lost = f"{truth['resolution lost']:.0f} % of the resolution lost"
    said = {
        f"out of focus ({truth['blur']:.1f} % of the side)": truth["blur"] > 0,
        f"video frame ({lost})": truth["video frame"] > 0,
        f"small ({lost})": truth["resolution lost"] > 0 and not truth["video frame"],
        f"{truth['occlusion']:.0f} % covered": truth["occlusion"] > 0,
        "profile": truth["|yaw|"] >= EXTREME_DEG,
    }
    return ", ".join(words for words, there in said.items() if there) or "none"
