"""Per-angle means beside their controls."""

from __future__ import annotations

import pandas as pd
import pytest

from deepfeatures import figures

SCORES = pd.DataFrame(
    [
        ("plain", 90.0, 89.5, 91.0),
        ("predicted", 95.0, 94.0, 95.5),
        ("oracle", 96.0, 95.0, 97.0),
        ("own control", 80.0, 79.0, 81.0),
    ],
    columns=["name", "accuracy_percent", "lo", "hi"],
)


def test_values_and_intervals_are_drawn_as_given() -> None:
    ax = figures.per_angle_controls(SCORES)
    assert [(float(dot[0].get_xdata()[0]), float(dot[0].get_ydata()[0])) for dot in ax.containers] == [
        (90, 0),
        (95, 1),
        (96, 2),
        (80, 3),
    ]
    assert ax.containers[0][2][0].get_segments()[0][:, 0].tolist() == [89.5, 91.0]


def test_the_headline_is_marked_and_the_oracle_says_what_it_uses() -> None:
    ax = figures.per_angle_controls(SCORES, paper_percent=95.44)
    labels = ax.get_yticklabels()
    assert [text.get_fontweight() for text in labels] == ["normal", "bold", "normal", "normal"]
    assert labels[2].get_text() == "angle from the true label's regressor\n(uses the test label)"
    assert labels[3].get_text() == "own control"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "headline",
        "control",
        "knows too much",
        "paper, 95.44 %",
    ]


def test_another_estimate_without_the_label_is_no_control() -> None:
    ax = figures.per_angle_controls(pd.concat([SCORES, SCORES.iloc[:1].assign(name="pooled")]))
    assert "other estimate" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert ax.containers[4][0].get_markerfacecolor() == "white"


def test_a_headline_that_uses_the_test_label_is_refused() -> None:
    with pytest.raises(ValueError, match="headline 'oracle' uses the test label: it cannot be the headline"):
        figures.per_angle_controls(SCORES, headline="oracle")
    with pytest.raises(ValueError, match="headline 'pooled' is not among"):
        figures.per_angle_controls(SCORES, headline="pooled")
    with pytest.raises(ValueError, match="more than once"):
        figures.per_angle_controls(SCORES.assign(name="predicted"))
