"""Packed bits against bits that are compared one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.probes.binary_codes import bits, hamming, nearest, pack


@given(st.integers(1, 7), st.integers(1, 5), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_the_distance_is_the_count_of_different_bits(n, m, width, seed):
    rng = np.random.default_rng(seed)
    first, second = rng.random((n, width)) > 0.5, rng.random((m, width)) > 0.5
    slow = (first[:, None] != second[None]).sum(axis=2)
    assert (hamming(pack(first), pack(second)) == slow).all()
    assert (hamming(pack(first), pack(second), chunk_bytes=1) == slow).all()


def test_words_hold_64_bits_and_are_filled_up():
    assert pack(np.ones((2, 64), bool)).shape == (2, 1)
    assert pack(np.ones((2, 65), bool)).shape == (2, 2)
    assert pack(np.ones((2, 512), bool)).nbytes == 2 * 64
    assert np.bitwise_count(pack(np.ones((1, 65), bool))).sum() == 65


def test_nearest_is_the_smallest_distance_and_the_first_of_equals():
    gallery = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]], bool)
    assert nearest(pack(gallery), pack(np.array([[1, 0, 0, 1], [1, 1, 0, 0]], bool))).tolist() == [1, 0]


def test_bits_are_strictly_above_the_threshold():
    assert bits(np.array([[0.0, 1e-9, -1.0]])).tolist() == [[False, True, False]]
    assert bits(np.array([[0.0, 2.0]]), np.array([-1.0, 2.0])).tolist() == [[True, False]]


def test_what_is_no_code_is_refused():
    with pytest.raises(ValueError, match="type float64"):
        pack(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="codes of 1 and 2 words"):
        hamming(pack(np.zeros((1, 3), bool)), pack(np.zeros((1, 80), bool)))
