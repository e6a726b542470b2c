"""Every claim of chapter pose is answered, from read-outs of made-up faces; its tables agree with what they are made
of.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from deepfeatures.analysis import pose, pose_error, pose_readout, pose_tables, pose_width
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.study import claims
from deepfeatures.study.opened import Readout
from tests.analysis import made_up_poses

MADE = {"dimensions": [6], "folds": 3, "seed": 0, "kernel_centres": 40}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def readouts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Readout]]:
    folder = tmp_path_factory.mktemp("worlds")
    arrays = made_up_poses.faces(folder / "faces", people=20, images=20)
    for name, width, noise in (("small", 12, 2.0), ("large", 30, 0.3), ("pixels", 40, 3.0)):
        made_up_poses.features(folder / name, arrays, width=width, noise=noise)
        made_up_poses.features(folder / f"{name}-mirrored", arrays, width=width, noise=noise, sign=-1.0, seed=2)

    def made(name: str, source: str, **settings: object) -> Readout:
        out = folder / name
        out.mkdir()
        inputs: dict[str, Path] = {"faces": folder / "faces", "features": folder / source}
        if settings.get("triplet_steps"):
            inputs["features mirrored"] = folder / f"{source}-mirrored"
        pose_readout.make(out, inputs, parts=[["features", "layer"]], **{**MADE, **settings})
        return Readout(out)

    return {
        "rendered/pixels/pixels": [made("p", "pixels")],
        "rendered/untrained/embedding": [made("u", "small")],
        "rendered/trained/block4": [made("b", "small")],
        "rendered/trained/embedding": [made("e", "large", triplet_steps=20)],
        "as-the-paper/trained/embedding": [made("a", "large", distribution="paper", dimensions=[])],
    }


@pytest.fixture(scope="module")
def found(readouts: dict[str, list[Readout]]) -> dict[str, object]:
    return pose.measure(readouts, resamples=100, rng=rng())


def test_every_claim_is_answered(found: dict[str, object]) -> None:
    mine = {name for name, claim in claims.load_all(known_chapters=None).items() if claim.chapter == "pose"}
    assert {f"rudd2017/{name}" for name in found} == mine
    for name, one in found.items():
        unit = "layer" if name == "pose-longer-vectors" else "identity"
        assert isinstance(one, NotApplicable) or (one.unit == unit and one.lo <= one.value <= one.hi), name


def test_what_was_put_in_is_found(found: dict[str, Interval]) -> None:
    assert found["pose-readable"].lo > 1.5 and found["pose-pitch-readable"].lo > 1.5
    assert found["pose-roll-readable"].hi < 1.2
    assert found["pose-sign-unreadable"].lo > 0.9  # yaw is there with its sign
    assert found["pose-high-dimension"].value > 0.2
    assert found["pose-longer-vectors"].value == pytest.approx(-1)
    assert found["pose-over-represented"].value < 0  # at the paper's shares the front is common, and read better


def test_both_errors_are_of_the_same_images(found: dict[str, Interval], readouts: dict[str, list[Readout]]) -> None:
    group = readouts["rendered/trained/embedding"]
    for column, name in (("deep", "linear"), ("triplet", "triplet")):
        slow = np.abs(group[0][name][:, 0].astype(float) - group[0]["truth"][:, 0]).mean()
        assert found[f"pose-error-{column}-total"].value == pytest.approx(slow)
    apart = found["pose-error-triplet-total"].value - found["pose-error-deep-total"].value
    assert found["pose-triplet-worse"].value == pytest.approx(apart)
    totals = [found[f"pose-error-{column}-total"].value for column in ("deep", "triplet")]
    assert found["pose-below-10"].value == pytest.approx(max(totals))


def test_slopes_and_rank_correlations_by_their_slow_twins() -> None:
    draws = rng()
    true, said = draws.uniform(0, 90, 60), draws.uniform(0, 90, 60)
    people, where = draw_people(np.arange(60) // 6, resamples=30, rng=draws), true < 50
    fast = pose.slope(people, said, true, where)
    for draw in range(31):
        rows = np.repeat(np.arange(60), people.times[draw].astype(int)[np.arange(60) // 6])
        rows = rows[where[rows]]
        assert fast[draw] == pytest.approx(np.polyfit(true[rows], said[rows], 1)[0])
    errors = draws.random((5, 7))
    widths = np.array([48, 96, 96, 1152, 128])
    slow = [spearmanr(widths, column).statistic for column in errors.T]
    np.testing.assert_allclose(pose_width.rank_correlation(widths, errors), slow)


def test_affact_s_place_is_taken_by_the_attribute_network_alone(readouts: dict[str, list[Readout]]) -> None:
    without = pose.measure(readouts, resamples=20, rng=rng())
    assert isinstance(without["pose-error-affact"], NotApplicable)
    given = {**readouts, "rendered/attributes/embedding": readouts["rendered/trained/embedding"]}
    found = pose.measure(given, resamples=20, rng=rng())
    total = pose_error.answer(readouts["rendered/trained/embedding"]).error.mean()
    assert found["pose-error-affact"].value == pytest.approx(total)
    assert found["pose-affact-least-stable"].value == 0  # the same network on both sides
    given["rendered/attributes/embedding"] = readouts["rendered/trained/block4"]
    worse = pose.measure(given, resamples=20, rng=rng())["pose-affact-least-stable"]
    apart = total - pose_error.answer(readouts["rendered/trained/block4"]).error.mean()
    assert apart < 0 and worse.value == pytest.approx(apart)
    assert "attributes/embedding" not in pose.learnt(pose.by_world(given)["rendered"])


def test_layers_and_people_are_drawn_for_the_claim_on_width(readouts: dict[str, list[Readout]]) -> None:
    given = {**readouts, "rendered/trained/block3": readouts["rendered/trained/block4"],
             "rendered/trained/block2": readouts["rendered/pixels/pixels"]}  # fmt: skip
    (row,) = pose_tables.longer_vectors(pose.by_world(given), resamples=200, rng=rng())
    width, errors = [], []
    for name in ("block4", "embedding", "block3", "block2"):
        one = given[f"rendered/trained/{name}"][0]
        width.append(one.summary["width"])
        errors.append(pose_error.answer([one]).error.mean())
    assert row[:3] == ["rendered", 4, 3]
    assert row[3].value == row[4].value == pytest.approx(spearmanr(width, errors).statistic)
    assert (row[3].n, row[3].unit) == (4, "layer") and row[3].hi - row[3].lo > row[4].hi - row[4].lo
    assert row[5] == pytest.approx(pose_width.exact_p(np.array(width), np.array(errors)))


def test_tables_hold_every_world_and_network(readouts: dict[str, list[Readout]]) -> None:
    worlds = pose.by_world(readouts)
    table = pose_tables.networks_by_range(worlds, resamples=100, rng=rng())
    assert set(table["world"]) == {"rendered", "as-the-paper"}
    here = table[table["world"] == "rendered"]
    names = {"pixels", "random weights", "identity network", "after triplet embedding", pose_tables.MEDIAN}
    assert names == set(here["predictor"])
    layers = pose_tables.layers(worlds["rendered"], size=6, resamples=100, rng=rng())
    assert set(layers["way"]) == {"linear", "6 by PCA", "6 at random", "kernel", "triplet embedding"}
    curves = pose_tables.curves(worlds)
    signed = curves[curves["target"] == "yaw"]
    assert np.corrcoef(signed["true_deg"], signed["mean_deg"])[0, 1] > 0.95
    angles = [row for row in pose_tables.angles(worlds, resamples=100, rng=rng()) if row[0] == "rendered"]
    assert [row[2] for row in angles] == ["|yaw|", "yaw", "pitch", "roll"]
    best = worlds["rendered"][pose.headline(worlds["rendered"])]
    for row, target in zip(angles, best[0].summary["targets"], strict=True):
        for cell, way in zip(row[3:6], ("linear", "kernel", "median"), strict=True):
            column = best[0].summary["targets"].index(target)
            errors = [np.abs(one[way][:, column] - one["truth"][:, column]) for one in best]
            assert cell.value == pytest.approx(np.mean(errors), rel=1e-5), (target, way)
    (row,) = pose_tables.signs(worlds, resamples=100, rng=rng())
    assert row[2].value > 0.9 and row[3].value > 0.9
    assert 0.3 < row[4].value < 0.7  # the sum with the mirror image is at chance
    assert pose_tables.transfers(worlds, resamples=100, rng=rng()) == []
    for gain in pose_tables.half_profile(worlds, resamples=100, rng=rng()):
        assert gain[4].value == pytest.approx(gain[2].value - gain[3].value)


def test_constants_and_timid_answers_stand_beside_every_network(readouts: dict[str, list[Readout]]) -> None:
    worlds = pose.by_world(readouts)
    rows = pose_tables.beside_every_network(worlds, resamples=100, rng=rng())
    here = {(row[1], row[2]): row for row in rows if row[0] == "rendered"}
    assert {name for name, _ in here} == {"pixels", "random weights", "identity network", "after triplet embedding"}
    assert len(here) == 4 * 5
    drawn = pose_tables.networks_by_range(worlds, resamples=100, rng=rng())
    drawn = drawn[drawn["world"] == "rendered"].set_index(["predictor", "range"])
    for name, key, way in (("random weights", "untrained/embedding", "linear"), ("pixels", "pixels/pixels", "linear"),
                           ("after triplet embedding", "trained/embedding", "triplet")):  # fmt: skip
        one = worlds["rendered"][key][0]
        truth = one["truth"][:, 0].astype(float)
        said, mean, median = (one[kind][:, 0].astype(float) for kind in (way, "mean", "median"))
        for label, where in (("15–30", (truth >= 15) & (truth < 30)), ("total", truth >= 0)):
            row, errors = here[name, label], [np.abs(each - truth)[where].mean() for each in
                                              (said, (said + mean) / 2, median, mean)]  # fmt: skip
            assert [row[3].value, row[4].value, row[6], row[7]] == [pytest.approx(each) for each in errors]
            assert row[5].value == pytest.approx(errors[0] - errors[1]) and row[8] == where.sum()
            assert drawn["shrunk_deg"][name, label] == pytest.approx(errors[1])
            assert drawn["error_deg"][name, label] == pytest.approx(errors[0])
    assert np.isnan(drawn["shrunk_deg"][pose_tables.MEDIAN, "total"])


def test_a_world_without_networks_is_refused() -> None:
    with pytest.raises(KeyError, match="none of both/embedding, trained/embedding is among pixels/pixels"):
        pose.headline({"pixels/pixels": []})
    assert pose_error.SHRINK == 0.5
