"""The end of a chapter's page: its claims one by one, each with the bar it was held to, and what could not be tested.

Generated from the ledger and from what the chapter reported, while pages are rendered: of published chapters and of a
reader's own runs alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deepfeatures.study import scoreboard
from deepfeatures.study.claims import Claim

Row = Mapping[str, Any]

# A claim that no chapter measures stands, in the ledger, after those of the chapter that it concerns; but for these.
CONCERNS = {"rudd2017/figure-4-per-digit": "feature-spaces"}
_AS = re.compile(r"As ([a-z0-9-]+)\.")


def section(slug: str, rows: Sequence[Row], claims: Mapping[str, Claim], tier: str) -> str:
    """Markdown; '' for a chapter that no claim concerns. rows: of `scoreboard.rows`; tier: of the run's data."""
    own = [row for row in rows if row["chapter"] == slug]
    measured = [row for row in own if row["value"] is not None]
    unmeasured = [row for row in own if row["value"] is None]
    where = concerned(claims)
    left = [row for row in rows if where.get(row["id"]) == slug]
    if not own and not left:
        return ""
    parts = [f"(claims-{slug})=\n## Claim by claim"]
    if measured:
        parts += [_introduction(measured, tier), scoreboard.table(measured)]
    if unmeasured or left:
        parts += ["### What could not be tested", _untested([*unmeasured, *left], claims)]
    return "\n\n".join(parts)


def concerned(claims: Mapping[str, Claim]) -> dict[str, str]:
    """Claim that no chapter measures -> the chapter on whose page it is named."""
    found: dict[str, str] = {}
    for paper in dict.fromkeys(claim.paper for claim in claims.values()):
        own = [claim for claim in claims.values() if claim.paper == paper]
        before = next((claim.chapter for claim in own if claim.chapter), None)
        for claim in own:
            before = claim.chapter or before
            if claim.chapter is None and before is not None:
                found[claim.id] = CONCERNS.get(claim.id, before)
    return found


def _introduction(measured: Sequence[Row], tier: str) -> str:
    by_statement = sum(row["paper_value"] is None for row in measured)
    text = (
        "What is asserted, the bar it is held to ([the rules](#verdict-rules)), what was measured, and on which side of"
        " the bar that fell, interval and all. Every value links to its record."
    )
    if by_statement:
        text += (
            f" For {by_statement} of {len(measured)} the text at hand prints no number of what is measured: they are"
            " judged by their statement, that is by direction, ordering or shape."
        )
    if tier != "original" or any(row["tier"] != "original" for row in measured):
        text += " On data that is not the paper's the side is what was seen, and no verdict."
    return text


def _untested(rows: Sequence[Row], claims: Mapping[str, Claim]) -> str:
    return "\n".join(
        f"- {scoreboard.cell(row['statement'])} [{scoreboard.cell(row['location'])}]{{.claim-place}}"
        f" *Not tested:* {scoreboard.cell(_reason(row, claims))}{scoreboard.behind(row)}"
        for row in rows
    )


def _reason(row: Row, claims: Mapping[str, Claim]) -> str:
    """Why; where the ledger says 'As another-claim.' that claim's reason, which a reader of the page cannot look up."""
    reason = row["reason"] or "This run reported nothing for it."
    other = claims.get(f"{row['paper']}/{named[1]}") if (named := _AS.fullmatch(reason)) else None
    return (other.not_attempted if other else None) or reason
