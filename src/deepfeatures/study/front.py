"""What the front page says was found, in three sentences whose numbers come from the ledger and link to their records.

A sentence says what its numbers show, so it is written for one outcome: it stands only where each of its claims came
out on the side named here. Where one did not, or was not measured, the ledger's own statement stands with its value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepfeatures.study import anchors, scoreboard

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """text: with {} for the value of each claim; sides: claim -> whether its value is where the paper has it; percent:
    values are shares, shown in %; change: they are differences, shown as what is gained or lost.
    """

    lead: str
    text: str
    sides: Mapping[str, bool]
    percent: bool = False
    change: bool = False


FINDINGS = (
    Finding(
        "The angle is still there.",
        "Linear read-outs of `ip1`, one a digit and told which, explain {} of the angle's variance in LeNet, {} and {} "
        "in the two networks that were trained to ignore it.",
        {"rudd2017/angle-readable-raw": True, "rudd2017/mu-angle-readable": True, "rudd2017/pair-angle-readable": True},
        percent=True,
    ),
    Finding(
        "More means help more than an estimated angle.",
        "Class means of that angle {} percentage points against the best control without it.",
        {"rudd2017/exogenous-information-helps": False},
        change=True,
    ),
    Finding(
        "Face networks know more than who.",
        "From features made to tell people apart, facial attributes are read with a balanced error of {} %, where "
        "guessing has 50 %.",
        {"rudd2017/attributes-after-embedding": True},
    ),
)


def page(rows: Sequence[Row]) -> str:
    """What was judged, how much of it came out how, and the findings."""
    if not rows:
        return scoreboard.judged(rows)
    return "\n\n".join([scoreboard.judged(rows), scoreboard.counts(rows), found(rows)])


def sure(rows: Sequence[Row]) -> str:
    """One sentence on intervals and seeds."""
    measured = [row for row in rows if row["value"] is not None]
    if not measured:
        return "Nothing was measured in this render."
    with_interval = sum(row["interval"] is not None and not scoreboard.exact(row) for row in measured)
    seeds = sorted({row["seeds"] for row in measured if row["seeds"]})
    trained = f"; what was trained rests on {scoreboard.span(seeds)}" if seeds else ""
    return f"{with_interval} of {len(measured)} measured values carry an {{term}}`interval`{trained}."


def found(rows: Sequence[Row]) -> str:
    """The findings as a list. rows: of `scoreboard.rows`."""
    known = {row["id"]: row for row in rows}
    items = [item for finding in FINDINGS if (item := _item(finding, known))]
    return "\n".join([":::{div} findings", *items, ":::"]) if items else "Nothing was measured in this render."


def _item(finding: Finding, known: Mapping[str, Row]) -> str:
    rows = [known[claim] for claim in finding.sides if claim in known and known[claim]["value"] is not None]
    if not rows:
        return ""
    if len(rows) == len(finding.sides) and all(row["on_side"] == finding.sides[row["id"]] for row in rows):
        values = [_linked(row, finding.percent, finding.change) for row in rows]
        return f"- **{finding.lead}** {finding.text.format(*values)} {_standing(rows)}"
    first = rows[0]
    unit = f" {first['value_unit']}" if first["value_unit"] else ""
    return f"- The paper: {first['statement']} Here: {_linked(first)}{unit}. {_standing(rows[:1])}"


def _linked(row: Row, percent: bool = False, change: bool = False) -> str:
    value = abs(row["value"]) if change else row["value"]
    text = f"{value:.1f}" if abs(value) >= 10 else scoreboard.number(value)
    text = f"{100 * value:.0f}\N{NO-BREAK SPACE}%" if percent else text
    text = f"[**{text}**](#{anchors.record(row['id'])})"
    if change:
        text = f"{'lose' if row['value'] < 0 else 'gain'} {text}"
    return text


def _standing(rows: Sequence[Row]) -> str:
    """The verdicts, once each, and the tier where it is not the paper's own data."""
    words = dict.fromkeys(f"{scoreboard.MARKS[row['verdict']]} {row['verdict']}" for row in rows)
    tiers = dict.fromkeys(f"{row['tier']} data" for row in rows if row["tier"] != "original")
    return f"[{', '.join([*words, *tiers])}]{{.finding-verdict}}"
