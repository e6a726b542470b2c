"""Pose read from features: errors by range of yaw (Rudd et al. 2017, table 1), what is said against what is true, by
layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from . import shapes
from .style import BLUE, GREEN, INK, ORANGE, PURPLE, REFERENCE, SKY, VERMILION, canvas, legend_above, panels, styled

COLOURS = (VERMILION, BLUE, GREEN, ORANGE, PURPLE, SKY, "0.35", "0.6")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
HOLLOW_ASIDE = 0.022  # of a range's width: the hollow mark does not hide the dot's interval
BASELINES = {  # what a network is compared with: colour and line of a short bar
    "constant: training median": (INK, "-"),
    "constant: training mean": (REFERENCE, "-"),
    "shrunk by half": (INK, (0, (1, 1))),
    "equal precision": (BLUE, (0, (4, 1.5))),
}
WORLDS = {
    "rendered": "rendered faces, pose exact",
    "as-the-paper": "rendered faces, the paper's shares of yaw",
    "celeba": "CelebA, pose estimated",
    "pointing04": "Pointing'04, pose measured",
}
ABSOLUTE, SIGNED = "abs_yaw", "yaw"


@styled
def pose_error_by_range(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """Mean absolute error, degrees, by range of |yaw|, a panel a world. table: world, predictor, range, error_deg,
    lo, hi, images.

    Predictors named in BASELINES are bars across their range, all others dots side by side; counts stand under the
    ranges. A column shrunk_deg, nan where there is none, is the error of a dot's answer moved half-way to the training
    mean: a hollow mark beside the dot.
    """
    needed = ["world", "predictor", "range", "error_deg", "images"]
    frame = shapes.columns("errors", table, needed, "error_deg")
    shapes.once("errors", frame, ["world", "predictor", "range"])
    if frame["error_deg"].min() < 0:
        raise ValueError(f"errors range from {frame['error_deg'].min():g} degrees, expected 0 or more")
    worlds, looks = list(dict.fromkeys(frame["world"])), _looks(frame["predictor"])
    drawn = panels(axes, len(worlds), columns=1, panel_height_in=2.6)
    handles: dict[str, Any] = {}
    for world, ax in zip(worlds, drawn, strict=True):
        rows = frame[frame["world"] == world]
        ranges = list(dict.fromkeys(rows["range"]))
        place = {label: at for at, label in enumerate(ranges)}
        dots = [name for name in looks if name in set(rows["predictor"])]
        for number, name in enumerate(dots):
            own = rows[rows["predictor"] == name]
            x = own["range"].map(place).to_numpy(float) + 0.62 * ((number + 0.5) / len(dots) - 0.5)
            colour, marker = looks[name]
            handles[name] = ax.errorbar(
                x, own["error_deg"].to_numpy(), yerr=shapes.whiskers(own, "error_deg"), linestyle="none", color=colour,
                marker=marker, markersize=4.5, elinewidth=1, zorder=3,
            )  # fmt: skip
            if "shrunk_deg" in own and own["shrunk_deg"].notna().any():
                ax.plot(
                    x + HOLLOW_ASIDE, own["shrunk_deg"].to_numpy(), linestyle="none", color=colour, marker=marker,
                    markersize=3.2, markerfacecolor="none", markeredgewidth=0.8, zorder=2,
                )  # fmt: skip
        for name, (colour, line) in BASELINES.items():
            own = rows[rows["predictor"] == name]
            if not own.empty:
                x = own["range"].map(place).to_numpy(float)
                bars = ax.hlines(
                    own["error_deg"].to_numpy(), x - 0.42, x + 0.42, color=colour, linestyle=line, linewidth=1.4
                )
                handles[name] = bars
        counts = rows.drop_duplicates("range").set_index("range")["images"]
        ax.set_xticks(range(len(ranges)), [f"{label}\nn = {counts[label]:,}" for label in ranges])
        ax.set_xlim(-0.5, len(ranges) - 0.5)
        ax.set_ylim(0, 1.06 * float(np.nanmax(frame.loc[frame["world"] == world, ["error_deg", "hi"]].to_numpy(float))))
        ax.tick_params(axis="x", length=0)
        ax.grid(axis="y")
        ax.set_title(WORLDS.get(world, world), loc="left")
        ax.set_ylabel("mean error, degrees")
    drawn[-1].set_xlabel("true |yaw|, degrees (n: number of images)")
    _legend_on_top(drawn, handles)
    return drawn


@styled
def pose_read(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """What is said against what is true: mean and standard deviation, |yaw| and signed yaw side by side.

    table: target ('abs_yaw' or 'yaw'), world, true_deg, mean_deg, sd_deg. The diagonal would be perfect.
    """
    frame = shapes.columns("curves", table, ["target", "world", "true_deg", "mean_deg", "sd_deg"])
    shapes.once("curves", frame, ["target", "world", "true_deg"])
    targets = [target for target in (ABSOLUTE, SIGNED) if target in set(frame["target"])]
    if not targets:
        raise ValueError(f"targets {sorted(set(frame['target']))}: one of {ABSOLUTE}, {SIGNED} is needed")
    worlds = list(dict.fromkeys(frame["world"]))
    drawn = panels(axes, len(targets), columns=2, panel_height_in=3.5)
    for target, ax in zip(targets, drawn, strict=True):
        for number, world in enumerate(worlds):
            rows = frame[(frame["target"] == target) & (frame["world"] == world)].sort_values("true_deg")
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            x, mean, spread = (rows[name].to_numpy(float) for name in ("true_deg", "mean_deg", "sd_deg"))
            ax.plot(x, mean, color=colour, marker=marker, markersize=4.5, label=WORLDS.get(world, world))
            ax.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.13, linewidth=0)
        low, high = (0, 90) if target == ABSOLUTE else (-90, 90)
        ax.plot([low, high], [low, high], color=REFERENCE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ticks = np.arange(low, high + 1, 30 if target == ABSOLUTE else 45)
        ax.set_xticks(ticks)
        ax.grid(axis="y")
        what = "|yaw|" if target == ABSOLUTE else "yaw"
        ax.set_xlabel(f"true {what}, degrees")
        ax.set_ylabel(f"{what} read from features, degrees")
    handles, labels = drawn[0].get_legend_handles_labels()
    _legend_on_top(drawn, dict(zip(labels, handles, strict=True)))
    return drawn


@styled
def pose_by_layer(table: pd.DataFrame, *, constant_deg: float | None = None, ax: Axes | None = None) -> Axes:
    """Total error of |yaw|, degrees, a row a layer, a marker a way of reading. table: name, width, way, error_deg,
    lo, hi.

    constant_deg: the error of the training median, which needs no features.
    """
    frame = shapes.columns("layers", table, ["name", "width", "way", "error_deg"], "error_deg")
    shapes.once("layers", frame, ["name", "way"])
    names, looks = list(dict.fromkeys(frame["name"])), _looks(frame["way"])
    widths = dict(zip(frame["name"], frame["width"], strict=True))
    ax = canvas(ax, height_in=1.0 + 0.34 * len(names))
    for number, (way, (colour, marker)) in enumerate(looks.items()):
        rows = frame[frame["way"] == way]
        y = rows["name"].map({name: at for at, name in enumerate(names)}).to_numpy(float)
        y = y + 0.6 * ((number + 0.5) / len(looks) - 0.5)
        ax.errorbar(
            rows["error_deg"].to_numpy(), y, xerr=shapes.whiskers(rows, "error_deg"), linestyle="none", color=colour,
            marker=marker, markersize=4.5, elinewidth=1, label=way,
        )  # fmt: skip
    if constant_deg is not None:
        ax.axvline(
            constant_deg, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1, label="constant: training median"
        )
    ax.set_yticks(range(len(names)), [f"{name.replace('/', ', ')} ({widths[name]:,})" for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    for edge in np.arange(len(names) - 1) + 0.5:
        ax.axhline(edge, color="0.9", linewidth=0.7, zorder=0)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.set_ylabel("layer (numbers)")
    ax.set_xlabel("mean error of |yaw|, degrees (axis does not start at 0)")
    legend_above(ax, 3)
    return ax


def _looks(names: pd.Series) -> dict[str, tuple[str, str]]:
    """Colour and marker of each name that is no baseline, in the order they appear. No two names share both.

    Raises ValueError for more names than there are pairs.
    """
    dots = [name for name in dict.fromkeys(names) if name not in BASELINES]
    if len(dots) > len(COLOURS) * len(MARKERS):
        raise ValueError(f"{len(dots)} names, and {len(COLOURS) * len(MARKERS)} looks: draw fewer in one figure")
    # Where the colours begin anew, the markers have moved on by one.
    return {
        name: (COLOURS[at % len(COLOURS)], MARKERS[(at + at // len(COLOURS)) % len(MARKERS)])
        for at, name in enumerate(dots)
    }


def _legend_on_top(drawn: NDArray[Any], handles: Mapping[str, Any]) -> None:
    """One legend for all panels: above the whole of a figure of our own, or on the first panel."""
    figure = drawn[0].figure
    if len(figure.axes) == len(drawn):
        figure.legend(list(handles.values()), list(handles), loc="outside upper center", ncols=3)
    else:
        drawn[0].legend(list(handles.values()), list(handles))
