"""Figure 3 of Rudd et al. 2017: the rotation angle read from features, and its two kinds of error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator
from numpy.typing import ArrayLike, NDArray

from . import shapes
from .style import REFERENCE, canvas, legend_above, look, panels, styled

MOST_ASIDE_DEG = 30.0  # beyond the outermost angles: a read-out that is far off would squeeze all others

Read = Mapping[str, tuple[ArrayLike, ArrayLike]]


def _checked(read: Read, angles: NDArray[np.float64]) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """{network: (means_deg (angles,), sds_deg (angles,))}; a standard deviation is never negative."""
    shapes.networks("read", read)
    checked = {}
    for network, (means, sds) in read.items():
        mean_deg = shapes.array(f"means of {network}", means, len(angles))
        sd_deg = shapes.array(f"standard deviations of {network}", sds, len(angles))
        if sd_deg.min() < 0:
            raise ValueError(f"standard deviations of {network}: lowest is {sd_deg.min():g} degrees, below 0")
        checked[network] = (mean_deg, sd_deg)
    return checked


@styled
def angle_prediction(read: Read, angles_deg: ArrayLike, *, step_deg: float = 1.3, ax: Axes | None = None) -> Axes:
    """Predicted against true angle, degrees, mean and standard deviation. read: {network: ((angles,), (angles,))}.

    Rudd et al. 2017, figure 3: means over the ten labels of each label's mean and standard deviation. Networks stand
    `step_deg` apart beside the true angle, so that their bars do not cover each other; values are not moved.
    """
    true = shapes.array("angles_deg", angles_deg, None)
    checked = _checked(read, true)
    ax = canvas(ax, 6.0, 6.0)
    ends = np.array([true.min() - 7.5, true.max() + 7.5])
    ax.plot(ends, ends, color=REFERENCE, linewidth=1, zorder=1, label="perfect prediction")
    ax.plot(
        ends,
        [true.mean()] * 2,
        color=REFERENCE,
        linewidth=1,
        linestyle=(0, (4, 3)),
        zorder=1,
        label="constant predictor",
    )  # the least squares answer of features that know nothing
    offsets = (np.arange(len(checked)) - (len(checked) - 1) / 2) * step_deg
    for (network, (mean_deg, sd_deg)), offset in zip(checked.items(), offsets, strict=True):
        shown = look(network)
        ax.errorbar(
            true + offset, mean_deg, yerr=sd_deg, label=shown.label, elinewidth=1.1, zorder=3, **shown.line_kwargs()
        )
    ax.set_aspect("equal")
    ax.set_xlim(ends[0], ends[1])
    lo = min(ends[0], *((mean_deg - sd_deg).min() for mean_deg, sd_deg in checked.values()))
    hi = max(ends[1], *((mean_deg + sd_deg).max() for mean_deg, sd_deg in checked.values()))
    most = ends + np.array([-MOST_ASIDE_DEG, MOST_ASIDE_DEG])
    if lo < most[0] or hi > most[1]:
        ax.text(0.99, 0.01, "bars that leave the frame go on", transform=ax.transAxes, ha="right", fontsize=7.5)
    ax.set_ylim(max(lo - 2, most[0]), min(hi + 2, most[1]))
    ax.set_xticks(true)
    ax.yaxis.set_major_locator(MultipleLocator(15))
    ax.grid(axis="y")
    ax.set_xlabel("true angle, degrees")
    ax.set_ylabel("predicted angle, degrees: mean ± standard deviation")
    legend_above(ax, 3)
    return ax


@styled
def bias_and_spread(
    read: Read, angles_deg: ArrayLike, *, axes: Sequence[Axes] | NDArray[Any] | None = None
) -> NDArray[Any]:
    """Two panels, degrees: mean minus true angle, and standard deviation. read as for `angle_prediction`.

    A regressor that shrinks towards the middle has bias at the ends and a small spread: one number would hide it.
    """
    true = shapes.array("angles_deg", angles_deg, None)
    checked = _checked(read, true)
    drawn = panels(axes, 2, columns=2, panel_height_in=3.4)
    drawn[0].axhline(0, color=REFERENCE, linewidth=1, zorder=1)
    for network, (mean_deg, sd_deg) in checked.items():
        shown = look(network)
        drawn[0].plot(true, mean_deg - true, label=shown.label, **shown.line_kwargs())
        drawn[1].plot(true, sd_deg, label=shown.label, **shown.line_kwargs())
    drawn[0].set_ylabel("bias: mean − true angle, degrees")
    drawn[1].set_ylabel("spread: standard deviation, degrees")
    drawn[1].set_ylim(0, 1.1 * max(1.0, *(sd_deg.max() for _, sd_deg in checked.values())))
    for ax in drawn:
        ax.set_xticks(true)
        ax.set_xlabel("true angle, degrees")
        ax.grid(axis="y")
    drawn[0].legend(loc="best")
    return drawn
