"""Columns of several networks resampled together, and the accuracies and angle errors made of them."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from deepfeatures.analysis.accuracy import accuracy, error_by_label, gain, percent
from deepfeatures.analysis.angle_change import angle_change
from deepfeatures.analysis.angle_error import bias_deg, cells, explained, rmse_deg, spread_deg
from deepfeatures.analysis.bootstrap import difference
from deepfeatures.analysis.columns import paired, seed_interval
from deepfeatures.analysis.slant import slant_and_residual, slant_deg, slant_spread, upright
from deepfeatures.data.rotation import ANGLES_DEG, rotate
from deepfeatures.probes.angle_curve import angle_curve

ANGLES = np.array(ANGLES_DEG, float)
DIGITS = 200
LABEL = np.arange(DIGITS) % 10


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@dataclass
class Made:
    """A read-out whose arrays are written down here."""

    arrays: dict[str, np.ndarray]
    summary: dict[str, Any] = field(default_factory=lambda: {"angles_deg": list(ANGLES_DEG)})

    def __getitem__(self, name: str, /) -> np.ndarray:
        return self.arrays[name]


def made(**arrays: np.ndarray) -> Made:
    return Made({"label": np.repeat(LABEL, 7).astype(np.uint8), **arrays})


def with_angle(error: np.ndarray) -> Made:
    """error: (digits, 7), predicted - true."""
    return made(angle_by_true_label=(ANGLES + error).reshape(-1).astype(np.float32))


def test_a_paired_statistic_is_the_paired_difference() -> None:
    one, other = rng(1).random((3, 50)), rng(2).random((3, 50))
    found = paired({"a": one, "b": other}, lambda m: m["a"] - m["b"], resamples=300, rng=rng())
    known = difference(one, other, resamples=300, rng=rng())
    assert found.value == pytest.approx(known.value)
    assert found.hi - found.lo == pytest.approx(known.hi - known.lo, rel=0.15)
    assert found.interval == (found.lo, found.hi)


def test_a_largest_is_taken_anew_in_every_resample() -> None:
    columns = {"a": rng(3).normal(0, 1, (1, 400)), "b": rng(4).normal(0, 1, (1, 400))}
    both = paired(columns, lambda m: np.maximum(m["a"], m["b"]), resamples=400, rng=rng())
    # Whichever of two alike means is ahead, the larger of both is rarely below either's own lower end.
    single = paired({"a": columns["a"]}, lambda m: m["a"], resamples=400, rng=rng())
    assert both.lo > single.lo
    wide = paired({"k": np.stack(list(columns.values()), -1)}, lambda m: m["k"].max(-1), resamples=400, rng=rng())
    assert (wide.value, wide.lo) == pytest.approx((both.value, both.lo))


def test_seeds_must_be_paired() -> None:
    with pytest.raises(ValueError, match="same seeds and digits, got .*'b': .2, 9."):
        paired({"a": np.zeros((3, 9)), "b": np.zeros((2, 9))}, lambda m: m["a"], resamples=10, rng=rng())


def test_seed_interval() -> None:
    found = seed_interval([0.9, 0.92, 0.94], resamples=500, rng=rng())
    assert (found.n, found.seeds, found.unit) == (3, 3, "seed")
    assert found.value == pytest.approx(0.92)
    assert found.lo < 0.92 < found.hi
    assert found.seed_sd == pytest.approx(0.02)
    alone = seed_interval([0.9], resamples=500, rng=rng())
    assert alone.interval is None
    assert (alone.value, alone.n) == (0.9, 1)


def test_accuracy_in_percent_and_its_gain() -> None:
    label = np.repeat(LABEL, 7)
    wrong = np.where(np.arange(len(label)) % 7 == 0, (label + 1) % 10, label)  # one copy of seven
    readouts = [made(good=label, poor=wrong), made(good=label, poor=label)]
    assert percent(readouts, "poor").shape == (2, DIGITS)
    found = accuracy(readouts, "poor", resamples=50, rng=rng())
    assert found.value == pytest.approx((600 / 7 + 100) / 2)
    assert gain(readouts, "good", "poor", resamples=50, rng=rng()).value == pytest.approx(100 / 14)
    assert gain(readouts, "poor", "good", resamples=50, rng=rng()).value == pytest.approx(-100 / 14)


def test_errors_of_each_label() -> None:
    label = np.repeat(LABEL, 7)
    only_threes = np.where(label == 3, 5, label)
    errors = error_by_label([made(p=only_threes)], "p", resamples=50, rng=rng())
    assert [error.value for error in errors] == pytest.approx([0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 10])
    assert (errors[3].lo, errors[3].hi) == pytest.approx((100, 100))  # however many threes a resample holds
    assert errors[10].lo < 10 < errors[10].hi


def test_cells_are_those_of_figure_3() -> None:
    error = rng(5).normal(3, 12, (DIGITS, 7)) + 0.2 * ANGLES
    readout = with_angle(error)
    means = cells([readout]).mean(axis=1)[0]
    predicted = np.asarray(readout["angle_by_true_label"], float)
    curve = angle_curve(predicted, np.tile(ANGLES, DIGITS), np.repeat(LABEL, 7))
    assert spread_deg(means) == pytest.approx(curve.mean_spread_deg)
    assert rmse_deg(means) == pytest.approx(curve.error_deg.mean())
    assert bias_deg(means) == pytest.approx(np.abs(curve.label_mean_deg - ANGLES).mean())
    assert explained([readout], resamples=20, rng=rng()).value == pytest.approx(curve.explained, abs=1e-6)


def test_a_constant_answer_has_no_spread_and_the_largest_error() -> None:
    constant = with_angle(np.tile(-ANGLES, (DIGITS, 1)))
    means = cells([constant]).mean(axis=1)[0]
    assert spread_deg(means) == pytest.approx(0, abs=1e-5)
    assert rmse_deg(means) == pytest.approx(np.abs(ANGLES).mean())
    assert explained([constant], resamples=20, rng=rng()).value == pytest.approx(0)
    mixed = np.stack([cells([constant])[0, 5:6].mean(axis=0), means])  # a single digit: the other labels have no cells
    assert rmse_deg(mixed) == pytest.approx([np.abs(ANGLES).mean()] * 2)


def test_angle_change_is_above_0_where_the_angle_is_read_worse() -> None:
    error = rng(6).normal(0, 10, (DIGITS, 7))
    raw, worse = [with_angle(error)] * 2, [with_angle(1.1 * error)] * 2
    found = angle_change(worse, raw, relative=True, resamples=50, rng=rng())
    assert found.value == pytest.approx(0.1, rel=1e-4)
    assert found.hi - found.lo < 1e-4  # what both share is not an error of their ratio
    degrees = angle_change(worse, raw, relative=False, resamples=50, rng=rng())
    assert 0.9 < degrees.value < 1.1
    assert angle_change(raw, worse, relative=False, resamples=50, rng=rng()).value == pytest.approx(-degrees.value)


def strokes(slants: np.ndarray) -> np.ndarray:
    image = np.zeros((1, 28, 28), np.uint8)
    image[:, 5:23, 13:15] = 250
    return np.concatenate([rotate(image, float(slant)) for slant in slants])


def test_slant_of_a_turned_stroke_is_its_angle() -> None:
    assert slant_deg(strokes(np.array([-20, 0, 15]))) == pytest.approx([-20, 0, 15], abs=0.8)
    with pytest.raises(ValueError, match="1 of 2 images are empty"):
        slant_deg(np.stack([np.zeros((28, 28)), np.ones((28, 28))]))
    with pytest.raises(ValueError, match="single inked row"):
        slant_deg(np.eye(28)[:1, None] * np.ones((1, 28, 28)) * (np.arange(28) == 3)[:, None])


def test_slant_spread_is_within_labels() -> None:
    offset = np.where(LABEL % 2 == 0, 10.0, -10.0)  # labels that lean differently: no spread within a label
    same = slant_spread(strokes(offset), LABEL, resamples=50, rng=rng())
    assert same.value == pytest.approx(0, abs=1e-6)
    images = strokes(offset + rng(7).normal(0, 8, DIGITS))
    found = slant_spread(images, LABEL, resamples=100, rng=rng())
    assert found.value == pytest.approx(np.mean([slant_deg(images)[label == LABEL].std() for label in range(10)]))
    assert 5 < found.value < 9


def test_a_regressor_that_answers_the_slant_correlates_with_it() -> None:
    slant = rng(8).normal(0, 10, DIGITS)
    images = strokes(slant)
    reads_slant = with_angle(np.repeat(slant_deg(images)[:, None], 7, axis=1))
    assert slant_and_residual([reads_slant], images, resamples=20, rng=rng()).value == pytest.approx(1, abs=1e-4)
    noise = with_angle(rng(9).normal(0, 10, (DIGITS, 7)))
    found = slant_and_residual([noise, noise], images, resamples=100, rng=rng())
    assert found.lo < 0 < found.hi


def test_upright_copies() -> None:
    images = np.arange(14).reshape(2, 7, 1, 1)
    assert upright(images, ANGLES).ravel().tolist() == [3, 10]
    with pytest.raises(ValueError, match="hold 0 degrees 0 times"):
        upright(images, ANGLES + 5)
