"""Rendered faces side by side: contact sheets and sweeps of one factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from .style import INK, PAGE_WIDTH_IN, canvas, styled

GAP = 0.06  # between pictures, of a picture's side
LINE_IN = 0.17  # a line of small text


def pictures(name: str, images: ArrayLike, count: int | None = None) -> NDArray[np.uint8]:
    """`images` as (count, side_px, side_px, 3) uint8; None: any count of at least 1."""
    found = np.asarray(images)
    if found.ndim != 4 or found.shape[1] != found.shape[2] or found.shape[3] != 3 or found.dtype != np.uint8:
        raise ValueError(f"{name}: {found.shape} {found.dtype}, expected (n, side_px, side_px, 3) uint8")
    if len(found) == 0 or count not in (None, len(found)):
        raise ValueError(f"{name}: {len(found)} pictures, expected {count or 'at least 1'}")
    return found


def value_text(value: float) -> str:
    """A factor's value, short, with the minus sign that axes use."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def place(ax: Axes, image: NDArray[np.uint8], left: float, top: float, text: str, size: float) -> None:
    """One picture of side 1 with its upper left corner at (left, -top), its text below."""
    ax.imshow(image, extent=(left, left + 1, -top - 1, -top), interpolation="nearest")
    if text:
        ax.text(left + 0.5, -top - 1 - GAP / 2, text, ha="center", va="top", fontsize=size, color=INK)


def frame(ax: Axes, width: float, height: float) -> None:
    """Limits over all pictures, square pixels, no spines or ticks."""
    ax.set_xlim(0, width)
    ax.set_ylim(-height, 0)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


@styled
def contact_sheet(
    images: ArrayLike, titles: Sequence[object] | None = None, columns: int = 10, *, ax: Axes | None = None
) -> Axes:
    """Pictures row by row, a title under each. images: (n, side_px, side_px, 3) uint8; titles: n of them, or None."""
    shown = pictures("images", images)
    if columns < 1:
        raise ValueError(f"columns is {columns}, expected at least 1")
    if titles is not None and len(titles) != len(shown):
        raise ValueError(f"{len(titles)} titles for {len(shown)} pictures")
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    side_in = PAGE_WIDTH_IN / (columns * (1 + GAP))
    text = LINE_IN / side_in if titles is not None else 0.0
    pitch = 1 + GAP + text
    ax = canvas(ax, PAGE_WIDTH_IN, rows * pitch * side_in + 0.1)
    for number, image in enumerate(shown):
        title = "" if titles is None else str(titles[number])
        place(ax, image, (number % columns) * (1 + GAP), (number // columns) * pitch, title, 7.5)
    frame(ax, columns * (1 + GAP) - GAP, rows * pitch - GAP)
    return ax


@styled
def factor_sweep(rows: Mapping[str, tuple[ArrayLike, ArrayLike]], *, ax: Axes | None = None) -> Axes:
    """A factor a row, its values growing to the right and written below. rows: {factor: (values (k,), images)}.

    images: (k, side_px, side_px, 3) uint8, as `SynthFaces.vary` gives them; k may differ from row to row.
    """
    if not rows:
        raise ValueError("rows holds no factor; give at least one")
    checked: dict[str, tuple[NDArray[Any], NDArray[np.uint8]]] = {}
    for name, (values, images) in rows.items():
        value = np.asarray(values, dtype=np.float64).ravel()
        checked[name] = (value, pictures(f"images of {name}", images, len(value)))
    columns = max(len(value) for value, _ in checked.values())
    label_in = 1.25
    side_in = (PAGE_WIDTH_IN - label_in) / (columns * (1 + GAP))
    pitch = 1 + GAP + LINE_IN / side_in
    ax = canvas(ax, PAGE_WIDTH_IN, len(checked) * pitch * side_in + 0.35)
    for row, (value, images) in enumerate(checked.values()):
        for column, image in enumerate(images):
            place(ax, image, column * (1 + GAP), row * pitch, value_text(float(value[column])), 7.5)
    frame(ax, columns * (1 + GAP) - GAP, len(checked) * pitch - GAP)
    ax.set_yticks([-(row * pitch + 0.5) for row in range(len(checked))], list(checked))
    ax.tick_params(length=0)
    ax.set_xlabel("value of the row's factor, in the unit of its name")
    ax.set_ylabel("factor, one a row")
    return ax
