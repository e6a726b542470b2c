"""Errors by range, equal precision and people's intervals against slow twins; table 1 against its own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.analysis import pose_error, pose_paper_table
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.pose_error import Answer
from deepfeatures.data.rudd2017_table1 import COUNTS, RANGES, TOTALS_DEG


@dataclass
class Made:
    """A read-out in memory."""

    arrays: dict[str, np.ndarray]
    summary: dict[str, Any] = field(default_factory=lambda: {"targets": ["abs_yaw", "yaw"]})

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays


def made(n: int = 400, people: int = 20, *, slope: float = 0.5, noise: float = 8.0, seed: int = 0) -> Made:
    rng = np.random.default_rng(seed)
    yaw = rng.uniform(-90, 90, n)
    truth = np.column_stack([np.abs(yaw), yaw])
    said = truth.mean(axis=0) + slope * (truth - truth.mean(axis=0)) + noise * rng.standard_normal((n, 2))
    constants = {name: np.tile(of(truth, axis=0), (n, 1)) for name, of in (("mean", np.mean), ("median", np.median))}
    return Made({"truth": truth, "linear": said, "identity": np.arange(n) % people, **constants})


def test_rows_are_means_over_the_images_of_a_range() -> None:
    one = made()
    table = pose_error.by_range(pose_error.beside([one]), one, resamples=50, rng=np.random.default_rng(0))
    truth, said = one["truth"][:, 0], one["linear"][:, 0]
    edges = [0, 15, 30, 45, 91]
    for number, label in enumerate(RANGES):
        inside = (truth >= edges[number]) & (truth < edges[number + 1])
        (row,) = table[(table["predictor"] == "network") & (table["range"] == label)].to_dict("records")
        assert row["images"] == inside.sum() and row["lo"] <= row["error_deg"] <= row["hi"]
        assert row["error_deg"] == pytest.approx(np.abs(said - truth)[inside].mean())
        assert row["bias_deg"] == pytest.approx((said - truth)[inside].mean())
        assert row["slope"] == pytest.approx(np.polyfit(truth[inside], said[inside], 1)[0])
    totals = table[table["range"] == "total"].set_index("predictor")["error_deg"]
    assert totals["shrunk by half"] < totals["constant: training mean"]
    assert totals["equal precision"] == pytest.approx(totals["network"], rel=0.05)


def test_seeds_are_averaged_and_a_limit_counts_above() -> None:
    one, other = made(seed=0), made(seed=0)
    other.arrays["linear"] = other["linear"] + 2
    both = pose_error.answer([one, other])
    slow = np.mean([np.abs(each["linear"] - each["truth"])[:, 0] for each in (one, other)], axis=0)
    np.testing.assert_allclose(both.error, slow)
    assert both.seeds == 2
    np.testing.assert_array_equal(pose_error.range_of(np.array([0, 14.9, 15, 30, 45, 90])), [0, 0, 1, 2, 3, 3])
    with pytest.raises(ValueError, match="roll is not known in this world, which has abs_yaw, yaw"):
        pose_error.true(one, "roll")


@given(st.floats(-40, 40), st.floats(0.1, 20))
def test_expected_error_is_what_noise_does_on_average(bias: float, noise: float) -> None:
    # A fine grid of the normal's quantiles instead of draws.
    from scipy.special import ndtri

    grid = ndtri((np.arange(20_000) + 0.5) / 20_000)
    assert pose_error.expected_error(np.array(bias), noise) == pytest.approx(
        np.abs(bias + noise * grid).mean(), rel=1e-3
    )


def test_equal_precision_explains_away_what_shrinking_does() -> None:
    """Noise alike at every angle: half-profile looks best, and nothing is left beyond equal precision."""
    one = made(n=6000, people=60, slope=0.3, noise=5.0)
    found, truth = pose_error.answer([one]), one["truth"][:, 0]
    people = draw_people(one["identity"], resamples=100, rng=np.random.default_rng(0))
    own = pose_error.advantage(people, found, truth)
    level = pose_error.advantage(people, pose_error.equal_precision(found, truth), truth)
    assert own[0] > 5
    left = people.interval(own - level)
    assert left.lo < 0 < left.hi
    sharper = found.said.copy()
    half = (truth >= 15) & (truth < 45)
    sharper[half] = truth[half]
    better = Answer(sharper, np.abs(sharper - truth))
    level = pose_error.advantage(people, pose_error.equal_precision(better, truth), truth)
    assert people.interval(pose_error.advantage(people, better, truth) - level).lo > 0


def test_stretching_gives_slope_one_and_shrinking_moves_to_the_mean() -> None:
    one = made()
    found, truth = pose_error.answer([one]), one["truth"][:, 0]
    assert pose_error.line(pose_error.unshrunk(found, truth).said, truth)[0] == pytest.approx(1)
    mean = pose_error.answer([one], "mean")
    half = pose_error.shrunken(found, mean, truth)
    np.testing.assert_allclose(half.said, (found.said + mean.said) / 2)


def test_people_are_drawn_with_all_their_images() -> None:
    identity, values = np.array([7, 7, 7, 9, 9, 11]), np.arange(6.0)
    people = draw_people(identity, resamples=200, rng=np.random.default_rng(3))
    where = np.array([True, False, True, True, True, True])
    fast = people.mean(values, where)
    for draw, times in enumerate(people.times):
        rows = [row for person, count in zip((7, 9, 11), times, strict=True) for _ in range(int(count))
                for row in np.flatnonzero((identity == person) & where)]  # fmt: skip
        assert fast[draw] == pytest.approx(values[rows].mean())
    assert people.times[0].tolist() == [1, 1, 1] and set(people.times[1:].sum(axis=1)) == {3}
    found = people.interval(fast)
    assert (found.unit, found.n) == ("identity", 3) and found.lo <= found.value <= found.hi


def test_draws_without_an_image_are_left_out_and_one_person_has_no_interval() -> None:
    people = draw_people(np.array([1, 2, 2]), resamples=50, rng=np.random.default_rng(0))
    values = people.mean(np.array([5.0, 0, 0]), np.array([True, False, False]))
    assert np.isnan(values).any() and people.interval(values).lo == 5
    assert (
        draw_people(np.array([1, 1]), resamples=5, rng=np.random.default_rng(0)).interval(np.ones(6)).interval is None
    )


def test_table_1_follows_from_its_rows_and_misses_40_test_images() -> None:
    totals = pose_paper_table.totals()
    assert totals["follows"].all() and len(totals) == 4
    slow = sum(error * count for error, count in zip((6.1, 4.6, 5.6, 9.1), COUNTS, strict=True)) / 19_922
    assert totals["of_rows"][0] == pytest.approx(slow)
    counts = pose_paper_table.Counts()
    assert counts.of_rows == counts.printed == counts.official - 40


@given(st.floats(0, 90))
def test_a_constants_error_by_slow_average(answer_deg: float) -> None:
    found = pose_paper_table.constant(answer_deg)
    for number, (low, high) in enumerate(((0, 15), (15, 30), (30, 45), (45, 90))):
        apart = np.abs(np.linspace(low, high, 3001) - answer_deg)
        assert found.rows_deg[number] == pytest.approx(apart.mean(), abs=0.02)
        assert found.least_deg[number] <= apart.min() + 1e-9 and found.most_deg[number] >= apart.max() - 1e-9
        assert found.least_deg[number] == pytest.approx(apart.min(), abs=0.02)
    assert pose_paper_table.best_constant().total_deg <= found.total_deg + 0.01


def test_a_calibrated_reader_by_simulation() -> None:
    rows, share = pose_paper_table.calibrated_reader(6.0), np.array(COUNTS) / sum(COUNTS)
    assert share @ rows == pytest.approx(6.0, abs=0.01)
    rng = np.random.default_rng(0)
    group = rng.choice(4, 200_000, p=share)
    yaw = np.array([0, 15, 30, 45])[group] + np.array([15, 15, 15, 45])[group] * rng.random(len(group))
    # Least squares from a noisy copy of the truth whose noise is tuned to the same total.
    for noise in np.arange(1.0, 30, 0.25):
        seen = yaw + noise * rng.standard_normal(len(yaw))
        slope, intercept = np.polyfit(seen, yaw, 1)
        error = np.abs(slope * seen + intercept - yaw)
        if error.mean() >= 6.0:
            break
    np.testing.assert_allclose([error[group == one].mean() for one in range(4)], rows, rtol=0.05)
    with pytest.raises(ValueError, match="total 9.7 degrees is not among"):
        pose_paper_table.calibrated_reader(TOTALS_DEG["triplet loss"])
