"""Figure 7 of Rudd et al. 2017: activations of every unit over the rotated test digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from . import shapes
from .style import ACTIVATION_MAP, degrees, look, panels, size_ticks, styled

COLOUR_STEPS = 32  # as many as an eye tells apart; fewer distinct pixels make a PNG several times smaller


def column_order(labels: NDArray[Any], angles_deg: NDArray[Any] | None = None) -> NDArray[np.intp]:
    """(n,) order of samples: labels ascending, angles ascending inside a label, otherwise as given."""
    return np.lexsort((labels,) if angles_deg is None else (angles_deg, labels))


def colour_limit(heat: NDArray[np.float64], quantile: float) -> float:
    """The activation drawn in the brightest colour: a quantile of the non-zero ones, so that sparse features show."""
    if not 0 < quantile <= 1:
        raise ValueError(f"quantile is {quantile:g}, expected above 0 and at most 1")
    above = heat[heat > 0]
    return float(np.quantile(above, quantile)) if len(above) else 1.0


def draw_heat(ax: Axes, columns_by_unit: NDArray[np.float64], labels: NDArray[Any], quantile: float) -> None:
    """Units as rows, samples as columns, white lines between labels, its own colour bar. (n, d), sorted labels (n,)."""
    if columns_by_unit.min() < 0:
        raise ValueError(
            f"activations reach down to {columns_by_unit.min():g}; features after a ReLU are expected, 0 or more"
        )
    limit = colour_limit(columns_by_unit, quantile)
    shown = ax.imshow(
        columns_by_unit.T,
        aspect="auto",
        vmin=0,
        vmax=limit,
        interpolation_stage="data",
        cmap=matplotlib.colormaps[ACTIVATION_MAP].resampled(COLOUR_STEPS),
    )
    names, starts = np.unique(labels, return_index=True)
    edges = np.append(starts, len(labels))
    ax.set_xticks((edges[:-1] + edges[1:]) / 2 - 0.5, [f"{name:g}" for name in names])
    for edge in starts[1:]:
        ax.axvline(edge - 0.5, color="white", linewidth=0.7)
    ax.tick_params(axis="x", length=0)
    ax.spines[:].set_visible(False)
    clipped = columns_by_unit.max() > limit
    bar = ax.figure.colorbar(shown, ax=ax, pad=0.012, aspect=16, extend="max" if clipped else "neither")
    bar.set_label("activation (no unit)")
    size_ticks(bar.ax)
    bar.outline.set_visible(False)


def checked_heat(
    heat: Mapping[str, ArrayLike], labels: ArrayLike
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """{network: (n, d)} and (n,) labels, of one length n."""
    label = shapes.array("heat_label", labels, None)
    names = shapes.networks("heat", heat)
    return {name: shapes.array(f"heat of {name}", heat[name], len(label), None) for name in names}, label


@styled
def heat_maps(
    heat: Mapping[str, ArrayLike],
    heat_label: ArrayLike,
    heat_angle: ArrayLike,
    *,
    quantile: float = 0.98,
    axes: Sequence[Axes] | NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Activations, units by samples, a panel a network. heat: {network: (n, d)}; heat_label, heat_angle: (n,).

    Rudd et al. 2017, figure 7: digits ascending from left to right, angles (degrees) ascending inside a digit. Values
    above the `quantile` of a network's non-zero activations share the brightest colour, and the bar then ends in a tip.
    """
    checked, label = checked_heat(heat, heat_label)
    angle = shapes.array("heat_angle", heat_angle, len(label))
    order = column_order(label, angle)
    drawn = panels(axes, len(checked), columns=1, panel_height_in=2.4)
    for (network, activation), ax in zip(checked.items(), drawn, strict=True):
        draw_heat(ax, activation[order], label[order], quantile)
        ax.set_title(look(network).label)
        ax.set_ylabel("unit of ip1, row")
    drawn[-1].set_xlabel(
        f"test samples by digit; inside a digit the angle rises from {degrees(angle.min())} to {degrees(angle.max())}"
    )
    return drawn
