"""Figure 8."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures import figures
from deepfeatures.figures import blocks

LABELS = np.array([1, 0, 1, 0])
ASSIGNMENT = np.array([1, -1, 0, 1, 0, 1])
HEAT = np.arange(24.0).reshape(4, 6)


def test_rows_are_stacked_by_class_and_dead_ones_come_last() -> None:
    assert blocks.row_order(ASSIGNMENT).tolist() == [2, 4, 0, 3, 5, 1]
    (ax,) = figures.block_diagonal({"lenet": HEAT}, {"lenet": ASSIGNMENT}, LABELS)
    np.testing.assert_allclose(ax.images[0].get_array(), HEAT[[1, 3, 0, 2]][:, [2, 4, 0, 3, 5, 1]].T)


def test_blocks_are_counted_and_parted() -> None:
    (ax,) = figures.block_diagonal({"lenet": HEAT}, {"lenet": ASSIGNMENT}, LABELS)
    assert [text.get_text() for text in ax.texts] == ["0: 2", "1: 3", "dead: 1"]
    assert [line.get_ydata()[0] for line in ax.lines[1:]] == [1.5, 4.5]  # the first line parts the columns


def test_no_dead_unit_no_note() -> None:
    (ax,) = figures.block_diagonal({"lenet": HEAT}, {"lenet": np.abs(ASSIGNMENT)}, LABELS)
    assert [text.get_text() for text in ax.texts] == ["0: 2", "1: 4"]


def test_all_units_dead_can_be_drawn() -> None:
    (ax,) = figures.block_diagonal({"lenet": 0 * HEAT}, {"lenet": np.full(6, -1)}, LABELS)
    assert [text.get_text() for text in ax.texts] == ["dead: 6"]


@given(st.lists(st.floats(0, 500), min_size=1, max_size=11))
def test_labels_keep_their_distance_and_order(centres: list[float]) -> None:
    places = blocks.spread(np.sort(centres), 30, 490)
    assert np.all(np.diff(places) >= 30 - 1e-9)
    assert places[-1] <= 490


def test_labels_with_room_stay_where_they_are() -> None:
    assert blocks.spread(np.array([10.0, 100.0, 300.0]), 30, 490).tolist() == [10, 100, 300]


def test_counts_are_bar_heights() -> None:
    ax = figures.units_per_class({"lenet": np.arange(10), "pair-lenet": np.full(10, 4)})
    assert [patch.get_height() for patch in ax.patches] == [*range(10), *[4] * 10]
    assert len(ax.get_legend().get_texts()) == 3


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"assignment of lenet has shape \(5,\), expected \(6\)"):
        figures.block_diagonal({"lenet": HEAT}, {"lenet": ASSIGNMENT[1:]}, LABELS)
    with pytest.raises(ValueError, match=r"names classes \[7\] that no sample has"):
        figures.block_diagonal({"lenet": HEAT}, {"lenet": ASSIGNMENT + 6 * (ASSIGNMENT == 1)}, LABELS)
    with pytest.raises(ValueError, match=r"heat is of \['lenet'\], assignment of \['mu'\]"):
        figures.block_diagonal({"lenet": HEAT}, {"mu": ASSIGNMENT}, LABELS)
    with pytest.raises(ValueError, match=r"units of lenet has shape \(9,\), expected \(10\)"):
        figures.units_per_class({"lenet": np.arange(9)})
    with pytest.raises(ValueError, match="units of lenet: -1 is no count"):
        figures.units_per_class({"lenet": np.arange(10) - 1})
