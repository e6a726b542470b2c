"""Verdicts, computed from the ledger and what was measured; nobody types one.

In this order: nothing reported -> not attempted; a profile other than `paper` -> preview; a data tier other than
`original` -> not comparable; else the claim's rule. With v the value, [lo, hi] its interval:

tolerance               |v - paper_value| <= tolerance -> reproduced; v beyond `threshold` on the side `expect`
                        (where they are given) -> reproduced in direction; else not reproduced
ordering, sign, shape   v, lo and hi all beyond `threshold` (0 unless given) on the side `expect` -> reproduced;
                        only v is, or there is no interval -> reproduced in direction; else not reproduced

Beyond is strict: a value equal to the threshold shows no direction, an interval that touches it crosses it. A value
without an interval says nothing of its uncertainty, so it is never more than a direction; an exact one reports [v, v].
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from deepfeatures.study.claims import Claim, ClaimsError, Judge, Record, check_known

PAPER_PROFILE = "paper"
ORIGINAL_TIER = "original"


class Verdict(StrEnum):
    """The words of the scoreboard."""

    REPRODUCED = "reproduced"
    IN_DIRECTION = "reproduced in direction"
    NOT_REPRODUCED = "not reproduced"
    NOT_COMPARABLE = "not comparable"
    NOT_ATTEMPTED = "not attempted"
    PREVIEW = "preview"


def judge(claim: Claim, record: Record | None, profile: str | None, tier: str | None) -> Verdict:
    """The verdict on one claim, by the rules at the top of this module. profile and tier: of the run that reported."""
    if record is None or claim.judge is None:
        return Verdict.NOT_ATTEMPTED
    if profile != PAPER_PROFILE:
        return Verdict.PREVIEW
    if tier != ORIGINAL_TIER:
        return Verdict.NOT_COMPARABLE
    if claim.judge.rule == "tolerance":
        return _by_tolerance(claim, claim.judge, record.value)
    return _by_side(claim.judge, record)


def table(claims: Mapping[str, Claim], records: Iterable[Record]) -> list[dict[str, Any]]:
    """One row a claim, in the ledger's order: what `deepfeatures claims --json` prints. unit: of resampling."""
    reported: dict[str, Record] = {}
    for record in records:
        check_known(claims, record.claim, record.chapter)
        if record.claim in reported:
            raise ClaimsError(f"claim {record.claim} is reported twice, "
                              f"by chapter {reported[record.claim].chapter} and by chapter {record.chapter}")
        reported[record.claim] = record
    return [_row(claim, reported.get(claim.id)) for claim in claims.values()]


def _row(claim: Claim, record: Record | None) -> dict[str, Any]:
    profile, tier = (record.profile, record.tier) if record else (None, None)
    interval = list(record.interval) if record and record.interval else None
    return {
        "id": claim.id,
        "paper": claim.paper,
        "location": claim.location,
        "statement": claim.statement,
        "paper_value": claim.paper_value,
        "value": record.value if record else None,
        "interval": interval,
        "n": record.n if record else None,
        "unit": record.unit if record else None,
        "seeds": record.seeds if record else None,
        "profile": profile,
        "tier": tier,
        "verdict": judge(claim, record, profile, tier).value,
        "chapter": claim.chapter,
    }


def _by_tolerance(claim: Claim, rule: Judge, value: float) -> Verdict:
    if claim.paper_value is None or rule.tolerance is None:
        raise ClaimsError(f"claim {claim.id}: rule tolerance needs paper_value and tolerance")
    distance = abs(value - claim.paper_value)
    # isclose: 97.18 and 97.08 are 0.1 apart on paper and 0.10000000000000853 in binary
    if distance <= rule.tolerance or math.isclose(distance, rule.tolerance, rel_tol=1e-9):
        return Verdict.REPRODUCED
    if rule.threshold is not None and _beyond(rule, value):
        return Verdict.IN_DIRECTION
    return Verdict.NOT_REPRODUCED


def _by_side(rule: Judge, record: Record) -> Verdict:
    if not _beyond(rule, record.value):
        return Verdict.NOT_REPRODUCED
    if record.interval is not None and all(_beyond(rule, end) for end in record.interval):
        return Verdict.REPRODUCED
    return Verdict.IN_DIRECTION


def _beyond(rule: Judge, value: float) -> bool:
    threshold = 0.0 if rule.threshold is None else rule.threshold
    return value < threshold if rule.expect == "below" else value > threshold
