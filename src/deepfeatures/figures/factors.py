"""What can be read of the rendered world from a network's layers: a panel a subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from . import shapes
from .style import BLUE, GREEN, INK, ORANGE, REFERENCE, panels, styled

# (network, reading): label, colour, marker, line. Of the control only what is compared with it: the linear reading.
LINES: dict[tuple[str, str], tuple[str, str, str, Any]] = {
    ("trained", "linear"): ("trained, linear", BLUE, "o", "-"),
    ("trained", "non-linear"): ("trained, kernel", GREEN, "s", "--"),
    ("trained", "single unit"): ("trained, best single unit", ORANGE, "^", "-."),
    ("untrained", "linear"): ("random weights, linear", "0.5", "v", (0, (5, 1.2, 1, 1.2))),
    ("pixels", "linear"): ("pixels, linear", INK, "", ":"),
}


@styled
def factors_by_layer(
    table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Share of variance read, a panel a subject, from layer to layer; pixels are a level line.

    table: subject, network, layer, reading, share, lo, hi; a network's rows in the order of its layers. Rows that LINES
    does not name are not drawn. Below 0 a reading is worse than the mean.
    """
    frame = shapes.columns("shares", table, ["subject", "network", "layer", "reading", "share"], "share")
    percent = frame.columns.intersection(["share", "lo", "hi"])
    frame[percent] = 100 * frame[percent]
    shapes.once("shares", frame, ["subject", "network", "layer", "reading"])
    subjects = list(dict.fromkeys(frame["subject"]))
    layers = list(dict.fromkeys(frame.loc[frame["network"] == "trained", "layer"]))
    if not layers:
        raise ValueError(f"networks {sorted(set(frame['network']))}: 'trained' is needed, whose layers the axis names")
    drawn = panels(axes, len(subjects), columns=4, panel_height_in=2.3, sharex=True, sharey=True)
    handles: dict[str, Any] = {}
    for subject, ax in zip(subjects, drawn, strict=True):
        for (network, reading), (label, colour, marker, line) in LINES.items():
            chosen = (frame["subject"] == subject) & (frame["network"] == network) & (frame["reading"] == reading)
            rows = frame[chosen]
            if rows.empty:
                continue
            if network == "pixels":
                handles[label] = ax.axhline(rows["share"].iloc[0], color=colour, linestyle=line, linewidth=1.1)
                continue
            at = np.array([layers.index(layer) for layer in rows["layer"]])
            handles[label] = ax.errorbar(
                at, rows["share"].to_numpy(), yerr=shapes.whiskers(rows, "share"), color=colour, marker=marker,
                linestyle=line, markersize=3.5, linewidth=1.1, elinewidth=0.8,
            )  # fmt: skip
        ax.axhline(0, color=REFERENCE, linewidth=0.8, zorder=0)
        ax.set_title(subject, loc="left")
        ax.set_xticks(range(len(layers)), layers, rotation=35, ha="right", fontsize="small")
        ax.tick_params(axis="x", labelbottom=True)
        ax.grid(axis="y")
        ax.set_xlim(-0.3, len(layers) - 0.7)
        ax.set_xlabel("layer")
    lowest, highest = float(frame["share"].min()), float(np.nanmax(frame[["share", "hi"]].to_numpy(float)))
    drawn[0].set_ylim(min(-3.0, lowest * 1.05), max(20.0, highest * 1.05))
    for ax in drawn[::4]:
        ax.set_ylabel("variance read, %")
    if axes is None:
        drawn[0].figure.legend(list(handles.values()), list(handles), loc="outside upper center", ncols=3)
    else:
        drawn[0].legend(list(handles.values()), list(handles))
    return drawn
