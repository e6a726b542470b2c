"""How an explorer draws a choice: the twin of `draw` in book/_static/explorer.js, mark-up included.

It draws the first choice: what a page shows in print, without JavaScript and in Jupyter, and what the script is tested
against. data: as `explorer.explorer` keeps it in the page; chosen: the number of each choice's value, or EVERY.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

EVERY = -1  # in place of the number of a chosen value: rows of all of them
CURVE_PX = (112, 48, 4)  # width, height, and what is left free around a small curve, in which points are placed
Data = Mapping[str, Any]


def fits(row: Sequence[Any], chosen: Sequence[int]) -> bool:
    """Whether the row is one of those chosen."""
    return all(own in (EVERY, value) for value, own in zip(row, chosen, strict=False))


def said(data: Data, chosen: Sequence[int]) -> str:
    """What is shown, in a sentence: for the ear, and for print."""
    parts = [
        f"{one['label']}: {'every one' if own == EVERY else one['options'][own]}"
        for one, own in zip(data["choices"], chosen, strict=True)
        if not one["rows"]
    ]
    rows = sum(fits(row, chosen) for row in data["rows"])
    return f"Shown: {'; '.join(parts)} ({rows:,} {'row' if rows == 1 else 'rows'})."


def table(data: Data, chosen: Sequence[int]) -> str:
    """Head and body of the table: a heading in each row for each choice of every value, then what is shown."""
    varied = [number for number, own in enumerate(chosen) if own == EVERY]
    heads = [data["choices"][number]["label"] for number in varied] + [one["label"] for one in data["shown"]]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = []
    for row in data["rows"]:
        if fits(row, chosen):
            named = [data["choices"][number]["options"][row[number]] for number in varied]
            body.append(
                "<tr>" + "".join(f'<th scope="row">{escape(text)}</th>' for text in named)
                + "".join(f"<td>{escape(text)}{drawn}</td>" for text, drawn in cells(data, row)) + "</tr>"
            )  # fmt: skip
    return f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"


def above(data: Data, chosen: Sequence[int]) -> str:
    """Pictures that all rows shown have in common, those of the first."""
    row = next((row for row in data["rows"] if fits(row, chosen)), None)
    if row is None:
        return ""
    behind = len(row) - len(data["above"])
    inner = ""
    for one, number in zip(data["above"], row[behind:], strict=True):
        if number is not None:
            picture = _picture(data, one, number, _spoken(data, row, chosen))
            inner += f"<figure>{picture}<figcaption>{escape(one['label'])}</figcaption></figure>"
    return inner


def plain(data: Data, start: Sequence[int]) -> list[str]:
    """The table as lines of text."""
    varied = [number for number, own in enumerate(start) if own == EVERY]
    heads = [data["choices"][number]["label"] for number in varied] + [one["label"] for one in data["shown"]]
    lines = [heads]
    for row in data["rows"]:
        if fits(row, start):
            named = [data["choices"][number]["options"][row[number]] for number in varied]
            texts = [text or "(drawn)" if drawn else text for text, drawn in cells(data, row)]
            lines.append(named + texts)
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def cells(data: Data, row: Sequence[Any]) -> list[tuple[str, str]]:
    """(text, mark-up behind it) of each column that is shown."""
    found, at = [], len(data["choices"])
    for one in data["shown"]:
        kind, value = one["kind"], row[at]
        at += 1
        if kind == "words":
            found.append((data["words"][value], ""))
        elif kind == "number":
            lo, hi = (row[at], row[at + 1]) if one["interval"] else (None, None)
            at += 2 * one["interval"]
            mark = row[at] if one["own_mark"] else one["mark"]
            at += one["own_mark"]
            found.append((_numbers(value, lo, hi, one["digits"]), _bar(value, lo, hi, mark, one["least"], one["most"])))
        elif value is None:
            found.append(("–", ""))
        elif kind == "picture":
            found.append(("", _picture(data, one, value, _spoken(data, row))))
        elif kind == "bars":
            found.append(("", _bars(one["names"], value)))
        else:
            found.append(("", _curve(data["curves"][value[0]], value[1], value[2])))
    return found


def _spoken(data: Data, row: Sequence[Any], chosen: Sequence[int] | None = None) -> str:
    """A row's choices as words behind a picture's description; without those that make rows, where chosen is given."""
    parts = [
        f"{one['label']} {one['options'][row[at]]}"
        for at, one in enumerate(data["choices"])
        if chosen is None or chosen[at] != EVERY
    ]
    return "; ".join(parts)


def _picture(data: Data, one: Data, number: int, spoken: str) -> str:
    alt = escape(f"{one['alt']}: {spoken}", quote=True)
    sort = "df-picture df-pixels" if one["pixels"] else "df-picture"
    return (
        f'<img class="{sort}" alt="{alt}" src="data:image/png;base64,{data["pictures"][number]}" '
        f'width="{one["width"]}" height="{one["height"]}">'
    )


def _bars(names: Sequence[str], percent: Sequence[int]) -> str:
    """Upright bars with their names below; the ear hears those of 1 % and more."""
    heard = "; ".join(f"{name}: {value} %" for name, value in zip(names, percent, strict=True) if value >= 1)
    parts = "".join(
        f'<span><span style="height:{value}%"></span><i>{escape(name)}</i></span>'
        for name, value in zip(names, percent, strict=True)
    )
    label = escape(heard or "all below 1 %", quote=True)
    return f'<span class="df-bars" role="img" aria-label="{label}">{parts}</span>'


def _curve(points: str, x: float, y: float) -> str:
    width, height, _ = CURVE_PX
    return (
        f'<svg class="df-curve" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        f'<polyline points="{points}"></polyline><line x1="{x}" y1="0" x2="{x}" y2="{height}"></line>'
        f'<circle cx="{x}" cy="{y}" r="3.5"></circle></svg>'
    )


def _numbers(value: float | None, lo: float | None, hi: float | None, digits: int) -> str:
    ends = "" if lo is None or hi is None else f" [{in_digits(lo, digits)}, {in_digits(hi, digits)}]"
    return in_digits(value, digits) + ends


def in_digits(value: float | None, digits: int) -> str:
    """A dash for None, thousands with commas, a true minus."""
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def _bar(
    value: float | None, lo: float | None, hi: float | None, mark: float | None, least: float, most: float | None
) -> str:
    """A bar beside the number that it repeats, hidden from screen readers; lengths are percent of its frame."""
    if most is None or value is None:
        return ""
    end = _share(value, least, most)
    parts = (
        f'<span class="df-bar-point" style="left:{end}%"></span>' if least < 0
        else f'<span class="df-bar-value" style="width:{end}%"></span>'
    )  # fmt: skip
    if lo is not None and hi is not None:
        left, right = _share(lo, least, most), _share(hi, least, most)
        parts += f'<span class="df-bar-interval" style="left:{left}%;width:{right - left}%"></span>'
    if mark is not None:
        parts += f'<span class="df-bar-mark" style="left:{_share(mark, least, most)}%"></span>'
    return f'<span class="df-bar" aria-hidden="true">{parts}</span>'


def _share(value: float, least: float, most: float) -> int:
    share = 100 * (value - least) / (most - least)
    return int(np.floor(min(max(share, 0), 100) + 0.5))  # whole percent, as Math.round has them
