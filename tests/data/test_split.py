"""Splits by digit: stratified, disjoint, the same each time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.data.split import split_digits

LABELS = np.random.default_rng(3).choice(10, 1000, p=np.arange(1, 11) / 55).astype(np.uint8)


@given(st.integers(10, 500), st.integers(0, 2**31 - 1))
def test_every_digit_is_on_one_side_and_labels_keep_their_shares(validation_digits, seed):
    train, validation = split_digits(LABELS, validation_digits, seed)
    assert len(validation) == validation_digits
    np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(1000))
    assert (np.diff(train) > 0).all() and (np.diff(validation) > 0).all()
    expected = np.bincount(LABELS) * validation_digits / 1000
    assert np.abs(np.bincount(LABELS[validation], minlength=10) - expected).max() <= 1


def test_the_seed_decides():
    first, again, other = (split_digits(LABELS, 100, seed)[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("validation_digits", [-1, 0, 9, 991, 1000, 2000])
def test_too_few_on_either_side_is_refused(validation_digits):
    with pytest.raises(ValueError) as refused:
        split_digits(LABELS, validation_digits, 0)
    assert str(refused.value) == f"validation_digits={validation_digits} of 1000 digits: allowed 10 to 990"
