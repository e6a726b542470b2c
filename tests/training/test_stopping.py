"""When training has converged: the rule by hand, and what it never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.training.stopping import Convergence, converged_at


@pytest.mark.parametrize(
    ("accuracies", "patience", "tolerance_pp", "iteration", "capped"),
    [
        # evaluations at 10, 20, 30, 40, 50
        ([0.50, 0.90, 0.90, 0.90, 0.90], 20, 0.1, 20, False),  # nothing after 20 is better
        ([0.50, 0.60, 0.70, 0.80, 0.90], 20, 0.1, 50, True),  # still rising at the cap
        ([0.900, 0.901, 0.902, 0.903, 0.904], 20, 0.25, 10, False),  # rises too slowly to count
        ([0.900, 0.901, 0.902, 0.903, 0.904], 20, 0.15, 50, True),  # the same rise, a stricter tolerance
        ([0.90, 0.50, 0.50, 0.50, 0.50], 20, 0.1, 10, False),  # what gets worse is no gain
        ([0.50, 0.50, 0.50, 0.90, 0.90], 20, 0.1, 10, False),  # a late rise is beyond the patience
        ([0.50, 0.50, 0.50, 0.90, 0.90], 30, 0.1, 50, True),  # ... and within a longer one
        ([0.50, 0.60, 0.90, 0.90, 0.90], 30, 0.1, 50, True),  # 30 looks good, but 30 more were never run
        ([0.90, 0.90, 0.90, 0.90, 0.90], 40, 0.0, 10, False),  # ties do not better
        ([0.90, 0.90, 0.90, 0.90, 0.90], 41, 0.0, 50, True),  # one iteration too few after the first
        ([0.50, 0.90, 0.91, 0.90, 0.90], 5, 0.1, 10, False),  # no evaluation lies within 5 iterations
    ],
)
def test_by_hand(accuracies, patience, tolerance_pp, iteration, capped):
    found = converged_at([10, 20, 30, 40, 50], accuracies, patience, tolerance_pp)
    assert found == Convergence(iteration, capped)


def test_one_evaluation_is_the_cap():
    assert converged_at([60], [0.4], 20, 0.2) == Convergence(60, capped=True)


def test_a_rise_of_exactly_the_tolerance_is_no_gain():
    assert converged_at([1, 2, 3], [0.25, 0.50, 0.50], 1, 25.0) == Convergence(1, capped=False)


CURVE = st.lists(st.tuples(st.integers(1, 1000), st.floats(0, 1)), min_size=1, max_size=20, unique_by=lambda e: e[0])


@given(CURVE, st.integers(1, 500), st.floats(0, 10))
def test_the_choice_is_an_evaluation_and_keeps_the_rule(curve, patience, tolerance_pp):
    steps, accuracies = zip(*sorted(curve), strict=True)
    found = converged_at(steps, accuracies, patience, tolerance_pp)
    assert found.iteration in steps

    def holds(i):  # the rule, in other words
        enough = steps[-1] >= steps[i] + patience
        later = [a for step, a in zip(steps, accuracies, strict=True) if 0 < step - steps[i] <= patience]
        rises = [100 * (a - accuracies[i]) for a in later]
        return enough and all(rise <= tolerance_pp for rise in rises)

    expected = [step for i, step in enumerate(steps) if holds(i)]
    assert found == (Convergence(expected[0], False) if expected else Convergence(steps[-1], True))


@given(CURVE, st.integers(1, 500), st.floats(0, 5), st.floats(0, 5))
def test_more_tolerance_never_stops_later(curve, patience, less, more):
    steps, accuracies = zip(*sorted(curve), strict=True)
    assert (
        converged_at(steps, accuracies, patience, less + more).iteration
        <= converged_at(steps, accuracies, patience, less).iteration
    )


@pytest.mark.parametrize(
    ("iterations", "accuracies"), [([], []), ([10, 20], [0.5]), ([20, 10], [0.5, 0.6]), ([10, 10], [0.5, 0.6])]
)
def test_a_curve_that_is_none_is_refused(iterations, accuracies):
    with pytest.raises(ValueError) as refused:
        converged_at(iterations, accuracies, 20, 0.2)
    assert str(refused.value) == (
        f"{len(accuracies)} accuracies at {len(iterations)} ascending iterations, at least one of each is needed"
    )
