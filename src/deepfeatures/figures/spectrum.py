"""Figure 6 of Rudd et al. 2017: singular values of centred features, and what the leading ones hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike, NDArray

from . import shapes
from .style import INK, REFERENCE, canvas, legend_above, look, panels, styled

IDEAL_RANK = 9  # ten class means minus their mean span nine dimensions
PAPER_RANK = 10  # Rudd et al. 2017, figure 6: the red line
RANK_NOTES = {IDEAL_RANK: "9: rank of ten\ncentred class means", PAPER_RANK: "10: the paper's line"}


def _spectra(spectra: Mapping[str, ArrayLike], components: int) -> dict[str, NDArray[np.float64]]:
    """{network: (d,) singular values}, non-negative, descending, at least `components` of them."""
    if components < 1:
        raise ValueError(f"components is {components}, expected 1 or more")
    checked = {}
    for network in shapes.networks("spectra", spectra):
        values = shapes.array(f"singular values of {network}", spectra[network], None)
        if len(values) < components:
            raise ValueError(f"{network} has {len(values)} singular values, {components} are to be drawn")
        if values.min() < 0 or np.any(np.diff(values) > 0):
            raise ValueError(f"singular values of {network} are not non-negative and descending; sort them first")
        if values[0] == 0:
            raise ValueError(
                f"all {len(values)} singular values of {network} are 0: constant features have no spectrum"
            )
        checked[network] = values
    return checked


def _rank_lines(ax: Axes, ranks: Sequence[int]) -> None:
    for index, rank in enumerate(ranks):
        ax.axvline(
            rank,
            color=(INK, REFERENCE)[rank == PAPER_RANK],
            linewidth=1,
            linestyle=((0, (4, 2)), "-", ":")[index % 3],
            zorder=1,
            label=RANK_NOTES.get(rank, f"rank {rank}"),
        )


@styled
def scree(
    spectra: Mapping[str, ArrayLike],
    components: int = 40,
    rank_lines: Sequence[int] = (IDEAL_RANK, PAPER_RANK),
    *,
    axes: Sequence[Axes] | NDArray[Any] | None = None,
) -> NDArray[Any]:
    """First singular values by rank, a panel a network, one vertical axis. spectra: {network: (d,)}, descending.

    Rudd et al. 2017, figure 6: features min-max normalised to [-1, 1] and centred before the decomposition.
    """
    checked = _spectra(spectra, components)
    drawn = panels(axes, len(checked), columns=3, panel_height_in=2.9, sharey=True)
    rank = np.arange(1, components + 1)
    top = max(values[0] for values in checked.values())
    for index, ((network, values), ax) in enumerate(zip(checked.items(), drawn, strict=True)):
        shown = look(network)
        _rank_lines(ax, rank_lines)
        ax.plot(rank, values[:components], color=shown.colour, marker=shown.marker, markersize=3, linewidth=1.2)
        ax.set_title(f"{shown.label} ({components} of {len(values)})")
        ax.set_xlim(0, components + 1)
        ax.set_ylim(0, 1.05 * top)
        ax.set_xlabel("component, number")
        ax.grid(axis="y")
        if index % 3 == 0:
            ax.set_ylabel("singular value\n(features scaled to [−1, 1])")
    if rank_lines:
        drawn[0].legend(loc="upper right", fontsize=7.5)
    return drawn


@styled
def cumulative(
    spectra: Mapping[str, ArrayLike],
    components: int = 40,
    rank_lines: Sequence[int] = (IDEAL_RANK, PAPER_RANK),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Variance in the first r components, 100 sum_{i<=r} s_i^2 / sum_i s_i^2, percent. spectra: {network: (d,)}."""
    checked = _spectra(spectra, components)
    ax = canvas(ax, height_in=3.8)
    rank = np.arange(1, components + 1)
    _rank_lines(ax, rank_lines)
    for network, values in checked.items():
        share = 100 * np.cumsum(values**2) / np.sum(values**2)
        shown = look(network)
        ax.plot(rank, share[:components], label=shown.label, markevery=3, **shown.line_kwargs())
    ax.set_xlim(0, components + 1)
    ax.set_ylim(0, 102)
    ax.grid(axis="y")
    ax.set_xlabel("components kept, r")
    ax.set_ylabel("variance in the first r components, %")
    ax.legend(loc="lower right")
    return ax


@styled
def rank_accuracy(
    accuracies: Mapping[str, tuple[ArrayLike, ...]],
    rank_lines: Sequence[int] = (IDEAL_RANK,),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy, % of images, on the first r singular vectors.

    accuracies: {network: (ranks, percent) or (ranks, percent, lo, hi), (k,) each}; a band from lo to hi where given.
    """
    ax = canvas(ax, height_in=3.8)
    ticks: set[int] = set()
    _rank_lines(ax, rank_lines)
    for network in shapes.networks("accuracies", accuracies):
        ranks = shapes.array(f"ranks of {network}", accuracies[network][0], None)
        percent = shapes.array(f"accuracies of {network}", accuracies[network][1], len(ranks))
        if ranks.min() < 1 or np.any(np.diff(ranks) <= 0):
            raise ValueError(f"ranks of {network} must rise from 1 or more; lowest is {ranks.min():g}")
        shown = look(network)
        ax.plot(ranks, percent, label=shown.label, **shown.line_kwargs())
        if ends := accuracies[network][2:]:
            lo, hi = (shapes.array(f"ends of {network}", one, len(ranks)) for one in ends)
            if (lo > percent).any() or (hi < percent).any():
                raise ValueError(f"an interval of {network} does not hold its value")
            ax.fill_between(ranks, lo, hi, color=shown.colour, alpha=0.15, linewidth=0)
        ticks |= {int(rank) for rank in ranks}
    ax.set_xscale("log")
    labelled: list[int] = []
    for tick in sorted(ticks):  # label only ranks that stand apart on the logarithmic axis
        if not labelled or tick / labelled[-1] > 1.25:
            labelled.append(tick)
    ax.set_xticks(labelled, [str(tick) for tick in labelled])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.grid(axis="y")
    ax.set_xlabel("singular vectors kept, r (logarithmic axis)")
    ax.set_ylabel("MAV accuracy, % of test images")
    legend_above(ax, 3)
    return ax
