"""Figure 8 of Rudd et al. 2017: units re-ordered by the class they answer to, and how many each class has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from . import shapes
from .heatmap import checked_heat, column_order, draw_heat
from .style import INK, canvas, legend_above, look, panels, styled

DEAD = -1  # a unit that answers to nothing has no class under equation 1


def spread(centres: NDArray[np.float64], gap: float, top: float) -> NDArray[np.float64]:
    """Label places near `centres` (ascending), at least `gap` apart, none beyond `top` while there is room."""
    places = centres.astype(np.float64).copy()
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + gap)
    if len(places):
        places[-1] = min(places[-1], top)
    for index in range(len(places) - 2, -1, -1):
        places[index] = min(places[index], places[index + 1] - gap)
    return places


def row_order(assignment: NDArray[np.int64]) -> NDArray[np.intp]:
    """(d,) units stacked from the lowest class to the highest, dead ones last, otherwise as numbered."""
    last = assignment.max() + 1
    return np.argsort(np.where(assignment == DEAD, last, assignment), kind="stable")


def _label_blocks(ax: Axes, assignment: NDArray[np.int64]) -> None:
    """Class and number of units at the right edge of every block; white lines between blocks."""
    classes, counts = np.unique(assignment[assignment != DEAD], return_counts=True)
    names = [f"{name}: {count}" for name, count in zip(classes, counts, strict=True)]
    dead = int(np.count_nonzero(assignment == DEAD))
    if dead:
        names, counts = [*names, f"dead: {dead}"], np.append(counts, dead)
    ends = np.cumsum(counts)
    for end in ends[:-1]:
        ax.axhline(end - 0.5, color="white", linewidth=0.7)
    total = len(assignment)
    centres = ends - counts / 2 - 0.5
    for name, centre, place in zip(names, centres, spread(centres, total / 15, total * 0.985), strict=True):
        ax.annotate(
            name,
            xy=(1, centre),
            xytext=(1.025, place),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            fontsize=7.5,
            color=INK,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
        )


@styled
def block_diagonal(
    heat: Mapping[str, ArrayLike],
    assignment: Mapping[str, ArrayLike],
    labels: ArrayLike,
    *,
    quantile: float = 0.98,
    axes: Sequence[Axes] | NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Activations, rows stacked by class. heat: {network: (n, d)}; assignment: {network: (d,)}, -1 dead; labels: (n,).

    Rudd et al. 2017, figure 8 and equation 1. At the right edge: class and number of its units. Columns keep the given
    order inside a label.
    """
    checked, label = checked_heat(heat, labels)
    if set(checked) != set(assignment):
        raise ValueError(
            f"heat is of {sorted(checked)}, assignment of {sorted(assignment)}; give both for each network"
        )
    order = column_order(label)
    drawn = panels(axes, len(checked), columns=1, panel_height_in=2.4)
    for (network, activation), ax in zip(checked.items(), drawn, strict=True):
        units = shapes.array(f"assignment of {network}", assignment[network], activation.shape[1]).astype(np.int64)
        strangers = np.setdiff1d(units, [DEAD, *label])
        if len(strangers):
            raise ValueError(
                f"assignment of {network} names classes {strangers.tolist()} that no sample has; -1 is a dead unit"
            )
        draw_heat(ax, activation[order][:, row_order(units)], label[order], quantile)
        _label_blocks(ax, units)
        ax.set_title(f"{look(network).label}; at the right, class: number of units")
        ax.set_ylabel("unit of ip1, re-ordered")
    drawn[-1].set_xlabel("test samples by digit; inside a digit the angle (degrees) rises")
    return drawn


@styled
def units_per_class(counts: Mapping[str, ArrayLike], *, ax: Axes | None = None) -> Axes:
    """Units that equation 1 assigns to each digit, counted. counts: {network: (10,)}; dashed lines are equal shares."""
    names = shapes.networks("counts", counts)
    ax = canvas(ax, height_in=3.4)
    width = 0.84 / len(names)
    for index, network in enumerate(names):
        count = shapes.array(f"units of {network}", counts[network], 10)
        if count.min() < 0:
            raise ValueError(f"units of {network}: {count.min():g} is no count")
        shown = look(network)
        place = np.arange(10) + (index - (len(names) - 1) / 2) * width
        ax.bar(
            place,
            count,
            width=width,
            color=shown.colour,
            edgecolor="white",
            linewidth=0.4,
            label=shown.label,
            hatch=shown.hatch,
        )
        ax.axhline(count.sum() / 10, color=shown.colour, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    ax.set_xticks(range(10))
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y")
    ax.set_xlabel("digit that the unit is assigned to")
    ax.set_ylabel("units of ip1, count")
    ax.plot([], [], color="0.35", linewidth=0.9, linestyle=(0, (4, 3)), label="equal shares")
    legend_above(ax, len(names) + 1)
    return ax
