"""DeepID2+ drawn: accuracy by layer, how sparse layers are, codes of other sparsity, single units, hidden faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from . import shapes
from .style import BLUE, GREEN, INK, ORANGE, PURPLE, REFERENCE, SKY, VERMILION, canvas, legend_above, panels, styled

COLOURS = (VERMILION, BLUE, GREEN, ORANGE, PURPLE, SKY, "0.35")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES: tuple[Any, ...] = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1.2, 1, 1.2)), (0, (3, 1)))
CHANCE_PERCENT = 50.0


@styled
def verification_by_layer(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Accuracy, %, of every layer of every network, with intervals. table: network, layer, accuracy_percent, lo, hi.

    A network whose layer is '' (hand-made features) is a line across, its interval a band.
    """
    frame = shapes.columns("accuracies", table, ["network", "layer", "accuracy_percent"], "accuracy_percent")
    shapes.once("accuracies", frame, ["network", "layer"])
    layers = [layer for layer in dict.fromkeys(frame["layer"]) if layer]
    drawn = [name for name in dict.fromkeys(frame["network"]) if frame.loc[frame["network"] == name, "layer"].any()]
    ax = canvas(ax, height_in=3.8)
    for number, name in enumerate(drawn):
        own = frame[frame["network"] == name]
        x = own["layer"].map({layer: at for at, layer in enumerate(layers)}).to_numpy(float)
        ax.errorbar(
            x + 0.5 * ((number + 0.5) / len(drawn) - 0.5),
            own["accuracy_percent"].to_numpy(),
            yerr=shapes.whiskers(own, "accuracy_percent"),
            color=COLOURS[number % 7],
            marker=MARKERS[number % 7],
            linestyle="none",
            markersize=5,
            elinewidth=1,
            label=name,
        )
    for name in dict.fromkeys(frame["network"]):
        if name not in drawn:
            _across(ax, frame[frame["network"] == name], name)
    for edge in np.arange(len(layers) - 1) + 0.5:
        ax.axvline(edge, color="0.9", linewidth=0.7, zorder=0)
    ax.set_xticks(range(len(layers)), layers)
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y")
    ax.set_xlabel("layer")
    ax.set_ylabel("pairs judged rightly, %\n(axis does not start at 50)")
    legend_above(ax, 3)
    return ax


def _across(ax: Axes, own: pd.DataFrame, name: str) -> None:
    one = own.iloc[0]
    ax.axhline(one["accuracy_percent"], color=INK, linewidth=1.2, linestyle=(0, (4, 3)), label=name)
    if {"lo", "hi"} <= set(own.columns):
        ax.axhspan(one["lo"], one["hi"], color="0.6", alpha=0.2, linewidth=0)


@styled
def activity_histograms(
    table: pd.DataFrame, *, labels: Mapping[str, str], axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """How active layers are: above, units active in a face; below, faces that activate a unit; a column a layer.

    table: network, layer, of ('face', 'unit'), low, high, share. labels: network -> its name in the legend.
    """
    frame = shapes.columns("histograms", table, ["network", "layer", "of", "low", "high", "share"])
    shapes.once("histograms", frame, ["network", "layer", "of", "low"])
    layers = list(dict.fromkeys(frame["layer"]))
    drawn = panels(axes, 2 * len(layers), columns=len(layers), panel_height_in=2.1)
    for place, ax in enumerate(drawn):
        of, layer = ("face", "unit")[place // len(layers)], layers[place % len(layers)]
        for number, (network, label) in enumerate(labels.items()):
            own = frame[(frame["network"] == network) & (frame["layer"] == layer) & (frame["of"] == of)]
            edges = np.append(own["low"].to_numpy(), own["high"].to_numpy()[-1:])
            colour = (VERMILION, REFERENCE)[number % 2]
            ax.stairs(
                100 * own["share"].to_numpy(),
                edges,
                color=colour,
                linewidth=1.3,
                label=label,
                fill=number == 0,
                alpha=0.75 if number == 0 else 1.0,
                linestyle="-" if number == 0 else "--",
            )
        ax.set_xlim(0, 1)
        ax.set_ylim(0, None)
        ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])
        if place < len(layers):
            ax.set_title(layer.replace("fc", "FC-").replace("maps", "maps "), loc="left")
        ax.set_xlabel("active units, %" if of == "face" else "faces, %")
        if place % len(layers) == 0:
            ax.set_ylabel("faces, %" if of == "face" else "units, %")
    _legend_on_top(drawn, columns=2)
    return drawn


@styled
def codes_by_level(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """Binary codes made more or less active: accuracy by Hamming distance, and how much two people differ.

    table: level, accuracy_percent, lo, hi, differ, independent.
    """
    frame = shapes.columns("levels", table, ["level", "accuracy_percent", "differ", "independent"], "accuracy_percent")
    shapes.once("levels", frame, ["level"])
    left, right = drawn = panels(axes, 2, columns=2, panel_height_in=3.0)
    x = 100 * frame["level"].to_numpy()
    left.errorbar(
        x,
        frame["accuracy_percent"].to_numpy(),
        yerr=shapes.whiskers(frame, "accuracy_percent"),
        color=VERMILION,
        marker="o",
        markersize=5,
        elinewidth=1,
    )
    left.set_ylabel("pairs judged rightly, %")
    right.plot(
        x, 100 * frame["differ"].to_numpy(), color=VERMILION, marker="o", markersize=5, label="two people, measured"
    )
    right.plot(
        x,
        100 * frame["independent"].to_numpy(),
        color=INK,
        linestyle=(0, (4, 3)),
        linewidth=1,
        label="coins: 2p(1 − p)",
    )
    right.set_ylabel("units that differ, %")
    right.set_ylim(0, None)
    right.legend(loc="lower center")
    for ax in drawn:
        ax.axvspan(30, 70, color="0.93", zorder=0, linewidth=0)
        ax.set_xlim(0, 100)
        ax.set_xlabel("faces that activate each unit, %")
        ax.grid(axis="y")
    return drawn


@styled
def units_by_layer(
    table: pd.DataFrame, *, labels: Mapping[str, str], axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """One unit's balanced accuracy, %, held out, a row a layer; hollow: where the unit was chosen. A panel a question.

    table: what, side, layer, accuracy_percent, lo, hi, chosen_percent, shuffled_percent. labels: layer -> its name, in
    order.
    """
    needed = ["what", "side", "layer", "accuracy_percent", "chosen_percent", "shuffled_percent"]
    frame = shapes.columns("units", table, needed, "accuracy_percent")
    shapes.once("units", frame, ["what", "side", "layer"])
    questions = list(dict.fromkeys(frame["what"]))
    drawn = panels(axes, len(questions), columns=2, panel_height_in=2.0 + 0.3 * len(labels), sharey=True)
    place = {layer: at for at, layer in enumerate(labels)}
    for what, ax in zip(questions, drawn, strict=True):
        for number, side in enumerate(dict.fromkeys(frame["side"])):
            own = frame[(frame["what"] == what) & (frame["side"] == side) & frame["layer"].isin(place)]
            y = own["layer"].map(place).to_numpy(float) + (-0.17, 0.17)[number % 2]
            colour, marker = ((VERMILION, "o"), (BLUE, "s"))[number % 2]
            ax.errorbar(
                own["accuracy_percent"].to_numpy(),
                y,
                xerr=shapes.whiskers(own, "accuracy_percent"),
                color=colour,
                marker=marker,
                markersize=5,
                linestyle="none",
                elinewidth=1,
                label=f"{side}, held out",
            )
            ax.plot(
                own["chosen_percent"],
                y,
                color=colour,
                marker=marker,
                markersize=5,
                linestyle="none",
                markerfacecolor="white",
                label=f"{side}, where it was chosen",
            )
            null = own["shuffled_percent"].to_numpy(float)
            if np.isfinite(null).any():
                ax.plot(
                    null,
                    y,
                    color=colour,
                    marker="|",
                    markersize=7,
                    linestyle="none",
                    label=f"{side}, people dealt at random",
                )
        ax.axvline(CHANCE_PERCENT, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.set_yticks(range(len(labels)), list(labels.values()))
        ax.set_ylim(len(labels) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="x")
        ax.set_title(what, loc="left")
        ax.set_xlabel("balanced accuracy of one unit, %")
    drawn[0].set_ylabel("layer")
    _legend_on_top(drawn, columns=2)
    return drawn


@styled
def hidden_faces(
    table: pd.DataFrame, *, labels: Mapping[str, str], axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Accuracy, %, by how much of the second face is hidden; a panel a kind of cover, a line a name of `labels`.

    table: hider, share, name, accuracy_percent, lo, hi.
    """
    frame = shapes.columns("hidden", table, ["hider", "share", "name", "accuracy_percent"], "accuracy_percent")
    shapes.once("hidden", frame, ["hider", "share", "name"])
    hiders = list(dict.fromkeys(frame["hider"]))
    drawn = panels(axes, len(hiders), columns=2, panel_height_in=3.4, sharey=True)
    titles = {"block": "a grey block", "band": "a grey lower band"}
    for hider, ax in zip(hiders, drawn, strict=True):
        for number, (name, label) in enumerate(labels.items()):
            own = frame[(frame["hider"] == hider) & (frame["name"] == name)].sort_values("share")
            ax.errorbar(
                100 * own["share"].to_numpy() + 1.2 * ((number + 0.5) - len(labels) / 2),
                own["accuracy_percent"].to_numpy(),
                yerr=shapes.whiskers(own, "accuracy_percent"),
                color=COLOURS[number % 7],
                marker=MARKERS[number % 7],
                linestyle=LINES[number % len(LINES)],
                markersize=4.5,
                elinewidth=0.9,
                linewidth=1.2,
                label=label,
            )
        ax.axhline(CHANCE_PERCENT, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.set_title(titles.get(hider, hider), loc="left")
        ax.set_xlabel("side of the cover, % of the image's")
        ax.grid(axis="y")
    drawn[0].set_ylabel("pairs judged rightly, %")
    _legend_on_top(drawn, columns=3)
    return drawn


@styled
def pattern_stability(
    table: pd.DataFrame, *, labels: Mapping[str, str], axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Units that stay as they were, %, by how much of a face is hidden; dotted, the agreement of two people.

    table: hider, share, name, unchanged, people, images.
    """
    frame = shapes.columns("stability", table, ["hider", "share", "name", "unchanged", "people", "images"])
    shapes.once("stability", frame, ["hider", "share", "name"])
    hiders = list(dict.fromkeys(frame["hider"]))
    drawn = panels(axes, len(hiders), columns=2, panel_height_in=3.2, sharey=True)
    titles = {"block": "a grey block", "band": "a grey lower band"}
    for hider, ax in zip(hiders, drawn, strict=True):
        for number, (name, label) in enumerate(labels.items()):
            own = frame[(frame["hider"] == hider) & (frame["name"] == name)].sort_values("share")
            x, colour = np.append(0, 100 * own["share"].to_numpy()), COLOURS[number % 7]
            ax.plot(
                x,
                np.append(100, 100 * own["unchanged"].to_numpy()),
                color=colour,
                marker=MARKERS[number % 7],
                linestyle=LINES[number % len(LINES)],
                markersize=4.5,
                linewidth=1.2,
                label=label,
            )
            ax.axhline(100 * own["people"].iloc[0], color=colour, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
        ax.set_title(titles.get(hider, hider), loc="left")
        ax.set_xlabel("side of the cover, % of the image's")
        ax.grid(axis="y")
    drawn[0].set_ylabel("units unchanged, %")
    _legend_on_top(drawn, columns=3)
    return drawn


def _legend_on_top(drawn: NDArray[Any], *, columns: int) -> None:
    """One legend for all panels: above the whole of a figure of our own, or on the first panel."""
    handles = {name: handle for ax in drawn for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure = drawn[0].figure
    if len(figure.axes) == len(drawn):
        figure.legend(list(handles.values()), list(handles), loc="outside upper center", ncols=columns)
    else:
        drawn[0].legend(list(handles.values()), list(handles))
