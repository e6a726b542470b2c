"""One measure over the points of a sweep: against a number that was swept, or side by side for words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from . import own_intervals, shapes
from .style import BLUE, GREEN, ORANGE, PAGE_WIDTH_IN, PURPLE, SKY, VERMILION, panels, styled

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, "0.35")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
STROKES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1.2, 1, 1.2)))
APART_PT = 3.0  # between the marks of two lines at one x, so that their intervals can be told apart
MOST_LINES = 12  # more cannot be told apart
MOST_PANELS = 12


@styled
def sweep_curves(
    means: pd.DataFrame,
    runs: pd.DataFrame | None = None,
    *,
    x_label: str,
    y_label: str,
    line_label: str = "",
    logarithmic: bool = False,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """A measure with its intervals. means: x, line, panel, value, lo, hi; runs: x, line, panel, value of single runs.

    x: numbers, drawn as curves, or words, drawn as marks side by side; line: a colour, marker and stroke each;
    panel: a panel each, untitled if ''. lo, hi: nan where there is no interval, and drawn where they lie.
    """
    table = own_intervals.checked("means", means, ["x", "line", "panel", "value"])
    shapes.once("means", table, ["x", "line", "panel"])
    lines, titles = list(dict.fromkeys(table["line"])), list(dict.fromkeys(table["panel"]))
    if len(lines) > MOST_LINES or len(titles) > MOST_PANELS:
        raise ValueError(f"{len(lines)} lines in {len(titles)} panels; at most {MOST_LINES} and {MOST_PANELS}")
    words = not pd.api.types.is_numeric_dtype(table["x"])
    places = list(dict.fromkeys(table["x"]))
    columns = 1 if len(titles) == 1 or width_in < 5 else 2
    drawn = panels(None, len(titles), columns=columns, panel_height_in=3.1, sharey=True)
    figure: Figure = drawn[0].figure
    figure.set_size_inches(width_in, figure.get_size_inches()[1])
    for title, ax in zip(titles, drawn, strict=True):
        for order, line in enumerate(lines):
            chosen = (table["line"] == line) & (table["panel"] == title)
            shift = ScaledTranslation((order - (len(lines) - 1) / 2) * APART_PT / 72, 0, figure.dpi_scale_trans)
            style = _style(order, connected=not words)
            if runs is not None:
                single = runs[(runs["line"] == line) & (runs["panel"] == title)]
                _dots(ax, _at(single["x"], places, words), single["value"], style["color"], ax.transData + shift)
                ax.update_datalim(np.column_stack([_at(single["x"], places, words), single["value"]]))
            rows = table[chosen] if words else table[chosen].sort_values("x")
            at, where = _at(rows["x"], places, words), ax.transData + shift
            middle, half = own_intervals.middles(rows)
            ax.errorbar(at, middle, yerr=half, fmt="none", ecolor=style["color"], elinewidth=1.1, transform=where)
            ax.plot(at, rows["value"], label=str(line), transform=where, **style)
            # what is drawn beside its place does not count for the limits of the axes, so the places are told
            for ends in ("value", "lo", "hi"):
                known = rows[rows[ends].notna()]
                ax.update_datalim(np.column_stack([_at(known["x"], places, words), known[ends]]))
        _x_axis(ax, places, words, logarithmic)
        ax.grid(axis="y")
        ax.set_title(title)
        ax.set_xlabel(x_label + (" (logarithmic)" if logarithmic and not words else ""))
    for row in drawn[::columns]:
        row.set_ylabel(y_label)
    if len(lines) > 1 or lines[0]:
        figure.legend(*drawn[0].get_legend_handles_labels(), title=line_label or None, loc="outside upper center",
                      ncols=1 if width_in < 5 else min(3, len(lines)), fontsize=8.5, title_fontsize=8.5)  # fmt: skip
    return figure


def _style(order: int, *, connected: bool) -> dict[str, Any]:
    return {
        "color": COLOURS[order % len(COLOURS)],
        "marker": MARKERS[order % len(MARKERS)],
        "linestyle": STROKES[order % len(STROKES)] if connected else "none",
    }


def _dots(ax: Axes, x: Sequence[float], y: pd.Series, colour: str, where: Any) -> None:
    style: dict[str, Any] = {
        "markersize": 2.8, "markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 0.8,
    }  # fmt: skip
    ax.plot(x, y, "o", zorder=4, transform=where, **style)  # above the mean, which often covers one of them


def _at(x: pd.Series, places: list[Any], words: bool) -> list[float]:
    return [float(places.index(value)) if words else float(value) for value in x]


def _x_axis(ax: Axes, places: list[Any], words: bool, logarithmic: bool) -> None:
    """A tick at each value that was run, and no other."""
    if words:
        long = max(len(str(place)) for place in places) * len(places) > 40
        ax.set_xticks(range(len(places)), [str(place) for place in places], rotation=30 if long else 0,
                      ha="right" if long else "center")  # fmt: skip
        ax.autoscale_view()
        ax.set_xlim(-0.5, len(places) - 0.5)
        return
    if logarithmic:
        ax.set_xscale("log")
    values = sorted(float(place) for place in places)
    kept = values if len(values) <= 9 else [values[i] for i in np.linspace(0, len(values) - 1, 6).round().astype(int)]
    ax.xaxis.set_major_locator(FixedLocator(kept))
    ax.xaxis.set_minor_locator(NullLocator())
    labels = [f"{value:,.0f}" if value.is_integer() else f"{value:g}" for value in kept]
    crowded = sum(map(len, labels)) > 34
    ax.set_xticks(kept, labels, rotation=35 if crowded else 0, ha="right" if crowded else "center")
    ax.margins(x=0.08)
    ax.autoscale_view()
