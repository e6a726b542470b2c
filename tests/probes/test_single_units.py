"""The best unit against trying every unit and every cut; and what the best of many units finds in noise."""

import numpy as np
import pytest

from deepfeatures.probes.single_units import EXCITATORY, INHIBITORY, balanced, choose


def slow_best(values, label, side):
    """Balanced accuracy of the best unit and cut, one after the other."""
    there, lacks = values[label == 1], values[label == 0]
    best = -1.0
    for unit in range(values.shape[1]):
        known = np.unique(values[label >= 0, unit])
        for cut in (known[:-1] + known[1:]) / 2:
            hits, alarms = (there[:, unit] > cut).mean(), (lacks[:, unit] > cut).mean()
            gain = hits - alarms if side == EXCITATORY else alarms - hits
            best = max(best, 0.5 + gain / 2)
    return best


@pytest.mark.parametrize("relu", [False, True])
def test_the_best_unit_is_that_of_trying_all(relu):
    rng = np.random.default_rng(3)
    values = rng.standard_normal((40, 7)).round(1)
    values = np.maximum(values, 0) if relu else values
    labels = rng.integers(-1, 2, (40, 4))
    found = choose(values, labels, columns=3)
    says = found.says(values)
    for label in range(4):
        for side in (EXCITATORY, INHIBITORY):
            assert found.accuracy[side, label] == pytest.approx(slow_best(values, labels[:, label], side))
    # What it says of the images it was chosen by is as accurate as it claims.
    np.testing.assert_allclose(balanced(says, labels), found.accuracy)


def test_a_unit_that_fires_and_one_that_falls_silent_are_found():
    rng = np.random.default_rng(0)
    label = np.arange(100) % 2
    values = rng.random((100, 6))
    values[:, 4] += 5 * label
    values[:, 1] += 5 * (1 - label)
    found = choose(values, label[:, None])
    assert found.unit[:, 0].tolist() == [4, 1] and found.accuracy.ravel() == pytest.approx([1, 1])
    assert found.says(values)[EXCITATORY, 0].tolist() == (label == 1).tolist()
    assert found.says(values)[INHIBITORY, 0].tolist() == (label == 1).tolist()


def test_in_noise_the_best_looks_good_where_it_was_chosen_and_is_chance_elsewhere():
    rng = np.random.default_rng(0)
    seen, unseen = rng.standard_normal((2, 60, 500))
    labels = rng.integers(0, 2, (60, 30))
    found = choose(seen, labels)
    assert found.accuracy.mean() > 0.65
    assert balanced(found.says(unseen), labels).mean() == pytest.approx(0.5, abs=0.03)


def test_equal_values_are_never_parted():
    found = choose(np.zeros((10, 2)), (np.arange(10) % 2)[:, None])
    assert found.accuracy.tolist() == [[0.5], [0.5]]


def test_a_label_with_one_side_is_refused():
    with pytest.raises(ValueError, match="1 of 2 labels have only one side"):
        choose(np.zeros((4, 1)), np.array([[1, 1], [0, 1], [1, -1], [0, 1]]))


def test_balanced_accuracy_by_hand_and_unknown_takes_no_part():
    labels = np.array([[1], [1], [0], [0], [-1]])
    says = np.array([[True, False, False, False, True]])
    assert balanced(says, labels) == pytest.approx([0.75])
