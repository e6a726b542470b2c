"""Which images an iteration sees: a function of (seed, iteration) alone, so that a resumed run sees the same."""

from __future__ import annotations

import numpy as np

PAIR_KINDS = ("rotations", "class")


class Stream:
    """Rows 0..rows-1 in an order shuffled anew every epoch, cut into batches that run across epoch ends.

    Caffe reads its database in one fixed order (deviation D5; training.in_order).
    """

    def __init__(self, rows: int, batch: int, seed: int) -> None:
        if rows < 1 or batch < 1:
            raise ValueError(f"{rows} rows in batches of {batch}: both must be at least 1")
        self.rows, self.batch, self.seed = rows, batch, seed
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __call__(self, iteration: int) -> np.ndarray:
        """Rows of one iteration: (batch,) int64."""
        taken: list[np.ndarray] = []
        position, missing = iteration * self.batch, self.batch
        while missing:
            epoch, offset = divmod(position, self.rows)
            if epoch != self._epoch:
                self._epoch, self._order = epoch, np.random.default_rng([self.seed, epoch]).permutation(self.rows)
            piece = self._order[offset : offset + missing]
            taken.append(piece)
            position += len(piece)
            missing -= len(piece)
        return np.concatenate(taken)


class Partners:
    """The second image of each pair. Rows are digit-major: row = digit * angles + angle.

    'rotations': the same digit at another of its angles, uniformly.
    'class': another digit of the same label (any, where the label has only one) at an angle drawn uniformly.
    """

    def __init__(self, labels: np.ndarray, angles: int, kind: str, seed: int) -> None:
        if kind not in PAIR_KINDS:
            raise ValueError(f"pair_kind {kind!r} is not one of {PAIR_KINDS}")
        self.labels, self.angles, self.kind, self.seed = np.asarray(labels), angles, kind, seed
        self._by_label = np.argsort(self.labels, kind="stable")
        self._first = np.searchsorted(self.labels[self._by_label], np.arange(self.labels.max() + 2))
        self._rank = np.empty(len(self.labels), np.int64)  # position of a digit among those of its label
        self._rank[self._by_label] = np.arange(len(self.labels)) - self._first[self.labels[self._by_label]]

    def __call__(self, rows: np.ndarray, iteration: int) -> np.ndarray:
        """Partner rows: (batch,) int64."""
        rng = np.random.default_rng([self.seed, 1, iteration])
        digit, angle = np.divmod(rows, self.angles)
        if self.kind == "rotations":
            return digit * self.angles + (angle + rng.integers(1, self.angles, len(rows))) % self.angles
        label = self.labels[digit]
        count = self._first[label + 1] - self._first[label]
        step = 1 + np.floor(rng.random(len(rows)) * np.maximum(count - 1, 1)).astype(np.int64)
        other = self._by_label[self._first[label] + (self._rank[digit] + step) % count]
        return other * self.angles + rng.integers(0, self.angles, len(rows))
