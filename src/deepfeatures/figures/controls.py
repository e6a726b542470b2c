"""Per-angle class means beside the controls that decide what their gain is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from . import shapes
from .style import INK, REFERENCE, canvas, look, styled

LABELS = {
    "plain": "one mean a class (plain MAV)",
    "predicted": "angle from the regressor of plain MAV's label",
    "pooled": "angle from one pooled regressor",
    "oracle": "angle from the true label's regressor",
    "known": "the true angle given",
    "random": "a random angle",
    "label-angle": "nearest of all 70 means",
    "k-means": "7 k-means prototypes a class",
}
HEADLINE, OTHER, CONTROL, CHEAT = ORDER = ("headline", "other estimate", "control", "knows too much")
OTHERS = ("pooled",)  # estimates of the angle that use no test label either
CHEATS = {"oracle": "uses the test label", "known": "uses the test angle"}


@styled
def per_angle_controls(
    scores: pd.DataFrame,
    *,
    headline: str = "predicted",
    network: str = "lenet",
    cheats: Mapping[str, str] = CHEATS,
    paper_percent: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy, % of test images, of each way to pick an angle. scores: name, accuracy_percent, and an interval lo, hi.

    Names are keys of LABELS or any text, drawn from top to bottom as given. cheats: {name: what it uses that a test may
    not know}, hollow; paper_percent: the paper's figure (Rudd et al. 2017, section 4.1: 95.44);
    network: whose colour the headline has.
    """
    table = shapes.columns("scores", scores, ["name", "accuracy_percent"], "accuracy_percent")
    shapes.once("scores", table, ["name"])
    if headline not in set(table["name"]):
        raise ValueError(f"headline {headline!r} is not among {list(table['name'])}")
    if headline in cheats:
        raise ValueError(f"headline {headline!r} {cheats[headline]}: it cannot be the headline")
    ax = canvas(ax, height_in=0.9 + 0.36 * len(table))
    groups: dict[str, tuple[str, dict[str, Any]]] = {
        "headline": (HEADLINE, {"marker": "o", "color": look(network).colour, "markersize": 8}),
        "other": (OTHER, {"marker": "o", "color": look(network).colour, "markerfacecolor": "white", "markersize": 8}),
        "cheat": (CHEAT, {"marker": "D", "color": INK, "markerfacecolor": "white"}),
        "control": (CONTROL, {"marker": "s", "color": INK}),
    }
    drawn: set[str] = set()
    names = []
    for place, (_, row) in enumerate(table.iterrows()):
        name = str(row["name"])
        group = "headline" if name == headline else "cheat" if name in cheats else "control"
        group = "other" if name in OTHERS and group == "control" else group
        label, style = groups[group]
        whisker = shapes.whiskers(row.to_frame().T, "accuracy_percent")
        ax.errorbar(
            row["accuracy_percent"],
            place,
            xerr=whisker,
            linestyle="none",
            label=None if group in drawn else label,
            **style,
        )
        drawn.add(group)
        names.append(LABELS.get(name, name) + (f"\n({cheats[name]})" if name in cheats else ""))
    if paper_percent is not None:
        ax.axvline(
            paper_percent,
            color=REFERENCE,
            linewidth=1,
            linestyle=(0, (4, 3)),
            zorder=1,
            label=f"paper, {paper_percent:.2f} %",
        )
    ax.set_yticks(np.arange(len(names)), names)
    for text, name in zip(ax.get_yticklabels(), table["name"], strict=True):
        text.set_fontweight("bold" if name == headline else "normal")
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("accuracy, % of test images (axis does not start at 0)")
    handles, labels = ax.get_legend_handles_labels()
    ranked = sorted(zip(labels, handles, strict=True), key=lambda pair: [*ORDER, pair[0]].index(pair[0]))
    ax.legend(
        handles=[handle for _, handle in ranked],
        loc="lower right",
        bbox_to_anchor=(1.02, 1.0),
        ncols=5,
        columnspacing=0.9,
        handletextpad=0.3,
    )
    return ax
