"""The claims of chapter feature-spaces, each as its `measure` in the ledger says, from statistics in every draw.

A claim that compares networks does so draw by draw and seed by seed. Accuracies are in % of test images.
"""
from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.spaces import Spaces
from deepfeatures.analysis.spaces_blocks import block_sizes, pair_above_others
from deepfeatures.analysis.spaces_units import heat_digits, more_units

NETWORKS = ("raw", "mu", "pair")
NO_WEIGHT = "pair, weight 0"


def smallest(*values: np.ndarray) -> np.ndarray:
    return np.minimum.reduce(values)


def largest(*values: np.ndarray) -> np.ndarray:
    return np.maximum.reduce(values)


def ratio(above: np.ndarray | float, below: np.ndarray) -> np.ndarray:
    """above / below; not finite where below is 0, which `Spaces.interval` answers with a reason."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return above / below


def average_order(s: Spaces) -> np.ndarray:
    order = [
        smallest(s["raw"]["softmax"], s["pair"]["softmax"]),
        s["mu"]["mav"],
        s["raw"]["per-angle"],
        s["pair"]["mav"],
        s["raw"]["mav"],
    ]
    return smallest(*(before - after for before, after in pairwise(order)))


def best_cosine(s: Spaces) -> np.ndarray:
    raw, pair = s["raw"], s["pair"]
    return s["mu"]["mav"] - largest(raw["mav"], raw["per-angle"], pair["mav"], pair["label-angle"])


def more_invariant(s: Spaces) -> np.ndarray:
    return s["raw"]["orbit share"] - largest(s["mu"]["orbit share"], s["pair"]["orbit share"])


def accuracy_loss(s: Spaces) -> np.ndarray:
    return s["raw"]["softmax"] - smallest(s["mu"]["mav"], s["pair"]["softmax"])


def angle_remains(s: Spaces) -> np.ndarray:
    return smallest(s["mu"]["angle R2"], s["pair"]["angle R2"])


def angle_lost(s: Spaces) -> np.ndarray:
    raw = s["raw"]["angle error"]
    return ratio(largest(s["mu"]["angle error"], s["pair"]["angle error"]) - raw, raw)


def balanced(s: Spaces) -> Measured:
    """A count: exact, so both ends of the interval are the value, and nothing was resampled."""
    count = np.array([len(rows) for rows in s.draws.members])
    value = float(count.max() / count.min())
    n = int(count.sum())
    return Interval(value, value, value, n=n, seeds=0, unit="digit", seed_sd=None, level=1.0, resamples=0)


def ten_modes(s: Spaces) -> Measured:
    fewest = min(heat_digits(s.readouts["raw"][0]))
    if fewest < 2:
        return NotApplicable(f"the heat map has {fewest} digits of a class: two different ones are compared")
    return s.interval_of_modes(smallest(*(s.modes(name).min(axis=2) for name in NETWORKS)))


def more_scattered(s: Spaces) -> np.ndarray:
    name = "within over between"
    return ratio(s["raw"][name], largest(s["mu"][name], s["pair"][name]))


def more_stable(s: Spaces) -> np.ndarray:
    raw = s["raw"]
    steadiest = smallest(*(raw[f"instability {scaling}"] for scaling in ("none", "global", "per_feature")))
    return ratio(steadiest, s["mu"]["instability none"])


def fluctuates_more(s: Spaces) -> np.ndarray:
    return s["pair"]["instability none"] - s["mu"]["instability none"]


def sparsity_by_shared_weights(s: Spaces) -> np.ndarray | NotApplicable:
    raw, pair, sharing = (s[name]["active"] for name in ("raw", "pair", NO_WEIGHT))
    of_raw, of_pair = raw[0].mean(), pair[0].mean()
    if not of_raw > of_pair:
        return NotApplicable(
            f"PAIR-LeNet is not sparser than LeNet here: {of_pair:.1%} of its activations are not silent, {of_raw:.1%}"
            " of LeNet's; there is no sparsity to explain"
        )
    return (raw - sharing) - 0.5 * (raw - pair)


def strength_of_blocks(s: Spaces) -> np.ndarray:
    name = "inside over outside"
    return smallest(*(s[network][name] for network in NETWORKS))


def noisier_blocks(s: Spaces) -> np.ndarray:
    raw, mu, pair = (ratio(1.0, s[name]["inside over outside"]) for name in NETWORKS)
    return ratio(raw, largest(mu, pair))


def pair_below(s: Spaces, name: str) -> np.ndarray:
    """The smaller of raw's and mu's minus PAIR's."""
    return smallest(s["raw"][name], s["mu"][name]) - s["pair"][name]


def saturated(s: Spaces) -> np.ndarray:
    name = "saturated outside"
    return s["pair"][name] - largest(s["raw"][name], s["mu"][name])


def faint_by_sparsity(s: Spaces) -> np.ndarray | NotApplicable:
    raw, pair = s["raw"], s["pair"]
    of_raw, of_pair = raw["inside over top"][0].mean(), pair["inside over top"][0].mean()
    if not of_pair < of_raw:
        return NotApplicable(
            f"PAIR-LeNet's blocks are not fainter than LeNet's here: mean response over top {of_pair:.3f}, LeNet's"
            f" {of_raw:.3f}; there is no faintness to explain"
        )
    shares = ratio(raw["active inside"], pair["active inside"])
    sizes = ratio(raw["active inside mean"], pair["active inside mean"])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(shares) - np.log(sizes)


def confusable_3_5(s: Spaces) -> np.ndarray | NotApplicable:
    size = np.array([block_sizes(readout["block_assignment_train"])[[3, 5]] for readout in s.readouts["mu"]])
    if (size == 0).any():
        return NotApplicable(f"blocks 3 and 5 of mu-LeNet have {size.tolist()} units, by seed: one has no responses")
    leak = s["mu"]["leak"]
    return pair_above_others(leak.reshape(-1, *leak.shape[2:])).reshape(leak.shape[:2])


def units_for_1(s: Spaces, network: str = "mu") -> np.ndarray:
    counts = [s[network][f"units by {reading}"] for reading in ("sums", "means")]
    return smallest(*(more_units(count.reshape(-1, count.shape[2])).reshape(count.shape[:2]) for count in counts))


CLAIMS: dict[str, Callable[[Spaces], np.ndarray | Measured]] = {
    "figure-4-average-order": average_order,
    "mu-best-cosine": best_cosine,
    "more-invariant-space": more_invariant,
    "little-accuracy-loss": accuracy_loss,
    "non-invariances-remain": angle_remains,
    "rotation-barely-diminished": angle_lost,
    "mu-rank-10": lambda s: s["mu"]["held by 10"],
    "mu-spectrum-falls": lambda s: s["mu"]["first over ninth"],
    "test-set-balanced": balanced,
    "ten-modes": ten_modes,
    "raw-more-scattered": more_scattered,
    "raw-trend-within-mode": lambda s: s["raw"]["trend share"].min(axis=2),
    "mu-more-stable": more_stable,
    "pair-fluctuates-more-than-mu": fluctuates_more,
    "pair-no-clear-pose": lambda s: ratio(s["pair"]["trend"], s["raw"]["trend"]),
    "mu-pose-low-magnitude": lambda s: s["mu"]["pose share"],
    "mu-pose-in-weak-part": lambda s: ratio(s["mu"]["R2 leading"], s["mu"]["angle R2"]),
    "raw-stronger-than-pair": lambda s: ratio(s["raw"]["top"], s["pair"]["top"]),
    "mu-smaller": lambda s: ratio(smallest(s["raw"]["top"], s["pair"]["top"]), s["mu"]["top"]),
    "pair-sparser": lambda s: ratio(smallest(s["raw"]["active"], s["mu"]["active"]), s["pair"]["active"]),
    "pair-sparse-by-shared-weights": sparsity_by_shared_weights,
    "block-diagonal-clear": strength_of_blocks,
    "raw-blocks-noisier": noisier_blocks,
    "pair-block-faint": lambda s: pair_below(s, "inside over top"),
    "pair-block-faint-by-sparsity": faint_by_sparsity,
    "pair-fewest-off-block": lambda s: pair_below(s, "strong outside"),
    "pair-off-block-saturated": saturated,
    "mu-strong-block": lambda s: s["mu"]["inside over outside"] - s["raw"]["inside over outside"],
    "mu-confusable-3-5": confusable_3_5,
    "mu-more-features-for-1": units_for_1,
    "strong-co-occurrence": lambda s: smallest(*(s[name]["shared"] for name in NETWORKS)),
}
