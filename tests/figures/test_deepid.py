"""The chapter on DeepID2+ drawn: what is on the axes is what the table says."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_accuracies_stand_where_the_table_says_and_hand_made_features_across():
    table = pd.DataFrame(
        [("net", "FC-1", 60.0, 55.0, 65.0), ("net", "FC-2", 70.0, 66.0, 75.0), ("LBP", "", 58.0, 56.0, 61.0)],
        columns=["network", "layer", "accuracy_percent", "lo", "hi"],
    )
    ax = figures.verification_by_layer(table)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["FC-1", "FC-2"]
    dots = ax.containers[0].lines[0]
    assert dots.get_ydata().tolist() == [60, 70] and np.round(dots.get_xdata()).tolist() == [0, 1]
    [across] = [line for line in ax.lines if line.get_label() == "LBP"]
    assert across.get_ydata()[0] == 58 and ax.get_ylabel().startswith("pairs judged rightly, %")


def test_histograms_are_in_percent_and_keep_faces_above_units():
    rows = [
        (network, "fc1", of, low, low + 0.5, share)
        for network in ("net", "twin")
        for of, first in (("face", 0.25), ("unit", 0.9))
        for low, share in ((0.0, first), (0.5, 1 - first))
    ]
    table = pd.DataFrame(rows, columns=["network", "layer", "of", "low", "high", "share"])
    above, below = figures.activity_histograms(table, labels={"net": "trained", "twin": "random"})
    assert (
        above.get_title(loc="left") == "FC-1" and above.get_ylabel() == "faces, %" and below.get_ylabel() == "units, %"
    )
    steps = above.patches[0].get_data()
    assert steps.values.tolist() == [25, 75] and steps.edges.tolist() == [0, 0.5, 1]
    assert below.patches[0].get_data().values.tolist() == pytest.approx([90, 10])


def test_chance_is_drawn_and_chosen_markers_are_hollow():
    table = pd.DataFrame(
        [("identities", side, "net fc4", 70.0, 65.0, 75.0, 90.0, 50.0) for side in ("excitatory", "inhibitory")],
        columns=["what", "side", "layer", "accuracy_percent", "lo", "hi", "chosen_percent", "shuffled_percent"],
    )
    [ax] = figures.units_by_layer(table, labels={"net fc4": "FC-4"})
    hollow = [line for line in ax.lines if line.get_label() == "excitatory, where it was chosen"]
    assert hollow[0].get_xdata().tolist() == [90] and hollow[0].get_markerfacecolor() == "white"
    assert any(line.get_xdata()[0] == 50 for line in ax.lines if len(line.get_xdata()) == 2)


def test_a_pattern_begins_whole():
    table = pd.DataFrame(
        [("block", 0.4, "net", 0.8, 0.6, 0.7)], columns=["hider", "share", "name", "unchanged", "people", "images"]
    )
    [ax] = figures.pattern_stability(table, labels={"net": "FC-4"})
    assert ax.lines[0].get_xdata().tolist() == [0, 40] and ax.lines[0].get_ydata().tolist() == [100, 80]
    assert ax.lines[1].get_ydata()[0] == 60  # two people


def test_a_table_that_says_one_thing_twice_is_refused():
    table = pd.DataFrame([("net", "FC-1", 60.0)] * 2, columns=["network", "layer", "accuracy_percent"])
    with pytest.raises(ValueError, match="more than once"):
        figures.verification_by_layer(table)
