"""Explorers: a table that is too long to print, of which a reader chooses what is shown. Static, no server, no library.

Everything is computed beforehand and lies in the page as JSON, small pictures included; native menus and sliders choose
rows of it, and book/_static/explorer.js draws them as `explorer_drawn` draws the first choice here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from . import explorer_drawn as drawn
from . import pictures
from .explorer_columns import Bars, Choice, Curve, Number, Picture, Shown, Text, columns_of
from .explorer_drawn import EVERY

__all__ = ["EVERY", "LARGEST_BYTES", "Bars", "Choice", "Curve", "Explorer", "Number", "Picture", "Text", "explorer"]

LARGEST_BYTES = 1_500_000  # of one explorer's HTML
_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Explorer:
    """What a cell shows. html: for pages; text: of the first choice, for PDF."""

    html: str
    text: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


def explorer(
    name: str,
    table: pd.DataFrame,
    choices: Sequence[Choice],
    shown: Sequence[Shown],
    *,
    caption: str,
    twin: str,
    above: Sequence[Picture] = (),
) -> Explorer:
    """One explorer. table: a row for each combination of choices that there is, once; nan where nothing was measured.

    name: identifies it on its page, small letters, digits, hyphens. caption: what the numbers are; twin: the figure or
    table that says the same in print. Values of a choice keep the table's order. A choice of values limits what the
    menus behind it offer. above: pictures over the table, those of the first row that is shown. Raises ValueError on
    repeated rows and on more than 1.5 MB.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"explorer name {name!r}: small letters, digits and hyphens, a letter first")
    needed = [one.column for one in choices] + [column for one in (*shown, *above) for column in columns_of(one)]
    needed += [one.group for one in choices if one.group]
    absent = [column for column in needed if column not in table.columns]
    if absent or not choices or not shown or table.empty:
        raise ValueError(f"explorer {name}: {len(table)} rows, columns {list(table.columns)}; lacking: {absent}")
    keys = [one.column for one in choices]
    if table.duplicated(keys).any():
        twice = table.loc[table.duplicated(keys), keys].iloc[0].tolist()
        raise ValueError(f"explorer {name}: {twice} stands in the table more than once")
    options = [list(dict.fromkeys(map(str, table[one.column]))) for one in choices]
    kept = _Kept({}, {}, {})
    rows = [
        [found.index(str(record[one.column])) for one, found in zip(choices, options, strict=True)]
        + [value for one in (*shown, *above) for value in kept.values(record, one)]
        for record in table.to_dict("records")
    ]
    data = {
        "choices": [
            {"label": one.label or one.column, "options": found, "rows": one.rows}
            for one, found in zip(choices, options, strict=True)
        ],
        "shown": [_column(one) for one in shown],
        "above": [_column(one) for one in above],
        "words": list(kept.words),
        "pictures": list(kept.pictures),
        "curves": [_points(points) for points in kept.curves.values()],
        "rows": rows,
    }
    start = _start(choices, options, rows, name)
    made = _html(name, table, choices, data, start, caption, twin)
    if len(made.encode()) > LARGEST_BYTES:
        raise ValueError(f"explorer {name} has {len(made.encode()):,} bytes, at most {LARGEST_BYTES:,} fit a page")
    return Explorer(made, "\n".join([caption, drawn.said(data, start), twin, *drawn.plain(data, start)]))


@dataclass(frozen=True)
class _Kept:
    """What rows point at by number: words, pictures, curves by (column, name). Each is kept once."""

    words: dict[str, int]
    pictures: dict[str, int]
    curves: dict[tuple[str, str], np.ndarray]

    def values(self, record: Mapping[Any, Any], one: Shown) -> list[Any]:
        """A column of one row: a word's number; value (lo, hi) (mark), rounded; a picture's; [percents]; [curve, x, y].

        None where nothing was measured.
        """
        if isinstance(one, Number):
            return [_rounded(record[column], one.digits) for column in columns_of(one)]
        value = record[one.column]
        if isinstance(one, Text):
            return [self.words.setdefault(str(value), len(self.words))]
        if isinstance(one, Picture):
            return [None if value is None else self.pictures.setdefault(_encoded(value), len(self.pictures))]
        if isinstance(one, Bars):
            return [None if value is None else _percents(value, one)]
        key = (one.column, str(value))
        self.curves.setdefault(key, np.asarray(one.curves[str(value)], np.float64))
        place = np.array([[record[one.column + "_x"], record[one.column + "_y"]]], np.float64)
        if not np.isfinite(place).all():
            return [None]
        return [[list(self.curves).index(key), *(_rounded(value, 1) for value in _placed(place)[0])]]


def _encoded(image: np.ndarray) -> str:
    return pictures.grey(image) if image.ndim == 2 else pictures.colour(image)


def _rounded(value: Any, digits: int) -> float | None:
    number = float(value)
    if not np.isfinite(number):
        return None
    rounded = round(number, digits)
    return int(rounded) if rounded == int(rounded) else rounded  # shorter, and no minus before a zero


def _percents(shares: Any, one: Bars) -> list[int]:
    values = np.asarray(shares, np.float64)
    if values.shape != (len(one.names),) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{one.column}: {len(one.names)} shares of 0..1 are expected, got {values.tolist()}")
    return np.floor(100 * values + 0.5).astype(int).tolist()


def _placed(shares: np.ndarray) -> np.ndarray:
    """(n, 2) pixels of a small drawing, y downwards, from shares of its width and height."""
    width, height, free = drawn.CURVE_PX
    x = free + (width - 2 * free) * shares[:, 0]
    return np.stack([x, height - free - (height - 2 * free) * np.clip(shares[:, 1], 0, 1)], axis=1)


def _points(shares: np.ndarray) -> str:
    return " ".join(f"{_rounded(x, 1)},{_rounded(y, 1)}" for x, y in _placed(shares))


def _column(one: Shown) -> dict[str, Any]:
    label = one.label or one.column
    if isinstance(one, Text):
        return {"kind": "words", "label": label}
    if isinstance(one, Picture):
        return {"kind": "picture", "label": label, "alt": one.alt, "width": one.width_px, "height": one.height_px,
                "pixels": one.pixels}  # fmt: skip
    if isinstance(one, Bars):
        return {"kind": "bars", "label": label, "names": list(one.names)}
    if isinstance(one, Curve):
        return {"kind": "curve", "label": label}
    own = isinstance(one.mark, str)
    return {"kind": "number", "label": label, "digits": one.digits, "interval": one.interval, "least": one.least,
            "most": one.most, "own_mark": own, "mark": None if own else one.mark}  # fmt: skip


def _start(
    choices: Sequence[Choice], options: Sequence[Sequence[str]], rows: Sequence[Sequence[Any]], name: str
) -> list[int]:
    start = []
    for one, found in zip(choices, options, strict=True):
        if one.start is not None and one.start not in found:
            raise ValueError(f"explorer {name}: {one.column} starts with {one.start!r}, which is not in the table")
        start.append(found.index(one.start) if one.start is not None else EVERY if one.every or one.rows else 0)
    if not any(drawn.fits(row, start) for row in rows):
        raise ValueError(f"explorer {name}: the table has no row for the first choice")
    return start


def _html(
    name: str,
    table: pd.DataFrame,
    choices: Sequence[Choice],
    data: Mapping[str, Any],
    start: Sequence[int],
    caption: str,
    twin: str,
) -> str:
    controls = "".join(
        _control(f"{name}-{number}", one, table, data["choices"][number]["options"], start[number], number)
        for number, one in enumerate(choices)
        if not one.rows
    )
    # "<" cannot end the script element early when it is written as an escape, which JSON reads as the same letter
    kept = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    above = f'<div class="df-explorer-pictures">{drawn.above(data, start)}</div>' if data["above"] else ""
    return (
        f'<div class="df-explorer" id="{name}">'
        f'<fieldset class="df-explorer-controls" hidden><legend>Precomputed: choose what is shown</legend>{controls}'
        "</fieldset>"
        "<noscript><p>JavaScript is off: the menus of this table are not shown.</p></noscript>"
        f'<p class="df-explorer-static">Precomputed: {len(data["rows"]):,} rows, of which menus on the book\'s page '
        f"choose; here one choice is shown. {escape(twin)}</p>"
        f'<p class="df-explorer-status" role="status">{escape(drawn.said(data, start))}</p>{above}'
        f'<p class="df-explorer-caption" id="{name}-caption">{escape(caption)}</p>'
        f'<div class="df-explorer-rows" role="region" aria-labelledby="{name}-caption" tabindex="0">'
        f'<table class="table df-table" aria-labelledby="{name}-caption">{drawn.table(data, start)}</table></div>'
        f'<script type="application/json">{kept}</script></div>'
    )


def _control(
    identifier: str, one: Choice, table: pd.DataFrame, options: Sequence[str], start: int, number: int
) -> str:
    label = escape(one.label or one.column)
    if one.slider:
        now = escape(options[start], quote=True)
        return (
            f'<span class="df-explorer-control"><label for="{identifier}">{label}</label>'
            f'<input type="range" id="{identifier}" data-choice="{number}" min="0" max="{len(options) - 1}" step="1" '
            f'value="{start}" aria-valuetext="{now}" autocomplete="off">'
            f'<output for="{identifier}">{now}</output></span>'
        )
    items = [
        f'<option value="{EVERY}"{" selected" if start == EVERY else ""}>every one, row by row</option>'
        if one.every
        else ""
    ]
    group_of = dict(zip(table[one.column].map(str), table[one.group].map(str), strict=True)) if one.group else {}
    for heading in dict.fromkeys(group_of.get(option, "") for option in options):
        inside = "".join(
            f'<option value="{at}"{" selected" if at == start else ""}>{escape(option)}</option>'
            for at, option in enumerate(options)
            if group_of.get(option, "") == heading
        )
        items.append(f'<optgroup label="{escape(heading, quote=True)}">{inside}</optgroup>' if heading else inside)
    return (
        f'<span class="df-explorer-control"><label for="{identifier}">{label}</label>'
        f'<select id="{identifier}" data-choice="{number}" autocomplete="off">{"".join(items)}</select></span>'
    )
