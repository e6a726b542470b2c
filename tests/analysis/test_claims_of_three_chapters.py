"""Every claim of rotated-mnist, mu-lenet and pair-lenet is measured, from read-outs and selections made for real."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import mu_lenet, orbits, pair_lenet, readout, rotated_mnist, tables, training_curves
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.extraction import extractor
from deepfeatures.analysis.layer_squares import squares_by_layer
from deepfeatures.data.rotation import ANGLES_DEG, rotated_copies
from deepfeatures.networks.lenet import load, save, untrained
from deepfeatures.probes.mean_activation import class_means
from deepfeatures.study import claims
from deepfeatures.study.opened import Readout, Selection
from deepfeatures.training import selection
from deepfeatures.training.class_means import describe, targets

TRAIN, TEST = 60, 40
RULE = {"patience": 10, "tolerance_pp": 0.2}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten blob patterns with noise, turned."""
    folder = tmp_path_factory.mktemp("rotated")
    noise = np.random.default_rng(0)
    patterns = np.zeros((10, 28, 28))
    patterns[:, 8:20, 8:20] = np.kron(noise.random((10, 4, 4)), np.ones((3, 3))) * 90
    for part, digits in (("train", TRAIN), ("test", TEST)):
        labels = (np.arange(digits) % 10).astype(np.uint8)
        images = np.clip(patterns[labels] + noise.normal(0, 6, (digits, 28, 28)), 0, 255).astype(np.uint8)
        np.save(folder / f"{part}_images.npy", rotated_copies(images))
        np.save(folder / f"{part}_labels.npy", labels)
    (folder / "meta.json").write_text(json.dumps({"angles_deg": list(ANGLES_DEG)}))
    return folder


@pytest.fixture(scope="module")
def folders(rotated: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Read-outs of two LeNets and of one truncated at ip1, and their networks: 'a', 'b', 'short'."""
    folder = tmp_path_factory.mktemp("readouts")
    for seed, name in enumerate(("a", "b", "short")):
        network, out = folder / f"{name}-network", folder / name
        network.mkdir()
        out.mkdir()
        save(untrained(seed, name != "short"), network)
        readout.make(out, {"rotated": rotated, "network": network}, prototypes=2, heat_digits=2, invariance_digits=20)
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def networks(folders: dict[str, Path]) -> dict[str, list[Readout]]:
    a, b, short = (Readout(folders[name]) for name in ("a", "b", "short"))
    return {"raw": [a, b], "pair": [b, a], "pair, weight 0": [a, a], "mu": [short, short]}


@pytest.fixture(scope="module")
def selections(rotated: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Selection]:
    folder = tmp_path_factory.mktemp("selections")
    # What stands for unscaled targets is a run that stays finite and one that does not, whichever objectives they have.

    def trained(name: str, objective: str, cap: int = 20, **settings: object) -> Selection:
        out, scratch = folder / name, folder / f"{name}-scratch"
        out.mkdir()
        scratch.mkdir()
        inputs = {"rotated": rotated} | ({"teacher": folder / "raw"} if objective == "class-means" else {})
        selection.make(
            out, inputs, scratch, objective=objective, seed=0, cap=cap, evaluate_every=5, validation_digits=20,
            batch=16, **RULE, **settings,
        )  # fmt: skip
        return Selection(out)

    return {
        "raw": trained("raw", "softmax"),
        "mu": trained("mu", "class-means"),
        "mu, unscaled": trained("unscaled", "softmax", cap=12),
        "mu, diverged": trained("diverged", "pair", pair_weight=1e9),
    }


def ids_of(chapter: str) -> set[str]:
    return {name.split("/")[1] for name, claim in claims.load_all().items() if claim.chapter == chapter}


def checked(found: dict[str, object], chapter: str, seeds: int = 2) -> dict[str, Interval]:
    assert set(found) == ids_of(chapter)
    intervals = {name: value for name, value in found.items() if isinstance(value, Interval)}
    assert len(intervals) == len(found)
    for name, value in intervals.items():
        assert np.isfinite(value.value), name
        assert value.interval is None or value.lo <= value.hi, name
    return intervals


def test_rotated_mnist(networks: dict[str, list[Readout]], rotated: Path) -> None:
    arrays = {name: np.load(rotated / f"{name}.npy") for name in ("test_images", "test_labels")}
    found = checked(rotated_mnist.measure(networks, {}, arrays, resamples=60, rng=rng()), "rotated-mnist")
    raw, label = networks["raw"], networks["raw"][0]["label"]
    assert found["mav-raw"].value == pytest.approx(100 * np.mean([one["mav_pred"] == label for one in raw]))
    assert found["raw-learns-rotated-digits"].value <= found["softmax-raw"].value
    assert found["mav-below-softmax-raw"].value == pytest.approx(found["softmax-raw"].value - found["mav-raw"].value)
    assert found["angle-readable-raw"].value == pytest.approx(
        np.mean([one.summary["angle"]["angle_by_true_label"]["explained"] for one in raw]), abs=1e-6
    )
    spreads = [one.summary["angle"]["angle_by_true_label"]["mean_spread_deg"] for one in raw]
    assert found["angle-error-raw"].value == pytest.approx(np.mean(spreads), rel=1e-4)
    gains = rotated_mnist.gains_over_controls(networks, resamples=20, rng=rng())
    assert found["exogenous-information-helps"].value <= min(gain.value for gain in gains.values()) + 1e-9
    assert found["inherent-slant"].seeds == 1
    with pytest.raises(ValueError, match="not those of the read-out"):
        rotated_mnist.measure(networks, {}, arrays | {"test_labels": label}, resamples=20, rng=rng())


def test_orbit_shares_are_what_their_equation_says(networks: dict[str, list[Readout]], folders: dict[str, Path],
                                                   rotated: Path) -> None:  # fmt: skip
    images = np.load(rotated / "test_images.npy")
    layers = load(folders["a-network"]).features(images.reshape(-1, 28, 28))
    for layer in ("pool2", "ip1", "ip2"):
        values = layers[layer].numpy().astype(float)
        by_digit = values.reshape(TEST, 7, -1)
        share = np.square(by_digit - by_digit.mean(1, keepdims=True)).sum() / np.square(values - values.mean(0)).sum()
        found = orbits.orbit_share(networks["raw"][:1], layer, resamples=20, rng=rng())
        assert found.value == pytest.approx(share, rel=1e-5), layer
    ip1 = networks["raw"][0]["per_digit_total_square_ip1"]
    np.testing.assert_allclose(ip1, networks["raw"][0]["per_digit_total_square"], rtol=1e-5)
    # A layer that ignores the rotation has share 0, one that is nothing but rotation has 1.
    still = np.repeat(images[:, 3:4], 7, axis=1)
    squares = squares_by_layer(extractor("pixels"), still)
    assert squares["per_digit_orbit_square_pixels"].max() == pytest.approx(0, abs=1e-9)
    turned = np.repeat(images[:1], 5, axis=0)
    squares = squares_by_layer(extractor("pixels"), turned)
    assert squares["per_digit_orbit_square_pixels"] == pytest.approx(squares["per_digit_total_square_pixels"], rel=1e-6)


def test_mu_lenet(networks: dict[str, list[Readout]], selections: dict[str, Selection]) -> None:
    found = checked(mu_lenet.measure(networks, selections, resamples=60, rng=rng(), **RULE), "mu-lenet")
    scaled = tables.normalised_scores(networks["raw"], resamples=20, rng=rng())
    assert found["mu-better-than-raw"].value <= found["mav-mu"].value - max(s.value for s in scaled.values()) + 1e-9
    ratio = selections["mu"].curve["chosen"] / selections["raw"].curve["chosen"]
    assert found["mu-slower-to-train"].value == pytest.approx(ratio)
    assert found["mu-slower-to-train"].interval is not None
    plain = mu_lenet.measure(networks, selections, resamples=20, rng=rng())
    assert plain["mu-slower-to-train"].interval is None
    notes = mu_lenet.notes(selections)
    assert set(notes) <= set(found)
    assert f"raw at {selections['raw'].curve['chosen']} iterations" in notes["mu-slower-to-train"]
    with pytest.raises(ValueError, match="give the values it was made with"):
        mu_lenet.measure(networks, selections, resamples=20, rng=rng(), patience=0, tolerance_pp=99.0)


def test_how_well_the_targets_are_met(folders: dict[str, Path], rotated: Path) -> None:
    images = np.load(rotated / "train_images.npy").reshape(-1, 28, 28)
    label = np.repeat(np.load(rotated / "train_labels.npy"), 7)
    ip1 = load(folders["short-network"]).features(images)["ip1"].numpy().astype(float)
    for normalise in ("global", "per-feature"):
        target = targets(describe(load(folders["a-network"]), images, label), normalise).astype(float)[label]
        share = 1 - np.square(ip1 - target).sum() / np.square(target - target.mean(0)).sum()
        found = mu_lenet.target_explained(Readout(folders["short"]), Readout(folders["a"]), normalise)
        assert found == pytest.approx(share, rel=1e-4), normalise
    own = class_means(ip1, label)[label]
    (between,) = mu_lenet.classes_explained([Readout(folders["short"])])
    assert between == pytest.approx(np.square(own - own.mean(0)).sum() / np.square(ip1 - ip1.mean(0)).sum(), rel=1e-4)


def test_training_and_test_set_of_mu(networks: dict[str, list[Readout]], selections: dict[str, Selection],
                                     folders: dict[str, Path], rotated: Path) -> None:  # fmt: skip
    found = mu_lenet.measure(networks, selections, resamples=40, rng=rng())
    network = load(folders["short-network"])
    held, means = [], []
    for part in ("train", "test"):
        ip1 = network.features(np.load(rotated / f"{part}_images.npy").reshape(-1, 28, 28))["ip1"].numpy().astype(float)
        power = np.linalg.svd(ip1 - ip1.mean(0), compute_uv=False) ** 2
        held.append(power[:10].sum() / power.sum())
        means.append(class_means(ip1, np.repeat(np.load(rotated / f"{part}_labels.npy"), 7)))
    apart = found["mu-train-resembles-test"]
    assert isinstance(apart, Interval)
    assert apart.value == pytest.approx(abs(held[0] - held[1]), abs=1e-5)
    alike = found["mu-means-same-train-test"]
    assert isinstance(alike, Interval)
    cosines = (means[0] * means[1]).sum(1) / np.linalg.norm(means[0], axis=1) / np.linalg.norm(means[1], axis=1)
    assert alike.value == pytest.approx(cosines.min(), abs=1e-5)


def test_unscaled_targets(selections: dict[str, Selection]) -> None:
    mu, unscaled, diverged = (selections[name] for name in ("mu", "mu, unscaled", "mu, diverged"))
    assert diverged.curve["diverged"]
    found = training_curves.normalisation_gain(mu, diverged, resamples=20, rng=rng())
    at_stop = mu.curve["accuracy"]["mav"][mu.curve["iterations"].index(mu.curve["chosen"])]
    assert found.value == pytest.approx(100 * at_stop - 10)
    same = training_curves.normalisation_gain(mu, unscaled, resamples=20, rng=rng())  # evaluated at 5, 10 and 12
    assert same.value == pytest.approx(100 * (mu.curve["accuracy"]["mav"][1] - unscaled.curve["accuracy"]["mav"][1]))
    assert training_curves.normalisation_gain(mu, mu, resamples=20, rng=rng()).value == 0
    with pytest.raises(ValueError, match="iteration 7 was not evaluated"):
        training_curves.percent_at(mu, "mav", 7)
    with pytest.raises(ValueError, match="has no iteration at which it stopped"):
        training_curves.stopping_ratio(mu, diverged, patience=None, tolerance_pp=None, resamples=9, rng=rng())


def test_pair_lenet(networks: dict[str, list[Readout]]) -> None:
    found = checked(pair_lenet.measure(networks, {}, resamples=60, rng=rng()), "pair-lenet")
    best = [max(np.mean(one["mav_pred"] == one["label"]) for one in pair) for pair in
            zip(networks["raw"], networks["pair, weight 0"], strict=True)]  # fmt: skip
    assert found["pair-better-than-raw"].value == pytest.approx(found["mav-pair"].value - 100 * np.mean(best))
    same = networks | {"pair": networks["raw"], "pair, weight 0": networks["raw"]}
    nothing = pair_lenet.measure(same, {}, resamples=60, rng=rng())
    for name in ("pair-better-than-raw", "pair-angle-error-higher", "pair-angle-decrease-slight",
                 "pair-reduces-pairwise", "pair-classwise-barely-reduced"):  # fmt: skip
        value = nothing[name]
        assert isinstance(value, Interval)
        assert (value.value, value.lo, value.hi) == pytest.approx((0, 0, 0), abs=1e-9), name
    ratios = [np.mean(one["per_digit_rotation_mean_distance"]) / np.mean(one["per_digit_between_classes_mean_distance"])
              for one in networks["raw"]]  # fmt: skip
    table = tables.distance_ratios({"lenet": networks["raw"]}, resamples=20, rng=rng())
    assert table["lenet"]["pair"].value == pytest.approx(np.mean(ratios))


def test_tables(networks: dict[str, list[Readout]], selections: dict[str, Selection]) -> None:
    named = {"lenet": networks["raw"], "mu-lenet": networks["mu"], "pair-lenet": networks["pair"]}
    how = {"resamples": 20, "rng": rng()}
    curves = tables.angle_curves(named)
    assert list(curves) == list(named)
    assert {part.shape for curve in curves.values() for part in curve} == {(7,)}
    angles = tables.angle_table(named, **how)["lenet"]
    assert angles["error"].value >= angles["spread"].value
    assert angles["shuffled"].value < min(angles["explained"].value, angles["ridge"].value)
    rises = [one.summary["angle"]["angle_by_true_label"]["spread_rise_at_ends_deg"] for one in networks["raw"]]
    assert angles["rise"].value == pytest.approx(np.mean(rises), abs=1e-5)
    errors = tables.errors_per_digit(named, **how)
    assert len(errors) == 6 * 11
    plain = errors.query("technique == 'lenet-mav' and digit == 'mean'")["error_percent"].item()
    controls = tables.per_angle_controls(named["lenet"], **how)
    assert controls["accuracy_percent"][0] == pytest.approx(100 - plain)
    scores = tables.accuracies(named, **how)
    assert scores.query("network == 'mu-lenet'")["score"].tolist() == [*tables.SCORES][1:]
    layers = tables.orbit_shares(named, **how)
    assert layers.query("network == 'lenet'")["layer"].tolist() == list(orbits.LAYERS)
    assert layers.query("network == 'mu-lenet'")["layer"].tolist() == ["pixels", "pool1", "pool2", "ip1"]
    assert layers["index"].between(0, 1).all()
    distances = tables.pair_and_class_distances(named, **how)
    for table, value in ((errors, "error_percent"), (controls, "accuracy_percent"), (scores, "accuracy_percent"),
                         (layers, "index"), (distances, "distance")):  # fmt: skip
        assert (table["lo"] <= table[value]).all()
        assert (table["hi"] >= table[value]).all()


def test_training_tables(selections: dict[str, Selection]) -> None:
    named = {"lenet": selections["raw"], "mu-lenet": selections["mu"]}
    curves = training_curves.accuracy_against_iterations(named, resamples=20, rng=rng())
    assert curves.query("network == 'mu-lenet'")["kind"].unique().tolist() == ["validation, MAV"]
    lenet = curves.query("network == 'lenet' and kind == 'validation, softmax'")
    assert lenet["iteration"].tolist() == [5, 10, 15, 20]
    known = np.array(selections["raw"].curve["accuracy"]["softmax"])
    assert lenet["accuracy_percent"].to_numpy() == pytest.approx(100 * known)
    runs = [selections["raw"], selections["raw"], selections["mu, diverged"]]
    scan = training_curves.weight_scan(runs, [0.0, 0.1, 1.0], resamples=20, rng=rng())
    assert list(scan.diverged) == [1.0]
    assert sorted(scan.table["weight"].unique()) == [0.0, 0.1]
    assert scan.iteration == 20
    with pytest.raises(ValueError, match="diverged at every weight"):
        training_curves.weight_scan(runs[2:], [1.0], resamples=20, rng=rng())
