"""Every claim of chapter feature-spaces: its sign and size against the ledger, its conditions, its intervals."""
from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from deepfeatures.analysis import readout
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.feature_spaces import controls, measure
from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.analysis.space_claims import CLAIMS
from deepfeatures.analysis.spaces import Spaces
from deepfeatures.data.rotation import ANGLES_DEG, rotated_copies
from deepfeatures.networks.lenet import save, untrained
from tests.analysis.made_up_space import MadeUp, classes, digit_labels, noisy, read_out

ROOT = Path(__file__).resolve().parents[2]
LEDGER = {
    claim["id"].removeprefix("rudd2017/"): claim
    for claim in yaml.safe_load((ROOT / "claims" / "rudd2017.yaml").read_text())["claims"]
    if claim.get("chapter") == "feature-spaces"
}
LABELS = digit_labels(12)


# --- claims: sign and size, from statistics that are written down


class Written:
    """Statistics as given, for one seed and two draws that equal the sample: {(network, statistic): value}."""

    def __init__(self, given: dict[str, dict[str, Any]]) -> None:
        self.found: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
        for network, statistics in given.items():
            for name, value in statistics.items():
                self.found[network][name] = np.broadcast_to(value, (3, 1, *np.shape(value)))

    def __getitem__(self, network: str) -> dict[str, np.ndarray]:
        return self.found[network]


def written(statistic: str, raw: Any, mu: Any = 0, pair: Any = 0, no_weight: Any = 0) -> dict[str, dict[str, Any]]:
    named = {"raw": raw, "mu": mu, "pair": pair, "pair, weight 0": no_weight}
    return {network: {statistic: value} for network, value in named.items()}


PAPER = {
    "raw": {"softmax": 98.98, "mav": 89.90, "per-angle": 95.44, "label-angle": 95.0},
    "mu": {"mav": 97.18},
    "pair": {"softmax": 99.02, "mav": 94.21, "per-angle": 95.0, "label-angle": 94.21},
}
WORSE = {
    "raw": {"softmax": 98.98, "mav": 96.0, "per-angle": 95.44, "label-angle": 95.0},
    "mu": {"mav": 95.0},
    "pair": {"softmax": 99.02, "mav": 94.21, "per-angle": 95.0, "label-angle": 97.0},
}
SCALINGS = {"instability none": 0.3, "instability global": 0.2, "instability per_feature": 0.4}
COUNTS = np.array([50, 40, *[51] * 8])
MANY = np.array([40, 120, *[42] * 8])
# claim: statistics with which it holds, its value then, and statistics with which it fails, its value then
SIGNS: dict[str, tuple[dict[str, Any], float, dict[str, Any], float]] = {
    "figure-4-average-order": (PAPER, 94.21 - 95.44 + 2 * 1.23, WORSE, 94.21 - 96.0),
    "mu-best-cosine": (PAPER, 97.18 - 95.44, WORSE, 95.0 - 97.0),
    "little-accuracy-loss": (PAPER, 1.80, WORSE, 3.98),
    "more-invariant-space": (written("orbit share", 0.3, 0.1, 0.2), 0.1, written("orbit share", 0.3, 0.1, 0.4), -0.1),
    "non-invariances-remain": (written("angle R2", 0.9, 0.6, 0.7), 0.6, written("angle R2", 0.9, 0.6, 0.4), 0.4),
    "rotation-barely-diminished": (
        written("angle error", 10, 11, 10.5), 0.1, written("angle error", 10, 11, 14), 0.4,
    ),
    "mu-rank-10": (written("held by 10", 0.5, 0.95), 0.95, written("held by 10", 0.95, 0.5), 0.5),
    "mu-spectrum-falls": (written("first over ninth", 1, 5), 5, written("first over ninth", 5, 1), 1),
    "raw-more-scattered": (
        written("within over between", 3, 1, 1.5), 2, written("within over between", 3, 1, 3), 1,
    ),
    "raw-trend-within-mode": (
        written("trend share", np.linspace(0.2, 0.4, 10)), 0.2,
        written("trend share", np.linspace(0.05, 0.4, 10)), 0.05,
    ),
    "mu-more-stable": (
        {"raw": SCALINGS, "mu": {"instability none": 0.1}}, 2, {"raw": SCALINGS, "mu": {"instability none": 0.2}}, 1,
    ),
    "pair-fluctuates-more-than-mu": (
        written("instability none", 1, 0.1, 0.3), 0.2, written("instability none", 1, 0.3, 0.1), -0.2,
    ),
    "pair-no-clear-pose": (written("trend", 0.4, 9, 0.1), 0.25, written("trend", 0.4, 9, 0.3), 0.75),
    "mu-pose-low-magnitude": (written("pose share", 1, 0.02), 0.02, written("pose share", 0.02, 0.2), 0.2),
    "mu-pose-in-weak-part": (
        {"mu": {"R2 leading": 0.1, "angle R2": 0.8}}, 0.125, {"mu": {"R2 leading": 0.7, "angle R2": 0.8}}, 0.875,
    ),
    "raw-stronger-than-pair": (written("top", 3, 9, 2), 1.5, written("top", 2, 9, 4), 0.5),
    "mu-smaller": (written("top", 3, 1, 2), 2, written("top", 3, 4, 2), 0.5),
    "pair-sparser": (written("active", 0.6, 0.4, 0.2), 2, written("active", 0.6, 0.2, 0.4), 0.5),
    "pair-sparse-by-shared-weights": (
        written("active", 0.6, 0, 0.2, 0.3), 0.1, written("active", 0.6, 0, 0.2, 0.6), -0.2,
    ),
    "block-diagonal-clear": (
        written("inside over outside", 4, 8, 3), 3, written("inside over outside", 4, 8, 1.1), 1.1,
    ),
    "raw-blocks-noisier": (
        written("inside over outside", 2, 8, 4), 2, written("inside over outside", 4, 8, 2), 0.5,
    ),
    "pair-block-faint": (
        written("inside over top", 0.3, 0.4, 0.1), 0.2, written("inside over top", 0.3, 0.4, 0.5), -0.2,
    ),
    "pair-block-faint-by-sparsity": (
        {
            "raw": {"inside over top": 0.3, "active inside": 0.8, "active inside mean": 0.4},
            "pair": {"inside over top": 0.1, "active inside": 0.2, "active inside mean": 0.4},
        },
        math.log(4),
        {
            "raw": {"inside over top": 0.3, "active inside": 0.8, "active inside mean": 0.4},
            "pair": {"inside over top": 0.1, "active inside": 0.8, "active inside mean": 0.1},
        },
        -math.log(4),
    ),
    "pair-fewest-off-block": (
        written("strong outside", 0.3, 0.2, 0.1), 0.1, written("strong outside", 0.3, 0.2, 0.4), -0.2,
    ),
    "pair-off-block-saturated": (
        written("saturated outside", 0.1, 0.2, 0.5), 0.3, written("saturated outside", 0.1, 0.7, 0.5), -0.2,
    ),
    "mu-strong-block": (written("inside over outside", 2, 8), 6, written("inside over outside", 8, 2), -6),
    "mu-more-features-for-1": (
        {"mu": {"units by sums": MANY, "units by means": MANY + 6 * (np.arange(10) != 1)}}, 120 / 48,
        {"mu": {"units by sums": MANY, "units by means": COUNTS}}, 40 / 51,
    ),
    "strong-co-occurrence": (written("shared", 0.4, 0.3, 0.2), 0.2, written("shared", 0.4, 0.05, 0.2), 0.05),
}  # fmt: skip


@pytest.mark.parametrize("claim", sorted(SIGNS))
def test_sign_and_size_of_a_claim(claim: str) -> None:
    holding, value_then, failing, value_otherwise = SIGNS[claim]
    judge = LEDGER[claim]["judge"]
    for given, expected, holds in ((holding, value_then, True), (failing, value_otherwise, False)):
        found = CLAIMS[claim](Written(given))
        assert isinstance(found, np.ndarray), found
        np.testing.assert_allclose(found, np.full((3, 1), expected), rtol=1e-9)
        assert (expected > judge["threshold"] if judge["expect"] == "above" else expected < judge["threshold"]) == holds


def test_conditions_that_are_not_met_are_named() -> None:
    not_sparse = CLAIMS["pair-sparse-by-shared-weights"](Written(written("active", 0.2, 0, 0.6, 0.3)))
    assert isinstance(not_sparse, NotApplicable)
    assert "60.0%" in not_sparse.reason
    not_faint = CLAIMS["pair-block-faint-by-sparsity"](Written(written("inside over top", 0.1, 0, 0.2)))
    assert isinstance(not_faint, NotApplicable)
    empty = np.concatenate([classes(LABELS, other=0.1)[:, :, :12], classes(LABELS, other=0.1)[:, :, 16:]], axis=2)
    networks = ("raw", "mu", "pair", "pair, weight 0")
    made = {name: [read_out(empty, LABELS, softmax=np.repeat(LABELS, 7))] for name in networks}
    found = measure(made, resamples=5, rng=np.random.default_rng(0))["mu-confusable-3-5"]
    assert isinstance(found, NotApplicable)
    assert "[[0, 4]]" in found.reason


def three_networks(seeds: int = 2) -> dict[str, list[MadeUp]]:
    right = np.repeat(LABELS, 7).astype(np.uint8)
    spreads = {"raw": 0.8, "pair": 0.4, "pair, weight 0": 0.8, "untrained": 0.9}
    made = {
        name: [read_out(noisy(10 * i + seed, LABELS, spread=spread), LABELS, softmax=right) for seed in range(seeds)]
        for i, (name, spread) in enumerate(spreads.items())
    }
    made["mu"] = [read_out(noisy(70 + seed, LABELS, spread=0.1, turning=0.05), LABELS) for seed in range(seeds)]
    return made | {"pixels": made["raw"][:1]}


def test_claims_on_three_networks_with_intervals_over_digits_and_seeds() -> None:
    made = three_networks()
    found = measure(made, resamples=40, rng=np.random.default_rng(0))
    again = measure(Spaces(made, resamples=40, rng=np.random.default_rng(0)), rng=np.random.default_rng(5))
    assert set(found) == set(LEDGER)
    assert found == again  # the same seed, the same intervals
    for claim, measured in found.items():
        if isinstance(measured, Interval) and claim not in ("test-set-balanced", "ten-modes"):
            assert (measured.n, measured.seeds, measured.unit) == (120, 2, "digit and seed"), claim
            assert measured.lo <= measured.hi
            assert math.isfinite(measured.value)
    scattered, stable = found["raw-more-scattered"], found["mu-more-stable"]
    assert isinstance(scattered, Interval)
    assert isinstance(stable, Interval)
    assert scattered.lo > 1.5
    assert stable.lo > 1.5
    modes_found, balance = found["ten-modes"], found["test-set-balanced"]
    assert isinstance(modes_found, Interval)
    assert (modes_found.n, modes_found.unit) == (100, "digit of the heat map and seed")
    assert isinstance(balance, Interval)
    assert (balance.value, balance.interval, balance.n) == (1.0, (1.0, 1.0), 120)


def test_controls_stand_beside_claims_of_this_chapter() -> None:
    found = controls(three_networks(), resamples=10, rng=np.random.default_rng(0))
    assert set(found) <= set(LEDGER)
    for claim in ("non-invariances-remain", "more-invariant-space", "rotation-barely-diminished", "mu-rank-10"):
        assert {"raw", "mu", "pair", "untrained", "pixels"} <= set(found[claim]), claim
    assert isinstance(found["mu-spectrum-falls"]["targets of mu"], Interval)
    assert found["mu-spectrum-falls"]["targets of mu"].unit == "seed"
    shuffled = found["block-diagonal-clear"]["mu, training labels shuffled"]
    clear = found["block-diagonal-clear"]["mu"]
    assert isinstance(shuffled, Interval)
    assert isinstance(clear, Interval)
    assert shuffled.value < clear.value


def test_networks_of_other_digits_or_seeds_are_refused() -> None:
    made = three_networks()
    other = [read_out(noisy(0, LABELS)[::-1], LABELS[::-1].copy())]
    with pytest.raises(ValueError, match="pair was read out on other test images than raw"):
        Spaces(made | {"pair": other}, resamples=5, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="where others have 3"):
        Spaces(made | {"mu": made["mu"] + made["mu"][:1]}, resamples=5, rng=np.random.default_rng(0))
    with pytest.raises(KeyError, match="no readouts of 'mav'"):
        Spaces(made, resamples=5, rng=np.random.default_rng(0))["mav"]


# --- the real read-out


class Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.summary = json.loads((folder / "summary.json").read_text())

    def __getitem__(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")


def test_every_claim_is_measured_on_real_readouts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    patterns = np.kron(rng.random((10, 7, 7)), np.ones((4, 4))) * 200
    rotated = tmp_path / "rotated"
    rotated.mkdir()
    for part, digits in (("train", 40), ("test", 40)):
        labels = digit_labels(digits // 10).astype(np.uint8)
        images = np.clip(patterns[labels] + rng.normal(0, 15, (digits, 28, 28)), 0, 255).astype(np.uint8)
        np.save(rotated / f"{part}_images.npy", rotated_copies(images))
        np.save(rotated / f"{part}_labels.npy", labels)
    (rotated / "meta.json").write_text(json.dumps({"angles_deg": list(ANGLES_DEG)}))
    made = {}
    for name, seed, has_ip2 in (("raw", 1, True), ("mu", 2, False), ("pair", 3, True), ("pixels", 0, False)):
        out = tmp_path / name / "out"
        out.mkdir(parents=True)
        inputs = {"rotated": rotated}
        if name != "pixels":
            inputs["network"] = tmp_path / name / "network"
            inputs["network"].mkdir()
            save(untrained(seed, has_ip2), inputs["network"])
        features = "pixels" if name == "pixels" else "network"
        small = {"prototypes": 2, "heat_digits": 2, "prototype_rows": 20, "invariance_digits": 20}
        readout.make(out, inputs, features=features, **small)
        made[name] = [Folder(out)]
    made["pair, weight 0"] = made["untrained"] = made["raw"]
    spaces = Spaces(made, resamples=20, rng=np.random.default_rng(0))
    found = measure(spaces, rng=np.random.default_rng(0))
    assert set(found) == set(LEDGER)
    assert all(isinstance(measured, Interval | NotApplicable) for measured in found.values())
    assert sum(isinstance(measured, Interval) for measured in found.values()) > 25
    beside = controls(spaces, rng=np.random.default_rng(0))
    assert isinstance(beside["non-invariances-remain"]["pixels"], Interval)
    raw = made["raw"][0]
    explained = raw.summary["angle"]["angle_by_true_label"]["explained"]
    assert spaces["raw"]["angle R2"][0, 0] == pytest.approx(explained, abs=1e-5)
    held = raw.summary["spectrum"]["centred"]["held_by_10"]
    assert spaces["raw"]["held by 10"][0, 0] == pytest.approx(held, rel=1e-3)
    assert spaces["raw"]["zero"][0, 0] == pytest.approx(raw.summary["activity"]["zero_fraction"], abs=1e-6)
    counts = raw.summary["blocks"]["ratio-of-sums"]["counts"]
    assert spaces["raw"]["units by sums"][0, 0].tolist() == counts
