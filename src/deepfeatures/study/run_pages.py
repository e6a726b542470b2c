"""How a chapter was made: the page that every number of it leads to, as Markdown.

Source at its commit, command, parameters, fingerprints of the data; then each record, each number of the matrix and of
the prose, each figure and table under a place of its own (study.anchors); then versions, hardware and times.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from deepfeatures.study import anchors, offered, scoreboard
from deepfeatures.study.encoded import Encoded
from deepfeatures.study.matrix_cells import DATA, MATRIX, READINGS, Cell, of_encoded
from deepfeatures.study.offered import Run

# shown in sections of their own, or by the matrix and the scoreboard
_ELSEWHERE = (
    "chapter", "records", "encoded", "numbers", "parameters", "data_fingerprint", "data", "git", "prose_mended",
)  # fmt: skip

REMARKS = {"remark": "of this run", "bar_remark": "of the bar"}


def page(run: Run, repository: str | None, mapped: Sequence[Cell] = ()) -> str:
    """The whole page. repository: the address of a public copy of the checkout, where the configuration names one;
    mapped: numbers of the matrix that stand among the chapter's records or in its tables.
    """
    slug = run.slug
    parts = [
        f"({anchors.run(slug)})=\n# How `{slug}` was made",
        f"The chapter is {{doc}}`/chapters/{slug}`. Each of its numbers leads here: to a record below, to a number of"
        " its prose, or to a figure or table. All of them come from one run, of this source, with these parameters, on"
        " this data.",
        "## Source and command",
        _source(run, repository),
        f"```bash\n{offered.command(slug, run.results)}\n```",
        "## Parameters",
        fact_table({f"`{name}`": value for name, value in run.results.get("parameters", {}).items()}),
        "## Data",
        fact_table({"fingerprint": run.results.get("data_fingerprint"), **run.provenance.get("data", {})}),
    ]
    if run.rows:
        said = (
            "What was measured for claims of the papers, to eight digits (all are in `records.csv`); the verdicts"
            " follow by [these rules](#verdict-rules). Why a bar is what it is stands below, where the ledger says so."
        )
        parts += ["## Records", said, _records(run.rows)]
    if run.numbers:
        parts += ["## Numbers in the prose", _numbers(run)]
    if run.shown:
        parts += ["## Figures and tables", _shown(run)]
    in_tables = [cell for cell in mapped if cell.place.startswith(MATRIX)]  # the others are records, and stand there
    if run.cells or in_tables:
        parts += ["## What is encoded", "Numbers of [one method, five papers](/one-method-five-papers.md)."]
    if run.cells:
        parts += [_encoded(run.cells)]
    if in_tables:
        parts += ["Taken from the tables of the chapter:", _mapped(in_tables)]
    record = {key: value for key, value in ({**run.results, **run.provenance}).items() if key not in _ELSEWHERE}
    parts += ["## The run", fact_table({k: v for k, v in record.items() if not isinstance(v, dict)})]
    for key, value in record.items():
        if isinstance(value, dict) and value:
            parts += [f"### {key.replace('_', ' ').capitalize()}", fact_table(value)]
    return "\n\n".join(parts)


def fact_table(facts: Mapping[str, Any]) -> str:
    """Names and values. A name that ends in _s is of a time in seconds; one in backticks stays as it is."""
    words = {True: "yes", False: "no", None: "–", "": "–"}
    rows = ["| | value |", "|---|---|"]
    for key, value in facts.items():
        if isinstance(value, list | dict):
            value = json.dumps(value, sort_keys=True, ensure_ascii=False)
        simple = value if isinstance(value, bool | str) or value is None else str(value)
        text = words.get(simple) or f"`{' '.join(str(simple).split())}`".replace("|", "\\|")
        name = key if key.startswith("`") else key.removesuffix("_s").replace("_", " ")
        rows.append(f"| {name}{' (s)' if key.endswith('_s') else ''} | {text} |")
    return "\n".join(rows)


def _source(run: Run, repository: str | None) -> str:
    """The chapter's source as it was run: the file in the site, and the commit, by address where there is one."""
    git = run.provenance.get("git") or {}
    sha, path = git.get("sha"), next((key for key in run.provenance.get("depends_on", {}) if key.endswith(".py")), "")
    file = f"{run.slug}.py"
    here = (
        f'<a href="../{offered.FOLDER}/{run.slug}/{file}">the source as it was run</a>{_mended(run)}'
        if file in run.files
        else "the source (this run is older than the files that runs keep)"
    )
    if not sha:
        return f"{here[0].upper() if here[0] != '<' else '<'}{here[1:]}; of no commit."
    at = f"`{path}` at commit `{sha}`" if path else f"commit `{sha}`"
    if repository and path and not git.get("dirty"):
        at = f"[{at}]({repository.rstrip('/')}/blob/{sha}/{path})"
    changed = ", with changes that were not committed" if git.get("dirty") else ""
    return f"{at}{changed}: {here}."


def _mended(run: Run) -> str:
    """When words of the chapter were put right after it was run; nothing where they were not (study.prose)."""
    times = [f"on {one['at']} at commit `{one['sha']}`" for one in run.provenance.get("prose_mended", [])]
    if not times:
        return ""
    return (
        ", its code cell by cell; its prose (text, captions, alternative texts) was mended since, "
        f"{', and '.join(times)}, without running anything again: outputs and numbers are those of the run"
    )


def _records(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| Claim | Measured |", "|---|---|"]
    for row in rows:
        seeds = f", {row['seeds']} {'seed' if row['seeds'] == 1 else 'seeds'}" if row["seeds"] else ""
        unit = f"in {_cell(row['value_unit'])}; " if row["value_unit"] else ""
        exact = scoreboard.exact(row)
        drawn = _cell(row["unit"].removeprefix(scoreboard.EXACT))
        drawn = f"{drawn}: nothing is resampled" if exact else f"n = {row['n']:,} ({drawn})"
        rests = f"{unit}{drawn}{seeds}, {row['tier']} data: {row['verdict']}"
        value = _measured(row["value"], None if exact else row["interval"], anchors.record(row["id"]))
        said = "".join(f" [{name}: {_cell(row[key])}]{{.claim-place}}" for key, name in REMARKS.items() if row[key])
        lines.append(
            f"| `{row['id']}` [{_cell(row['statement'])}]{{.claim-place}} | {value} [{rests}]{{.claim-place}}{said} |"
        )
    return _table("records", lines)


def _measured(value: float, interval: Sequence[float] | None, place: str) -> str:
    """The number that a link leads to, and its interval."""
    ends = "" if interval is None else f" \\[{_digits(interval[0])}, {_digits(interval[1])}\\]"
    return f"[{_digits(value)}]{{#{place}}}{ends}"


def _digits(value: float) -> str:
    return f"{value:.8g}".replace("-", "\N{MINUS SIGN}")


def _numbers(run: Run) -> str:
    lines = ["| Name in the source | As shown | To eight digits |", "|---|--:|--:|"]
    for name, one in run.numbers.items():
        exact = "–" if one["value"] is None else _digits(one["value"])
        lines.append(f"| `{name}` | [{one['shown']}]{{#{anchors.number(run.slug, name)}}} | {exact} |")
    return _table("numbers", lines)


def _shown(run: Run) -> str:
    lines = ["| | What it shows | Code cell | Files |", "|---|---|--:|---|"]
    for one in run.shown:
        files = " · ".join(
            f'<a download href="../{offered.FOLDER}/{run.slug}/{name}">{name.rpartition(".")[2].upper()}'
            f'<span class="df-unseen"> of {escape(one.name)}</span></a>'
            for name in run.of(one)
        )
        name = f"[{one.kind} {one.name}]{{#{anchors.shown(run.slug, one.name)}}}"
        lines.append(f"| {name} | {_cell(one.caption) or '–'} | {one.cell + 1} | {files or 'not kept by this run'} |")
    return _table("shown", lines)


def _encoded(cells: Sequence[Encoded]) -> str:
    lines = ["| What, where, how | Measured |", "|---|---|"]
    for cell in cells:
        named = of_encoded(cell)
        what = f"{cell.subject}: {DATA.get(cell.data, cell.data)}, {named.where}, {READINGS[cell.reading]}"
        rests = f"n = {cell.n:,} ({_cell(cell.unit)}), {cell.tier} data"
        lines.append(
            f"| {_cell(what)} [{cell.metric}; {{ref}}`on its page <{cell.label}>`]{{.claim-place}} | "
            f"{_measured(cell.value, cell.interval, anchors.encoded(cell))} [{rests}]{{.claim-place}} |"
        )
    return _table("records", lines)


def _mapped(cells: Sequence[Cell]) -> str:
    lines = ["| What, where, how | Measured |", "|---|---|"]
    for cell in cells:
        read = READINGS.get(cell.reading, cell.reading)
        what = f"{cell.topic}: {DATA.get(cell.data, cell.data)}, {cell.where}, {read}"
        lines.append(
            f"| {_cell(what)} [{cell.metric}. {_cell(cell.meaning)}]{{.claim-place}} | "
            f"{_measured(cell.value, cell.interval, cell.place)} [{cell.rests}]{{.claim-place}} |"
        )
    return _table("records", lines)


def _table(kind: str, lines: Sequence[str]) -> str:
    return "\n".join([":::{table}", f":class: {kind}", "", *lines, ":::"])


def _cell(text: str) -> str:
    """Text fit for a table cell: one line, no bare pipe, nothing that opens a substitution."""
    return " ".join(text.split()).replace("|", "\\|").replace("{{", "{ {")
