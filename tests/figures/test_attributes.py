"""Mirrored bars of attributes and lines by layer: what is drawn where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures

COLUMNS = ["attribute", "group", "representation", "kind", "percent", "lo", "hi"]
ROWS = [
    ("Bald", "dependent", "before", "fn", 20.0, 15.0, 30.0),
    ("Bald", "dependent", "before", "fp", 10.0, 5.0, 12.0),
    ("Male", "dependent", "before", "fn", 4.0, 3.0, 5.0),
    ("Male", "dependent", "before", "fp", 6.0, 5.0, 9.0),
    ("Smiling", "independent", "before", "fn", 40.0, 35.0, 55.0),
    ("Smiling", "independent", "before", "fp", 45.0, 40.0, 48.0),
]
TABLE = pd.DataFrame(ROWS, columns=COLUMNS)
LAYERS = pd.DataFrame(
    [("trained", "block2", "dependent", 30.0), ("trained", "embedding", "dependent", 20.0),
     ("pixels", "pixels", "dependent", 33.0)], columns=["network", "layer", "group", "error_percent"],
)  # fmt: skip


def bars(ax):
    return {(round(bar.get_y() + bar.get_height() / 2, 6), bar.get_width()) for bar in ax.patches}


def test_misses_go_left_and_alarms_right_at_their_values() -> None:
    (ax,) = figures.attribute_errors({"made up": TABLE})
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["Male", "Bald", "Smiling"]  # the smallest error of a group on top
    place = dict(zip(names, ax.get_yticks(), strict=True))
    assert bars(ax) == {(place[row[0]], row[4] if row[3] == "fp" else -row[4]) for row in ROWS}


def test_intervals_are_mirrored_too() -> None:
    (ax,) = figures.attribute_errors({"made up": TABLE})
    drawn = {tuple(sorted(segment[:, 0])) for line in ax.collections for segment in line.get_segments()}
    assert {(-30.0, -15.0), (5.0, 12.0), (-55.0, -35.0)} <= drawn


def test_an_attribute_that_a_data_set_lacks_says_so() -> None:
    axes = figures.attribute_errors({"all": TABLE, "some": TABLE[TABLE["attribute"] == "Bald"]})
    said = [text.get_text() for text in axes[1].texts]
    assert said.count("too few, or unknown") == 2
    assert "too few, or unknown" not in [text.get_text() for text in axes[0].texts]


def test_chance_is_marked_on_both_sides() -> None:
    (ax,) = figures.attribute_errors({"made up": TABLE})
    assert {-50.0, 0.0, 50.0} <= {float(np.ravel(line.get_xdata())[0]) for line in ax.lines}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (TABLE.assign(kind="miss"), "kinds \\['miss'\\]; known: fn, fp"),
        (TABLE.assign(percent=120.0, lo=120.0, hi=120.0), "expected 0..100 %"),
        (pd.concat([TABLE, TABLE]), "more than once"),
        (TABLE.drop(columns="group"), "lacks the columns"),
    ],
)
def test_what_cannot_be_drawn_is_refused(changed: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        figures.attribute_errors({"made up": changed})


def test_layers_are_lines_and_pixels_a_level() -> None:
    (ax,) = figures.group_error_by_layer({"made up": LAYERS})
    assert [text.get_text() for text in ax.get_xticklabels()] == ["block2", "embedding"]
    levels = [list(line.get_ydata()) for line in ax.lines]
    assert [30.0, 20.0] in levels and [33.0, 33.0] in levels
    with pytest.raises(ValueError, match="no look for networks \\['mine'\\]"):
        figures.group_error_by_layer({"made up": LAYERS.assign(network="mine", layer=["a", "b", "c"])})


def test_a_group_that_one_data_set_lacks_says_so() -> None:
    other = pd.DataFrame([("trained", "embedding", "independent", 25.0)], columns=LAYERS.columns)
    axes = figures.group_error_by_layer({"all": pd.concat([LAYERS, other]), "some": LAYERS})
    said = [[text.get_text() for text in ax.texts] for ax in axes]
    assert said == [[], [], [], ["none measured here"]]
