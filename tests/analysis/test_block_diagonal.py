"""Equation (1): the fast assignment against the double loop, the degenerate terms, and what is measured of blocks."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeatures.analysis.block_contrast import block_contrast, confusion, tally, upper_quantile
from deepfeatures.analysis.block_diagonal import READINGS, block_diagonalise, from_class_means, literal_terms
from deepfeatures.probes.mean_activation import class_means


def slow_assignment(features: np.ndarray, labels: np.ndarray, reading: str, n_labels: int) -> list[int]:
    """The double loop over features and labels, a term at a time where the reading is literal."""
    assigned = []
    for column in features.T.astype(np.float64):
        if not column.any():
            assigned.append(-1)
            continue
        errors = []
        for label in range(n_labels):
            inside, outside = column[labels == label], column[labels != label]
            if reading == "ratio-of-sums":
                own, others = math.fsum(inside), math.fsum(outside)
            elif reading == "ratio-of-means":
                means = [column[labels == k].sum() / max((labels == k).sum(), 1) for k in range(n_labels)]
                own, others = means[label], sum(means) - means[label]
            else:
                own, others = 1.0, 0.0
                for value, y in zip(column, labels, strict=True):
                    above, below = value * (y != label), value * (y == label)
                    if below == 0:
                        others += 0.0 if above == 0 else math.inf
                    else:
                        others += above / below
            errors.append(others / own if own > 0 else math.inf)
        assigned.append(errors.index(min(errors)))
    return assigned


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(4, 20), st.integers(1, 6)),
        elements=st.integers(0, 3).map(lambda v: v / 4) | st.just(0.0),  # sums are exact, so ties are ties
    ),
    st.sampled_from(["ratio-of-sums", "literal"]),
    st.data(),
)
def test_same_assignment_as_the_double_loop(features: np.ndarray, reading: str, data: st.DataObject) -> None:
    labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(features), max_size=len(features))))
    found = block_diagonalise(features, labels, reading=reading, n_labels=4)
    assert found.assignment.tolist() == slow_assignment(features, labels, reading, 4)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, st.tuples(st.just(16), st.integers(1, 6)), elements=st.integers(0, 3).map(float)))
def test_same_assignment_with_means(features: np.ndarray) -> None:
    labels = np.repeat([0, 1, 2], [2, 4, 10])[:16]  # counts 2, 4 and 10
    labels = np.where(np.arange(16) >= 14, 3, labels)  # ... 2, 4, 8 and 2: means are exact
    found = block_diagonalise(features, labels, reading="ratio-of-means", n_labels=4)
    assert found.assignment.tolist() == slow_assignment(features, labels, "ratio-of-means", 4)
    again = from_class_means(class_means(features, labels, n_labels=4))
    np.testing.assert_array_equal(again.assignment, found.assignment)


@pytest.mark.parametrize("reading", ["ratio-of-sums", "ratio-of-means"])
def test_same_assignment_at_size_with_close_calls(reading: str) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 5000)
    # No label stands out: float32 sums alone would decide some of these wrongly.
    features = np.maximum(rng.standard_normal((5000, 60), dtype=np.float32), 0)
    features[:, 7] = 0
    found = block_diagonalise(features, labels, reading=reading)
    assert found.assignment.tolist() == slow_assignment(features, labels, reading, 10)
    assert found.dead == 1
    assert np.isnan(found.error[7]).all()
    assert found.counts.sum() == 59


def test_a_known_block_matrix() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    features = np.zeros((6, 4))
    features[4:, 0] = 1.0  # answers 2 only
    features[:2, 1] = 3.0
    features[2:4, 1] = 1.0  # answers 0, and 1 a little
    features[2:4, 3] = 2.0  # answers 1; feature 2 is dead
    found = block_diagonalise(features, labels, n_labels=3)
    assert found.assignment.tolist() == [2, 0, -1, 1]
    assert found.order.tolist() == [1, 3, 0, 2]
    assert found.counts.tolist() == [1, 1, 1]
    np.testing.assert_allclose(found.error[1], [1 / 3, 3, np.inf])
    assert found.error[0, 2] == 0


def test_the_literal_reading_sends_almost_everything_to_the_lowest_label() -> None:
    labels = np.array([0, 1, 2, 2])
    features = np.array([[0, 1.0, 0], [0, 5, 0], [4, 9, 0], [2, 0, 0]])
    found = block_diagonalise(features, labels, reading="literal", n_labels=3)
    assert found.assignment.tolist() == [2, 0, -1]  # feature 1 answers 2 most, yet all its errors are infinite
    assert found.error[1].tolist() == [math.inf] * 3
    terms = literal_terms(features, labels, n_labels=3)
    assert terms.infinite.tolist() == [[2, 2, 0], [2, 2, 2], [0, 0, 0]]
    assert terms.undefined.tolist() == [2, 1, 4]
    assert block_diagonalise(features, labels, n_labels=3).assignment.tolist() == [2, 2, -1]


def test_unequal_classes_pull_the_sums_but_not_the_means() -> None:
    labels = np.repeat([0, 1], [90, 10])
    features = np.where(labels == 1, 3.0, 1.0)[:, None]
    assert block_diagonalise(features, labels, n_labels=2).assignment.tolist() == [0]
    assert block_diagonalise(features, labels, reading="ratio-of-means", n_labels=2).assignment.tolist() == [1]


def test_ties_go_to_the_lowest_label() -> None:
    features = np.ones((4, 2), np.float32)
    for reading in READINGS:
        assert block_diagonalise(features, np.array([3, 1, 1, 3]), reading=reading, n_labels=4).assignment.max() <= 1


@pytest.mark.parametrize("reading", READINGS)
def test_bad_input_is_named(reading: str) -> None:
    with pytest.raises(ValueError, match="2 of 4 values are negative, the lowest -3"):
        block_diagonalise(np.array([[-1.0, 0], [1, -3]]), np.array([0, 1]), reading=reading)
    with pytest.raises(ValueError, match="1 of 2 feature values are not finite"):
        block_diagonalise(np.array([[np.inf], [1]]), np.array([0, 1]), reading="ratio-of-sums")
    with pytest.raises(ValueError, match="1 labels for 2 rows"):
        block_diagonalise(np.zeros((2, 1)), np.array([0]), reading=reading)
    with pytest.raises(ValueError, match=r"0\.\.9, got 0\.\.12"):
        block_diagonalise(np.zeros((2, 1)), np.array([0, 12]), reading=reading)
    with pytest.raises(ValueError, match="allowed are ratio-of-sums"):
        block_diagonalise(np.zeros((2, 1)), np.array([0, 1]), reading="mean")
    with pytest.raises(ValueError, match="1 means are negative"):
        from_class_means(np.array([[-1.0], [2]]))


def test_contrast_against_a_loop() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 300)
    own = labels[:, None] == np.arange(20) % 3
    features = np.maximum(rng.standard_normal((300, 20)) + 2 * own, 0).astype(np.float32)
    features[:, 5] = 0
    assignment = block_diagonalise(features, labels, n_labels=3).assignment
    found = block_contrast(tally(features, labels, n_labels=3, chunk_rows=64), assignment)
    level, top = found.high_level, found.scale
    inside, outside = [], []
    for i in range(300):
        for j in range(20):
            if assignment[j] >= 0:
                (inside if assignment[j] == labels[i] else outside).append(float(features[i, j]))
    high = [v for v in outside if v > level]
    assert top == pytest.approx(sorted(features.ravel())[math.ceil(0.999 * 6000) - 1])
    assert level == pytest.approx(top / 2)
    assert found.mass_in_block == pytest.approx(sum(inside) / sum(inside + outside))
    assert found.chance_mass == pytest.approx(len(inside) / len(inside + outside))
    assert found.off_block_high == pytest.approx(len(high) / len(outside))
    assert found.in_block_high == pytest.approx(sum(v > level for v in inside) / len(inside))
    assert found.off_block_active == pytest.approx(sum(v > 0 for v in outside) / len(outside))
    assert found.off_block_saturation == pytest.approx(np.mean(high) / top)
    assert found.off_block_at_top == pytest.approx(sum(v > 0.9 * top for v in high) / len(high))


def test_contrast_of_perfect_blocks_and_of_nothing() -> None:
    labels = np.repeat([0, 1], 5)
    perfect = block_contrast(tally((labels[:, None] == [0, 1, 1]).astype(float), labels), np.array([0, 1, 1]))
    assert perfect.mass_in_block == 1
    assert perfect.off_block_high == 0
    assert math.isnan(perfect.off_block_saturation)
    with pytest.raises(ValueError, match="all 3 features are dead"):
        block_contrast(tally(np.zeros((10, 3)), labels), np.full(3, -1))
    with pytest.raises(ValueError, match="high_share=1"):
        tally(np.zeros((10, 3)), labels, high_share=1)


def test_confusable_units() -> None:
    means = np.array([[4.0, 0, 0, 0, 1], [3, 2, 0, 0, 1], [0, 1, 5, 0, 0]])
    found = confusion(means, confusable=0.6)
    assert found.second.tolist() == [1, 2, 0, -1, 1]
    np.testing.assert_allclose(found.ratio, [0.75, 0.5, 0, np.nan, 1])
    np.testing.assert_allclose(found.leak[0], [1, (0.75 + 1) / 2, 0])
    assert found.pairs.tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 0]]
    assert found.strongest_pairs() == [(0, 1, 2)]
    with pytest.raises(ValueError, match="1 class means are negative"):
        confusion(-np.eye(1))


@given(hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(0, 9, width=32)), st.floats(0.01, 1))
def test_upper_quantile_is_an_order_statistic(values: np.ndarray, quantile: float) -> None:
    assert upper_quantile(values, quantile) == sorted(values)[max(math.ceil(quantile * len(values)) - 1, 0)]
