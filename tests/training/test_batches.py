"""Which rows an iteration sees, and which partners they get."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deepfeatures.training.batches import Partners, Stream

SEED = st.integers(0, 1000)
LABELS = st.lists(st.integers(0, 9), min_size=1, max_size=40).map(lambda labels: np.array(labels, np.uint8))


@given(st.integers(1, 50), st.integers(1, 70), SEED, st.integers(1, 3))
def test_every_row_once_an_epoch_across_batches(rows, batch, seed, epochs):
    stream = Stream(rows, batch, seed)
    batches = [stream(iteration) for iteration in range(-(-rows * epochs // batch))]
    assert all(taken.shape == (batch,) and taken.dtype == np.int64 for taken in batches)
    taken = np.concatenate(batches)
    for epoch in range(epochs):
        np.testing.assert_array_equal(np.sort(taken[epoch * rows : (epoch + 1) * rows]), np.arange(rows))


@given(st.integers(1, 50), st.integers(1, 70), SEED, st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_a_batch_depends_on_seed_and_iteration_alone(rows, batch, seed, iterations):
    used = Stream(rows, batch, seed)
    for iteration in iterations:  # in any order, and with anything asked for before
        np.testing.assert_array_equal(used(iteration), Stream(rows, batch, seed)(iteration))


def test_epochs_and_seeds_differ():
    stream = Stream(100, 100, 0)
    assert (stream(0) != stream(1)).any()
    assert (stream(0) != Stream(100, 100, 1)(0)).any()


def test_an_empty_stream_is_refused():
    with pytest.raises(ValueError, match="^0 rows in batches of 64: both must be at least 1$"):
        Stream(0, 64, 0)
    with pytest.raises(ValueError, match="^64 rows in batches of 0"):
        Stream(64, 0, 0)


@given(LABELS, st.integers(2, 7), SEED, st.integers(0, 50), st.integers(1, 30), st.data())
def test_rotation_partners_are_the_same_digit_at_another_angle(labels, angles, seed, iteration, batch, data):
    last = len(labels) * angles - 1
    rows = np.array(data.draw(st.lists(st.integers(0, last), min_size=batch, max_size=batch)))
    partners = Partners(labels, angles, "rotations", seed)(rows, iteration)
    np.testing.assert_array_equal(partners // angles, rows // angles)
    assert (partners % angles != rows % angles).all()


@given(LABELS, st.integers(1, 7), SEED, st.integers(0, 50), st.integers(1, 30), st.data())
def test_class_partners_are_another_digit_of_the_label(labels, angles, seed, iteration, batch, data):
    last = len(labels) * angles - 1
    rows = np.array(data.draw(st.lists(st.integers(0, last), min_size=batch, max_size=batch)))
    partners = Partners(labels, angles, "class", seed)(rows, iteration)
    assert (partners >= 0).all() and (partners <= last).all()
    np.testing.assert_array_equal(labels[partners // angles], labels[rows // angles])
    several = np.bincount(labels)[labels[rows // angles]] > 1
    assert (partners[several] // angles != rows[several] // angles).all()
    np.testing.assert_array_equal(partners[~several] // angles, rows[~several] // angles)  # it is the only one


@given(LABELS, SEED, st.sampled_from(["rotations", "class"]), st.integers(0, 50))
def test_partners_depend_on_seed_iteration_and_rows_alone(labels, seed, kind, iteration):
    assume(len(labels) > 1)
    rows = np.arange(len(labels)) * 7
    used = Partners(labels, 7, kind, seed)
    used(rows, iteration + 1)
    np.testing.assert_array_equal(used(rows, iteration), Partners(labels, 7, kind, seed)(rows, iteration))


@pytest.mark.parametrize("kind", ["rotations", "class"])
def test_every_possible_partner_is_drawn_about_as_often(kind):
    labels = np.array([0, 1, 0, 0, 1], np.uint8)
    partners = Partners(labels, 3, kind, 0)
    drawn = np.concatenate([partners(np.full(100, 1), iteration) for iteration in range(60)])  # digit 0, angle 1
    counts = np.bincount(drawn, minlength=15)
    possible = [0, 2] if kind == "rotations" else [6, 7, 8, 9, 10, 11]
    assert counts[possible].sum() == 6000
    expected = 6000 / len(possible)
    assert np.abs(counts[possible] - expected).max() < 5 * np.sqrt(expected)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"pair_kind 'twins' is not one of \('rotations', 'class'\)"):
        Partners(np.zeros(3, np.uint8), 7, "twins", 0)
