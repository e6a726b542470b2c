"""The scoreboard: judged claims as Markdown, every number taken from the rows and none from the keyboard.

A row is what `verdicts.table` gives (id, paper, location, statement, paper_value, value, interval, n, unit, seeds,
profile, tier, verdict, chapter; unit: of resampling), joined by `rows` with what stands in the ledger: the unit of the
value, what is measured, the bar it is held to, and the reason why a claim is not attempted; and with the side of the
bar on which the value fell, which is said of data of every tier and is no verdict.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deepfeatures.study import anchors, rules, verdicts
from deepfeatures.study.claims import Claim, Record

Row = Mapping[str, Any]

# Word and mark: the marks differ in shape, so that no colour is needed to tell them apart.
MARKS = {
    "reproduced": "●",
    "reproduced in direction": "◐",
    "not reproduced": "○",
    "not comparable": "≠",
    "not attempted": "–",
    "preview": "…",
}

EXACT = "none: "  # how the unit of resampling begins where nothing was drawn; what follows says why

# The front page shows these where the ledger has them; see `headline`.
HEADLINES = (
    "rudd2017/softmax-raw",
    "rudd2017/mav-raw",
    "rudd2017/per-angle-mav-raw",
    "rudd2017/mav-mu",
    "rudd2017/softmax-pair",
    "rudd2017/mav-pair",
)


def rows(
    claims: Mapping[str, Claim], records: Iterable[Record], not_applicable: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Every claim of the ledger, judged, with more beside what the verdict table holds: `value_unit`, `reason`,
    `said_by_run` (that a chapter's run gave the reason, numbers and all), `rule` (the bar in words), `measure`, `side`
    (in words) and `on_side`: whether the value lies where the paper has it, whatever the data and sizes; None where
    there is no value.

    not_applicable: claim -> why a chapter could not measure it with the data of this run.
    """
    not_applicable = not_applicable or {}
    records = list(records)
    reported = {record.claim: record for record in records}
    return [
        row
        | {
            "value_unit": claims[row["id"]].unit,
            "reason": claims[row["id"]].not_attempted or not_applicable.get(row["id"]),
            "said_by_run": not claims[row["id"]].not_attempted and row["id"] in not_applicable,
            "rule": rules.in_words(claims[row["id"]]),
            "kind": rule.rule if (rule := claims[row["id"]].judge) else None,
            "measure": claims[row["id"]].measure,
            "side": rules.side_in_words(claims[row["id"]], reported.get(row["id"])),
            "on_side": _on_side(claims[row["id"]], reported.get(row["id"])),
            "remark": record.note if (record := reported.get(row["id"])) else None,
            "bar_remark": claims[row["id"]].note,
        }
        for row in verdicts.table(claims, records)
    ]


def _on_side(claim: Claim, record: Record | None) -> bool | None:
    found = rules.side(claim, record)
    return None if found is None else found in (verdicts.Verdict.REPRODUCED, verdicts.Verdict.IN_DIRECTION)


def number(value: Any) -> str:
    """A measured value for reading: two decimals from 1 upwards, three significant digits below; others as they are."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return cell(str(value))
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    return (f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3g}").replace("-", "−")


def headline(rows: Sequence[Row]) -> list[Row]:
    """The rows for the front page: HEADLINES in that order, then the first others that carry a paper's number."""
    known = {row["id"]: row for row in rows}
    chosen = [known[claim] for claim in HEADLINES if claim in known]
    others = [row for row in rows if isinstance(row["paper_value"], int | float) and row not in chosen]
    return chosen + others[: max(0, len(HEADLINES) - len(chosen))]


def counts(rows: Sequence[Row]) -> str:
    """How many claims came out how: a list, laid out by the style sheet. Verdicts that never occur are left out."""
    tally = Counter(row["verdict"] for row in rows)
    unknown = sorted(set(tally) - set(MARKS))
    if unknown:
        raise ValueError(f"verdicts without a mark on the scoreboard: {unknown}; known: {sorted(MARKS)}")
    items = [f"- {mark} **{tally[verdict]}** {verdict}" for verdict, mark in MARKS.items() if tally[verdict]]
    return "\n".join([":::{div} verdict-counts", *items, ":::"])


def table(rows: Sequence[Row]) -> str:
    """The full table: under each statement its place and unit, under each bar what is measured, under each value what
    it rests on and on which side of the bar it fell.
    """
    cells = []
    for row in rows:
        place = [str(row["location"])]
        if row["value_unit"]:
            place.append(f"in {row['value_unit']}")
        if row["reason"]:
            place.append(row["reason"])
        claim = f"{cell(row['statement'])} [{cell(' · '.join(place))}]{{.claim-place}}{behind(row)}"
        cells.append((claim, _bar(row), _measured(row) + _rests_on(row), _verdict(row["verdict"])))
    return _table(("Claim", "Held to", "Here", "Verdict"), cells, "judged")


def behind(row: Row) -> str:
    """A link to the run whose reason a row gives: what it says was computed there. '' for reasons of the ledger."""
    return f" [the run that says so](#{anchors.run(row['chapter'])})" if row["said_by_run"] else ""


def brief_table(rows: Sequence[Row], chapters: Mapping[str, str]) -> str:
    """Statement, values and verdict alone, for the front page. chapters: slug to title of each that has a page."""
    cells = []
    for row in rows:
        slug = row["chapter"]
        link = f" [{{doc}}`{slug} </chapters/{slug}>`]{{.claim-place}}" if slug in chapters else ""
        claim = f"{cell(row['statement'])}{link}"
        # no page may show a value of a lower tier without saying so
        lower = f" [{row['tier']} data]{{.claim-place}}" if row["tier"] not in (None, "original") else ""
        cells.append((claim, _printed(row["paper_value"]), _measured(row) + lower, _verdict(row["verdict"])))
    return _table(("Claim", "The paper", "Here", "Verdict"), cells, "brief")


def judged(rows: Sequence[Row]) -> str:
    """One sentence on what was judged: it stands above the counts of the front page."""
    if not rows:
        return "The ledger holds no claims yet."
    count = sum(row["verdict"] not in ("preview", "not attempted", "not comparable") for row in rows)
    if count:
        return (
            f"The [ledger](scoreboard.md) holds {len(rows)} results that the papers assert. Judged"
            f" here, at the papers' sizes and on their data: {count}."
        )
    if any(row["verdict"] == "preview" for row in rows):
        return (
            f"This is a preview: none of the {len(rows)} claims was judged, because only a run at the paper profile is."
            " [All claims](scoreboard.md)."
        )
    return f"None of the {len(rows)} claims was judged in this render. [All claims](scoreboard.md)."


def full(rows: Sequence[Row], chapters: Mapping[str, str], slugs: Sequence[str]) -> str:
    """The whole scoreboard: a table per chapter in the book's order (slugs), then the claims no chapter measures."""
    parts = [counts(rows)] if rows else ["The ledger holds no claims yet."]
    for slug in slugs:
        own = [row for row in rows if row["chapter"] == slug]
        if own:
            title = f"{{doc}}`/chapters/{slug}`" if slug in chapters else f"`{slug}` (not run)"
            parts += [f"## {slug}", title, table(own)]
    rest = [row for row in rows if row["chapter"] not in slugs]
    if rest:
        parts += ["## Measured by no chapter", table(rest)]
    return "\n\n".join(parts)


def how_sure(rows: Sequence[Row]) -> str:
    """One paragraph on seeds and resampling, from what the rows carry."""
    measured = [row for row in rows if row["value"] is not None]
    if not measured:
        return "Nothing has been measured in this render, so there is nothing yet to be sure of."
    drawn = [row for row in measured if not exact(row)]
    with_interval = sum(row["interval"] is not None for row in drawn)
    seeds = sorted({row["seeds"] for row in measured if row["seeds"]})
    units = sorted({row["unit"] for row in drawn})
    text = f"{len(measured)} claims have a measured value, {with_interval} of them with an {{term}}`interval`."
    if seeds:
        text += f" What depends on training rests on {span(seeds)}, each from its own {{term}}`seed`."
    return text + (f" Resampled were, as named with each value: {cell(', '.join(units))}." if units else "")


def span(seeds: Sequence[int]) -> str:
    """'1 to 10 networks' of sorted numbers of seeds."""
    return f"{seeds[0] if len(seeds) == 1 else f'{seeds[0]} to {seeds[-1]}'} {_plural('network', seeds[-1])}"


def _printed(value: float | None) -> str:
    """The paper's number; the ledger holds 15 as 15.0."""
    return number(int(value) if value is not None and value == int(value) else value)


def _bar(row: Row) -> str:
    """The rule with its threshold; below it the paper's number, or that there is none, and what is measured."""
    paper = "" if row["paper_value"] is None else f"the paper has {_printed(row['paper_value'])}"
    if not row["rule"]:
        return f"– [{paper}]{{.claim-place}}" if paper else "–"
    said = f"{paper or rules.BY_STATEMENT} ({row['kind']})"
    return f"{cell(row['rule'])} [{said}]{{.claim-side}} [{cell(row['measure'])}]{{.claim-place}}"


def _measured(row: Row) -> str:
    if row["value"] is None:
        return "–"
    text = f"[**{number(row['value'])}**](#{anchors.record(row['id'])})"
    if row["interval"] is not None and not exact(row):
        low, high = row["interval"]
        text += f" [\\[{number(low)}, {number(high)}\\]]{{.claim-interval}}"
    return text


def _rests_on(row: Row) -> str:
    if row["value"] is None:
        return ""
    unit = cell(row["unit"].removeprefix(EXACT))
    facts = [f"{unit}: nothing is resampled" if exact(row) else f"n = {number(row['n'])} ({unit})"]
    if row["seeds"]:
        facts.append(f"{row['seeds']} {_plural('seed', row['seeds'])}")
    if row["tier"] != "original":
        facts.append(f"{row['tier']} data")
    side = f" [{row['side']}]{{.claim-side}}" if row["side"] else ""
    remark = f" [{cell(row['remark'])}]{{.claim-place}}" if row["remark"] else ""
    return f" [{', '.join(facts)}]{{.claim-place}}{side}{remark}"


def exact(row: Row) -> bool:
    """True where nothing is resampled, because nothing was drawn: a ratio of two sizes, say."""
    return str(row["unit"]).startswith(EXACT)


def _table(heads: Sequence[str], cells: Iterable[Sequence[str]], kind: str) -> str:
    """kind: 'judged' or 'brief', by which the style sheet knows the columns; numbers stand at the right."""
    rule = "|".join("--:" if head in ("The paper", "Here") else "---" for head in heads)
    lines = [":::{table}", f":class: claims {kind}", "", f"| {' | '.join(heads)} |", f"|{rule}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells), ":::"])


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _verdict(word: str) -> str:
    return f"{MARKS[word]} {word}"


def cell(text: str) -> str:
    """Text fit for a table cell: one line, no bare pipe, nothing that opens a substitution."""
    return " ".join(text.split()).replace("|", "\\|").replace("{{", "{ {")
