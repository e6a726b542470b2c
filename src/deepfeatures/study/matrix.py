"""One method, five papers: what is encoded, where and how it reads out, as Markdown; every cell links to its record.

One table a way of reading, in one measure that all subjects share, the share of variance; then the papers' own
measures, subject by subject. Every number comes from a record (study.encoded), none from the keyboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from deepfeatures.study import anchors
from deepfeatures.study.encoded import Encoded, Reading, Subject

SHARED = "share of variance"
STEPS = 6  # shades of a cell, from nothing known to all
DATA = {"rendered": "rendered faces", "celeba": "CelebA", "pointing04": "Pointing'04"}


def full(cells: Sequence[Encoded]) -> str:
    """The whole page's tables. cells: of all chapters, in the book's order."""
    if not cells:
        return "No chapter of this render has measured what a layer encodes."
    parts = []
    shared = [cell for cell in cells if cell.metric == SHARED]
    for reading in get_args(Reading):
        if own := [cell for cell in shared if cell.reading == reading]:
            parts += [f"## {_title(reading)}", grid(own)]
    if others := [cell for cell in cells if cell.metric != SHARED]:
        parts += ["## In the papers' own measures"]
        for subject in get_args(Subject):
            if own := [cell for cell in others if cell.subject == subject]:
                parts += [f"### {subject.capitalize()}", listing(own)]
    return "\n\n".join(parts)


def grid(cells: Sequence[Encoded]) -> str:
    """A row a place, a column a subject; what nobody measured stays empty. Raises ValueError on two numbers for one."""
    subjects = [one for one in get_args(Subject) if any(cell.subject == one for cell in cells)]
    by_place: dict[tuple[str, str, str], dict[str, Encoded]] = {}
    for cell in cells:
        row = by_place.setdefault(cell.place, {})
        if cell.subject in row:
            raise ValueError(
                f"{cell.subject} in {' '.join(cell.place)} is reported twice: "
                f"by {row[cell.subject].chapter} and {cell.chapter}"
            )
        row[cell.subject] = cell
    lines = [f"| Where | {' | '.join(one.capitalize() for one in subjects)} |", f"|---|{'--:|' * len(subjects)}"]
    for (data, network, layer), row in by_place.items():
        where = f"{network}, {layer}" if layer != network else network
        place = "" if data == "rendered" else f" [{DATA.get(data, data)}]{{.claim-place}}"
        lines.append(f"| {where}{place} | {' | '.join(_cell(row.get(one)) for one in subjects)} |")
    return _table("encoded", lines)


def listing(cells: Sequence[Encoded]) -> str:
    """A row a number: where it was read, how, in which measure, with its interval and what that rests on."""
    lines = ["| Where | Reading | Measure | Here |", "|---|---|---|--:|"]
    for cell in cells:
        where = f"{cell.network}, {cell.layer} [{DATA.get(cell.data, cell.data)}]{{.claim-place}}"
        rests = f" [n = {cell.n:,} ({cell.unit}), {cell.tier} data]{{.claim-place}}"
        lines.append(f"| {where} | {cell.reading} | {cell.metric} | {_cell(cell)}{_interval(cell)}{rests} |")
    return _table("encoded", lines)


def _cell(cell: Encoded | None) -> str:
    """The value as a link to its record, which leads to the chapter, shaded by how far it is above knowing nothing."""
    if cell is None:
        return ""
    shade = min(STEPS - 1, int(cell.above_chance * STEPS))
    return f"[[{_shown(cell)}](#{anchors.encoded(cell)})]{{.share-{shade}}}"


def _interval(cell: Encoded) -> str:
    if cell.interval is None:
        return ""
    low, high = (_shown(cell.model_copy(update={"value": end})) for end in cell.interval)
    return f" [\\[{low}, {high}\\]]{{.claim-interval}}"


def _shown(cell: Encoded) -> str:
    """Without a sign where all decimals are 0."""
    bare = cell.shown.lstrip("\N{MINUS SIGN}")
    return cell.shown if float(bare) else bare


def _title(reading: str) -> str:
    return {"linear": "Read by a line", "non-linear": "Read by a kernel", "single unit": "Read from one unit"}.get(
        reading, reading.capitalize()
    )


def _table(kind: str, lines: Sequence[str]) -> str:
    return "\n".join([":::{table}", f":class: {kind}", "", *lines, ":::"])
