"""Explorers: a table that is too long to print, of which a reader chooses what is shown. Static, no server, no library.

Everything is computed beforehand and lies in the page as JSON; native menus and sliders choose rows of it, and
book/_static/explorer.js draws them. `_drawn` draws the first choice here in the same way: it is what a page shows in
print, without JavaScript and in Jupyter, and what the script is tested against.
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

EVERY = -1  # in place of the number of a chosen value: rows of all of them
LARGEST_BYTES = 1_500_000  # of one explorer's HTML
_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Choice:
    """A column of which one value is chosen, by a menu, or by a slider where its values are ordered.

    every: the menu also offers all values, which then stand row by row. start: value chosen first; None is every value
    where that is offered, else the first. group: another column, whose values are headings in the menu.
    """

    column: str
    label: str = ""
    every: bool = False
    slider: bool = False
    start: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        if self.slider and (self.every or self.group):
            raise ValueError(f"choice {self.column!r}: a slider has no groups and no place for every value")


@dataclass(frozen=True)
class Number:
    """A column of numbers. interval: also columns <column>_lo and <column>_hi. most: what a full bar stands for, None
    for no bar; mark: where a line crosses the bar, a number (chance) or a column (a baseline of each row).
    """

    column: str
    label: str = ""
    digits: int = 1
    interval: bool = False
    most: float | None = None
    mark: float | str | None = None


@dataclass(frozen=True)
class Text:
    """A column of words."""

    column: str
    label: str = ""


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
    shown: Sequence[Number | Text],
    *,
    caption: str,
    twin: str,
) -> Explorer:
    """One explorer. table: a row for each combination of choices that there is, once; nan where nothing was measured.

    name: identifies it on its page, small letters, digits, hyphens. caption: what the numbers are; twin: the figure or
    table that says the same in print. Values of a choice keep the table's order. A choice of values limits what the
    menus behind it offer. Raises ValueError on repeated rows and on more than 1.5 MB.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"explorer name {name!r}: small letters, digits and hyphens, a letter first")
    needed = [one.column for one in (*choices, *shown)]
    needed += [one.column + end for one in shown if isinstance(one, Number) and one.interval for end in ("_lo", "_hi")]
    needed += [one.mark for one in shown if isinstance(one, Number) and isinstance(one.mark, str)]
    needed += [one.group for one in choices if one.group]
    absent = [column for column in needed if column not in table.columns]
    if absent or not choices or not shown or table.empty:
        raise ValueError(f"explorer {name}: {len(table)} rows, columns {list(table.columns)}; lacking: {absent}")
    keys = [one.column for one in choices]
    if table.duplicated(keys).any():
        twice = table.loc[table.duplicated(keys), keys].iloc[0].tolist()
        raise ValueError(f"explorer {name}: {twice} stands in the table more than once")
    options = [list(dict.fromkeys(map(str, table[one.column]))) for one in choices]
    words: dict[str, int] = {}
    rows = [_row(record, choices, shown, options, words) for record in table.to_dict("records")]
    data = {
        "choices": [
            {"label": one.label or one.column, "options": found} for one, found in zip(choices, options, strict=True)
        ],
        "shown": [_column(one) for one in shown],
        "words": list(words),
        "rows": rows,
    }
    start = _start(choices, options, rows, name)
    made = _html(name, table, choices, data, start, caption, twin)
    if len(made.encode()) > LARGEST_BYTES:
        raise ValueError(f"explorer {name} has {len(made.encode()):,} bytes, at most {LARGEST_BYTES:,} fit a page")
    return Explorer(made, _plain(data, start, caption, twin))


def _row(
    record: Mapping[Any, Any],
    choices: Sequence[Choice],
    shown: Sequence[Number | Text],
    options: Sequence[Sequence[str]],
    words: dict[str, int],
) -> list[float | None]:
    """Numbers of the chosen values, then for each column: a word's number, or value (lo, hi) (mark), rounded."""
    row: list[float | None] = [
        found.index(str(record[one.column])) for one, found in zip(choices, options, strict=True)
    ]
    for one in shown:
        if isinstance(one, Text):
            row.append(words.setdefault(str(record[one.column]), len(words)))
            continue
        columns = [one.column, *([one.column + "_lo", one.column + "_hi"] if one.interval else [])]
        columns += [one.mark] if isinstance(one.mark, str) else []
        row += [_rounded(record[column], one.digits) for column in columns]
    return row


def _rounded(value: Any, digits: int) -> float | None:
    number = float(value)
    if not np.isfinite(number):
        return None
    rounded = round(number, digits)
    return int(rounded) if rounded == int(rounded) else rounded  # shorter, and no minus before a zero


def _column(one: Number | Text) -> dict[str, Any]:
    label = one.label or one.column
    if isinstance(one, Text):
        return {"label": label, "words": True}
    own = isinstance(one.mark, str)
    return {"label": label, "digits": one.digits, "interval": one.interval, "most": one.most, "own_mark": own,
            "mark": None if own else one.mark}  # fmt: skip


def _start(
    choices: Sequence[Choice], options: Sequence[Sequence[str]], rows: Sequence[Sequence[Any]], name: str
) -> list[int]:
    start = []
    for one, found in zip(choices, options, strict=True):
        if one.start is not None and one.start not in found:
            raise ValueError(f"explorer {name}: {one.column} starts with {one.start!r}, which is not in the table")
        start.append(found.index(one.start) if one.start is not None else EVERY if one.every else 0)
    if not any(_fits(row, start) for row in rows):
        raise ValueError(f"explorer {name}: the table has no row for the first choice")
    return start


def _fits(row: Sequence[Any], chosen: Sequence[int]) -> bool:
    return all(own in (EVERY, value) for value, own in zip(row, chosen, strict=False))


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
    )
    # "<" cannot end the script element early when it is written as an escape, which JSON reads as the same letter
    kept = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return (
        f'<div class="df-explorer" id="{name}">'
        f'<fieldset class="df-explorer-controls" hidden><legend>Precomputed: choose what is shown</legend>{controls}'
        "</fieldset>"
        "<noscript><p>JavaScript is off: the menus of this table are not shown.</p></noscript>"
        f'<p class="df-explorer-static">Precomputed: {len(data["rows"]):,} rows, of which menus on the book\'s page '
        f"choose; here one choice is shown. {escape(twin)}</p>"
        f'<p class="df-explorer-status" role="status">{escape(_said(data, start))}</p>'
        f'<div class="df-explorer-rows" role="region" aria-label="{escape(caption, quote=True)}" tabindex="0">'
        f'<table class="table df-table"><caption>{escape(caption)}</caption>'
        f"{_drawn(data, start)}</table></div>"
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


def _said(data: Mapping[str, Any], chosen: Sequence[int]) -> str:
    """What is shown, in a sentence: for the ear, and for print."""
    parts = [
        f"{one['label']}: {'every one' if own == EVERY else one['options'][own]}"
        for one, own in zip(data["choices"], chosen, strict=True)
    ]
    rows = sum(_fits(row, chosen) for row in data["rows"])
    return f"Shown: {'; '.join(parts)} ({rows:,} {'row' if rows == 1 else 'rows'})."


def _drawn(data: Mapping[str, Any], chosen: Sequence[int]) -> str:
    """Head and body of the table: a heading in each row for each choice of every value, then what is shown."""
    varied = [number for number, own in enumerate(chosen) if own == EVERY]
    heads = [data["choices"][number]["label"] for number in varied] + [one["label"] for one in data["shown"]]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = []
    for row in data["rows"]:
        if _fits(row, chosen):
            named = [data["choices"][number]["options"][row[number]] for number in varied]
            body.append(
                "<tr>" + "".join(f'<th scope="row">{escape(text)}</th>' for text in named)
                + "".join(f"<td>{escape(text)}{bar}</td>" for text, bar in _cells(data, row)) + "</tr>"
            )  # fmt: skip
    return f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"


def _cells(data: Mapping[str, Any], row: Sequence[Any]) -> list[tuple[str, str]]:
    """(text, bar) of each column that is shown."""
    cells, at = [], len(data["choices"])
    for one in data["shown"]:
        if one.get("words"):
            cells.append((data["words"][row[at]], ""))
            at += 1
            continue
        value, lo, hi = row[at], None, None
        at += 1
        if one["interval"]:
            lo, hi = row[at], row[at + 1]
            at += 2
        mark = row[at] if one["own_mark"] else one["mark"]
        at += one["own_mark"]
        text = _number(value, one["digits"])
        if lo is not None and hi is not None:
            text += f" [{_number(lo, one['digits'])}, {_number(hi, one['digits'])}]"
        cells.append((text, _bar(value, lo, hi, mark, one["most"])))
    return cells


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def _bar(value: float | None, lo: float | None, hi: float | None, mark: float | None, most: float | None) -> str:
    """A bar beside the number that it repeats, hidden from screen readers; lengths are percent of its frame."""
    if most is None or value is None:
        return ""
    end = _share(value, most)
    parts = f'<span class="df-bar-value" style="width:{end}%"></span>'
    if lo is not None and hi is not None:
        left, right = _share(lo, most), _share(hi, most)
        parts += f'<span class="df-bar-interval" style="left:{left}%;width:{right - left}%"></span>'
    if mark is not None:
        parts += f'<span class="df-bar-mark" style="left:{_share(mark, most)}%"></span>'
    return f'<span class="df-bar" aria-hidden="true">{parts}</span>'


def _share(value: float, most: float) -> int:
    return int(np.floor(min(max(100 * value / most, 0), 100) + 0.5))  # whole percent, as Math.round has them


def _plain(data: Mapping[str, Any], start: Sequence[int], caption: str, twin: str) -> str:
    varied = [number for number, own in enumerate(start) if own == EVERY]
    heads = [data["choices"][number]["label"] for number in varied] + [one["label"] for one in data["shown"]]
    lines = [heads]
    for row in data["rows"]:
        if _fits(row, start):
            named = [data["choices"][number]["options"][row[number]] for number in varied]
            lines.append(named + [text for text, _ in _cells(data, row)])
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    body = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([caption, _said(data, start), twin, *body])
