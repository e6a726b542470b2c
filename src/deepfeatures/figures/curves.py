"""Accuracy against training length, and measures against the weight of a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from . import shapes
from .style import INK, canvas, legend_above, look, panels, styled

KIND_LINES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.2)))  # one line style a kind, in the order they appear


@styled
def accuracy_against_iterations(
    curves: pd.DataFrame, *, chosen: Mapping[str, float] | None = None, ax: Axes | None = None
) -> Axes:
    """Accuracy, % of images, against solver iterations. curves: network, iteration, accuracy_percent, kind, lo, hi.

    A kind is what was scored and how ("validation, softmax", "test, MAV"): a line style each; a network is a colour and
    a marker; bands run from lo to hi. chosen: {network: iteration at which training stopped}, ringed.
    """
    table = shapes.columns("curves", curves, ["network", "iteration", "accuracy_percent", "kind"], "accuracy_percent")
    shapes.once("curves", table, ["network", "kind", "iteration"])
    kinds = list(dict.fromkeys(table["kind"]))
    if len(kinds) > len(KIND_LINES):
        raise ValueError(f"{len(kinds)} kinds of curve {kinds}; at most {len(KIND_LINES)} can be told apart")
    stops = dict(chosen or {})
    strangers = sorted(set(stops) - set(table["network"]))
    if strangers:
        raise ValueError(f"chosen names {strangers}, curves only {sorted(set(table['network']))}")
    ax = canvas(ax, height_in=3.9)
    for (network, kind), rows in table.groupby(["network", "kind"], sort=False):
        shown, rows = look(str(network)), rows.sort_values("iteration")
        style = shown.line_kwargs() | {"linestyle": KIND_LINES[kinds.index(kind)], "markersize": 4}
        ax.plot(rows["iteration"], rows["accuracy_percent"], label=f"{shown.label}, {kind}", **style)
        if rows["lo"].notna().any():
            ax.fill_between(rows["iteration"], rows["lo"], rows["hi"], color=shown.colour, alpha=0.18, linewidth=0)
    for iteration in sorted(set(stops.values())):
        ax.axvline(iteration, color="0.75", linewidth=0.9, zorder=0)
    label = "training stopped here"
    for (network, _), rows in table.groupby(["network", "kind"], sort=False):
        if network not in stops:
            continue
        rows = rows.sort_values("iteration")
        height = np.interp(stops[network], rows["iteration"], rows["accuracy_percent"])
        ax.plot(stops[network], height, "o", markersize=11, markerfacecolor="none", markeredgecolor=INK, label=label)
        label = "_again"  # one legend entry for all rings
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.grid(axis="y")
    ax.set_xlabel("solver iterations, batches")
    ax.set_ylabel("accuracy, % of images")
    legend_above(ax, 3)
    return ax


@styled
def weights_scan(
    scan: pd.DataFrame,
    *,
    units: Mapping[str, str] | None = None,
    chosen: float | None = None,
    axes: Sequence[Axes] | NDArray[Any] | None = None,
) -> NDArray[Any]:
    """One panel a metric against the weight of a Euclidean loss. scan: weight, metric, value, lo, hi.

    units: {metric: unit}; chosen: the weight reported. Weights stand evenly, 0 (the control) included, which a
    logarithmic axis could not show.
    """
    table = shapes.columns("scan", scan, ["weight", "metric", "value"], "value")
    shapes.once("scan", table, ["metric", "weight"])
    weights = sorted(set(table["weight"]))
    if chosen is not None and chosen not in weights:
        raise ValueError(f"chosen weight {chosen:g} is not among those scanned: {weights}")
    metrics = list(dict.fromkeys(table["metric"]))
    drawn = panels(axes, len(metrics), columns=2, panel_height_in=2.7)
    shown = look("pair-lenet")
    for metric, ax in zip(metrics, drawn, strict=True):
        rows = table[table["metric"] == metric].sort_values("weight")
        place = np.array([weights.index(weight) for weight in rows["weight"]])
        ax.errorbar(
            place, rows["value"].to_numpy(), yerr=shapes.whiskers(rows, "value"), elinewidth=1.1, **shown.line_kwargs()
        )
        if chosen is not None:
            ax.axvline(
                weights.index(chosen), color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1, label="reported weight"
            )
        ax.set_xticks(range(len(weights)), [f"{weight:g}" for weight in weights])
        ax.set_xlim(-0.4, len(weights) - 0.6)
        ax.grid(axis="y")
        unit = (units or {}).get(metric, "no unit")
        ax.set_ylabel(f"{metric},\n{unit}")
        ax.set_xlabel("weight of the loss (evenly spaced)")
    if chosen is not None:
        legend_above(drawn[0], 1)
    return drawn
