"""A linear code in a parameter space, and the axis model: how much each explains, unit by unit and layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from . import shapes
from .style import BLUE, GREEN, INK, ORANGE, PURPLE, REFERENCE, VERMILION, canvas, legend_above, panels, styled

WAYS = {"linear": (BLUE, "o"), "with a kernel": (ORANGE, "D")}
WORLDS = {
    "portraits": "portraits, exact parameters",
    "rendered": "rendered faces in any view, exact parameters",
    "celeba": "CelebA, fitted parameters",
}
SHOWN = {  # networks of a figure by parameter or of tuning: colour and marker, in order
    0: (VERMILION, "o"),
    1: ("0.62", "v"),
    2: ("0.35", "D"),
    3: (BLUE, "s"),
    4: (GREEN, "^"),
    5: (PURPLE, "P"),
}
AXIS = {  # column of the table: label, colour, marker
    "axis": ("response explained by one axis, of what repeats", BLUE, "o"),
    "weighted": ("the same, axis by weighted mean", "0.6", "s"),
    "best": ("change along the best one direction", ORANGE, "D"),
    "flat": ("change along the unit's axis", VERMILION, "^"),
}


@styled
def encoding_shares(
    table: pd.DataFrame, *, bar: float | None = None, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Explained, % of what could be, a panel a world, a row a layer, a marker a way. table: world, name, way, share,
    lo, hi (0..1). bar: a threshold, 0..1."""
    shapes.columns("table", table, ["world", "name", "way", "share"])
    there = table[table["share"].notna()]  # none where pictures repeat nothing of a person
    frame = shapes.columns("table", there, ["world", "name", "way", "share"], "share")
    shapes.once("table", frame, ["world", "name", "way"])
    worlds = list(dict.fromkeys(frame["world"]))
    rows = max(frame[frame["world"] == world]["name"].nunique() for world in worlds)
    drawn = panels(axes, len(worlds), columns=1, panel_height_in=0.9 + 0.26 * rows, sharex=True)
    low = min(0.0, float(np.nanmin(frame[["share", "lo"]].to_numpy(float))))
    for world, ax in zip(worlds, drawn, strict=True):
        mine = frame[frame["world"] == world]
        names = list(dict.fromkeys(mine["name"]))
        for number, (way, (colour, marker)) in enumerate(WAYS.items()):
            own = mine[mine["way"] == way]
            y = own["name"].map({name: at for at, name in enumerate(names)}).to_numpy(float) + 0.3 * (number - 0.5)
            ax.errorbar(
                100 * own["share"].to_numpy(), y, xerr=100 * shapes.whiskers(own, "share"), linestyle="none",
                color=colour, marker=marker, markersize=4.5, elinewidth=1, label=way,
            )  # fmt: skip
        if bar is not None:
            ax.axvline(100 * bar, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1, label="bar set beforehand")
        _rows(ax, names)
        ax.set_title(WORLDS.get(world, world), loc="left")
        ax.set_xlim(100 * low - 3, max(104.0, 100 * float(np.nanmax(frame[["share", "hi"]].to_numpy(float))) + 3))
    drawn[-1].set_xlabel("explained on people no fit has seen, % of the noise ceiling")
    _legend(drawn, 3)
    return drawn


@styled
def explained_by_unit(
    tables: Mapping[str, pd.DataFrame], *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Each unit's explained share of variance against its noise ceiling, %, a panel a layer. tables: by label, columns
    ceiling and explained (0..1). On the diagonal a unit is explained as well as it repeats."""
    labels = shapes.networks("tables", tables)
    checked = {name: shapes.columns(f"tables[{name!r}]", tables[name], ["ceiling", "explained"]) for name in labels}
    drawn = panels(axes, len(labels), columns=min(3, len(labels)), panel_height_in=2.6, sharex=True, sharey=True)
    joined = pd.concat(checked.values())
    low = min(-5.0, 100 * float(joined.to_numpy(float).min()) - 5)
    for number, (name, ax) in enumerate(zip(labels, drawn, strict=True)):
        colour, _ = SHOWN[number % len(SHOWN)]
        x, y = (100 * checked[name][column].to_numpy(float) for column in ("ceiling", "explained"))
        ax.scatter(x, y, s=9, color=colour, alpha=0.45, linewidths=0)
        ax.plot([low, 100], [low, 100], color=REFERENCE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.set_xlim(low, 102)
        ax.set_ylim(low, 102)
        ax.set_aspect("equal")
        ax.set_title(f"{name}, {len(x)} units", loc="left", fontsize="small")
        ax.grid(visible=True)
        ax.set_xlabel("noise ceiling, % of variance")
        ax.label_outer()
    drawn[0].set_ylabel("explained by the linear code, %")
    return drawn


@styled
def decoded_by_parameter(
    table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Correlation of each parameter with what is decoded, a panel a kind, a row a parameter. table: parameter, kind,
    network, correlation."""
    frame = shapes.columns("table", table, ["parameter", "kind", "network", "correlation"])
    shapes.once("table", frame, ["parameter", "network"])
    kinds, networks = (list(dict.fromkeys(frame[column])) for column in ("kind", "network"))
    most = max(frame[frame["kind"] == kind]["parameter"].nunique() for kind in kinds)
    drawn = panels(axes, len(kinds), columns=len(kinds), panel_height_in=1.6 + 0.16 * most, sharex=True)
    low = min(0.0, float(frame["correlation"].min()))
    for kind, ax in zip(kinds, drawn, strict=True):
        mine = frame[frame["kind"] == kind]
        names = list(dict.fromkeys(mine["parameter"]))
        for number, network in enumerate(networks):
            own = mine[mine["network"] == network]
            colour, marker = SHOWN[number % len(SHOWN)]
            y = own["parameter"].map({name: at for at, name in enumerate(names)})
            ax.plot(own["correlation"], y, linestyle="none", color=colour, marker=marker, markersize=4.5, label=network,
                    zorder=4 - 0.1 * number)  # the first on top
        _rows(ax, [name.replace("tends_", "").replace("_", " ") for name in names], lines=False)
        ax.set_ylim(most - 0.4, -0.6)
        ax.tick_params(axis="y", labelsize="small")
        ax.set_xlim(low - 0.05, 1.02)
        ax.set_ylabel("")
        ax.axvline(0, color=REFERENCE, linewidth=0.8, zorder=1)
        ax.set_title(kind, loc="left")
        ax.set_xlabel("correlation (no unit)")
    drawn[0].set_ylabel("parameter, one a row")
    _legend(drawn, 3)
    return drawn


@styled
def axis_tuning(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """Mean response by place on a unit's axis and on one at a right angle to it, a panel a network; bands are the
    spread between units. table: network, direction ('along' or 'across'), place, mean, sd."""
    frame = shapes.columns("table", table, ["network", "direction", "place", "mean", "sd"])
    shapes.once("table", frame, ["network", "direction", "place"])
    networks = list(dict.fromkeys(frame["network"]))
    columns = min(3, len(networks))
    drawn = panels(axes, len(networks), columns=columns, panel_height_in=2.3, sharex=True, sharey=True)
    looks = {"along": ("along the axis", VERMILION, "o"), "across": ("at a right angle to it", BLUE, "s")}
    for network, ax in zip(networks, drawn, strict=True):
        for direction, (label, colour, marker) in looks.items():
            own = frame[(frame["network"] == network) & (frame["direction"] == direction)].sort_values("place")
            x, mean, spread = (own[column].to_numpy(float) for column in ("place", "mean", "sd"))
            ax.plot(x, mean, color=colour, marker=marker, markersize=4, label=label)
            ax.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.13, linewidth=0)
        ax.axhline(0, color=REFERENCE, linewidth=0.8, zorder=0)
        ax.grid(axis="y")
        ax.set_title(network, loc="left", fontsize="medium")
        ax.set_xlabel("place on the direction\n(no unit: standard deviations)")
        ax.label_outer()
    drawn[0].set_ylabel("mean response\n(no unit: standard deviations)")
    _legend(drawn, 2)
    return drawn


@styled
def axis_shares(table: pd.DataFrame, *, chance: float | None = None, ax: Axes | None = None) -> Axes:
    """What one axis explains, %, a row a layer: of the response between people, and of the change at each of them.

    table: name, axis, weighted, best, flat, lo and hi of flat, shares 0..1. chance: of a random direction.
    """
    frame = shapes.columns("table", table, ["name", "axis", "weighted", "best", "flat"], "flat")
    shapes.once("table", frame, ["name"])
    names = list(frame["name"])
    ax = canvas(ax, height_in=1.3 + 0.34 * len(names))
    for number, (column, (label, colour, marker)) in enumerate(AXIS.items()):
        y = np.arange(len(names)) + 0.18 * (number - 1.5)
        ends = 100 * shapes.whiskers(frame, "flat") if column == "flat" else None
        ax.errorbar(
            100 * frame[column].to_numpy(float), y, xerr=ends, linestyle="none", color=colour, marker=marker,
            markersize=4.5, elinewidth=1, label=label,
        )  # fmt: skip
    if chance is not None:
        ax.axvline(100 * chance, color=INK, linewidth=1, linestyle=(0, (1, 1.5)), zorder=1,
                   label="change along a random direction")  # fmt: skip
    _rows(ax, names)
    low = min(0.0, 100 * float(np.nanmin(frame[list(AXIS)].to_numpy(float))))
    ax.set_xlim(low - 3, max(104.0, 100 * float(np.nanmax(frame[list(AXIS)].to_numpy(float))) + 3))
    ax.set_xlabel("share of the response, or of the squared change, %")
    legend_above(ax, 2)
    return ax


def _rows(ax: Axes, names: Sequence[str], *, lines: bool = True) -> None:
    ax.set_yticks(range(len(names)), [name.replace("/", ", ") for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    for edge in np.arange(len(names) - 1) + 0.5:
        ax.axhline(edge, color="0.92" if lines else "0.95", linewidth=0.7, zorder=0)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.set_ylabel("network, layer")


def _legend(drawn: NDArray[Any], columns: int) -> None:
    """One legend for all panels: above the whole of a figure of our own, or on the first panel."""
    handles, labels = drawn[0].get_legend_handles_labels()
    figure = drawn[0].figure
    if len(figure.axes) == len(drawn):
        figure.legend(handles, labels, loc="outside upper center", ncols=columns)
    else:
        drawn[0].legend(handles, labels)
