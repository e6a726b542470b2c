"""One number a row with its interval, beside a line that says what nothing would give: networks, layers, controls."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from . import own_intervals, shapes
from .style import BLUE, INK, REFERENCE, VERMILION, canvas, styled

ROW_IN, FRAME_IN = 0.27, 0.75


@styled
def forest(
    table: pd.DataFrame,
    *,
    x_label: str,
    reference: float | None = None,
    reference_label: str = "",
    width_in: float = 7.2,
    ax: Axes | None = None,
) -> Axes:
    """Values from top to bottom. table: label, kind (asked, control or another word), value, lo, hi.

    What is asked about is blue and round, controls grey and square; reference: where a dashed line stands.
    """
    rows = own_intervals.checked("rows", table, ["label", "kind", "value"])
    shapes.once("rows", rows, ["label"])
    ax = canvas(ax, width_in, FRAME_IN + ROW_IN * len(rows))
    for kind, colour, marker in (("asked", BLUE, "o"), ("control", INK, "s")):
        chosen = rows["kind"] == kind
        if chosen.any():
            at = [place for place, one in enumerate(chosen) if one]
            middle, half = own_intervals.middles(rows[chosen])
            ax.errorbar(middle, at, xerr=half, fmt="none", ecolor=colour, elinewidth=1.1)
            ax.plot(rows.loc[chosen, "value"], at, marker, color=colour, markersize=4.5,
                    markerfacecolor=colour if kind == "asked" else "white")  # fmt: skip
    if reference is not None:
        ax.axvline(reference, color=VERMILION, linestyle="--", linewidth=1)
        ax.annotate(reference_label, (reference, 1), xycoords=("data", "axes fraction"), xytext=(3, 3),
                    textcoords="offset points", color=VERMILION, fontsize="small", ha="center")  # fmt: skip
    ax.set_yticks(range(len(rows)), rows["label"])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=REFERENCE, alpha=0.3)
    ax.margins(x=0.06)
    ax.set_xlabel(x_label)
    return ax
