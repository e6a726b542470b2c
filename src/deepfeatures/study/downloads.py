"""What a reader takes away of a chapter besides its notebook: figures as SVG and PDF, tables as CSV, the source.

The kernel of a run draws every figure three times and every table also as CSV (study.execute, study.tables). Here the
vectors and the CSV leave the notebook, whose page shows the PNG and the HTML, and lie beside it in one zip whose bytes
depend on nothing but its content: no dates, no versions. A run of before has no such file.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any, Literal

from deepfeatures.study.tables import CSV, HIGH, LOW

SVG, PDF = "image/svg+xml", "application/pdf"
FIGURES, TABLES = "figures", "tables"  # folders in the zip
LARGEST_NAME = 48  # letters of a table's file name
MEMBER = re.compile(r"(?:figures/|tables/)?[a-z0-9][a-z0-9-]*\.(?:svg|pdf|csv|json|py)")

_CAPTION = re.compile(r'<(caption|p class="df-explorer-caption"[^>]*)>(.*?)</(?:caption|p)>', re.DOTALL)
_EXPLORER = re.compile(r'<div class="df-explorer[^"]*"[^>]* id="([a-z][a-z0-9-]*)"')
_EXPLORER_DATA = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)
_SVG_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_SVG_START = re.compile(r"<svg\b[^>]*>")
_PDF_NOISE = re.compile(rb"/(?:CreationDate|Creator|Producer) \((?:[^()\\]|\\.|\([^()]*\))*\)")


class BadDownloads(ValueError):
    """A zip of downloads that cannot be trusted; the message names the file and what it holds."""


@dataclass(frozen=True)
class Shown:
    """One figure, table or explorer of a chapter. cell, output: where it stands in the notebook; caption: plain text or
    Markdown as its author wrote it; alt: of a figure.
    """

    kind: Literal["figure", "table", "explorer"]
    name: str
    caption: str
    alt: str
    cell: int
    output: int

    @property
    def members(self) -> list[str]:
        """Its files in the zip; an explorer whose data are no table has the second."""
        if self.kind == "figure":
            return [f"{FIGURES}/{self.name}.svg", f"{FIGURES}/{self.name}.pdf"]
        if self.kind == "table":
            return [f"{TABLES}/{self.name}.csv"]
        return [f"{TABLES}/{self.name}.csv", f"{TABLES}/{self.name}.json"]


def shown(notebook: Any) -> Iterator[Shown]:
    """Every figure, table and explorer of a notebook, in its order; names are unique within it."""
    tables, used = 0, set[str]()
    for cell_number, cell in enumerate(notebook.cells):
        for output_number, output in enumerate(cell.get("outputs", [])):
            data, html = output.get("data", {}), "".join(output.get("data", {}).get("text/html", ""))
            where = (cell_number, output_number)
            if "image/png" in data or SVG in data:
                written = cell.metadata.get("mystnb", {})
                own = written.get("figure", {})
                name = _unused(_slug(own.get("name", "")) or f"figure-{len(used) + 1:02d}", used)
                yield Shown("figure", name, own.get("caption", ""), written.get("image", {}).get("alt", ""), *where)
            elif found := _EXPLORER.search(html):
                yield Shown("explorer", _unused(found[1], used), _caption(html), "", *where)
            elif html.startswith("<table") and "df-table" in html[:80]:
                tables += 1
                caption = _caption(html)
                name = _slug(caption)[:LARGEST_NAME].rpartition("-")[0] if len(_slug(caption)) > LARGEST_NAME else ""
                name = f"table-{tables:02d}-{name or _slug(caption)}".strip("-")
                yield Shown("table", _unused(name, used), caption, "", *where)


def take(notebook: Any) -> dict[str, bytes]:
    """Move vectors and CSV out of an executed notebook, which is changed; gives name in the zip -> content."""
    files: dict[str, bytes] = {}
    for one in list(shown(notebook)):
        data = notebook.cells[one.cell].outputs[one.output].data
        if one.kind == "figure":
            if SVG in data:
                files[one.members[0]] = _svg("".join(data[SVG]), one).encode()
            if PDF in data:
                files[one.members[1]] = _pdf(base64.b64decode("".join(data[PDF])))
        elif one.kind == "explorer":
            files |= _explored("".join(data["text/html"]), one)
        elif CSV in data:
            files[one.members[0]] = "".join(data[CSV]).encode()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for mime in (SVG, PDF, CSV):
                output.get("data", {}).pop(mime, None)
                output.get("metadata", {}).pop(mime, None)
    return files


def pack(files: Mapping[str, bytes], path: Path) -> None:
    """Write the zip; equal files give equal bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)


def read(path: Path) -> dict[str, bytes]:
    """The files of a zip that `pack` wrote; none where there is no zip. Raises BadDownloads."""
    if not path.is_file():
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            if strange := [name for name in archive.namelist() if not MEMBER.fullmatch(name)]:
                raise BadDownloads(f"{path.name} holds {strange[0]!r}, which no chapter offers; run the chapter again")
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise BadDownloads(f"{path.name} is no whole zip file ({error}); run the chapter again") from error


def retold(svg: bytes, before: Shown, now: Shown) -> bytes:
    """A figure's SVG as `take` wrote it, with another caption and alternative text. Raises BadDownloads."""
    text = svg.decode()
    start = _SVG_START.search(text)
    if start is None or not text.startswith(_said(before), start.end()):
        raise BadDownloads(f"{before.members[0]} does not begin with the caption of its figure; run the chapter again")
    return (text[: start.end()] + _said(now) + text[start.end() + len(_said(before)) :]).encode()


def _said(one: Shown) -> str:
    """Caption and alternative text as they stand inside an SVG: a file is read out of its page."""
    return "".join(
        f"<{tag}>{escape(words)}</{tag}>" for tag, words in (("title", one.caption), ("desc", one.alt)) if words
    )


def _svg(text: str, one: Shown) -> str:
    """Without dates and versions, with the caption and the alternative text inside."""
    return _SVG_START.sub(lambda start: start[0] + _said(one), _SVG_METADATA.sub("", text), count=1)


def _pdf(content: bytes) -> bytes:
    """Dates and versions as blanks of the same length: the file's table of offsets stays right."""
    return _PDF_NOISE.sub(lambda found: b" " * len(found[0]), content)


def _explored(html: str, one: Shown) -> dict[str, bytes]:
    """An explorer's data: its table as CSV, or its JSON where it is no table."""
    found = _EXPLORER_DATA.search(html)
    if found is None:
        return {}
    data = json.loads(found[1])
    if not {"choices", "shown", "words", "rows"} <= data.keys():
        return {one.members[1]: (json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n").encode()}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([choice["label"] for choice in data["choices"]]
                    + [head for column in data["shown"] for head in _heads(column)])  # fmt: skip
    for row in data["rows"]:
        cells = [choice["options"][at] for choice, at in zip(data["choices"], row, strict=False)]
        at = len(data["choices"])
        for column in data["shown"]:
            cells += _cells(column, row[at:], data["words"])
            at += len(_heads(column)) if _kind(column) == "number" else 1
        writer.writerow(["" if cell is None else cell for cell in cells])
    return {one.members[0]: text.getvalue().encode()}


def _kind(column: Mapping[str, Any]) -> str:
    return str(column.get("kind", "words" if column.get("words") else "number"))


def _heads(column: Mapping[str, Any]) -> list[str]:
    """What the columns of one shown column are called; drawings have none."""
    label, kind = column["label"], _kind(column)
    if kind == "number":
        ends = [label + LOW, label + HIGH] if column.get("interval") else []
        return [label, *ends, *([f"{label}, mark"] if column.get("own_mark") else [])]
    if kind == "bars":
        return [f"{label}: {name}, %" for name in column["names"]]
    return [label] if kind == "words" else []


def _cells(column: Mapping[str, Any], values: Sequence[Any], words: Sequence[str]) -> list[Any]:
    kind = _kind(column)
    if kind == "words":
        return [words[values[0]]]
    if kind == "bars":
        return list(values[0] or [None] * len(column["names"]))
    return list(values[: len(_heads(column))])


def _caption(html: str) -> str:
    found = _CAPTION.search(html)
    return unescape(found[2]).strip() if found else ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _unused(name: str, used: set[str]) -> str:
    """The name, or with the first number that makes it one of its own."""
    number, free = 1, name
    while free in used:
        number += 1
        free = f"{name}-{number}"
    used.add(free)
    return free
