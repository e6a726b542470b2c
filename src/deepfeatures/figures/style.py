"""How every figure of the book looks: one style file, one colour, marker and line for each network.

Colours are Okabe and Ito's (2008, "Color universal design"), chosen so that figure 3's red, blue and green of
Rudd et al. 2017 stay recognisable and stay apart under the common colour deficiencies. Luminances are close, so
markers and line styles repeat the distinction for print in grey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import style as matplotlib_style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

STYLE_FILE = Path(__file__).with_name("house.mplstyle")
PAGE_WIDTH_IN = 7.2  # house.mplstyle: figure.figsize

VERMILION, BLUE, GREEN = "#D55E00", "#0072B2", "#009E73"
ORANGE, SKY, PURPLE = "#E69F00", "#56B4E9", "#CC79A7"
INK, REFERENCE = "0.15", "0.55"  # text and reference lines, matplotlib grey levels
ACTIVATION_MAP = "magma"  # lightness rises with the value: ordered in grey too

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Look:
    """One network's label, colour, marker, line style and, for bars, hatch; a hollow marker tells a variant from it."""

    label: str
    colour: str
    marker: str
    line: Any  # matplotlib's line style: a word, or (offset, (on, off, ...)) in points
    hatch: str = ""
    hollow: bool = False

    def line_kwargs(self) -> dict[str, Any]:
        """Arguments for `Axes.plot` and `Axes.errorbar`."""
        face = "white" if self.hollow else self.colour
        return {"color": self.colour, "marker": self.marker, "linestyle": self.line, "markerfacecolor": face}


LOOKS = {
    "lenet": Look("LeNet", VERMILION, "o", "-"),
    "mu-lenet": Look("μ-LeNet", BLUE, "s", "--", "\\\\\\\\"),
    "pair-lenet": Look("PAIR-LeNet", GREEN, "^", "-.", "...."),
    "pixels": Look("pixels", "0.35", "D", ":"),
    "untrained": Look("untrained LeNet", "0.62", "v", (0, (5, 1.2, 1, 1.2, 1, 1.2)), "xx"),
}
SHORT = {"mu": "mu-lenet", "pair": "pair-lenet"} | {look.label: name for name, look in LOOKS.items()}


def look(network: str) -> Look:
    """The look of `network`: one of LOOKS, its label, "mu" or "pair"; "pair-lenet/same class" is a variant of it."""
    base, _, variant = network.partition("/")
    name = SHORT.get(base, base)
    if name not in LOOKS:
        raise ValueError(f"no look for network {network!r}; known: {', '.join(LOOKS)}, or NAME/VARIANT of one of them")
    found = LOOKS[name]
    if not variant:
        return found
    return replace(found, label=f"{found.label} ({variant})", line=(0, (1, 1)), hollow=True)


@contextmanager
def house() -> Iterator[None]:
    """The book's style as a context; nothing outside it changes.

    The first figure of a Jupyter session loads its backend inside this context, and loading turns interactive drawing
    on. That setting is kept, or no later cell of the session would show its figures.
    """
    interactive = matplotlib.is_interactive()
    try:
        with matplotlib_style.context(str(STYLE_FILE)):
            yield
            interactive = matplotlib.is_interactive()
    finally:
        matplotlib.interactive(interactive)


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """`draw`, run inside the book's style.

    matplotlib makes ticks only when they are first laid out, with the settings of that moment; a figure made here is
    laid out before the style ends, so that it looks the same wherever it is rendered later.
    """

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with house():
            before = set(plt.get_fignums())
            drawn = draw(*args, **kwargs)
            for number in set(plt.get_fignums()) - before:
                plt.figure(number).draw_without_rendering()
            return drawn

    return inside


def size_ticks(ax: Axes) -> None:
    """Fix the size of tick labels: how many ticks fit is asked at every drawing, of the settings of that moment."""
    ax.tick_params(labelsize=plt.rcParams["xtick.labelsize"])


def canvas(ax: Axes | None, width_in: float = PAGE_WIDTH_IN, height_in: float = 4.0) -> Axes:
    """`ax`, or the axes of a new figure of the given size in inches."""
    if ax is not None:
        return ax
    ax = plt.subplots(figsize=(width_in, height_in))[1]
    size_ticks(ax)
    return ax


def panels(
    axes: Sequence[Axes] | NDArray[Any] | None,
    count: int,
    *,
    columns: int,
    panel_height_in: float,
    sharex: bool = False,
    sharey: bool = False,
) -> NDArray[Any]:
    """(count,) axes: the given ones, or those of a new page-wide figure filled row by row."""
    if count < 1:
        raise ValueError("0 panels to draw; at least one network is needed")
    if axes is not None:
        given = np.asarray(axes, dtype=object).ravel()
        if len(given) != count:
            raise ValueError(f"{len(given)} axes for {count} panels")
        return given
    columns = min(columns, count)
    rows = -(-count // columns)
    size = (PAGE_WIDTH_IN, rows * panel_height_in)
    grid = plt.subplots(rows, columns, figsize=size, sharex=sharex, sharey=sharey, squeeze=False)[1].ravel()
    for empty in grid[count:]:
        empty.remove()
    for ax in grid[:count]:
        size_ticks(ax)
    return grid[:count]


def degrees(angle_deg: float) -> str:
    """An angle as a label, with the minus sign that axes use."""
    return f"{angle_deg:g}°".replace("-", "\N{MINUS SIGN}")


def legend_above(ax: Axes, columns: int, **kwargs: Any) -> None:
    """A legend on top of `ax`, outside it: it can hide no data and meets no axis label."""
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.01), ncols=columns, **kwargs)


def save(drawn: Axes | Figure | NDArray[Any], path: Path) -> None:
    """Write a figure so that equal figures are equal files: no date, no version, fixed SVG identifiers."""
    figure = drawn if isinstance(drawn, Figure) else np.asarray(drawn, dtype=object).ravel()[0].figure
    metadata = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}
    if path.suffix not in metadata:
        raise ValueError(f"{path.name}: a figure is written as .png or .svg")
    with house():
        figure.savefig(path, metadata=metadata[path.suffix], dpi=figure.dpi)
