"""The mean over seeds and its interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from deepfeatures.analysis.seed_means import over_seeds

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(NUMBERS, min_size=2, max_size=20))
def test_the_interval_is_that_of_the_t_test(values):
    found = over_seeds(values)
    assert found.n == len(values) and found.value == pytest.approx(np.mean(values))
    if np.std(values) > 1e-6:
        theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert found.interval == pytest.approx((theirs.low, theirs.high), rel=1e-6, abs=1e-9)


def test_it_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = [low <= 7 <= high for low, high in (over_seeds(rng.normal(7, 3, 3)).interval for _ in range(2000))]
    assert 0.935 < np.mean(hits) < 0.965


def test_one_seed_has_no_interval():
    assert (over_seeds([4.0]).value, over_seeds([4.0]).interval) == (4.0, None)


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, float("nan")]])
def test_refuses_what_has_no_mean(values):
    with pytest.raises(ValueError, match="finite values, at least one"):
        over_seeds(values)
