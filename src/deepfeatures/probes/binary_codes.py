"""Binary codes: which units are active, one bit a unit, packed in words of 64; their distance is a population count."""

from __future__ import annotations

import numpy as np

WORD = 64


def bits(features: np.ndarray, threshold: float | np.ndarray = 0.0) -> np.ndarray:
    """(n, d) bool: above the threshold. features: (n, d); threshold: 0 after a ReLU; (d,) medians of signed ones."""
    return np.asarray(features) > threshold


def pack(code: np.ndarray) -> np.ndarray:
    """(n, ceil(d / 64)) uint64. code: (n, d) bool; what is missing to a full word is 0 in all codes."""
    code = np.asarray(code)
    if code.ndim != 2 or code.dtype != bool:
        raise ValueError(f"a code of shape {code.shape} and type {code.dtype}: (n, d) bool is needed")
    filled = np.pad(code, ((0, 0), (0, -code.shape[1] % WORD)))
    return np.ascontiguousarray(np.packbits(filled, axis=1)).view(np.uint64)


def hamming(first: np.ndarray, second: np.ndarray, *, chunk_bytes: int = 2**18) -> np.ndarray:
    """(n, m) int32: how many bits differ, every first with every second. first: (n, words), second: (m, words) packed.

    Rows of `first` are taken a few at a time, so that what is between stays in the cache.
    """
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"codes of {first.shape[1]} and {second.shape[1]} words")
    found = np.zeros((len(first), len(second)), np.int32)
    words = np.ascontiguousarray(second.T)  # word by word: every operation then runs along all of `second`
    rows = max(1, chunk_bytes // max(1, 8 * len(second)))
    for start in range(0, len(first), rows):
        part = slice(start, start + rows)
        for word in range(first.shape[1]):
            found[part] += np.bitwise_count(first[part, word, None] ^ words[word])
    return found


def nearest(gallery: np.ndarray, probes: np.ndarray) -> np.ndarray:
    """(probes,) the gallery row at the smallest distance, the first of equals. gallery, probes: packed."""
    return hamming(probes, gallery).argmin(axis=1)
