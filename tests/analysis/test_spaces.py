"""The statistics of chapter feature-spaces on spaces whose answer is known, and their draws against real resampling."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from deepfeatures.analysis.resampling import Draws, draw
from deepfeatures.analysis.spaces import SUBJECTS
from deepfeatures.analysis.spaces_blocks import blocks, pair_above_others, pair_rank, strength
from deepfeatures.analysis.spaces_recognition import instability, pose, recognition, spectrum
from deepfeatures.analysis.spaces_units import draw_columns, heat_digits, modes, more_units, units
from deepfeatures.analysis.unit_response import decode, encode
from deepfeatures.probes.mean_activation import class_means, cosine_similarity
from tests.analysis.made_up_space import ANGLES, TURN, classes, digit_labels, noisy, read_out

LABELS = digit_labels(12)


def drawn(labels: np.ndarray = LABELS, resamples: int = 20) -> Draws:
    return draw(labels, seeds=1, resamples=resamples, rng=np.random.default_rng(1))


def fields(found: dict[str, np.ndarray], row: int = 0) -> dict[str, Any]:
    return {name: values[row] if values.ndim > 1 else float(values[row]) for name, values in found.items()}


# --- draws


def test_row_0_is_the_sample_and_sums_of_a_draw_are_those_of_its_digits() -> None:
    draws, column = drawn(), np.random.default_rng(0).random((120, 2))
    found = draws.class_sums(column)
    assert found.shape == (21, 10, 2)
    for label in range(10):
        np.testing.assert_allclose(found[0, label], column[label == LABELS].sum(axis=0))
        np.testing.assert_allclose(found[5, label], draws.times[label][4] @ column[label == LABELS], rtol=1e-5)
    np.testing.assert_allclose(draws.means(column)[0], column.mean(axis=0))
    assert (draws.counts.sum(axis=1) == 120).all()
    assert (draws.counts > 0).all()


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    column = np.random.default_rng(0).standard_normal(1000)
    draws = draw(digit_labels(100), seeds=1, resamples=2000, rng=np.random.default_rng(1))
    found = draws.interval(draws.mean(column)[:, None])
    assert found.value == pytest.approx(column.mean())
    assert (found.hi - found.lo) / 2 == pytest.approx(1.96 * column.std() / math.sqrt(1000), rel=0.08)
    assert (found.n, found.seeds, found.unit) == (1000, 1, "digit")


def test_too_few_digits_are_refused_with_their_counts() -> None:
    with pytest.raises(ValueError, match=r"\[1, 1, 1, 1, 1, 1, 1, 1, 1, 1\].*take more test digits"):
        draw(np.arange(10), seeds=1, resamples=20, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="resamples=1"):
        draw(LABELS, seeds=1, resamples=1, rng=np.random.default_rng(0))


def test_every_draw_is_what_the_resampled_digits_would_give() -> None:
    """Row r against the read-out of the digits of draw r themselves: shortcuts are small beside the interval."""
    labels = digit_labels(60)
    features = noisy(1, labels)
    made, draws = read_out(features, labels), draw(labels, seeds=1, resamples=60, rng=np.random.default_rng(2))
    fast: dict[str, np.ndarray] = {}
    for subject in SUBJECTS:
        fast |= subject(made, draws)
    tight = {"mav", "per-angle", "label-angle", "angle error", "angle R2", "orbit share", "active", "active inside",
             "inside over outside", "units by means", "units by sums", "shared"}  # fmt: skip
    for row in (1, 7):
        drawn_digits = zip(draws.members, draws.times, strict=True)
        chosen = np.concatenate([np.repeat(rows, times[row - 1].astype(int)) for rows, times in drawn_digits])
        again = read_out(features[chosen], labels[chosen], train=features, train_labels=labels)
        once = draw(labels[chosen], seeds=1, resamples=2, rng=np.random.default_rng(0))
        slow: dict[str, np.ndarray] = {}
        for subject in SUBJECTS:
            slow |= subject(again, once)
        for name, values in fast.items():
            if name == "shuffled trend share":  # each digit's angles are shuffled anew
                continue
            away, spread = np.abs(values[row] - slow[name][0]), values.std(axis=0)
            # Lengths of means and spectra: resampling all coordinates would add the scatter of digits once more.
            allowed = 0.2 * spread + 1e-4 if name in tight else 0.5 * spread + 0.02 * np.abs(values[0])
            near = (away <= np.maximum(allowed, 1e-12))[np.isfinite(values[0])]
            assert near.all(), (name, values[row], slow[name][0])


# --- recognition, pose, spectrum


def test_accuracies_are_in_percent_and_softmax_only_where_there_is_one() -> None:
    right = np.repeat(LABELS, 7).astype(np.uint8)
    half = np.where(np.arange(len(right)) % 2, right, (right + 1) % 10).astype(np.uint8)
    found = recognition(read_out(noisy(0, LABELS), LABELS, softmax=half), drawn())
    assert found["softmax"][0] == pytest.approx(50)
    assert found["mav"][0] > 90
    assert "softmax" not in recognition(read_out(noisy(0, LABELS), LABELS), drawn())


def test_a_perfectly_invariant_space() -> None:
    rng = np.random.default_rng(0)
    features = classes(LABELS, other=0.5) + rng.random((120, 1, 40))
    found = fields(pose(read_out(np.repeat(features[:, :1], 7, axis=1), LABELS), drawn()))
    assert found["orbit share"] == pytest.approx(0, abs=1e-9)
    assert found["angle R2"] == pytest.approx(0, abs=1e-3)
    assert found["angle error"] == pytest.approx(np.abs(ANGLES).mean(), rel=1e-3)
    assert found["pose share"] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found["trend share"], 0, atol=1e-9)


def test_a_space_that_is_all_angle() -> None:
    features = np.full((120, 7, 12), 3.0)
    features[:, :, 0] += TURN
    features[:, :, 1] -= TURN
    features[:, :, 2] += LABELS[:, None]
    found = fields(pose(read_out(features, LABELS), drawn()))
    assert found["angle R2"] == pytest.approx(1, abs=1e-6)
    assert found["angle error"] == pytest.approx(0, abs=0.05)
    np.testing.assert_allclose(found["trend share"], 1, rtol=1e-5)  # nothing else varies within a class
    assert found["shuffled trend share"].max() < 0.6
    assert found["orbit share"] == pytest.approx(2 / (2 + np.var(np.arange(10))), rel=1e-5)
    assert found["trend"] == found["pose share"] == pytest.approx(found["orbit share"], rel=1e-5)
    assert found["within over between"] == pytest.approx(2 / np.var(np.arange(10)), rel=1e-5)


def test_the_angle_in_the_strong_or_in_the_weak_part() -> None:
    rng = np.random.default_rng(0)
    features = 5 + 1.0 * rng.standard_normal((120, 7, 30)) * np.where(np.arange(30) < 10, 1.0, 0.1)
    weak, strong = features.copy(), features.copy()
    weak[:, :, 20] += 0.3 * TURN
    strong[:, :, 0] += 3 * TURN
    in_weak, in_strong = (fields(pose(read_out(np.maximum(x, 0), LABELS), drawn())) for x in (weak, strong))
    assert in_weak["R2 leading"] < 0.25 * in_weak["angle R2"]
    assert in_weak["R2 rest"] > 0.8
    assert in_strong["R2 leading"] > 0.8
    assert in_strong["R2 rest"] < 0.3


def test_trend_and_pose_shares_against_sums_over_units() -> None:
    features = noisy(2, LABELS)
    found = fields(pose(read_out(features, LABELS), drawn()))
    features = features.astype(np.float32).astype(np.float64)
    total = ((features - features.mean(axis=(0, 1))) ** 2).sum()
    line, spread = np.zeros(10), np.zeros(10)
    for label in range(10):
        rows = features[label == LABELS]
        spread[label] = ((rows - rows.mean(axis=(0, 1))) ** 2).sum()
        for unit in range(rows.shape[2]):
            slope = np.polyfit(np.tile(ANGLES, len(rows)), rows[:, :, unit].ravel(), 1)[0]
            line[label] += len(rows) * ((slope * ANGLES) ** 2).sum()
    np.testing.assert_allclose(found["trend share"], line / spread, rtol=1e-4)
    assert found["trend"] == pytest.approx(line.sum() / total, rel=1e-4)
    means = np.stack([features[label == LABELS].mean(axis=0) for label in range(10)])
    away = ((means - means.mean(axis=1, keepdims=True)) ** 2).sum() / 70
    assert found["pose share"] == pytest.approx(away / (total / (120 * 7)), rel=1e-4)
    assert (found["shuffled trend share"] < found["trend share"]).all()


def test_instability_against_cosines_to_test_class_means() -> None:
    features = noisy(3, LABELS).astype(np.float32)
    features[0, 0] = 0  # a silent image has cosine 0 with everything
    found = fields(instability(read_out(features, LABELS), drawn()))
    flat, rows = features.reshape(-1, 40).astype(np.float64), np.repeat(LABELS, 7)

    def by_hand(x: np.ndarray) -> float:
        return 1 - cosine_similarity(x, class_means(x, rows))[np.arange(len(x)), rows].mean()

    assert found["instability none"] == pytest.approx(by_hand(flat), rel=1e-5)
    assert found["instability global"] == pytest.approx(by_hand(flat / flat.max()), rel=1e-5)
    assert found["instability per_feature"] == pytest.approx(by_hand(flat / flat.max(axis=0)), rel=1e-5)
    still = fields(instability(read_out(classes(LABELS, other=0.1), LABELS), drawn()))
    assert still["instability none"] == pytest.approx(0, abs=1e-6)


def test_rank_ten_equal_classes_and_noise_in_all_directions() -> None:
    equal = {name: values[0] for name, values in spectrum(read_out(classes(LABELS), LABELS), drawn()).items()}
    assert equal["held by 10"] == pytest.approx(1, abs=2e-4)
    assert equal["held by 9"] == pytest.approx(1, abs=2e-4)
    assert equal["first over ninth"] == pytest.approx(1, abs=1e-3)
    rng = np.random.default_rng(0)
    features = 6 + rng.standard_normal((120, 7, 40))
    isotropic = spectrum(read_out(features, LABELS), drawn())
    assert 0.25 < isotropic["held by 10"][0] < 0.45
    singular = np.linalg.svd(features.reshape(-1, 40) - features.mean(axis=(0, 1)), compute_uv=False)
    assert isotropic["held by 10"][0] == pytest.approx((singular[:10] ** 2).sum() / (singular**2).sum(), rel=1e-3)
    assert isotropic["first over ninth"][0] == pytest.approx(singular[0] / singular[8], rel=1e-3)


# --- strength, blocks, units, modes


def test_top_sparsity_and_levels_by_hand() -> None:
    features = noisy(4, LABELS)
    made, draws = read_out(features, LABELS), drawn()
    flat = np.sort(features.astype(np.float32).ravel())
    found = fields(strength(made, draws))
    assert found["top"] == flat[math.ceil(0.999 * flat.size) - 1]
    assert found["active"] == pytest.approx((flat > 0.01 * found["top"]).mean())
    assert found["zero"] == pytest.approx((flat == 0).mean())
    assert found["active mean"] == pytest.approx(flat[flat > 0.01 * found["top"]].mean(), rel=1e-5)
    inside = np.repeat(np.arange(10), 4) == LABELS[:, None, None]
    inside = np.broadcast_to(inside, features.shape)
    within, without = features[inside].astype(np.float32), features[~inside].astype(np.float32)
    block = {name: values[0] for name, values in blocks(made, draws).items()}
    assert block["inside over outside"] == pytest.approx(within.mean() / without.mean(), rel=1e-4)
    assert block["inside over top"] == pytest.approx(within.mean() / found["top"], rel=1e-4)
    active = within > 0.01 * found["top"]
    assert block["active inside"] == pytest.approx(active.mean())
    assert block["active inside mean"] == pytest.approx(within[active].mean() / found["top"], rel=1e-4)
    assert block["strong outside"] == pytest.approx((without > 0.5 * found["top"]).mean())
    share = (without > 0.5 * found["top"]).sum() / (without > 0.01 * found["top"]).sum()
    assert block["saturated outside"] == pytest.approx(share)


def test_a_block_diagonal_shows_and_shuffled_labels_do_not() -> None:
    found = {name: values[0] for name, values in blocks(read_out(classes(LABELS, other=0.4), LABELS), drawn()).items()}
    assert found["inside over outside"] == pytest.approx(10, rel=1e-4)
    assert found["shuffled inside over outside"] < 3
    np.testing.assert_allclose(found["leak"][~np.eye(10, dtype=bool)], 0.1, rtol=1e-4)
    flat = {name: values[0] for name, values in blocks(read_out(np.ones((120, 7, 40)), LABELS), drawn()).items()}
    assert np.isnan(flat["leak"][1:]).all()  # all units tie, and fall to class 0
    rng = np.random.default_rng(0)
    even = blocks(read_out(rng.random((120, 7, 40)), LABELS, train=rng.random((120, 7, 40))), drawn())
    assert even["inside over outside"][0] == pytest.approx(1, abs=0.05)  # noise makes no diagonal


def test_units_that_training_never_activates_are_in_no_block() -> None:
    features = np.concatenate([classes(LABELS, other=0.4), np.zeros((120, 7, 5))], axis=2)
    lively = features.copy()
    lively[:, :, -1] = 9
    found = {name: values[0] for name, values in blocks(read_out(lively, LABELS, train=features), drawn()).items()}
    assert found["inside over outside"] == pytest.approx(10, rel=1e-4)
    assert found["strong outside"] == 0


def test_confusable_classes_and_their_rank() -> None:
    features = classes(LABELS, other=0.4)
    block = np.repeat(np.arange(10), 4)
    for one, other in ((3, 5), (5, 3)):
        features[np.ix_(other == LABELS, range(7), block == one)] = 3.0
    leak = blocks(read_out(features, LABELS), drawn())["leak"]
    mean = (88 * 0.1 + 2 * 0.75) / 90
    assert pair_above_others(leak)[0] == pytest.approx(0.75 - mean, rel=1e-4)
    assert pair_rank(leak)[0] == 1
    assert pair_above_others(leak, 3, 4)[0] < 0
    assert pair_rank(leak, 3, 4)[0] > 1


def test_units_per_class_by_both_readings() -> None:
    labels = np.concatenate([LABELS, np.full(120, 1)])  # 1 is by far the most frequent
    features = classes(labels, other=0.1)
    features[:, :, :2] = np.where(labels == 1, 1.0, np.where(labels == 0, 3.0, 0.0))[:, None, None]
    features[:, :, 39] = 0
    found = units(read_out(features, labels), drawn(labels))
    assert found["units by means"][0].tolist() == [4] * 9 + [3]
    assert found["units by sums"][0].tolist() == [2, 6] + [4] * 7 + [3]  # twelve times 3 against 132 times 1
    np.testing.assert_allclose(more_units(found["units by sums"])[0], 6 / 4)
    np.testing.assert_allclose(more_units(found["units by means"])[0], 1)
    assert found["shared"][0] == pytest.approx(0)
    features[:, :, 20:30] = np.where(labels == 7, 4.0, np.where(labels == 2, 2.5, 0.1))[:, None, None]
    assert units(read_out(features, labels), drawn(labels))["shared"][0] == pytest.approx(10 / 39)


def test_a_byte_keeps_means_of_responses() -> None:
    features = np.random.default_rng(0).gamma(0.3, size=(500, 7, 20))
    coded = encode(features)
    assert coded["unit_response_root"].dtype == np.uint8
    back = decode(coded["unit_response_root"], coded["unit_response_largest"])
    np.testing.assert_allclose(back.mean(axis=0), features.mean(axis=(0, 1)), rtol=2e-3)
    with pytest.raises(ValueError, match="are negative"):
        encode(-features)


def test_modes_against_a_loop_and_digits_that_are_drawn_twice() -> None:
    made = read_out(noisy(5, LABELS), LABELS)
    times = draw_columns(heat_digits(made), resamples=5, rng=np.random.default_rng(0))
    assert times.shape == (6, 100)
    assert (times.reshape(6, 10, 10).sum(axis=2) == 10).all()
    found = modes(made, times)
    unit = made["heat"] / np.linalg.norm(made["heat"], axis=1, keepdims=True)
    label, digit = made["heat_label"], np.tile(np.arange(10), 70)
    for row in (0, 3):
        weight = times[row].reshape(10, 10)[label, digit]
        for c in (0, 6):
            here = np.flatnonzero(label == c)
            pair = weight[here][:, None] * weight[here] * (digit[here][:, None] != digit[here])
            own = ((unit[here] @ unit[here].T) * pair).sum() / pair.sum()
            others = []
            for k in set(range(10)) - {c}:
                there = np.flatnonzero(label == k)
                both = weight[here][:, None] * weight[there]
                others.append(((unit[here] @ unit[there].T) * both).sum() / both.sum())
            assert found[row, c] == pytest.approx(own - max(others), abs=1e-5)
    assert (found > 0).all()
    blurred = read_out(np.random.default_rng(0).random((120, 7, 40)), LABELS)
    assert modes(blurred, times)[0].min() < 0.01
    with pytest.raises(ValueError, match="2 or more"):
        draw_columns([1] * 10, resamples=5, rng=np.random.default_rng(0))
