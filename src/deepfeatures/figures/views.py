"""Views and quality: who and what depends on view, the space in the plane, quality along the distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from . import shapes
from .style import ACTIVATION_MAP, BLUE, GREEN, ORANGE, PURPLE, REFERENCE, SKY, VERMILION, panels, styled

LOOKS = {  # colour, marker, line
    "trained": (VERMILION, "o", "-"),
    "untrained": ("0.6", "v", (0, (5, 1.2, 1, 1.2))),
    "pixels": ("0.35", "D", ":"),
    "mobilefacenet-ms1m": (BLUE, "s", "--"),
    "mobilefacenet-casia": (GREEN, "^", "-."),
    "mobilefacenet-ms1m-untrained": (PURPLE, "X", (0, (1, 1))),
}
OTHERS = ((ORANGE, "P", "-"), (SKY, "*", "-"))
PART_COLOURS = {"person": BLUE, "view": VERMILION, "person x view": ORANGE, "image": "0.85"}
DISTANCES = {
    "origin": "from the origin",
    "mean": "from the mean",
    "unit": "from the mean, unit length",
}


def look(network: str) -> tuple[str, str, Any]:
    """Colour, marker and line of a network; of an unknown one, by its name."""
    return LOOKS.get(network) or OTHERS[len(network) % len(OTHERS)]


@styled
def view_energies(
    halves: Mapping[str, tuple[ArrayLike, ArrayLike]], *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """How strongly view moves each feature (column) of each person (row), a panel a network.

    halves: two (people, features) of energies, in variances of a single image: the first puts people and features in
    order, by their means; the second is drawn. Noise sorted by itself would look like an order. Colours run from 0 to
    the 98th percentile of a panel.
    """
    names = shapes.networks("energies", halves)
    drawn = panels(axes, len(names), columns=2, panel_height_in=2.9)
    for name, ax in zip(names, drawn, strict=True):
        first, second = (shapes.array(f"energies of {name}", half, None, None) for half in halves[name])
        ordered = second[np.argsort(-first.mean(axis=1))][:, np.argsort(-first.mean(axis=0))]
        top = max(float(np.percentile(ordered, 98)), 1e-12)
        image = ax.imshow(ordered, aspect="auto", cmap=ACTIVATION_MAP, vmin=0, vmax=top, interpolation="nearest")
        bar = ax.figure.colorbar(image, ax=ax, fraction=0.05, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("energy (variances)")
        ax.set_title(name, loc="left")
        ax.set_xlabel("feature, re-ordered")
        ax.set_ylabel("person, re-ordered")
        ax.grid(False)
    return drawn


@styled
def view_spread(
    spreads: Mapping[str, Mapping[str, ArrayLike]], *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """View dependence of people (left) and of features (right), each group's mean over the mean of all.

    spreads: by network, 'people' and 'features', (groups,), the least dependent group first. The steeper curve says
    whose characteristic view dependence is.
    """
    names = shapes.networks("spreads", spreads)
    drawn = panels(axes, 2, columns=2, panel_height_in=3.0, sharey=True)
    for what, ax in zip(("people", "features"), drawn, strict=True):
        for name in names:
            curve = shapes.array(f"{what} of {name}", spreads[name][what], None)
            colour, marker, line = look(name)
            x = (np.arange(len(curve)) + 0.5) * 100 / len(curve)
            ax.plot(x, curve, color=colour, marker=marker, linestyle=line, markersize=4, linewidth=1.4, label=name)
        ax.axhline(1, color=REFERENCE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.axhline(0, color=REFERENCE, linewidth=0.7, zorder=1)
        ax.set_title(what, loc="left")
        ax.set_xlim(0, 100)
        ax.set_xlabel(f"{what} in order, %")
    drawn[0].set_ylabel("energy of view, ratio to its mean")
    _legend(drawn)
    return drawn


@styled
def view_variances(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """What a feature's variance is made of, %, a bar a network, a panel a world. table: world, network, part, share."""
    frame = shapes.columns("variances", table, ["world", "network", "part", "share"])
    shapes.once("variances", frame, ["world", "network", "part"])
    worlds = list(dict.fromkeys(frame["world"]))
    parts = list(dict.fromkeys(frame["part"]))
    most = max(frame[frame["world"] == world]["network"].nunique() for world in worlds)
    drawn = panels(axes, len(worlds), columns=1, panel_height_in=0.75 + 0.3 * most)
    for world, ax in zip(worlds, drawn, strict=True):
        rows = frame[frame["world"] == world]
        networks = list(dict.fromkeys(rows["network"]))
        left = np.zeros(len(networks))
        for number, part in enumerate(parts):
            share = rows[rows["part"] == part].set_index("network")["share"].reindex(networks).to_numpy(float)
            width = 100 * np.maximum(share, 0)  # an estimate may lie a little below 0
            colour = PART_COLOURS.get(part, OTHERS[number % 2][0])
            bars = ax.barh(range(len(networks)), width, left=left, color=colour, label=part, height=0.72)
            for bar, value in zip(bars, width, strict=True):
                if value >= 6:
                    middle = bar.get_x() + value / 2
                    dark = colour in (BLUE, VERMILION)
                    ax.text(middle, bar.get_y() + 0.36, f"{value:.0f}", ha="center", va="center", fontsize=7.5,
                            color="white" if dark else "0.15")  # fmt: skip
            left = left + width
        ax.set_yticks(range(len(networks)), networks)
        ax.set_ylim(len(networks) - 0.5, -0.5)
        ax.set_xlim(0, max(100.0, float(left.max())))
        ax.tick_params(axis="y", length=0)
        ax.set_title(world, loc="left")
        ax.set_ylabel("network")
    drawn[-1].set_xlabel("share of a feature's variance, %")
    _legend(drawn)
    return drawn


@styled
def space_maps(
    worlds: Mapping[str, tuple[Mapping[str, ArrayLike], Mapping[str, ArrayLike]]],
    *,
    axes: Sequence[Axes] | NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Feature spaces in the plane, a column a map, a row a quantity of a world.

    worlds: by name, (points, colours): points (m, 2) by map, the same maps in every world; colours (m,) by quantity.
    Colours run over the ranks of a quantity's different values, so that one far image does not decide the scale.
    """
    columns = {tuple(points) for points, _ in worlds.values()}
    if len(columns) != 1 or not all(colours for _, colours in worlds.values()):
        raise ValueError(f"{len(worlds)} worlds with maps {sorted(columns)}: the same maps and a quantity in each")
    [maps] = columns
    cells = [(world, shown, name) for world in worlds for shown in worlds[world][1] for name in maps]
    drawn = panels(axes, len(cells), columns=len(maps), panel_height_in=2.9)
    for (world, shown, name), ax in zip(cells, drawn, strict=True):
        points, colours = worlds[world]
        place = shapes.array(name, points[name], None, 2)
        values = shapes.array(shown, colours[shown], len(place))
        levels, rank = np.unique(values, return_inverse=True)
        order = np.argsort(rank, kind="stable")
        dots = ax.scatter(
            *place[order].T, c=rank[order], cmap="viridis", s=6, linewidths=0, vmin=0, vmax=max(len(levels) - 1, 1)
        )
        bar = ax.figure.colorbar(dots, ax=ax, fraction=0.05, pad=0.02)
        ticks = np.unique(np.linspace(0, len(levels) - 1, min(len(levels), 4)).round().astype(int))
        bar.set_ticks(ticks, labels=[f"{levels[at]:.3g}" for at in ticks])
        bar.set_label(shown)
        bar.outline.set_visible(False)
        ax.set_title(f"{name}, {world}", loc="left", fontsize=8.5)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.grid(False)
        ax.set_xlabel("first coordinate (no unit)")
        ax.set_ylabel("second coordinate (no unit)")
    return drawn


@styled
def defects_along(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """Mean number of known defects by distance, a line a network; a row a world, a column a distance.

    table: world, network, distance, part (0 the nearest), defects, lo, hi.
    """
    frame = shapes.columns("defects", table, ["world", "network", "distance", "part", "defects"], "defects")
    shapes.once("defects", frame, ["world", "network", "distance", "part"])
    worlds, kinds = (list(dict.fromkeys(frame[name])) for name in ("world", "distance"))
    drawn = panels(axes, len(worlds) * len(kinds), columns=len(kinds), panel_height_in=2.7)
    count = int(frame["part"].max()) + 1
    for (world, kind), ax in zip([(w, k) for w in worlds for k in kinds], drawn, strict=True):
        rows = frame[(frame["world"] == world) & (frame["distance"] == kind)]
        for network in dict.fromkeys(rows["network"]):
            own = rows[rows["network"] == network].sort_values("part")
            colour, marker, line = look(network)
            x = (own["part"].to_numpy(float) + 0.5) * 100 / count
            ax.plot(x, own["defects"].to_numpy(), color=colour, marker=marker, linestyle=line, markersize=3.5,
                    linewidth=1.3, label=network)  # fmt: skip
            ax.fill_between(x, own["lo"].to_numpy(), own["hi"].to_numpy(), color=colour, alpha=0.12, linewidth=0)
        ax.set_title(DISTANCES.get(kind, kind), loc="left", fontsize=8.5)
        ax.set_xlim(0, 100)
        ax.set_ylim(0, 1.08 * float(np.nanmax(frame.loc[frame["world"] == world, ["defects", "hi"]].to_numpy(float))))
        ax.grid(axis="y")
        ax.set_xlabel("images by distance, %")
    for world, ax in zip(worlds, drawn[:: len(kinds)], strict=True):
        ax.set_ylabel(f"{world}\nknown defects, number")
    _legend(drawn)
    return drawn


@styled
def quality_correlations(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """Rank correlation of distance with what is known of a picture, a dot a network; a row a world.

    A column is a distance. table: world, network, distance, factor, rho, lo, hi. Factors stand in the order of their
    first appearance.
    """
    frame = shapes.columns("correlations", table, ["world", "network", "distance", "factor", "rho"], "rho")
    shapes.once("correlations", frame, ["world", "network", "distance", "factor"])
    worlds, kinds = (list(dict.fromkeys(frame[name])) for name in ("world", "distance"))
    most = max(frame[frame["world"] == world]["factor"].nunique() for world in worlds)
    drawn = panels(axes, len(worlds) * len(kinds), columns=len(kinds), panel_height_in=1.2 + 0.36 * most)
    reach = 1.05 * float(np.nanmax(np.abs(frame[["rho", "lo", "hi"]].to_numpy(float))))
    for at, (world, kind) in enumerate((w, k) for w in worlds for k in kinds):
        ax, inside = drawn[at], frame[frame["world"] == world]
        factors, networks = (list(dict.fromkeys(inside[name])) for name in ("factor", "network"))
        for number, network in enumerate(networks):
            own = inside[(inside["distance"] == kind) & (inside["network"] == network)]
            if own.empty:
                continue
            y = own["factor"].map({name: row for row, name in enumerate(factors)}).to_numpy(float)
            colour, marker, _ = look(network)
            ax.errorbar(
                own["rho"].to_numpy(), y + 0.68 * ((number + 0.5) / len(networks) - 0.5),
                xerr=shapes.whiskers(own, "rho"), linestyle="none", color=colour, marker=marker, markersize=3.6,
                elinewidth=1, label=network,
            )  # fmt: skip
        ax.axvline(0, color=REFERENCE, linewidth=1, zorder=1)
        for edge in np.arange(len(factors) - 1) + 0.5:
            ax.axhline(edge, color="0.9", linewidth=0.7, zorder=0)
        ax.set_yticks(range(len(factors)), [] if at % len(kinds) else factors)
        ax.set_ylim(len(factors) - 0.5, -0.5)
        ax.set_xlim(-reach, reach)
        ax.tick_params(axis="y", length=0)
        ax.set_title(DISTANCES.get(kind, kind), loc="left", fontsize=8.5)
        if at % len(kinds) == 0:
            ax.set_ylabel(f"{world}: a row each")
        if at >= len(kinds) * (len(worlds) - 1):
            ax.set_xlabel("rank correlation (no unit)")
    _legend(drawn)
    return drawn


@styled
def defect_changes(table: pd.DataFrame, *, axes: Sequence[Axes] | NDArray[Any] | None = None) -> NDArray[Any]:
    """What a defect does to a picture's distance, by strength; a column a defect, a row a distance, a line a network.

    table: network, distance, defect, level, change, lo, hi: in standard deviations of intact pictures' distances.
    """
    frame = shapes.columns("changes", table, ["network", "distance", "defect", "level", "change"], "change")
    shapes.once("changes", frame, ["network", "distance", "defect", "level"])
    kinds, defects = (list(dict.fromkeys(frame[name])) for name in ("distance", "defect"))
    drawn = panels(axes, len(kinds) * len(defects), columns=len(defects), panel_height_in=2.3, sharex=True)
    networks = list(dict.fromkeys(frame["network"]))
    for number, (kind, defect) in enumerate((k, d) for k in kinds for d in defects):
        ax, of_kind = drawn[number], frame[frame["distance"] == kind]
        for at, network in enumerate(networks):
            own = of_kind[(of_kind["defect"] == defect) & (of_kind["network"] == network)].sort_values("level")
            colour, marker, line = look(network)
            beside = 0.16 * (at - (len(networks) - 1) / 2)
            ax.errorbar(
                own["level"].to_numpy(float) + beside, own["change"].to_numpy(), yerr=shapes.whiskers(own, "change"),
                color=colour, marker=marker, linestyle=line, markersize=3.5, linewidth=1.2, elinewidth=1, label=network,
            )  # fmt: skip
        ax.axhline(0, color=REFERENCE, linewidth=1, zorder=1)
        span = of_kind[["change", "lo", "hi"]].to_numpy(float)
        low, high = min(float(np.nanmin(span)), 0), max(float(np.nanmax(span)), 0)
        ax.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        ax.set_xticks(np.unique(frame["level"]))
        ax.set_xlim(frame["level"].min() - 0.6, frame["level"].max() + 0.6)
        ax.grid(axis="y")
        if number < len(defects):
            ax.set_title(defect, loc="left", fontsize=8.5)
        if number >= len(defects) * (len(kinds) - 1):
            ax.set_xlabel("strength (no unit)")
        if number % len(defects):
            ax.set_yticklabels([])
        else:
            ax.set_ylabel(f"{DISTANCES.get(kind, kind)}\nchange, sd (no unit)", fontsize=8)
    _legend(drawn)
    return drawn


def _legend(drawn: NDArray[Any]) -> None:
    """One legend for all panels: above the whole of a figure of our own, or on the first panel."""
    handles: dict[str, Any] = {}
    for ax in drawn:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure = drawn[0].figure
    if len(figure.axes) == len(drawn) and plt.fignum_exists(figure.number):
        figure.legend(list(handles.values()), list(handles), loc="outside upper center", ncols=3)
    else:
        drawn[0].legend(list(handles.values()), list(handles))
