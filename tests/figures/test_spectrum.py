"""Figure 6."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures import figures

SPECTRA = {"lenet": np.linspace(10, 0, 60), "pair-lenet": np.r_[3.0, 4.0 * np.zeros(49)]}


def test_leading_values_are_drawn_as_given_on_one_vertical_axis() -> None:
    axes = figures.scree(SPECTRA, components=40)
    for ax, values in zip(axes, SPECTRA.values(), strict=True):
        line = ax.lines[-1]
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 41))
        np.testing.assert_allclose(line.get_ydata(), values[:40])
        assert [rank.get_xdata()[0] for rank in ax.lines[:2]] == [9, 10]
    assert axes[0].get_ylim() == axes[1].get_ylim() and axes[0].get_ylim()[0] == 0
    assert axes[0].get_title() == "LeNet (40 of 60)"


def test_cumulative_is_a_share_of_squares() -> None:
    ax = figures.cumulative({"lenet": [2.0, 1.0, 1.0]}, components=3, rank_lines=())
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [100 * 4 / 6, 100 * 5 / 6, 100])


def test_rank_accuracy_draws_what_it_is_given() -> None:
    ax = figures.rank_accuracy({"lenet": ([1, 9, 500], [20.0, 80.0, 90.0])})
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), [20, 80, 90])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "9", "500"]
    with pytest.raises(ValueError, match=r"accuracies of lenet has shape \(2,\), expected \(3\)"):
        figures.rank_accuracy({"lenet": ([1, 9, 500], [20.0, 80.0])})
    with pytest.raises(ValueError, match="must rise from 1 or more; lowest is 0"):
        figures.rank_accuracy({"lenet": ([0, 9], [20.0, 80.0])})
    ax = figures.rank_accuracy({"lenet": ([1, 9], [20.0, 80.0], [18.0, 79.0], [23.0, 84.0])})
    (band,) = [one for one in ax.collections if one.get_paths()]
    corners = {(round(float(x), 6), round(float(y), 6)) for x, y in band.get_paths()[0].vertices}
    assert {(1.0, 18.0), (1.0, 23.0), (9.0, 79.0), (9.0, 84.0)} <= corners
    with pytest.raises(ValueError, match="an interval of lenet does not hold its value"):
        figures.rank_accuracy({"lenet": ([1, 9], [20.0, 80.0], [21.0, 79.0], [23.0, 84.0])})


@pytest.mark.parametrize("draw", [figures.scree, figures.cumulative])
def test_what_is_no_spectrum_is_refused(draw: object) -> None:
    assert callable(draw)
    with pytest.raises(ValueError, match="lenet has 30 singular values, 40 are to be drawn"):
        draw({"lenet": np.ones(30)})
    with pytest.raises(ValueError, match="not non-negative and descending"):
        draw({"lenet": np.arange(50.0)})
    with pytest.raises(ValueError, match="all 50 singular values of lenet are 0"):
        draw({"lenet": np.zeros(50)})
    with pytest.raises(ValueError, match="components is 0"):
        draw({"lenet": np.ones(30)}, components=0)
