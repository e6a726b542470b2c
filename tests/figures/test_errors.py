"""Figure 4."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures
from deepfeatures.figures.errors import TECHNIQUES


def errors() -> pd.DataFrame:
    rows = [
        (t, d, 1.0 + i + (d if d != "mean" else 4.5)) for i, t in enumerate(TECHNIQUES) for d in [*range(10), "mean"]
    ]
    frame = pd.DataFrame(rows, columns=["technique", "digit", "error_percent"])
    return frame.assign(lo=frame["error_percent"] - 0.5, hi=frame["error_percent"] + 1)


def test_bars_have_the_heights_and_whiskers_given() -> None:
    frame = errors()
    ax = figures.errors_per_digit(frame.sample(frac=1, random_state=0))  # the order of rows does not matter
    bars = [container for container in ax.containers if hasattr(container, "patches")]
    assert len(bars) == 6
    for technique, container in zip(TECHNIQUES, bars, strict=True):
        given = frame.loc[frame["technique"] == technique, "error_percent"].to_numpy()
        np.testing.assert_allclose([patch.get_height() for patch in container], given)
    (whiskers,) = next(container for container in ax.containers if not hasattr(container, "patches"))[2]
    np.testing.assert_allclose(whiskers.get_segments()[0][:, 1], [0.5, 2.0])


def test_axis_starts_at_zero_and_every_technique_is_in_the_legend() -> None:
    ax = figures.errors_per_digit(errors())
    assert ax.get_ylim()[0] == 0
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [label for label, *_ in TECHNIQUES.values()]
    assert [text.get_text() for text in ax.get_xticklabels()] == [*map(str, range(10)), "mean"]


def test_wrong_tables_are_refused() -> None:
    frame = errors()
    with pytest.raises(ValueError, match=r"unknown techniques \['svm'\]"):
        figures.errors_per_digit(frame.assign(technique="svm"))
    with pytest.raises(ValueError, match=r"errors range over 100..15\d\d, expected percent"):
        figures.errors_per_digit(frame.assign(error_percent=frame["error_percent"] * 100, lo=np.nan, hi=np.nan))
    with pytest.raises(ValueError, match=r"errors lack 1 bars \[\('lenet-softmax', '3'\)\]"):
        figures.errors_per_digit(frame.drop(index=3))
    with pytest.raises(ValueError, match="more than once"):
        figures.errors_per_digit(pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(ValueError, match="lacks the columns"):
        figures.errors_per_digit(frame.drop(columns="digit"))
