"""What a chapter shows besides figures: the data banner and tables, as HTML and as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

CSV = "text/csv"  # beside the HTML in a notebook's output; the runner takes it out (study.downloads)
LOW, HIGH = ", low", ", high"


@dataclass(frozen=True)
class Table:
    """A small table. rows: as many texts as there are headings; caption: one sentence that says what is seen.

    values: what the texts were made from, unrounded, for those who compute on with them; a value may be a statistic
    (`value`, `interval`). Without them the texts themselves are given.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    values: Sequence[Sequence[Any]] = ()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text(), CSV: self.csv()}

    def csv(self) -> str:
        """The values: a column for each heading, and for its interval `<heading>, low` and `<heading>, high`."""
        rows = self.values or self.rows
        spread = [any(hasattr(row[at], "interval") for row in rows) for at in range(len(self.headings))]
        heads = [
            name + end
            for name, wide in zip(self.headings, spread, strict=True)
            for end in (("", LOW, HIGH) if wide else ("",))
        ]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(
            [cell for value, wide in zip(row, spread, strict=True) for cell in _plain(value, wide)] for row in rows
        )
        return text.getvalue()

    def html(self) -> str:
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in self.headings)
        body = "".join("<tr>" + "".join(f"<td>{escape(str(text))}</td>" for text in row) + "</tr>" for row in self.rows)
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return f'<table class="table df-table">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def text(self) -> str:
        lines = [list(self.headings), *[[str(text) for text in row] for row in self.rows]]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.headings))]
        drawn = [
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([self.caption, *drawn] if self.caption else drawn)


@dataclass(frozen=True)
class Banner:
    """One line on which data and at which sizes a chapter runs."""

    tier: str
    profile: str
    note: str

    def line(self) -> str:
        judged = "verdicts are given" if (self.profile, self.tier) == ("paper", "original") else "preview, no verdicts"
        return f"Data tier: {self.tier} ({self.note}). Profile: {self.profile} ({judged})."

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {
            "text/html": f'<p class="df-banner tier-{self.tier}">{escape(self.line())}</p>',
            "text/plain": self.line(),
        }


def _plain(value: Any, spread: bool) -> list[Any]:
    """A value as CSV has it: nothing for what was not measured; of a statistic also both ends where `spread`."""
    number = getattr(value, "value", value)
    interval = getattr(value, "interval", None) or (None, None)
    cells = [number, *(interval if spread else ())]
    cells = [cell.item() if isinstance(cell, np.generic) else cell for cell in cells]  # else written with their type
    return ["" if cell is None or (isinstance(cell, float) and cell != cell) else cell for cell in cells]


def shown(value: float, digits: int = 2) -> str:
    """A number for a table: fixed digits, a true minus sign; a dash for what is not a number."""
    if value != value:
        return "–"
    return f"{value:,.{digits}f}".replace("-", "−")


def with_interval(value: float, interval: tuple[float, float] | None, digits: int = 2) -> str:
    """'97.18 [96.9, 97.4]'."""
    if interval is None or value != value:
        return shown(value, digits)
    return f"{shown(value, digits)} [{shown(interval[0], digits)}, {shown(interval[1], digits)}]"
