"""A run's numbers beside the published chapter's: what changed, in which parameters and in which results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deepfeatures.studio.form import as_texts
from deepfeatures.study import catalogue, claims, paths, verdicts
from deepfeatures.study.compare import in_the_text
from deepfeatures.study.sweep_measures import cell_name
from deepfeatures.study.tables import shown


@dataclass(frozen=True)
class Measured:
    """One number as a page shows it. interval: '' where there is none."""

    value: str
    interval: str
    verdict: str


@dataclass(frozen=True)
class Row:
    """One claim, one cell of the matrix, or one number of the text. here, published: None where that run did not report
    it; change: in words and numbers.
    """

    claim: str
    statement: str
    unit: str
    here: Measured | None
    published: Measured | None
    difference: str
    change: str
    changed: bool


@dataclass(frozen=True)
class Comparison:
    """rows: one a claim that either reported, then one a cell of the matrix and one a number of the text. parameters:
    (name, here, published) where they differ. setting: likewise for data, profile and device. not_applicable: claim to
    the reason why this run has no number for it.
    """

    rows: list[Row]
    parameters: list[tuple[str, str, str]]
    setting: list[tuple[str, str, str]]
    not_applicable: Mapping[str, str]

    @property
    def changed(self) -> int:
        return sum(row.changed for row in self.rows)


def published(slug: str) -> dict[str, Any] | None:
    """results.json of the published chapter, None where it is not published."""
    path = paths.book() / "chapters" / f"{slug}.results.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def compare(slug: str, here: Mapping[str, Any], there: Mapping[str, Any] | None) -> Comparison:
    """here: results.json of a finished run; there: of the published chapter."""
    there = there or {}
    ledger = claims.load_all(known_chapters=list(catalogue.slugs()))
    mine = {name: claim for name, claim in ledger.items() if claim.chapter == slug}
    ours, theirs = (_judged(mine, results) for results in (here, there))
    rows = [_row(name, claim.statement, claim.unit or "", ours.get(name), theirs.get(name))
            for name, claim in mine.items() if name in {*ours, *theirs}]  # fmt: skip
    cells, published_cells = _cells(here), _cells(there)
    rows += [_row(name, name, unit, cells.get((name, unit)), published_cells.get((name, unit)))
             for name, unit in {**cells, **published_cells}]  # fmt: skip
    texts, published_texts = ({name: {**one, "verdict": ""} for name, one in in_the_text(results).items()}
                              for results in (here, there))  # fmt: skip
    rows += [_row(name, name, "", texts.get(name), published_texts.get(name)) for name in {**texts, **published_texts}]
    settings = [("profile", "profile"), ("data", "data_fingerprint"), ("tier", "tier"), ("device", "device")]
    return Comparison(
        rows,
        _differing(here["parameters"], there.get("parameters", {})),
        [(name, str(here[key]), str(there[key])) for name, key in settings if there and here[key] != there[key]],
        here.get("not_applicable", {}),
    )


def _judged(mine: Mapping[str, claims.Claim], results: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    records = [claims.Record.model_validate(one) for one in results.get("records", []) if one["claim"] in mine]
    return {row["id"]: row for row in verdicts.table(mine, records) if row["value"] is not None}


def _cells(results: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """What each layer was found to encode, by name and metric; no verdict is given on these."""
    return {(cell_name(one), one["metric"]): {**one, "verdict": ""} for one in results.get("encoded", [])}


def _differing(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    def text(values: Mapping[str, Any], name: str) -> str:
        return ", ".join(as_texts(values[name])) or "none" if name in values else "–"

    return [(name, text(here, name), text(there, name)) for name in sorted({*here, *there})
            if here.get(name) != there.get(name)]  # fmt: skip


def _row(
    name: str, statement: str, unit: str, here: Mapping[str, Any] | None, there: Mapping[str, Any] | None
) -> Row:
    difference, change, changed = "", "the same", False
    if here is None or there is None:
        change, changed = ("only published" if here is None else "only here"), True
    elif (here["value"], _ends(here)) != (there["value"], _ends(there)):
        by = here["value"] - there["value"]
        difference = ("+" if by > 0 else "") + shown(by, _digits(here["value"], there["value"]))
        changed, change = True, "changed"
        if here["interval"] and there["interval"]:
            apart = here["interval"][0] > there["interval"][1] or there["interval"][0] > here["interval"][1]
            change = "changed, intervals apart" if apart else "changed, intervals overlap"
    digits = _digits(*(row["value"] for row in (here, there) if row is not None))
    ours, published = (_measured(one, digits) for one in (here, there))
    return Row(name, statement, unit, ours, published, difference, change, changed)


def _ends(row: Mapping[str, Any]) -> list[float]:
    return list(row["interval"] or ())


def _digits(*values: float) -> int:
    """Two decimals of what is 1 or more, three of 0.1 or more, ...: about three figures of the larger value."""
    largest = max(map(abs, values))
    return next((digits for digits, least in ((2, 1.0), (3, 0.1), (4, 0.01)) if largest >= least), 5)


def _measured(row: Mapping[str, Any] | None, digits: int) -> Measured | None:
    if row is None:
        return None
    ends = ", ".join(shown(end, digits) for end in row["interval"] or ())
    return Measured(shown(row["value"], digits), f"[{ends}]" if ends else "", row["verdict"])
