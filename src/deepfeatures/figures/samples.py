"""What the networks see: digits at every angle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from . import shapes
from .style import PAGE_WIDTH_IN, canvas, degrees, styled


@styled
def rotated_digits(
    images: ArrayLike, angles_deg: ArrayLike, *, row_labels: Sequence[object] | None = None, ax: Axes | None = None
) -> Axes:
    """Contact sheet, a digit a row, an angle a column. images: (digits, angles, side_px, side_px), 0..255.

    The seven angles of Rudd et al. 2017, section 4.1, are what the book passes. Ink is drawn dark on white.
    """
    angles = shapes.array("angles_deg", angles_deg, None)
    pixels = shapes.array("images", images, None, len(angles), None, None)
    digits, _, height_px, width_px = pixels.shape
    if row_labels is not None and len(row_labels) != digits:
        raise ValueError(f"{len(row_labels)} row labels for {digits} digits")
    if pixels.min() < 0 or pixels.max() > 255:
        raise ValueError(f"images range over {pixels.min():g}..{pixels.max():g}, expected 0..255")
    sheet = pixels.transpose(0, 2, 1, 3).reshape(digits * height_px, len(angles) * width_px)
    ax = canvas(ax, PAGE_WIDTH_IN * 0.8, 0.45 + PAGE_WIDTH_IN * 0.74 * digits * height_px / (len(angles) * width_px))
    ax.imshow(sheet, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
    ax.set_xticks((np.arange(len(angles)) + 0.5) * width_px - 0.5, [degrees(angle) for angle in angles])
    ax.set_yticks((np.arange(digits) + 0.5) * height_px - 0.5, [str(name) for name in row_labels or [""] * digits])
    ax.set_xlabel("rotation, degrees")
    ax.set_ylabel("digit" if row_labels is not None else "")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for edge in np.arange(1, digits) * height_px - 0.5:
        ax.axhline(edge, color="0.85", linewidth=0.6)
    for edge in np.arange(1, len(angles)) * width_px - 0.5:
        ax.axvline(edge, color="0.85", linewidth=0.6)
    return ax
