"""Cells of the matrix that stand among a chapter's records or in its tables: found by the mapping book/matrix.yaml.

A source names a chapter, what is encoded (`subject`, `of`), the measure (`metric`, `meaning`) and the reading; and then
    records    claim -> network and layer (and its own reading): the measured value of that claim
    table      the name of a table's CSV without its number; `filter` (column -> value) keeps rows; `column` is the path
               of headings to the value, each right of the former (two columns may have one heading); `place` says
               which columns name data, network and layer ('a/b' in one cell is network and layer); or `key` is the
               column that names a row, and `rows` says which network and layer each name is.
A run may lack a record or a row: sizes differ, and not everybody has photographs. The tests want all of them there in
the published chapters.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from deepfeatures.study import anchors, paths
from deepfeatures.study.claims import Claim, Record
from deepfeatures.study.encoded import Encoded
from deepfeatures.study.matrix_cells import METRICS, SUBJECTS, Cell, of_encoded, placed, rests
from deepfeatures.study.tables import HIGH, LOW

_SPREAD = re.compile(r"([−-]?[\d.]+) \[([−-]?[\d.]+), ([−-]?[\d.]+)\](?: of [\d,]+)?")
_WORLD = {"rendered": "rendered", "substitute": "celeba"}  # of a record whose source names no data: by its tier


class MatrixError(ValueError):
    """The mapping cannot be used; the message names the file and what is wrong."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Strict):
    """A network and layer by name; reading: where not the source's."""

    network: str
    layer: str
    reading: str = ""


class Source(_Strict):
    """See the top of this module."""

    chapter: str
    subject: str
    of: str = ""
    metric: str
    meaning: str
    reading: str = ""
    data: str = ""
    layer: str = ""
    unit: str = ""
    records: dict[str, Place] = {}
    table: str = ""
    filter: dict[str, str] = {}
    column: list[str] = []
    place: dict[str, str] = {}
    key: str = ""
    rows: dict[str, Place] = {}

    @model_validator(mode="after")
    def _one_kind(self) -> Source:
        if bool(self.records) == bool(self.table):
            raise ValueError("needs `records` or `table`, and not both")
        if self.table and (not self.column or bool(self.place) == bool(self.key and self.rows)):
            raise ValueError("a table needs `column`, and `place` or `key` with `rows`")
        if self.metric not in METRICS:
            raise ValueError(f"metric {self.metric!r} is not one of {', '.join(METRICS)}")
        if self.subject not in SUBJECTS:
            raise ValueError(f"subject {self.subject!r} is not one of {', '.join(SUBJECTS)}")
        return self


class Reported(_Strict):
    """What cells that a chapter reports itself are of: a part of their subject, and what the number is."""

    of: str = ""
    meaning: str = ""


class Mapped(_Strict):
    """The whole mapping. cells: by the label that chapters give the cells that they report themselves."""

    cells: dict[str, Reported] = {}
    worlds: dict[str, str] = {}
    leave_out: list[str] = []
    sources: list[Source] = []

    def of_encoded(self, cell: Encoded) -> Cell:
        """A chapter's own cell, with what is said here of its label."""
        said = self.cells.get(cell.label, Reported())
        return of_encoded(cell, said.of, said.meaning)


def load(path: Path | None = None) -> Mapped:
    """The mapping of the checkout; an empty one where it has none. Raises MatrixError."""
    path = path or paths.book() / "matrix.yaml"
    if not path.is_file():
        return Mapped()
    try:
        return Mapped.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise MatrixError(f"{path.name}: {error}") from error


def cells(
    mapped: Mapped, slug: str, tier: str, records: Mapping[str, Record], files: Mapping[str, bytes]
) -> list[Cell]:
    """Every cell of the sources of one chapter. records: by claim; files: what the chapter offers (`offered.Run`)."""
    own = [source for source in mapped.sources if source.chapter == slug]
    return [cell for source in own for cell in found(mapped, source, tier, records, files)]


def found(
    mapped: Mapped, source: Source, tier: str, records: Mapping[str, Record], files: Mapping[str, bytes]
) -> list[Cell]:
    """The cells of one source."""
    if source.table:
        return list(_in_table(mapped, source, tier, files))
    return [_of_record(source, at, records[claim]) for claim, at in source.records.items() if claim in records]


def _of_record(source: Source, at: Place, record: Record) -> Cell:
    return Cell(
        source.subject, source.of, source.data or _WORLD.get(record.tier, record.tier), at.network, at.layer,
        at.reading or source.reading, source.metric, record.value, record.interval,
        rests(record.n, record.unit, record.tier), source.chapter, anchors.record(record.claim), source.meaning,
    )  # fmt: skip


def _in_table(mapped: Mapped, source: Source, tier: str, files: Mapping[str, bytes]) -> Iterator[Cell]:
    content = table(source, files)
    if content is None:
        return
    heads, *lines = csv.reader(io.StringIO(content.decode()))
    at = _column(heads, source.column)
    for line in lines:
        kept = all(name in heads and line[heads.index(name)] == one for name, one in source.filter.items())
        if at is None or not kept:
            continue
        where = _where(mapped, source, heads, line)
        value, interval = _value(heads, line, at)
        if where is None or value is None:
            continue
        data, place = where
        said = rests(None, (source.unit or "people") if interval else "", "rendered" if data == "rendered" else tier)
        yield placed(Cell(
            source.subject, source.of, data, place.network, place.layer, place.reading or source.reading,
            source.metric, value, interval, said, source.chapter, "", source.meaning,
        ))  # fmt: skip


def table(source: Source, files: Mapping[str, bytes]) -> bytes | None:
    """The CSV that a source names, whatever its number on the page."""
    wanted = re.compile(rf"tables/table-\d+-{re.escape(source.table)}\.csv")
    return next((content for name, content in files.items() if wanted.fullmatch(name)), None)


def _column(heads: Sequence[str], path: Sequence[str]) -> int | None:
    at = -1
    for name in path:
        if name not in heads[at + 1 :]:
            return None
        at = heads.index(name, at + 1)
    return at


def _where(mapped: Mapped, source: Source, heads: Sequence[str], line: Sequence[str]) -> tuple[str, Place] | None:
    """Data, and network with layer; None for a row that is no network of this matrix."""
    if source.key:
        place = source.rows.get(line[heads.index(source.key)]) if source.key in heads else None
        return (source.data, place) if place else None
    named = {what: line[heads.index(head)] for what, head in source.place.items() if head in heads}
    if "network" not in named:
        return None
    network, _, layer = named["network"].partition("/")
    if network in mapped.leave_out:
        return None
    layer = "pixels" if network == "pixels" else layer or named.get("layer") or source.layer
    data = named.get("data", source.data)
    return mapped.worlds.get(data, data), Place(network=network, layer=layer)


def _value(heads: Sequence[str], line: Sequence[str], at: int) -> tuple[float | None, tuple[float, float] | None]:
    """A number with the two columns of its interval, or '29.6 [28.4, 30.7] of 980'; None for a dash."""
    if whole := _SPREAD.fullmatch(line[at]):
        middle, *ends = (float(one.replace("−", "-")) for one in whole.groups())
        return middle, (ends[0], ends[1])
    value = _real(line[at])
    if list(heads[at + 1 : at + 3]) == [heads[at] + LOW, heads[at] + HIGH]:
        low, high = _real(line[at + 1]), _real(line[at + 2])
        return value, None if low is None or high is None else (low, high)
    return value, None


def _real(text: str) -> float | None:
    try:
        return float(text.replace("−", "-"))
    except ValueError:
        return None


def by_claim(records: Sequence[Record]) -> dict[str, Record]:
    return {record.claim: record for record in records}


def papers(claims: Mapping[str, Claim], references: str) -> dict[str, str]:
    """Chapter -> the paper most of its claims are of, as Markdown: cited where the references (BibTeX) have it."""
    counted: dict[str, dict[str, int]] = {}
    for claim in claims.values():
        if claim.chapter:
            one = counted.setdefault(claim.chapter, {})
            one[claim.paper] = one.get(claim.paper, 0) + 1
    known = set(re.findall(r"^@\w+\{([^,\s]+),", references, re.MULTILINE))
    most = {chapter: max(one, key=lambda paper: one[paper]) for chapter, one in counted.items()}
    return {chapter: f"{{cite:t}}`{paper}`" if paper in known else f"`{paper}`" for chapter, paper in most.items()}
