"""How much of the rotation survives: layer by layer, pair by pair, and unit by unit inside a digit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from . import shapes
from .style import INK, PURPLE, REFERENCE, canvas, degrees, legend_above, look, panels, styled

LAYERS = ("pool1", "pool2", "ip1", "ip2", "softmax")
KINDS = {
    "pair": "pair: two rotations of one image",
    "class": "class: two digits of one class",
    "between": "between: digits of two classes",
}
KIND_FILL = {"pair": ("0.15", ""), "class": ("0.5", "////"), "between": ("0.8", "....")}


@styled
def by_layer(
    measured: pd.DataFrame,
    *,
    layers: Sequence[str] = LAYERS,
    quantity: str = "invariance index, no unit",
    ax: Axes | None = None,
) -> Axes:
    """An invariance index by layer, a line a network. measured: network, layer, index, lo, hi; quantity: axis label."""
    table = shapes.columns("measured", measured, ["network", "layer", "index"], "index")
    shapes.once("measured", table, ["network", "layer"])
    strangers = sorted(set(table["layer"]) - set(layers))
    if strangers:
        raise ValueError(f"unknown layers {strangers}; known: {', '.join(layers)}")
    present = [layer for layer in layers if layer in set(table["layer"])]
    names = list(dict.fromkeys(table["network"]))
    ax = canvas(ax, height_in=3.7)
    for index, network in enumerate(names):
        rows = table[table["network"] == network].set_index("layer")
        rows = rows.loc[[layer for layer in present if layer in rows.index]]
        offset = (index - (len(names) - 1) / 2) * 0.05  # intervals beside each other, not on top
        place = np.array([present.index(layer) for layer in rows.index]) + offset
        shown = look(network)
        ax.errorbar(
            place,
            rows["index"].to_numpy(),
            yerr=shapes.whiskers(rows, "index"),
            label=shown.label,
            elinewidth=1.1,
            **shown.line_kwargs(),
        )
    ax.set_xticks(range(len(present)), present)
    ax.grid(axis="y")
    ax.set_xlabel("layer, from the image to the decision")
    ax.set_ylabel(quantity)
    legend_above(ax, 3)
    return ax


@styled
def pair_and_class_distances(
    distances: pd.DataFrame, *, quantity: str = "distance, units of ip1", ax: Axes | None = None
) -> Axes:
    """Mean distance of ip1 features. distances: network, kind ("pair", "class", "between"), distance, lo, hi.

    Rudd et al. 2017, section 5: PAIR "reduced pair-wise distances" and not class-wise ones. quantity: label with unit.
    """
    table = shapes.columns("distances", distances, ["network", "kind", "distance"], "distance")
    shapes.once("distances", table, ["network", "kind"])
    strangers = sorted(set(table["kind"]) - set(KINDS))
    if strangers:
        raise ValueError(f"unknown kinds of distance {strangers}; known: {', '.join(KINDS)}")
    if table["distance"].min() < 0:
        raise ValueError(f"lowest distance is {table['distance'].min():g}, below 0")
    names = list(dict.fromkeys(table["network"]))
    kinds = [kind for kind in KINDS if kind in set(table["kind"])]
    width = 0.8 / len(kinds)
    ax = canvas(ax, height_in=3.6)
    for index, kind in enumerate(kinds):
        rows = table[table["kind"] == kind]
        place = np.array([names.index(name) for name in rows["network"]]) + (index - (len(kinds) - 1) / 2) * width
        grey, hatch = KIND_FILL[kind]
        ax.bar(
            place, rows["distance"], width=width * 0.94, color=grey, hatch=hatch, edgecolor="white", label=KINDS[kind]
        )
        ax.errorbar(
            place,
            rows["distance"].to_numpy(),
            yerr=shapes.whiskers(rows, "distance"),
            fmt="none",
            ecolor=REFERENCE,
            elinewidth=1.2,
        )
    ax.set_xticks(range(len(names)), [look(name).label for name in names])
    ax.set_ylim(bottom=0)
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y")
    ax.set_xlabel("network")
    ax.set_ylabel(quantity)
    legend_above(ax, 2)
    return ax


@styled
def trend_within_digit(
    activation: Mapping[str, ArrayLike],
    angles_deg: ArrayLike,
    *,
    digit: int | None = None,
    axes: Sequence[Axes] | NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Units' activation over the angle, each divided by its mean over angles. activation: {network: (units, angles)}.

    Rudd et al. 2017, section 4.3, sees "amplification or attenuation" across angles inside a digit. Lines that rise
    (least squares slope above 0) and lines that fall have a colour and a line style each, counted in the title; a
    representation that ignores rotation is a bundle of flat lines at 1. Units that are 0 throughout are left out.
    """
    angle = shapes.array("angles_deg", angles_deg, None)
    if len(angle) < 2 or np.any(np.diff(angle) <= 0):
        raise ValueError(f"angles_deg must rise over 2 or more values, got {angle.tolist()}")
    drawn = panels(axes, len(shapes.networks("activation", activation)), columns=3, panel_height_in=3.0, sharey=True)
    for index, (network, ax) in enumerate(zip(activation, drawn, strict=True)):
        curves = shapes.array(f"activation of {network}", activation[network], None, len(angle))
        if curves.min() < 0:
            raise ValueError(f"activation of {network} reaches down to {curves.min():g}; ReLU features are 0 or more")
        means = curves.mean(axis=1)
        relative = curves[means > 0] / means[means > 0, None]
        rises = (relative - relative.mean(axis=1, keepdims=True)) @ (angle - angle.mean()) > 0
        for curve, rising in zip(relative, rises, strict=True):
            ax.plot(
                angle,
                curve,
                color=PURPLE if rising else INK,
                linestyle="-" if rising else "--",
                linewidth=0.8,
                alpha=0.75,
            )
        ax.axhline(1, color=REFERENCE, linewidth=1, zorder=0)
        ax.set_title(f"{look(network).label}\n{int(rises.sum())} rise (—), {int((~rises).sum())} fall (- -)")
        ax.set_xticks(angle, [degrees(value) for value in angle], fontsize=7)
        ax.set_xlabel("rotation, degrees")
        ax.set_ylim(bottom=0)
        if index % 3 == 0:
            of_digit = "" if digit is None else f" for digit {digit}"
            ax.set_ylabel(f"activation{of_digit} /\nits mean over angles, ratio")
    return drawn
