"""A claim's rule in words, and on which side of it a measured value fell.

The side is a statement about numbers and no verdict: it is said of whatever data and sizes the value rests on, and
`verdicts` alone says what may be judged by it.
"""

from __future__ import annotations

from deepfeatures.study import verdicts
from deepfeatures.study.claims import Claim, Record
from deepfeatures.study.verdicts import Verdict

BY_STATEMENT = "judged by its statement"  # where the text at hand prints no number for what is measured


def side(claim: Claim, record: Record | None) -> Verdict | None:
    """What the claim's rule says of the numbers alone, whatever the data and sizes; None where nothing was measured."""
    if record is None or claim.judge is None:
        return None
    return verdicts.judge(claim, record, verdicts.PAPER_PROFILE, verdicts.ORIGINAL_TIER)


def side_in_words(claim: Claim, record: Record | None) -> str:
    """'on the claimed side, whole interval' and its like; '' where nothing was measured."""
    found = side(claim, record)
    if found is None or record is None or claim.judge is None:
        return ""
    if claim.judge.rule == "tolerance":
        return {
            Verdict.REPRODUCED: "within the tolerance",
            Verdict.IN_DIRECTION: "outside the tolerance, on the claimed side",
        }.get(found, f"outside the tolerance{', on the other side' if claim.judge.threshold is not None else ''}")
    crosses = "interval crosses" if record.interval is not None else "no interval"
    return {
        Verdict.REPRODUCED: "on the claimed side, whole interval",
        Verdict.IN_DIRECTION: f"on the claimed side, {crosses}",
    }.get(found, "on the other side")


def in_words(claim: Claim) -> str:
    """The bar, in the claim's unit: 'within 0.5 of 98.98', 'above 0.75'; '' for a claim that nobody measures."""
    rule = claim.judge
    if rule is None:
        return ""
    if rule.rule != "tolerance":
        return f"{rule.expect} {_number(rule.threshold or 0.0)}"
    text = f"within {_number(rule.tolerance or 0.0)} of {_number(claim.paper_value or 0.0)}"
    return text if rule.threshold is None else f"{text}; in direction: {rule.expect} {_number(rule.threshold)}"


def _number(value: float) -> str:
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")
