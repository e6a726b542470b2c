"""Training length and loss weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures

CURVES = pd.DataFrame(
    [
        (n, i, 90 + i / 1000, kind)
        for n in ("lenet", "mu-lenet")
        for kind in ("validation", "test")
        for i in (2000, 1000, 4000)
    ],
    columns=["network", "iteration", "accuracy_percent", "kind"],
)
SCAN = pd.DataFrame(
    [(w, metric, w + 1) for metric in ("accuracy", "spread") for w in (0.1, 0.0, 1.0)],
    columns=["weight", "metric", "value"],
)


def test_a_line_for_each_network_and_kind_in_order_of_iterations() -> None:
    ax = figures.accuracy_against_iterations(CURVES)
    assert [line.get_label() for line in ax.lines] == [
        "LeNet, validation", "LeNet, test", "μ-LeNet, validation", "μ-LeNet, test",
    ]  # fmt: skip
    for line in ax.lines:
        np.testing.assert_allclose(line.get_xdata(), [1000, 2000, 4000])
        np.testing.assert_allclose(line.get_ydata(), [91, 92, 94])
    assert len({str(line.get_linestyle()) for line in ax.lines}) == 2


def test_the_chosen_iteration_is_ringed_on_every_curve_of_its_network() -> None:
    ax = figures.accuracy_against_iterations(CURVES, chosen={"lenet": 3000})
    rings = [line for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert [(float(ring.get_xdata()[0]), float(ring.get_ydata()[0])) for ring in rings] == [(3000, 93)] * 2
    assert [text.get_text() for text in ax.get_legend().get_texts()].count("training stopped here") == 1


def test_bands_are_drawn_where_intervals_are_known() -> None:
    banded = CURVES.assign(lo=CURVES["accuracy_percent"] - 1, hi=CURVES["accuracy_percent"] + 1)
    assert len(figures.accuracy_against_iterations(banded).collections) == 4
    assert len(figures.accuracy_against_iterations(CURVES).collections) == 0


def test_wrong_curves_are_refused() -> None:
    with pytest.raises(ValueError, match=r"chosen names \['pair-lenet'\]"):
        figures.accuracy_against_iterations(CURVES, chosen={"pair-lenet": 1})
    with pytest.raises(ValueError, match="4 kinds of curve"):
        figures.accuracy_against_iterations(CURVES.iloc[:4].assign(kind=list("abcd")))
    with pytest.raises(ValueError, match="more than once"):
        figures.accuracy_against_iterations(CURVES.assign(kind="test"))


def test_a_panel_for_each_metric_with_weights_evenly_spaced() -> None:
    axes = figures.weights_scan(SCAN, units={"accuracy": "%", "spread": "degrees"}, chosen=0.1)
    assert [ax.get_ylabel() for ax in axes] == ["accuracy,\n%", "spread,\ndegrees"]
    for ax in axes:
        line = ax.containers[0][0]
        np.testing.assert_allclose(line.get_xdata(), [0, 1, 2])
        np.testing.assert_allclose(line.get_ydata(), [1, 1.1, 2])
        assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "0.1", "1"]


def test_a_weight_that_was_not_scanned_is_refused() -> None:
    with pytest.raises(ValueError, match=r"chosen weight 5 is not among those scanned: \[0.0, 0.1, 1.0\]"):
        figures.weights_scan(SCAN, chosen=5)
