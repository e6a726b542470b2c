"""What an explorer is made of: columns that are chosen from, and columns that are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Choice:
    """A column of which one value is chosen, by a menu, or by a slider where its values are ordered.

    every: the menu also offers all values, which then stand row by row. start: value chosen first; None is every value
    where that is offered, else the first. group: another column, whose values are headings in the menu. rows: nothing
    is chosen, all values always stand row by row.
    """

    column: str
    label: str = ""
    every: bool = False
    slider: bool = False
    start: str | None = None
    group: str | None = None
    rows: bool = False

    def __post_init__(self) -> None:
        if self.slider and (self.every or self.group):
            raise ValueError(f"choice {self.column!r}: a slider has no groups and no place for every value")
        if self.rows and (self.every or self.slider or self.group or self.start):
            raise ValueError(f"choice {self.column!r}: where every value is a row there is no menu, slider or start")


@dataclass(frozen=True)
class Number:
    """A column of numbers. interval: also columns <column>_lo and <column>_hi. most: what a full bar stands for, None
    for no bar; mark: where a line crosses the bar, a number (chance) or a column (a baseline of each row). least: where
    the scale begins; below 0 a point stands for the value, since a bar would have no end to grow from.
    """

    column: str
    label: str = ""
    digits: int = 1
    interval: bool = False
    most: float | None = None
    mark: float | str | None = None
    least: float = 0.0


@dataclass(frozen=True)
class Text:
    """A column of words."""

    column: str
    label: str = ""


@dataclass(frozen=True)
class Picture:
    """A column of small pictures: (height, width) shares 0..1 or (height, width, 3) uint8; None where there is none.

    alt: what they show; the row's choices are added to it. width_px, height_px: on the page. pixels: enlarged without
    smoothing, so that each pixel stays one square.
    """

    column: str
    label: str
    alt: str
    width_px: int
    height_px: int
    pixels: bool = False


@dataclass(frozen=True)
class Bars:
    """A column of sequences of shares, 0..1, one for each of `names`; None where there are none. Drawn side by side."""

    column: str
    label: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """A column of names of `curves`, each (n, 2) shares 0..1 of the width and height of a small drawing, and a point
    on it in the columns <column>_x and <column>_y. It repeats numbers that stand beside it.
    """

    column: str
    label: str
    curves: Mapping[str, np.ndarray] = field(default_factory=dict)


Shown = Number | Text | Picture | Bars | Curve


def columns_of(one: Shown) -> list[str]:
    """Columns of the table that it reads."""
    if isinstance(one, Number):
        ends = [one.column + "_lo", one.column + "_hi"] if one.interval else []
        return [one.column, *ends, *([one.mark] if isinstance(one.mark, str) else [])]
    if isinstance(one, Curve):
        return [one.column, one.column + "_x", one.column + "_y"]
    return [one.column]
