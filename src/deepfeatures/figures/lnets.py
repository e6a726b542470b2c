"""Localisers and what describes a face: windows on scenes, recall, mean faces of units, attributes as planes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import dendrogram

from . import shapes
from .faces import GAP, LINE_IN, frame, pictures, place
from .style import BLUE, GREEN, INK, ORANGE, PAGE_WIDTH_IN, PURPLE, REFERENCE, SKY, VERMILION, canvas, panels, styled

LINES = ("white", ORANGE, SKY)  # true box, LNet_o's window, LNet_s's
STYLES: tuple[Any, ...] = ("-", (0, (3, 1.5)), "-")
WORLDS = {"rendered": "rendered scenes, boxes exact", "celeba": "CelebA pasted into clutter, boxes by alignment"}
METRICS = {  # column of a table: (label, colour, marker)
    "recall": ("overlap (IoU) of 0.5 or more", BLUE, "o"),
    "in_head": ("centre inside the head", ORANGE, "s"),
}
GROUP_COLOURS = (VERMILION, BLUE, GREEN, ORANGE, PURPLE, SKY, "0.35", "#7B4F2C", "0.6")


class Unit(Protocol):
    """What `unit_faces` shows of a unit. faces: (3, side, side, 3) uint8."""

    @property
    def unit(self) -> int: ...
    @property
    def faces(self) -> np.ndarray: ...
    @property
    def attribute(self) -> str: ...
    @property
    def auc(self) -> float: ...
    @property
    def p(self) -> float: ...


@styled
def scene_windows(
    images: ArrayLike, boxes: Mapping[str, ArrayLike], response: ArrayLike, *, columns: int = 6, ax: Axes | None = None
) -> Axes:
    """Scenes with boxes drawn on them, and under each the response map it was read from, bright where it is strong.

    images: (n, side, side, 3) uint8; boxes: by name, up to three times (n, 4) left, top, right, bottom in pixels;
    response: (n, h, w).
    """
    shown = pictures("images", images)
    maps = shapes.array("response", response, len(shown), None, None)
    drawn = {name: shapes.array(f"boxes of {name}", one, len(shown), 4) for name, one in boxes.items()}
    if not 1 <= len(drawn) <= len(LINES):
        raise ValueError(f"{len(drawn)} kinds of boxes; 1 to {len(LINES)} can be told apart")
    columns = min(columns, len(shown))
    rows, side = -(-len(shown) // columns), shown.shape[1]
    side_in = PAGE_WIDTH_IN / (columns * (1 + GAP))
    pitch = 2 * (1 + GAP) + GAP
    ax = canvas(ax, PAGE_WIDTH_IN, rows * pitch * side_in + 2 * LINE_IN)
    for number, image in enumerate(shown):
        left, top = (number % columns) * (1 + GAP), (number // columns) * pitch
        place(ax, image, left, top, "", 7.5)
        ax.imshow(maps[number], extent=(left, left + 1, -top - 2 - GAP, -top - 1 - GAP), cmap="magma")
        for (name, one), colour, style in zip(drawn.items(), LINES, STYLES, strict=False):
            box = np.clip(one[number] / side, 0, 1)
            corner = (left + box[0], -top - box[3])
            width, height = box[2] - box[0], box[3] - box[1]
            ax.add_patch(Rectangle(corner, width, height, fill=False, color="black", linewidth=2.2, alpha=0.5))
            ax.add_patch(
                Rectangle(corner, width, height, fill=False, color=colour, linewidth=1.3, linestyle=style, label=name)
            )
    frame(ax, columns * (1 + GAP) - GAP, rows * pitch - GAP)
    handles = [Line2D([], [], color=colour, linestyle=style, label=name)
               for name, colour, style in zip(drawn, LINES, STYLES, strict=False)]  # fmt: skip
    legend = ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, facecolor="0.45",
                       labelcolor="white", frameon=True)  # fmt: skip
    legend.get_frame().set_edgecolor("none")
    return ax


@styled
def localisation(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """Share of scenes in which each answer is right, a row an answer, a panel a world; intervals over people.

    table: world, answer, metric ('recall', 'in_head'; others are left out), value (0..1), lo, hi.
    """
    checked = shapes.columns("localisation", table, ["world", "answer", "metric", "value"], "value")
    checked = checked[checked["metric"].isin(METRICS)]
    shapes.once("localisation", checked, ["world", "answer", "metric"])
    worlds = list(dict.fromkeys(checked["world"]))
    most = max(checked[checked["world"] == world]["answer"].nunique() for world in worlds)
    drawn = panels(axes, len(worlds), columns=1, panel_height_in=1.1 + 0.27 * most)
    for world, ax in zip(worlds, drawn, strict=True):
        rows = checked[checked["world"] == world]
        answers = list(dict.fromkeys(rows["answer"]))
        for number, (metric, (label, colour, marker)) in enumerate(METRICS.items()):
            mine = rows[rows["metric"] == metric]
            y = mine["answer"].map({name: at for at, name in enumerate(answers)}).to_numpy(float) + 0.3 * (number - 0.5)
            ax.errorbar(
                100 * mine["value"].to_numpy(), y, xerr=100 * shapes.whiskers(mine, "value"), linestyle="none",
                color=colour, marker=marker, markersize=4.5, elinewidth=1, label=label,
            )  # fmt: skip
        ax.set_yticks(range(len(answers)), [_subscripts(name) for name in answers])
        ax.set_ylim(len(answers) - 0.5, -0.5)
        ax.set_xlim(-1, 101)
        ax.grid(axis="x")
        for edge in np.arange(len(answers) - 1) + 0.5:
            ax.axhline(edge, color="0.9", linewidth=0.7, zorder=0)
        ax.tick_params(axis="y", length=0)
        ax.set_title(WORLDS.get(world, world), loc="left")
        ax.set_ylabel("answer, one a row")
    drawn[-1].set_xlabel("scenes in which it is so, %")
    handles, labels = drawn[0].get_legend_handles_labels()
    figure = drawn[0].figure
    if axes is None:
        figure.legend(handles, labels, loc="outside upper center", ncols=2)
    else:
        drawn[0].legend(handles, labels)
    return drawn


@styled
def unit_faces(units: Sequence[Unit], *, columns: int = 2, ax: Axes | None = None) -> Axes:
    """Mean faces of weak, medium and strong response, a unit after the other, and the attribute it tells most of."""
    if not units:
        raise ValueError("units holds none; give at least one")
    columns = min(columns, len(units))
    rows = -(-len(units) // columns)
    width = 3 * (1 + GAP) + 1.75  # three faces and the words beside them
    side_in = PAGE_WIDTH_IN / (columns * width)
    ax = canvas(ax, PAGE_WIDTH_IN, (rows * (1 + GAP) + 0.3) * side_in)
    for number, one in enumerate(units):
        faces = pictures(f"faces of unit {one.unit}", one.faces, 3)
        left, top = (number % columns) * width, (number // columns) * (1 + GAP) + 0.25
        for at, (face, word) in enumerate(zip(faces, ("weak", "medium", "strong"), strict=True)):
            place(ax, face, left + at * (1 + GAP), top, "", 7.5)
            if number < columns:
                ax.text(left + at * (1 + GAP) + 0.5, -top + 0.04, word, ha="center", va="bottom", fontsize=8, color=INK)
        text = f"unit {one.unit}\n{one.attribute.replace('_', ' ')}\nAUC {one.auc:.2f}, p = {one.p:.3f}"
        ax.text(left + 3 * (1 + GAP), -top - 0.5, text, ha="left", va="center", fontsize=7.5, color=INK)
    frame(ax, columns * width, rows * (1 + GAP) + 0.25)
    return ax


@styled
def units_tell(strengths: Mapping[str, ArrayLike], *, tells: float = 0.6, ax: Axes | None = None) -> Axes:
    """Units in order of how much each tells of its attribute, a line a network.

    strengths: (units,) AUC, 0.5 nothing.
    """
    names = shapes.networks("strengths", strengths)
    ax = canvas(ax, PAGE_WIDTH_IN, 3.1)
    looks = zip((VERMILION, GREEN, BLUE, "0.5", PURPLE), ("-", "-.", "--", ":", "-"), strict=True)
    for name, (colour, line) in zip(names, looks, strict=False):
        value = np.sort(shapes.array(f"strengths of {name}", strengths[name], None))[::-1]
        ax.plot(100 * (np.arange(len(value)) + 0.5) / len(value), value, color=colour, linestyle=line, label=name)
    ax.axhline(0.5, color=REFERENCE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    ax.axhline(tells, color=REFERENCE, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    ax.set_xlim(0, 100)
    ax.set_xlabel("units, from the one that tells most, %")
    ax.set_ylabel("AUC on people not used\nto choose the attribute (ratio)")
    ax.grid(axis="y")
    ax.legend(loc="upper right")
    return ax


@styled
def hyperplanes(
    names: Sequence[str], cosines: ArrayLike, joined: ArrayLike, groups: Sequence[str], clusters: Sequence[int],
    *, axes: Sequence[Axes] | NDArray[Any] | None = None,
) -> NDArray[Any]:  # fmt: skip
    """A dendrogram of attributes beside the cosines of their weight vectors, in one order of rows.

    joined: scipy's linkage matrix. groups: of what each name speaks ('' none), the colour of its label; clusters: by
    k-means, the number behind it.
    """
    count = len(names)
    cosine = shapes.array("cosines", cosines, count, count)
    link = shapes.array("joined", joined, count - 1, 4)
    scale: dict[str, Any]
    if axes is None:
        figure = plt.figure(figsize=(PAGE_WIDTH_IN, 2.4 + 0.155 * count))
        body_in = 0.155 * count + 0.6
        grid = figure.add_gridspec(2, 2, width_ratios=(1, 2.6), height_ratios=(0.09, body_in), wspace=0.02, hspace=0.02)
        scale = {"cax": figure.add_subplot(grid[0, 1]), "orientation": "horizontal"}
        drawn = np.array([figure.add_subplot(grid[1, column]) for column in (0, 1)], dtype=object)
    else:
        scale = {"ax": list(axes), "location": "top"}
        drawn = panels(axes, 2, columns=2, panel_height_in=1.0)
    tree, matrix = drawn
    parts = dendrogram(link, orientation="left", no_labels=True, color_threshold=0, above_threshold_color=INK, ax=tree)
    order = parts["leaves"]
    for line in tree.collections:
        line.set_linewidth(0.9)
    tree.set_ylim(10 * count, 0)
    tree.set_xlabel("1 − cosine where\njoined (no unit)")
    tree.set_ylabel("attribute, one a row (number: its cluster)")
    tree.set_yticks([])
    tree.spines[["top", "left", "right"]].set_visible(False)
    shown = matrix.imshow(cosine[np.ix_(order, order)], cmap="RdBu_r", vmin=-0.6, vmax=0.6, aspect="auto")
    known = [group for group in dict.fromkeys(groups) if group]
    colours = dict(zip(known, GROUP_COLOURS, strict=False)) | {"": "0.55"}
    labels = [f"{names[at].replace('_', ' ')}  {clusters[at] + 1}" for at in order]
    matrix.yaxis.tick_right()
    matrix.set_yticks(range(count), labels, fontsize=7)
    matrix.set_xticks([])
    matrix.tick_params(axis="y", length=0)
    for text, at in zip(matrix.get_yticklabels(), order, strict=True):
        text.set_color(colours[groups[at]])
    matrix.set_xlabel("attributes, in the order of the rows")
    matrix.grid(visible=False)
    bar = matrix.figure.colorbar(shown, extend="both", **scale)
    bar.set_label("cosine of two weight vectors (no unit)")
    bar.ax.xaxis.set_ticks_position("top")
    bar.ax.xaxis.set_label_position("top")
    handles = [Line2D([], [], color=colour, marker="s", linestyle="none", label=group or "no group")
               for group, colour in colours.items()]  # fmt: skip
    if axes is None:
        matrix.figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=7)
    return drawn


def _subscripts(name: str) -> str:
    return name.replace("LNet_o", "LNet$_o$").replace("LNet_s", "LNet$_s$")
