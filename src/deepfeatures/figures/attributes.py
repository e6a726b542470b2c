"""Figure 2 of Rudd et al. 2017: misses left, false alarms right, attribute by attribute; and errors layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

from deepfeatures.data.attributes import GROUPS

from . import shapes
from .style import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, panels, styled

BARS = ((BLUE, ""), (ORANGE, "////"), (GREEN, "...."))  # colour and hatch of each representation, in order
CHANCE_PERCENT = 50
DATA = {"rendered": "rendered faces", "celeba": "CelebA"}  # data sets as titles name them
LINES = {  # network: (label, colour, marker, line)
    "trained": ("identity network", VERMILION, "o", "-"),
    "mobilefacenet-ms1m": ("MobileFaceNet, MS1M", BLUE, "s", "-"),
    "mobilefacenet-casia": ("MobileFaceNet, CASIA", GREEN, "^", "-"),
    "vgg-face": ("VGG-Face", ORANGE, "X", "-"),
    "facenet-vggface2": ("FaceNet", SKY, "p", "-"),
    "arcface-r50": ("ArcFace R50", "#7A5C00", "h", "-"),
    "arcface-r100": ("ArcFace R100", INK, "*", "-"),
    "attributes": ("attribute network", PURPLE, "P", "-"),
    "untrained": ("random weights", "0.62", "v", "--"),
    "mobilefacenet-ms1m-untrained": ("MobileFaceNet (as MS1M), random weights", "0.5", "<", (0, (3, 1, 1, 1))),
    "mobilefacenet-casia-untrained": ("MobileFaceNet (as CASIA), random weights", "0.35", ">", (0, (1, 1))),
    "vgg-face-untrained": ("VGG-Face, random weights", "0.7", "X", "--"),
    "facenet-vggface2-untrained": ("FaceNet, weights in random order", "0.7", "p", "--"),
    "arcface-r50-untrained": ("ArcFace R50, weights in random order", "0.7", "h", "--"),
    "arcface-r100-untrained": ("ArcFace R100, weights in random order", "0.7", "*", "--"),
    "pixels": ("pixels", "0.35", "D", ":"),
}


@styled
def attribute_errors(
    tables: Mapping[str, pd.DataFrame], *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Mirrored bars, % of the images that show (left) or lack (right) an attribute; one panel a data set.

    tables: by data set, columns attribute, group, representation, kind ('fn' or 'fp'), percent, lo, hi. An attribute
    that a data set lacks has an empty row there. The dashed lines are at 50 %, where an answer without knowledge is.
    """
    checked = {name: _checked(name, table) for name, table in tables.items()}
    joined = pd.concat(checked.values())
    groups = _in_order(joined["group"])
    first = next(iter(checked.values()))
    order = {group: _by_error(first, joined[joined["group"] == group]) for group in groups}
    representations = list(dict.fromkeys(joined["representation"]))
    if len(representations) > len(BARS):
        raise ValueError(f"{len(representations)} representations; at most {len(BARS)} bars fit a row")
    place, y = {}, 0.0
    headings = {}
    for group in groups:
        headings[group] = y
        for attribute in order[group]:
            y += 1
            place[attribute] = y
        y += 1.4
    height = 1.1 + 0.185 * y
    drawn = panels(axes, len(checked), columns=len(checked), panel_height_in=height, sharey=True)
    furthest = float(np.nanmax(joined[["percent", "hi"]].to_numpy(np.float64)))
    limit = min(100.0, max(60.0, 10 * np.ceil(furthest / 10)))
    for ax, (name, table) in zip(drawn, checked.items(), strict=True):
        _bars(ax, table, place, representations)
        ax.set_xlim(-limit, limit)
        ax.set_title(DATA.get(name, name), fontsize="medium")
        for group, at in headings.items():
            ax.text(-0.97 * limit, at, group, fontsize="small", fontweight="bold", va="center", ha="left")
    drawn[0].set_yticks(list(place.values()), [name.replace("_", " ") for name in place], fontsize="small")
    for ax in drawn[1:]:
        ax.tick_params(axis="y", labelleft=False)
    drawn[0].set_ylim(y - 0.6, -0.8)
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=name)
        for name, (colour, hatch) in zip(representations, BARS, strict=False)
    ]
    _legend(drawn, handles, own=axes is None)
    return drawn


def _in_order(groups: pd.Series) -> list[str]:
    """The groups there are: the paper's in its order, then any others as they come."""
    there = list(dict.fromkeys(groups))
    return [group for group in GROUPS if group in there] + [group for group in there if group not in GROUPS]


def _legend(drawn: NDArray[Any], handles: Sequence[Any], *, own: bool) -> None:
    """One legend for all panels: above the figure where it is ours, else above the first of the given axes."""
    if own:
        drawn[0].figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), 3))
    else:
        drawn[0].legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.1))


def _checked(name: str, table: pd.DataFrame) -> pd.DataFrame:
    found = shapes.columns(
        f"tables[{name!r}]", table, ["attribute", "group", "representation", "kind", "percent"], "percent"
    )
    odd = sorted(set(found["kind"]) - {"fn", "fp"})
    if odd:
        raise ValueError(f"tables[{name!r}] has kinds {odd}; known: fn, fp")
    if found["percent"].min() < 0 or found["percent"].max() > 100:
        raise ValueError(f"errors range over {found['percent'].min():g}..{found['percent'].max():g}, expected 0..100 %")
    shapes.once(f"tables[{name!r}]", found, ["attribute", "representation", "kind"])
    return found


def _by_error(first: pd.DataFrame, group: pd.DataFrame) -> list[str]:
    """Attributes with the smallest error of the first representation on top; those it lacks come last, by name."""
    leading = first[first["representation"] == first["representation"].iloc[0]]
    error = leading.groupby("attribute")["percent"].mean()
    names = sorted(set(group["attribute"]))
    return sorted(names, key=lambda name: (name not in error.index, error.get(name, 0.0), name))


def _bars(ax: Axes, table: pd.DataFrame, place: Mapping[str, float], representations: Sequence[str]) -> None:
    thick = 0.8 / len(representations)
    for number, name in enumerate(representations):
        colour, hatch = BARS[number]
        for kind, sign in (("fn", -1), ("fp", 1)):
            rows = table[(table["representation"] == name) & (table["kind"] == kind)]
            if rows.empty:
                continue
            at = np.array([place[attribute] for attribute in rows["attribute"]])
            at = at + (number - (len(representations) - 1) / 2) * thick
            value = sign * rows["percent"].to_numpy()
            ends = shapes.whiskers(rows, "percent")
            ax.barh(at, value, height=thick * 0.92, color=colour, hatch=hatch, edgecolor="white", linewidth=0.3)
            ax.errorbar(
                value, at, xerr=ends if sign > 0 else ends[::-1], fmt="none", ecolor=INK, elinewidth=0.6, capsize=0
            )
    lacking = sorted(set(place) - set(table["attribute"]), key=lambda name: place[name])
    for attribute in lacking:
        ax.text(0, place[attribute], "too few, or unknown", fontsize="x-small", color="0.45", ha="center", va="center")
    ax.axvline(0, color=INK, linewidth=0.8)
    for chance in (-CHANCE_PERCENT, CHANCE_PERCENT):
        ax.axvline(chance, color="0.4", linewidth=0.9, linestyle=(0, (4, 3)))
    ax.set_xticks([-75, -50, -25, 0, 25, 50, 75], ["75", "50", "25", "0", "25", "50", "75"])
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("false negatives, %  |  false positives, %")


@styled
def group_error_by_layer(
    tables: Mapping[str, pd.DataFrame], *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Balanced error, %, from layer to layer: a row of panels a data set, a panel a group. 50 % is chance.

    tables: by data set, columns network, layer, group, error_percent, lo, hi; a network's rows in the order of its
    layers, which the axis names; a network with one layer stands at the last.
    """
    checked = {
        name: shapes.columns(
            f"tables[{name!r}]", table, ["network", "layer", "group", "error_percent"], "error_percent"
        )
        for name, table in tables.items()
    }
    groups = _in_order(pd.concat(checked.values())["group"])
    drawn = panels(
        axes, len(checked) * len(groups), columns=len(groups), panel_height_in=2.55, sharex=False, sharey=True
    )
    for row, (name, table) in enumerate(checked.items()):
        unknown = sorted(set(table["network"]) - set(LINES))
        if unknown:
            raise ValueError(f"no look for networks {unknown}; known: {', '.join(LINES)}")
        shapes.once(f"tables[{name!r}]", table, ["network", "layer", "group"])
        for column, group in enumerate(groups):
            ax = drawn[row * len(groups) + column]
            rows = table[table["group"] == group]
            if rows.empty:  # another data set has attributes of this group
                ax.text(0.5, 0.5, "none measured here", transform=ax.transAxes, color="0.45", ha="center", va="center")
                ax.set_xticks([])
            else:
                _lines(ax, rows)
            ax.set_title(group if len(checked) == 1 else f"{group}\n{DATA.get(name, name)}", fontsize="small")
            if column == 0:
                ax.set_ylabel("balanced error, %")
    named = {label: handle for ax in drawn for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    _legend(drawn, list(named.values()), own=axes is None)
    return drawn


def _lines(ax: Axes, table: pd.DataFrame) -> None:
    networks = [name for name in LINES if name in set(table["network"])]
    longest = max((list(table[table["network"] == name]["layer"]) for name in networks), key=len)
    for network in networks:
        rows = table[table["network"] == network]
        label, colour, marker, line = LINES[network]
        if network == "pixels":
            ax.axhline(rows["error_percent"].iloc[0], color=colour, linestyle=line, linewidth=1.2, label=label)
            continue
        first = len(longest) - 1 if len(rows) == 1 else 0  # one layer alone is the last
        ax.errorbar(
            first + np.arange(len(rows)), rows["error_percent"].to_numpy(), yerr=shapes.whiskers(rows, "error_percent"),
            color=colour, marker=marker, linestyle=line, elinewidth=0.9, label=label,
        )  # fmt: skip
    ax.axhline(CHANCE_PERCENT, color="0.4", linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    ax.set_xticks(np.arange(len(longest)), longest, rotation=25, ha="right", fontsize="small")
    ax.set_xlim(-0.3, max(len(longest) - 1, 0) + 0.3)
    ax.set_ylim(0, max(55.0, ax.get_ylim()[1]))
    ax.grid(axis="y")
    ax.set_xlabel("layer")


