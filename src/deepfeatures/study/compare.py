"""Two runs of a chapter set beside each other: what was changed, and which numbers changed with it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deepfeatures.study.kept import Run
from deepfeatures.study.sweep import shown
from deepfeatures.study.sweep_measures import cell_name
from deepfeatures.study.tables import shown as number
from deepfeatures.study.tables import with_interval

OVERLAP = (
    "What overlap means: an interval says how far the number would move if its units (images, people, seeds) were "
    "drawn again. Intervals that do not overlap: the difference is more than that chance, of these units alone. "
    "Intervals that overlap: not shown to differ, which is not shown to be equal; where both runs use the same images "
    "or networks, the difference is known better than either number, and two intervals cannot say how well."
)
ABSENT = "–"


class NotComparable(ValueError):
    """The two runs are of different chapters; the message names them."""


@dataclass(frozen=True)
class Changed:
    """A number that both runs have. overlap: of their intervals; None where one has none."""

    name: str
    first: Mapping[str, Any]
    second: Mapping[str, Any]

    @property
    def difference(self) -> float:
        return float(self.second["value"] - self.first["value"])

    @property
    def same(self) -> bool:
        return bool(self.first["value"] == self.second["value"] and self.first["interval"] == self.second["interval"])

    @property
    def overlap(self) -> bool | None:
        one, other = self.first["interval"], self.second["interval"]
        if one is None or other is None:
            return None
        return bool(one[0] <= other[1] and other[0] <= one[1])

    @property
    def digits(self) -> int:
        """Decimals: two, three below one, more where the difference would round to nothing."""
        digits = 2 if max(abs(self.first["value"]), abs(self.second["value"])) >= 1 else 3
        if self.difference:
            digits = max(digits, min(8, 1 - math.floor(math.log10(abs(self.difference)))))
        return digits

    def cells(self) -> list[str]:
        """As a row: name, first, second, difference, overlap."""
        told = {True: "overlap", False: "apart", None: "no interval"}[self.overlap]
        if self.first["unit"] != self.second["unit"]:
            told += f" ({self.first['unit']} / {self.second['unit']})"
        sign = "+" if self.difference > 0 else ""
        return [
            self.name,
            *(with_interval(one["value"], _ends(one), self.digits) for one in (self.first, self.second)),
            sign + number(self.difference, self.digits),
            told,
        ]


@dataclass(frozen=True)
class Comparison:
    """first, second: the runs. parameters: name, value in each. context: what else differs. only: what one has."""

    first: Run
    second: Run
    parameters: list[tuple[str, str, str]]
    context: list[tuple[str, str, str]]
    numbers: list[Changed]
    only: list[tuple[str, str, str]]

    @property
    def changed(self) -> list[Changed]:
        return [one for one in self.numbers if not one.same]


def compare(first: Run, second: Run) -> Comparison:
    """Everything that differs. Raises NotComparable for two chapters."""
    if first.chapter != second.chapter:
        raise NotComparable(
            f"{first.name} is a run of chapter {first.chapter}, {second.name} of {second.chapter}: only runs of one "
            "chapter report the same numbers"
        )
    a, b = _measured(first), _measured(second)
    return Comparison(
        first,
        second,
        parameters=_differing(first.results["parameters"], second.results["parameters"]),
        context=list(_context(first, second)),
        numbers=[Changed(name, a[name], b[name]) for name in a if name in b],
        only=[
            (name, _value_or_reason(first, a, name), _value_or_reason(second, b, name))
            for name in dict.fromkeys((*a, *b))
            if (name in a) != (name in b)
        ],
    )


def text(found: Comparison) -> str:
    """The comparison for a terminal."""
    parts = [f"A  {_described(found.first)}\nB  {_described(found.second)}"]
    parts.append(_section("Parameters", ["", "A", "B"], found.parameters, "no parameter differs"))
    if found.context:
        parts.append(_section("What else differs", ["", "A", "B"], found.context, ""))
    rows = [one.cells() for one in found.changed]
    head = ["", "A [interval]", "B [interval]", "B − A", "intervals"]
    parts.append(_section(f"Numbers that changed: {len(rows)} of {len(found.numbers)}", head, rows, "none"))
    if found.only:
        parts.append(_section("In one run only", ["", "A", "B"], found.only, ""))
    if rows:
        parts.append(textwrap.fill(OVERLAP, 110))
    return "\n\n".join(parts)


def _measured(run: Run) -> dict[str, Mapping[str, Any]]:
    """Everything with a value, by name: claims, then what is encoded where, then the numbers in the text."""
    claims = {record["claim"]: record for record in run.results["records"]}
    cells = {cell_name(cell): cell for cell in run.results.get("encoded", [])}
    return claims | cells | in_the_text(run.results)


def in_the_text(results: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Numbers that a chapter's prose names, by name, as records without an interval. A dash is no number."""
    return {
        f"in the text: {name}": {"value": one["value"], "interval": None, "unit": ""}
        for name, one in results.get("numbers", {}).items()
        if one["value"] is not None
    }


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (name, shown(first[name]) if name in first else ABSENT, shown(second[name]) if name in second else ABSENT)
        for name in dict.fromkeys((*first, *second))
        if first.get(name, ABSENT) != second.get(name, ABSENT)
    ]


def _context(first: Run, second: Run) -> Iterator[tuple[str, str, str]]:
    """What may change numbers besides parameters: data, code, packages, device."""
    pairs = {
        "data tier": [run.results["tier"] for run in (first, second)],
        "data": [run.results.get("data_fingerprint") for run in (first, second)],
        "device": [run.results.get("device") for run in (first, second)],
    }
    for name, (one, other) in pairs.items():
        if one != other:
            yield name, str(one or ABSENT), str(other or ABSENT)
    a, b = (run.provenance.get("depends_on", {}) for run in (first, second))
    if not a or not b:
        yield "code and packages", "recorded" if a else "not recorded", "recorded" if b else "not recorded"
        return
    # artifacts and parameters are told by the parameters themselves, unless code changed what makes the artifacts
    for name in sorted({*a, *b}):
        if name != "parameters" and not name.startswith("artifact ") and a.get(name) != b.get(name):
            yield name, str(a.get(name, ABSENT))[:12], str(b.get(name, ABSENT))[:12]
    same_parameters = a.get("parameters") == b.get("parameters")
    remade = [name for name in sorted({*a, *b}) if name.startswith("artifact ") and a.get(name) != b.get(name)]
    if same_parameters and remade:
        yield (
            "artifacts, by other code, data or device",
            f"{len(remade)} of {len(a)}",
            ", ".join(name.removeprefix("artifact ") for name in remade[:3]) + (", …" if len(remade) > 3 else ""),
        )


def _value_or_reason(run: Run, measured: Mapping[str, Mapping[str, Any]], name: str) -> str:
    if name in measured:
        return with_interval(measured[name]["value"], _ends(measured[name]))
    reason = run.results.get("not_applicable", {}).get(name)
    return f"does not apply: {reason}" if reason else ABSENT


def _ends(record: Mapping[str, Any]) -> tuple[float, float] | None:
    return None if record["interval"] is None else (record["interval"][0], record["interval"][1])


def _described(run: Run) -> str:
    return f"{run.name}: {run.chapter}, profile {run.results['profile']}, data {run.results['tier']}, {run.finished}"


def _section(title: str, headings: list[str], rows: Any, empty: str) -> str:
    """A titled table in columns; `empty` where there are no rows."""
    if not rows:
        return f"{title}: {empty}" if empty != "none" else title
    lines = [headings, *[list(row) for row in rows]]
    widths = [min(60, max(len(line[i]) for line in lines)) for i in range(len(headings))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([title, *(f"  {line}" for line in drawn)])
