"""Results of one paper for its replication summary: how its claims came out, in words and counts from the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from deepfeatures.study import rules, verdicts
from deepfeatures.study.claims import Claim, Record
from deepfeatures.study.verdicts import Verdict

Row = Mapping[str, Any]
PAPERS = ("rudd2017", "parde2016", "sun2019", "sun2014", "liu2014")
JUDGED = (Verdict.REPRODUCED, Verdict.IN_DIRECTION, Verdict.NOT_REPRODUCED)


def results(rows: Sequence[Row], claims: Mapping[str, Claim], paper: str) -> str:
    """A paragraph. rows: of the scoreboard; claims: the ledger. Raises ValueError where the paper has no claim."""
    own = [row for row in rows if row["paper"] == paper]
    if not own:
        known = sorted({row["paper"] for row in rows})
        raise ValueError(f"no claim of {paper} in the ledger: it has {', '.join(known)}")
    tally = Counter(row["verdict"] for row in own)
    text = [f"The ledger holds **{len(own)}** results of this paper."]
    if judged := sum(tally[verdict] for verdict in JUDGED):
        parts = [f"**{tally[verdict]}** {verdict.value}" for verdict in JUDGED if tally[verdict]]
        text.append(f"Judged on the paper's data at its sizes: {judged}; of them {_listed(parts)}.")
    if previews := tally[Verdict.PREVIEW]:
        text.append(f"This render is a preview: {previews} were measured at other sizes and are not judged.")
    if elsewhere := [row for row in own if row["verdict"] == Verdict.NOT_COMPARABLE]:
        text.append(_elsewhere(elsewhere, claims))
    if left := tally[Verdict.NOT_ATTEMPTED]:
        text.append(f"Not attempted: {left}, each with its reason in the ledger.")
    return " ".join(text)


def judged_in_all(rows: Sequence[Row]) -> str:
    """One sentence on the whole ledger, for the abstract."""
    tally = Counter(row["verdict"] for row in rows)
    judged = sum(tally[verdict] for verdict in JUDGED)
    if not judged:
        return f"The ledger holds {len(rows)} results of five papers; this render judges none of them."
    parts = [f"{tally[verdict]} {verdict.value}" for verdict in JUDGED if tally[verdict]]
    return (
        f"Of {len(rows)} results that the papers assert, {judged} could be judged on the papers' own data and at their "
        f"sizes: {_listed(parts)}. Another {tally[Verdict.NOT_COMPARABLE]} were measured on other data and get no "
        "verdict; "
        f"{tally[Verdict.NOT_ATTEMPTED]} were not attempted, for stated reasons."
    )


def _elsewhere(rows: Sequence[Row], claims: Mapping[str, Claim]) -> str:
    """What was seen on data that is not the paper's: which side of the claim, as a count, and no verdict."""
    sided = [row for row in rows if (rule := claims[row["id"]].judge) is not None and rule.rule != "tolerance"]
    seen = Counter(_side(claims[row["id"]], row) for row in sided)
    whole, only, against = (seen[verdict] for verdict in JUDGED)
    text = f"Measured on other data, hence without a verdict: {len(rows)}."
    if sided:
        text += (
            f" {len(sided)} of these say which way something goes: {whole} were seen to go that way with the whole"
            f" interval, {only} with the value alone, {against} were not."
        )
    return text


def _side(claim: Claim, row: Row) -> Verdict | None:
    """What the claim's rule says of the numbers; a verdict only where the data is the paper's, which it is not here."""
    record = Record(
        claim=claim.id, chapter=row["chapter"], value=row["value"], interval=row["interval"], n=row["n"],
        unit=row["unit"], seeds=row["seeds"], tier="original", profile=verdicts.PAPER_PROFILE,
    )  # fmt: skip
    return rules.side(claim, record)


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
