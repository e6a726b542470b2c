"""Rows that lie in several arrays, read as if they lay in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


class ShardedRows:
    """(n, width): arrays one below the other, concatenated only where they are read. parts: each (rows, width).

    Indexed by an int, a slice, positions or a mask; what comes back is an array in memory. np.asarray reads all.
    """

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        if not parts:
            raise ValueError("no shard")
        widths = {part.shape[1:] for part in parts}
        if len(widths) != 1 or len({part.dtype for part in parts}) != 1:
            raise ValueError(f"shards differ: {sorted((part.shape[1:], str(part.dtype)) for part in parts)}")
        self.parts = tuple(parts)
        self.starts = np.cumsum([0, *(len(part) for part in parts)])
        self.shape = (int(self.starts[-1]), *parts[0].shape[1:])
        self.dtype = parts[0].dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | slice | np.ndarray | Sequence[int]) -> np.ndarray:
        if isinstance(rows, int | np.integer):
            return self._take(np.array([self._place(int(rows))]))[0]
        if isinstance(rows, slice):
            return self._take(np.arange(len(self))[rows])
        positions = np.asarray(rows)
        if positions.dtype == bool:
            if positions.shape != (len(self),):
                raise IndexError(f"a mask of {positions.shape} for {len(self)} rows")
            return self._take(np.flatnonzero(positions))
        if positions.ndim != 1 or (len(positions) and positions.dtype.kind not in "iu"):
            raise IndexError(
                f"rows are taken by int, slice, positions or mask, not {positions.shape} {positions.dtype}"
            )
        return self._take(np.array([self._place(int(row)) for row in positions], np.int64))

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("rows of several shards cannot be read without a copy")
        whole = np.concatenate(self.parts)
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def blocks(self, rows: int = 4096) -> Iterator[np.ndarray]:
        """All rows in order, up to `rows` at a time; a block does not cross a shard, so none is copied."""
        if rows < 1:
            raise ValueError(f"blocks of {rows} rows: at least 1")
        for part in self.parts:
            for start in range(0, len(part), rows):
                yield part[start : start + rows]

    def _place(self, row: int) -> int:
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return row % len(self)

    def _take(self, rows: np.ndarray) -> np.ndarray:
        out = np.empty((len(rows), *self.shape[1:]), self.dtype)
        shard = np.searchsorted(self.starts, rows, side="right") - 1
        for number in np.unique(shard):
            here = shard == number
            out[here] = self.parts[number][rows[here] - self.starts[number]]
        return out
