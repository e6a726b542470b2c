"""Standard normal draws that depend on nothing but (seed, what, number): any face can be drawn alone."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

_ODD = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio; constants of splitmix64, Steele, Lea, Flood 2014


def scrambled(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64's finaliser: a bijection of 64-bit numbers whose output bits look independent of the input's."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def normal(seed: int, name: str, *numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) standard normal draws, one for each row of `numbers` ((n,) each, 0 or more), a stream of its own per name.

    A name's stream does not depend on which other names exist: a factor that is added changes no older face.
    """
    state = np.full(len(numbers[0]), (seed << 32) + zlib.crc32(name.encode()), np.uint64)
    with np.errstate(over="ignore"):  # wraps around 2**64, as meant
        for number in numbers:
            state = scrambled(state + _ODD * (number.astype(np.uint64) + np.uint64(1)))
        state = scrambled(state + _ODD)
    uniform = ((state >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return ndtri(uniform)
