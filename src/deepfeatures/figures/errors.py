"""Figure 4 of Rudd et al. 2017: classification errors of six techniques, digit by digit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from . import shapes
from .style import BLUE, GREEN, INK, LOOKS, ORANGE, VERMILION, canvas, legend_above, styled

MEAN = "mean"
DIGITS = [str(digit) for digit in range(10)]

# technique: (label, colour, hatch). Softmax in black and grey, "only for comparison" (figure 4's caption).
TECHNIQUES = {
    "lenet-softmax": ("LeNet, softmax", "0.05", ""),
    "pair-lenet-softmax": ("PAIR-LeNet, softmax", "0.6", ""),
    "lenet-mav": ("LeNet, MAV", VERMILION, ""),
    "lenet-per-angle-mav": ("LeNet, per-angle MAV", ORANGE, "////"),
    "mu-lenet-mav": ("μ-LeNet, MAV", BLUE, LOOKS["mu-lenet"].hatch),
    "pair-lenet-mav": ("PAIR-LeNet, MAV", GREEN, LOOKS["pair-lenet"].hatch),
}


@styled
def errors_per_digit(errors: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Errors, % of test images, as bars from 0. errors: technique, digit (0-9 or "mean"), error_percent, lo, hi.

    Rudd et al. 2017, figure 4. Techniques are keys of TECHNIQUES, drawn in its order; whiskers run from lo to hi.
    """
    table = shapes.columns("errors", errors, ["technique", "digit", "error_percent"], "error_percent")
    unknown = sorted(set(table["technique"]) - set(TECHNIQUES))
    if unknown:
        raise ValueError(f"unknown techniques {unknown}; known: {', '.join(TECHNIQUES)}")
    if table["error_percent"].min() < 0 or table["error_percent"].max() > 100:
        lowest, highest = table["error_percent"].min(), table["error_percent"].max()
        raise ValueError(f"errors range over {lowest:g}..{highest:g}, expected percent, 0..100")
    table["digit"] = table["digit"].astype(str)
    shapes.once("errors", table, ["technique", "digit"])
    groups = [group for group in [*DIGITS, MEAN] if group in set(table["digit"])]
    present = [technique for technique in TECHNIQUES if technique in set(table["technique"])]
    by_bar = table.set_index(["technique", "digit"])
    lacking = [
        (technique, group) for technique in present for group in groups if (technique, group) not in by_bar.index
    ]
    if lacking or set(table["digit"]) - set(groups):
        odd = sorted(set(table["digit"]) - set(groups))
        raise ValueError(
            f"errors lack {len(lacking)} bars {lacking[:3]} and hold digits {odd} that are not 0-9 or 'mean'"
        )

    ax = canvas(ax, height_in=3.9)
    sns.barplot(
        data=table,
        x="digit",
        y="error_percent",
        hue="technique",
        order=groups,
        hue_order=present,
        errorbar=None,
        palette={technique: TECHNIQUES[technique][1] for technique in present},
        saturation=1,
        width=0.84,
        legend=False,
        ax=ax,
    )
    handles = []
    for technique, bars in zip(present, list(ax.containers)[-len(present) :], strict=True):
        label, colour, hatch = TECHNIQUES[technique]
        for bar in bars:
            bar.set(hatch=hatch, edgecolor="white", linewidth=0.4)
        rows = by_bar.loc[[(technique, group) for group in groups]]
        centres = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        ax.errorbar(
            centres,
            rows["error_percent"].to_numpy(),
            yerr=shapes.whiskers(rows, "error_percent"),
            fmt="none",
            ecolor=INK,
            elinewidth=0.8,
            capsize=1.2,
            capthick=0.8,
        )
        handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=label))
    if MEAN in groups and len(groups) > 1:
        ax.axvline(groups.index(MEAN) - 0.5, color="0.75", linewidth=0.8)
    ax.set_xlim(-0.5, len(groups) - 0.5)
    highest = np.nanmax(table[["error_percent", "hi"]].to_numpy(dtype=np.float64))
    ax.set_ylim(0, max(float(highest), 0.1) * 1.05)
    ax.grid(axis="y")
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel("digit")
    ax.set_ylabel("classification error, % of test images")
    legend_above(ax, 3, handles=handles)
    return ax
