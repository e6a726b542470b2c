"""Layers, distances and trends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures

ANGLES = np.arange(-45.0, 46.0, 15.0)
LAYERS = pd.DataFrame(
    [("lenet", "ip1", 0.5, 0.4, 0.6), ("lenet", "pool1", 0.2, 0.1, 0.3), ("untrained", "pool1", 0.3, 0.2, 0.4)],
    columns=["network", "layer", "index", "lo", "hi"],
)
DISTANCES = pd.DataFrame(
    [("lenet", "class", 4.0), ("lenet", "pair", 3.0), ("pair-lenet", "pair", 1.0), ("pair-lenet", "class", 3.5)],
    columns=["network", "kind", "distance"],
)


def test_layers_stand_in_the_order_of_the_network() -> None:
    ax = figures.by_layer(LAYERS, quantity="index, %")
    assert [text.get_text() for text in ax.get_xticklabels()] == ["pool1", "ip1"]
    np.testing.assert_allclose(ax.containers[0][0].get_ydata(), [0.2, 0.5])
    np.testing.assert_allclose(ax.containers[1][0].get_ydata(), [0.3])
    assert ax.get_ylabel() == "index, %"
    with pytest.raises(ValueError, match=r"unknown layers \['fc9'\]; known: pool1"):
        figures.by_layer(LAYERS.replace({"layer": {"ip1": "fc9"}}))


def test_distances_are_bar_heights_from_zero() -> None:
    ax = figures.pair_and_class_distances(DISTANCES)
    assert [patch.get_height() for patch in ax.patches] == [3, 1, 4, 3.5]  # pairs, then classes
    assert ax.get_ylim()[0] == 0
    assert [text.get_text() for text in ax.get_xticklabels()] == ["LeNet", "PAIR-LeNet"]
    with pytest.raises(ValueError, match=r"unknown kinds of distance \['far'\]"):
        figures.pair_and_class_distances(DISTANCES.replace({"kind": {"pair": "far"}}))
    with pytest.raises(ValueError, match="lowest distance is -1, below 0"):
        figures.pair_and_class_distances(DISTANCES.assign(distance=-1.0))


def test_trends_are_relative_and_counted_and_dead_units_left_out() -> None:
    rising, falling = 1 + ANGLES / 90, 10 - ANGLES / 9
    (ax,) = figures.trend_within_digit({"lenet": np.stack([rising, falling, 2 * rising, np.zeros(7)])}, ANGLES, digit=3)
    curves = [line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 7]
    np.testing.assert_allclose(curves, [rising, falling / 10, rising])
    assert "2 rise" in ax.get_title() and "1 fall" in ax.get_title()
    assert "digit 3" in ax.get_ylabel()


def test_wrong_trends_are_refused() -> None:
    with pytest.raises(ValueError, match=r"activation of lenet has shape \(3, 6\), expected \(any, 7\)"):
        figures.trend_within_digit({"lenet": np.ones((3, 6))}, ANGLES)
    with pytest.raises(ValueError, match="must rise over 2 or more values"):
        figures.trend_within_digit({"lenet": np.ones((3, 7))}, ANGLES[::-1])
    with pytest.raises(ValueError, match="reaches down to -1"):
        figures.trend_within_digit({"lenet": -np.ones((3, 7))}, ANGLES)
