"""What the ledger wants printed beside the claims of chapter feature-spaces, and controls where something 'remains'.

Networks of random weights and the pixels say how much of a property needs no training; they enter no verdict.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deepfeatures.analysis.measured import Measured
from deepfeatures.analysis.space_claims import NETWORKS, NO_WEIGHT, units_for_1
from deepfeatures.analysis.spaces import Spaces
from deepfeatures.analysis.spaces_blocks import pair_rank

UNTRAINED = ("untrained", "pixels")
Beside = dict[str, Measured]


def of_networks(s: Spaces, statistic: str, networks: tuple[str, ...] = (*NETWORKS, *UNTRAINED)) -> Beside:
    """One statistic of each network that was given."""
    return {name: s.interval(s[name][statistic]) for name in networks if name in s.readouts}


def smallest_class(s: Spaces, statistic: str, networks: tuple[str, ...] = (*NETWORKS, *UNTRAINED)) -> Beside:
    return {name: s.interval(s[name][statistic].min(axis=2)) for name in networks if name in s.readouts}


def held_uncentred(s: Spaces) -> Beside:
    """Share of the first ten directions where the mean is not subtracted: of each seed, no digits resampled."""
    found = {}
    for name in (*NETWORKS, *UNTRAINED):
        if name in s.readouts:
            shares = [readout.summary["spectrum"]["uncentred"]["held_by_10"] for readout in s.readouts[name]]
            found[f"{name}, uncentred"] = s.of_seeds(np.array(shares))
    return found


def targets_fall(s: Spaces) -> Beside:
    """First over ninth singular value of mu's targets: raw's ten training class means, centred. Global scaling of the
    targets changes no ratio, so these are mu's targets under it; under per-feature scaling they are not.
    """
    values = []
    for readout in s.readouts["raw"]:
        means = np.asarray(readout["class_means"], np.float64)
        singular = np.linalg.svd(means - means.mean(axis=0), compute_uv=False)
        values.append(singular[0] / singular[8])
    return {"targets of mu": s.of_seeds(np.array(values))}


def parts_of_angle(s: Spaces) -> Beside:
    parts = {"all units": "angle R2", "first ten": "R2 leading", "the rest": "R2 rest", "ten random": "R2 random"}
    return {f"{name}, {part}": s.interval(s[name][key]) for name in ("mu", "raw") for part, key in parts.items()}


def intensity(s: Spaces) -> Beside:
    largest = {
        f"{name}, largest": s.of_seeds(np.array([r.summary["activity"]["largest"] for r in s.readouts[name]]))
        for name in NETWORKS
    }
    return largest | of_networks(s, "top", NETWORKS) | _named(s, "active mean", "mean of the active")


def rank_of_3_5(s: Spaces) -> Beside:
    leak = s["mu"]["leak"]
    ranks = pair_rank(leak.reshape(-1, *leak.shape[2:])).reshape(leak.shape[:2])
    return {"mu, rank of 3 and 5 among 45 pairs": s.interval(ranks)}


def _named(s: Spaces, statistic: str, what: str, networks: tuple[str, ...] = NETWORKS) -> Beside:
    return {f"{name}, {what}": s.interval(s[name][statistic]) for name in networks if name in s.readouts}


CONTROLS: dict[str, Callable[[Spaces], Beside]] = {
    "more-invariant-space": lambda s: of_networks(s, "orbit share"),
    "non-invariances-remain": lambda s: of_networks(s, "angle R2"),
    "rotation-barely-diminished": lambda s: of_networks(s, "angle error"),
    "mu-rank-10": lambda s: {
        **of_networks(s, "held by 10"),
        **_named(s, "held by 9", "nine directions", (*NETWORKS, *UNTRAINED)),
        **held_uncentred(s),
    },
    "mu-spectrum-falls": lambda s: of_networks(s, "first over ninth") | targets_fall(s),
    "raw-more-scattered": lambda s: of_networks(s, "within over between"),
    "raw-trend-within-mode": lambda s: {
        **smallest_class(s, "trend share"),
        **{
            f"{name}, angles shuffled within digits": found
            for name, found in smallest_class(s, "shuffled trend share").items()
        },
    },
    "mu-more-stable": lambda s: {
        f"{name}, {scaling}": s.interval(s[name][f"instability {key}"])
        for name in ("raw", "mu", "pair")
        for scaling, key in {"none": "none", "global": "global", "per-feature": "per_feature"}.items()
    },
    "pair-no-clear-pose": lambda s: of_networks(s, "trend"),
    "mu-pose-low-magnitude": lambda s: of_networks(s, "pose share"),
    "mu-pose-in-weak-part": parts_of_angle,
    "raw-stronger-than-pair": intensity,
    "pair-sparser": lambda s: {
        **of_networks(s, "active", (*NETWORKS, NO_WEIGHT, "untrained")),
        **_named(s, "zero", "exact zeros", (*NETWORKS, NO_WEIGHT, "untrained")),
    },
    "block-diagonal-clear": lambda s: {
        **of_networks(s, "inside over outside"),
        **_named(s, "shuffled inside over outside", "training labels shuffled", (*NETWORKS, *UNTRAINED)),
    },
    "pair-block-faint": lambda s: of_networks(s, "inside over top", NETWORKS),
    "pair-fewest-off-block": lambda s: of_networks(s, "strong outside", NETWORKS),
    "pair-off-block-saturated": lambda s: of_networks(s, "saturated outside", NETWORKS),
    "mu-confusable-3-5": rank_of_3_5,
    "mu-more-features-for-1": lambda s: {name: s.interval(units_for_1(s, name)) for name in NETWORKS},
    "strong-co-occurrence": lambda s: of_networks(s, "shared", (*NETWORKS, "untrained")),
}
