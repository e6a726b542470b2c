from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures.figures.forest import forest

ROWS = pd.DataFrame({
    "label": ["mine, last", "pixels"], "kind": ["asked", "control"], "value": [0.9, 0.6], "lo": [0.8, np.nan],
    "hi": [0.95, np.nan],
})  # fmt: skip


def test_rows_run_from_top_to_bottom_with_their_intervals_and_chance() -> None:
    ax = forest(ROWS, x_label="area under the curve", reference=0.5, reference_label="chance")
    assert [text.get_text() for text in ax.get_yticklabels()] == ROWS["label"].tolist()
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    drawn = {tuple(line.get_xydata()[0]) for line in ax.lines if line.get_marker() in ("o", "s")}
    assert drawn == {(0.9, 0.0), (0.6, 1.0)}
    (whisker,) = ax.containers[0].lines[2][0].get_segments()  # type: ignore[attr-defined]
    np.testing.assert_allclose(whisker[:, 0], [0.8, 0.95])
    assert any(np.allclose(line.get_xdata(), 0.5) for line in ax.lines) and ax.texts[0].get_text() == "chance"


def test_an_interval_beside_its_value_is_drawn_where_it_lies() -> None:
    ax = forest(ROWS.assign(lo=[0.91, np.nan]), x_label="x")
    (whisker,) = ax.containers[0].lines[2][0].get_segments()  # type: ignore[attr-defined]
    np.testing.assert_allclose(whisker[:, 0], [0.91, 0.95])


def test_a_label_twice_or_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="more than once"):
        forest(pd.concat([ROWS, ROWS]), x_label="x")
    with pytest.raises(ValueError, match=r"1 of 2 intervals lack an end .* first is \[0.96, 0.95\]"):
        forest(ROWS.assign(lo=[0.96, np.nan]), x_label="x")
    with pytest.raises(ValueError, match=r"first is \[nan, 0.95\]"):
        forest(ROWS.assign(lo=[np.nan, np.nan]), x_label="x")
