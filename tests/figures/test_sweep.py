"""The figure of a sweep: what is handed in is what can be seen."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from deepfeatures.figures import sweep
from deepfeatures.figures.sweep import sweep_curves


def table(x, lines=("a", "b"), panels=("",)):
    marks = [
        (x, line, p, 40.0 + 7 * i + 3 * j) for i, x in enumerate(x) for j, line in enumerate(lines) for p in panels
    ]
    found = pd.DataFrame(marks, columns=["x", "line", "panel", "value"])
    return found.assign(lo=found["value"] - 3, hi=found["value"] + 4)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("x", [[100, 300, 3000], ["global", "per-feature"]])
def test_every_mark_interval_and_run_lies_inside_the_axes(x, logarithmic):
    given = table(x)
    runs = pd.concat([given.assign(value=given["value"] - 9), given.assign(value=given["value"] + 9)])
    figure = sweep_curves(given, runs, x_label="x", y_label="y", line_label="l", logarithmic=logarithmic)
    figure.canvas.draw()
    (ax,) = figure.axes
    (left, right), (bottom, top) = sorted(ax.get_xlim()), ax.get_ylim()
    places = range(len(x)) if isinstance(x[0], str) else x
    assert left < min(places) and max(places) < right
    assert bottom < min(runs["value"].min(), given["lo"].min()) and max(runs["value"].max(), given["hi"].max()) < top
    assert (top - bottom) < 1.3 * (runs["value"].max() - runs["value"].min())  # and it fills them
    drawn = [line.get_ydata() for line in ax.lines if line.get_marker() == "o" and line.get_markersize() < 3]
    assert sorted(np.concatenate(drawn)) == sorted(runs["value"])
    assert (ax.get_xscale() == "log") == (logarithmic and not isinstance(x[0], str))
    assert ("(logarithmic)" in ax.get_xlabel()) == (ax.get_xscale() == "log")


def test_ticks_stand_at_what_was_run_and_words_are_not_joined():
    ax = sweep_curves(table([60, 120, 200]), x_label="x", y_label="y").axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["60", "120", "200"]
    words = sweep_curves(table(["long name one", "long name two", "long name three"]), x_label="x", y_label="y").axes[0]
    assert {line.get_linestyle() for line in words.lines if line.get_marker() in sweep.MARKERS} == {"None"}
    many = sweep_curves(table(range(100, 130)), x_label="x", y_label="y").axes[0]
    assert len(many.get_xticks()) == 6 and many.get_xticks()[[0, -1]].tolist() == [100, 129]


@pytest.mark.parametrize("width_in", [7.2, 3.5])
@pytest.mark.parametrize("panels", [("",), ("p = 1", "p = 2", "p = 3")])
def test_panels_and_legend_fit_the_width(width_in, panels):
    lines = tuple(f"a rather long value {n}" for n in range(5))
    figure = sweep_curves(
        table([1, 2], lines, panels), x_label="x", y_label="y", line_label="parameter", width_in=width_in
    )
    figure.canvas.draw()
    assert [ax.get_title() for ax in figure.axes] == list(panels)
    box = figure.get_tightbbox()
    assert figure.get_size_inches()[0] == width_in and box.x0 > -0.01 and box.x1 < width_in + 0.01
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == list(lines)
    inches = legend.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
    assert inches.y1 < figure.get_size_inches()[1] + 0.01
    for ax in figure.axes:  # the legend hides no panel, and panels keep a height one can read
        assert ax.get_window_extent().y1 <= legend.get_window_extent().y0
        assert ax.get_window_extent().height / figure.dpi > 1.2


def test_an_interval_that_lies_beside_its_value_is_drawn_where_it_lies():
    given = table([1, 2], ["a"]).assign(lo=[41.0, 46.0], hi=[44.0, np.nan]).astype({"lo": float})
    given.loc[1, "lo"] = np.nan
    ax = sweep_curves(given, x_label="x", y_label="y").axes[0]
    segments = [part for bars in ax.containers for part in bars.lines[2][0].get_segments() if part.size]
    assert [part[:, 1].tolist() for part in segments if np.isfinite(part).all()] == [[41.0, 44.0]]
    assert given.loc[0, "value"] == 40
    assert ax.get_ylim()[0] < 40 and ax.get_ylim()[1] > 47
    with pytest.raises(ValueError, match="1 of 2 intervals lack an end"):
        sweep_curves(given.assign(lo=[45.0, np.nan]), x_label="x", y_label="y")


def test_more_than_can_be_told_apart_is_refused():
    with pytest.raises(ValueError, match="13 lines in 1 panels; at most 12 and 12"):
        sweep_curves(table([1, 2], range(13)), x_label="x", y_label="y")
    with pytest.raises(ValueError, match="more than once"):
        sweep_curves(pd.concat([table([1]), table([1])]), x_label="x", y_label="y")
