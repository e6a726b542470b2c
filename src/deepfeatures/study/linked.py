"""A chapter's page with its numbers linked to the run behind them and its files within reach.

In a table a number that answers a claim links to that claim's record, every other one to the table's own entry on the
provenance page; a number in the prose to its entry there; under each figure, table and explorer stand its files and
that link. Among a table's links only those to records are stops for the keyboard: the line under the table has the
other one once. The notebook as published holds none of this; it is added while pages are rendered.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from nbformat.v4 import new_markdown_cell

from deepfeatures.study import anchors, downloads, offered
from deepfeatures.study.offered import Run
from deepfeatures.study.tables import HIGH, LOW

_ROW = re.compile(r"<tr>((?:<td>.*?</td>)+)</tr>", re.DOTALL)
_HEAD = re.compile(r'<th scope="col">(.*?)</th>', re.DOTALL)
_PAPERS = re.compile("paper|its figure")  # of a column's heading: these numbers come from no run of ours
_CELL = re.compile(r"<td>(.*?)</td>", re.DOTALL)
_ONE = r"[−+-]?[\d,]*\.?\d+(?: ?[%°])?(?: \[[^\]]*\])?"
_NUMBER = re.compile(rf"{_ONE}(?:(?: of | to | ){_ONE})*")  # '77.4 [76.3, 78.5] of 254' too; 15–45 is a label
_GLUE = re.compile(r"\{glue:text\}`([^`:]+)`")


_TABLES = {
    "records.csv": "the measured values of its claims",
    "encoded.csv": "its cells of the matrix",
    "numbers.csv": "the numbers in its prose",
}


def link(notebook: Any, run: Run) -> None:
    """Change the notebook that is about to be rendered."""
    records = {_exact(row["value"], *row["interval"]): row["id"] for row in run.rows if row["interval"]}
    under: dict[int, list[str]] = {}
    for one in run.shown:
        output = notebook.cells[one.cell].outputs[one.output]
        if one.kind == "table":
            values = list(_values(run.files.get(one.members[0], b"").decode()))
            output.data["text/html"] = _linked("".join(output.data["text/html"]), run.slug, one, values, records)
        under.setdefault(one.cell, []).append(_line(run, one))
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and run.numbers:
            cell.source = _GLUE.sub(lambda found: _prose(found, run), cell.source)
    cells = []
    for at, cell in enumerate(notebook.cells):
        cells.append(cell)
        if at in under:
            cells.append(new_markdown_cell("\n\n".join(under[at]), id=f"files-{at:03d}"))
    notebook.cells = [*cells, new_markdown_cell(_end(run), id="downloads")]


def _linked(
    html: str, slug: str, table: downloads.Shown, values: list[list[tuple[Any, ...]]], records: Mapping[Any, str]
) -> str:
    """The table with every number in it a link, but for those that a paper printed."""
    whole = f"{anchors.page(slug)}#{anchors.shown(slug, table.name)}"
    papers = [bool(_PAPERS.fullmatch(head)) for head in _HEAD.findall(html)]
    row_number = -1

    def row(found: re.Match[str]) -> str:
        nonlocal row_number
        row_number += 1
        cells = []
        for column, text in enumerate(_CELL.findall(found[1])):
            if not _NUMBER.fullmatch(text) or (column < len(papers) and papers[column]):
                cells.append(f"<td>{text}</td>")
                continue
            kept = values[row_number] if row_number < len(values) else []
            claim = records.get(kept[column]) if column < len(kept) else None
            if claim:
                title = escape(f"measured for {claim}", quote=True)
                address = f"{anchors.page(slug)}#{anchors.record(claim)}"
                cells.append(f'<td><a class="df-number df-record" title="{title}" href="{address}">{text}</a></td>')
            else:
                cells.append(f'<td><a class="df-number" tabindex="-1" href="{whole}">{text}</a></td>')
        return f"<tr>{''.join(cells)}</tr>"

    return _ROW.sub(row, html)


def _values(text: str) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of a table's CSV: for each column that the page shows (value, low, high), as `_exact` has them."""
    lines = list(csv.reader(text.splitlines()))
    if not lines:
        return
    heads, rows = lines[0], lines[1:]
    starts = [at for at, head in enumerate(heads) if not (at and head.endswith((LOW, HIGH)))]
    for row in rows:
        yield [_exact(*(_real(cell) for cell in (row[at : at + 3] if _spread(heads, at) else [row[at]])))
               for at in starts]  # fmt: skip


def _spread(heads: list[str], at: int) -> bool:
    return heads[at + 1 : at + 3] == [heads[at] + LOW, heads[at] + HIGH]


def _exact(value: float | None, low: float | None = None, high: float | None = None) -> tuple[Any, ...]:
    """What makes a number the same one: all its digits and those of its interval. A bare one identifies nothing."""
    return (value, low, high) if low is not None else ()


def _real(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _prose(found: re.Match[str], run: Run) -> str:
    known = found[1] in run.numbers
    return f"[{found[0]}](#{anchors.number(run.slug, found[1])})" if known else found[0]


def _line(run: Run, one: downloads.Shown) -> str:
    """The line under a figure, table or explorer."""
    words = {"svg": "SVG", "pdf": "PDF", "csv": "data as CSV", "json": "data as JSON"}
    what = f"{one.kind} {one.name}"
    links = [_file(run, name, words[name.rpartition(".")[2]], what) for name in run.of(one)]
    behind = f"{anchors.page(run.slug)}#{anchors.shown(run.slug, one.name)}"
    hidden = f'<span class="df-unseen"> {escape(what)}</span>'
    links.append(f'<a href="{behind}">the run behind this{hidden}</a>')
    return f'<p class="df-files screen-only">{" · ".join(links)}</p>'


def _file(run: Run, name: str, words: str, of_what: str = "") -> str:
    hidden = f'<span class="df-unseen"> of {escape(of_what)}</span>' if of_what else ""
    return f'<a download href="../{offered.FOLDER}/{run.slug}/{name}">{words}{hidden}</a>'


def _end(run: Run) -> str:
    """The last section of the page."""
    slug = run.slug
    one_by_one = [_file(run, f"{slug}.zip", "everything below in one zip")]
    one_by_one.append(_file(run, f"{slug}.ipynb", "the notebook") + ", executed, its parameters in it")
    if f"{slug}.py" in run.files:
        since = ", its prose mended since" if run.provenance.get("prose_mended") else ""
        one_by_one.append(_file(run, f"{slug}.py", "its source") + f", as it was run{since}")
    for name, words in _TABLES.items():
        if name in run.files:
            one_by_one.append(_file(run, name, f"{words} as CSV"))
    one_by_one.append(_file(run, f"{slug}.results.json", "all results") + " and "
                      + _file(run, f"{slug}.provenance.json", "how they were made") + " as JSON")  # fmt: skip
    listed = "".join(f"<li>{text}</li>" for text in one_by_one)
    kept = [one for one in run.shown if run.of(one)]
    rows = "".join(
        f"<tr><td>{escape(one.kind)}</td><td>{escape(one.name)}</td><td>"
        + " · ".join(_file(run, name, name.rpartition(".")[2].upper(), one.name) for name in run.of(one))
        + "</td></tr>"
        for one in kept
    )
    table = (
        f'<details class="screen-only"><summary>{len(kept)} figures and tables one by one</summary>'
        '<div class="df-scroll" tabindex="0" role="region" aria-label="Files of the figures and tables">'
        f'<table class="table"><thead><tr><th scope="col">what</th><th scope="col">name</th><th scope="col">files</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
    lacking = ""
    if run.missing:
        lacking = (
            f"This page was run before runs kept such files: there is no file of {len(run.missing)} of its "
            f"{len(run.shown)} figures and tables. The command above makes them."
        )
    return "\n\n".join(part for part in (
        f"({anchors.downloads(slug)})=\n## Take it with you",
        f"To make this page again:\n\n```bash\n{offered.command(slug, run.results)}\n```",
        f'<ul class="df-downloads screen-only">{listed}</ul>',
        table if kept else "",
        lacking,
        "Numbers link to the run behind them. In a table, an underlined one leads to the record of the claim"
        f" that it answers, any other to the table's entry in [how this page was made](#{anchors.run(slug)}),"
        " where parameters, data fingerprint, source and command stand; so does each number that the prose takes from"
        " the results, and the line under each figure.",
    ) if part)  # fmt: skip
