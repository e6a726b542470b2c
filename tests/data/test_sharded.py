from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.data.sharded import ShardedRows

SIZES = st.lists(st.integers(0, 7), min_size=1, max_size=5).filter(lambda sizes: sum(sizes) > 0)


def parts_of(sizes: list[int]) -> list[np.ndarray]:
    whole = np.arange(3 * sum(sizes), dtype=np.float32).reshape(-1, 3)
    return np.split(whole, np.cumsum(sizes)[:-1])


@given(SIZES, st.data())
def test_rows_are_those_of_the_concatenation(sizes: list[int], data: st.DataObject) -> None:
    parts = parts_of(sizes)
    whole, rows = np.concatenate(parts), ShardedRows(parts)
    assert rows.shape == whole.shape and len(rows) == len(whole) and rows.dtype == whole.dtype and rows.ndim == 2
    np.testing.assert_array_equal(np.asarray(rows), whole)
    places = data.draw(st.lists(st.integers(-len(whole), len(whole) - 1), max_size=9))
    np.testing.assert_array_equal(rows[np.array(places, int)], whole[np.array(places, int)])
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole))))
    np.testing.assert_array_equal(rows[mask], whole[mask])
    cut = data.draw(st.slices(len(whole)))
    np.testing.assert_array_equal(rows[cut], whole[cut])
    for place in places:
        np.testing.assert_array_equal(rows[place], whole[place])


@given(SIZES, st.integers(1, 9))
def test_blocks_are_all_rows_in_order_and_never_copies(sizes: list[int], size: int) -> None:
    parts = parts_of(sizes)
    blocks = list(ShardedRows(parts).blocks(size))
    np.testing.assert_array_equal(np.concatenate(blocks), np.concatenate(parts))
    assert all(1 <= len(block) <= size for block in blocks)
    assert all(any(np.shares_memory(block, part) for part in parts) for block in blocks)


def test_bad_input_is_refused() -> None:
    rows = ShardedRows(parts_of([2, 3]))
    for bad in (5, -6, np.array([0, 5])):
        with pytest.raises(IndexError, match="of 5"):
            rows[bad]
    with pytest.raises(IndexError, match="a mask of"):
        rows[np.array([True])]
    with pytest.raises(IndexError, match="float64"):
        rows[np.array([0.5])]
    with pytest.raises(ValueError, match="0 rows"):
        next(rows.blocks(0))
    with pytest.raises(ValueError, match="without a copy"):
        np.array(rows, copy=False)
    with pytest.raises(ValueError, match="no shard"):
        ShardedRows([])
    with pytest.raises(ValueError, match="shards differ"):
        ShardedRows([np.zeros((1, 2)), np.zeros((1, 3))])
