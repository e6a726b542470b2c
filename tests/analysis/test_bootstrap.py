"""Intervals against a slow loop with the same draws, and their coverage where the truth is known."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeatures.analysis.bootstrap import (
    difference,
    interval,
    intervals,
    over_seeds,
    root_mean_square,
    seed_deviations,
)


def slow_interval(values: np.ndarray, resamples: int, rng: np.random.Generator) -> tuple[float, float]:
    """Draw how often each distinct digit occurs, write the digits out, average them; then the seeds."""
    seeds, digits = values.shape
    kinds, counts = np.unique(values.T, axis=0, return_counts=True)
    drawn = [rng.multinomial(digits, counts / digits) for _ in range(resamples)]
    weights = [rng.multinomial(seeds, np.full(seeds, 1 / seeds)) for _ in range(resamples)]
    found = []
    for times, weight in zip(drawn, weights, strict=True):
        resample = np.repeat(kinds, times, axis=0)
        by_seed = [sum(resample[:, seed]) / digits for seed in range(seeds)]
        centre = sum(by_seed) / seeds
        value = centre
        if seeds > 1:
            chosen = [by_seed[seed] for seed in range(seeds) for _ in range(weight[seed])]
            value = centre + (sum(chosen) / seeds - centre) * (seeds / (seeds - 1)) ** 0.5
        found.append(value)
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 3), st.booleans())
def test_same_as_the_loop_with_the_same_draws(seed: int, seeds: int, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.random((seeds, 30)) < 0.8).astype(float) if coarse else rng.random((seeds, 30))
    found = interval(values, resamples=60, rng=np.random.default_rng(7))
    lo, hi = slow_interval(values, 60, np.random.default_rng(7))
    assert (found.lo, found.hi) == pytest.approx((lo, hi), abs=1e-12)
    assert found.value == pytest.approx(values.mean())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_order_of_digits_and_chunks_do_not_matter(seed: int, seeds: int) -> None:
    rng = np.random.default_rng(seed)
    correct = rng.random((seeds, 25, 7)) < 0.7
    found = interval(correct, resamples=40, rng=np.random.default_rng(0))
    shuffled = interval(correct[:, rng.permutation(25)], resamples=40, rng=np.random.default_rng(0))
    assert (found.lo, found.hi) == (shuffled.lo, shuffled.hi)
    assert found.lo <= found.value + 1e-9
    assert found.hi >= found.value - 1e-9
    small = intervals(
        correct.mean(axis=2)[..., None], lambda m: m, resamples=40, rng=np.random.default_rng(0), chunk=40
    )[0]
    assert (small.lo, small.hi) == pytest.approx((found.lo, found.hi))


def test_what_it_says() -> None:
    values = np.array([[0.0, 1, 1, 1], [0, 0, 1, 1]])
    found = interval(values, resamples=50, rng=np.random.default_rng(0), level=0.9)
    assert (found.n, found.seeds, found.unit, found.level, found.resamples) == (4, 2, "digit and seed", 0.9, 50)
    assert found.seed_sd == pytest.approx(np.std([0.75, 0.5], ddof=1))
    one = interval(values[:1], resamples=50, rng=np.random.default_rng(0))
    assert (one.unit, one.seed_sd) == ("digit", None)
    constant = interval(np.ones((3, 10)), resamples=50, rng=np.random.default_rng(0))
    assert (constant.lo, constant.value, constant.hi) == (1, 1, 1)


def test_a_digit_and_its_copies_are_one_unit() -> None:
    rng = np.random.default_rng(0)
    digits = rng.random((1, 400)) < 0.5
    together = interval(np.repeat(digits[..., None], 7, axis=2), resamples=500, rng=np.random.default_rng(1))
    single = interval(digits.astype(float), resamples=500, rng=np.random.default_rng(1))
    assert (together.lo, together.hi) == pytest.approx((single.lo, single.hi))  # seven copies are no more evidence


@pytest.mark.parametrize(("seeds", "seed_sd"), [(1, 0.0), (10, 0.05)])
def test_coverage_where_the_truth_is_known(seeds: int, seed_sd: float) -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(300):
        digits = rng.normal(0, 1, 100)
        values = 0.3 + digits + rng.normal(0, seed_sd, (seeds, 1)) + rng.normal(0, 0.1, (seeds, 100))
        found = interval(values, resamples=200, rng=rng)
        covered += found.lo <= 0.3 <= found.hi
    assert 0.91 <= covered / 300 <= 0.985


@pytest.mark.parametrize(("seeds", "least", "most"), [(3, 0.77, 0.86), (5, 0.83, 0.91), (30, 0.92, 0.97)])
def test_few_seeds_that_alone_vary_are_covered_too_seldom(seeds: int, least: float, most: float) -> None:
    """What the glossary says of three; the mean of many is 0."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(1500):
        measured = rng.standard_normal(seeds)
        deviations = seed_deviations(seeds, 400, rng)
        found = over_seeds(measured, np.tile(measured, (400, 1)), deviations, n=10)
        covered += found.lo <= 0 <= found.hi
    assert least <= covered / 1500 <= most


def test_seeds_widen_the_interval_by_their_own_variance() -> None:
    rng = np.random.default_rng(6)
    offsets = np.array([-1.0, 0, 1])
    found = interval(np.zeros((3, 50)) + offsets[:, None], resamples=20_000, rng=rng)
    # Only seeds vary: the standard error of their mean is sd / sqrt(3), and no multiple of two thirds of that.
    spread = np.sqrt(2 / 3) * np.sqrt(3 / 2) / np.sqrt(3)
    assert spread == pytest.approx(offsets.std(ddof=1) / np.sqrt(3))
    assert 1.4 * spread < found.hi < 2.3 * spread


def test_paired_differences_do_not_see_what_both_share() -> None:
    rng = np.random.default_rng(8)
    shared = rng.normal(0, 5, (2, 300))
    better, worse = shared + 0.1 + rng.normal(0, 0.1, (2, 300)), shared
    found = difference(better, worse, resamples=400, rng=rng)
    assert found.lo > 0
    assert found.value == pytest.approx((better - worse).mean())
    with pytest.raises(ValueError, match="equal shapes"):
        difference(better, worse[:, :10], rng=rng)
    correct = rng.random((2, 30, 7)) < 0.5
    assert difference(correct, correct, resamples=20, rng=rng).hi == 0


def test_statistics_of_several_means_share_their_resamples() -> None:
    rng = np.random.default_rng(9)
    errors = rng.normal(2, 3, (2, 500))
    columns = np.stack([errors, errors**2], axis=2)

    def mean_and_sd(means: np.ndarray) -> np.ndarray:
        return np.stack([means[..., 0], np.sqrt(means[..., 1] - means[..., 0] ** 2)], axis=-1)

    mean, spread = intervals(columns, mean_and_sd, resamples=400, rng=np.random.default_rng(1))
    assert mean.value == pytest.approx(errors.mean())
    assert spread.value == pytest.approx(errors.std(axis=1).mean())
    assert spread.lo < 3 < spread.hi
    plain = interval(errors, resamples=400, rng=np.random.default_rng(1))
    assert (plain.lo, plain.hi) == pytest.approx((mean.lo, mean.hi))
    rms = root_mean_square(errors, resamples=100, rng=np.random.default_rng(1))
    assert rms.value == pytest.approx(np.sqrt((errors**2).mean(axis=1)).mean())


def test_bad_input_is_named() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"got \(5,\)"):
        interval(np.zeros(5), rng=rng)
    with pytest.raises(ValueError, match="at least 2 digits"):
        interval(np.zeros((3, 1)), rng=rng)
    with pytest.raises(ValueError, match="1 of 4 values are not finite"):
        interval(np.array([[1, 2], [3, np.nan]]), rng=rng)
    with pytest.raises(ValueError, match="level=1"):
        interval(np.zeros((1, 4)), rng=rng, level=1)
