"""One method, five papers: what is encoded, where and how it reads out, as Markdown; every cell links to its number.

One table a way of reading and a world of images, in one measure that all subjects share, the share of variance; then
the papers' own measures, a table each. A column is in one measure, and names the paper and the chapters it is from.
Every number comes from a record, a chapter's own cells or one of its tables (study.matrix_sources), none from the
keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from deepfeatures.study.matrix_cells import DATA, METRICS, READINGS, SUBJECTS, Cell

SHARED = "share of variance"
STEPS = 6  # shades of a cell, from nothing known to all
TITLES = {"linear": "Read by a line", "non-linear": "Read by a kernel", "single unit": "Read from one unit"}
WORLDS = {"Rotated digits": ("digits",), "Rendered faces": ("rendered",), "Photographs": ("celeba", "pointing04")}
Papers = Mapping[str, str]  # chapter -> its paper, as Markdown; a chapter may have none
Key = TypeVar("Key", bound=Hashable)


def full(cells: Sequence[Cell], papers: Papers) -> str:
    """The whole page's tables. cells: of all chapters, in the book's order."""
    if not cells:
        return "No chapter of this render has measured what a layer encodes."
    parts = []
    shared = [cell for cell in cells if cell.metric == SHARED]
    for reading, title in TITLES.items():
        if own := [cell for cell in shared if cell.reading == reading]:
            parts += [f"## {title}"]
            for world, data in WORLDS.items():
                if inside := [cell for cell in own if cell.data in data]:
                    parts += [f"### {world}, {title[0].lower()}{title[1:]}", grid(inside, papers), meanings(inside)]
    if others := [cell for cell in cells if cell.metric != SHARED]:
        parts += ["## In the papers' own measures"]
        for subject in SUBJECTS:
            if own := [cell for cell in others if cell.subject == subject]:
                parts += [f"### {subject.capitalize()}"]
                for group in _grouped(own, lambda cell: (cell.topic, cell.metric)).values():
                    parts += [_measured_as(group[0]), listing(group, papers), meanings(group)]
    return "\n\n".join(part for part in parts if part)


def grid(cells: Sequence[Cell], papers: Papers) -> str:
    """A row a place, a column a subject of one paper; what nobody measured stays empty. Raises ValueError on two
    numbers for one cell.
    """
    columns = _grouped(
        sorted(cells, key=lambda cell: SUBJECTS.index(cell.subject)),
        lambda cell: (cell.topic, papers.get(cell.chapter, "")),
    )
    by_place: dict[tuple[str, str], dict[tuple[str, str], Cell]] = {}
    for cell in cells:
        row = by_place.setdefault((cell.data, cell.where), {})
        key = (cell.topic, papers.get(cell.chapter, ""))
        if key in row:
            raise ValueError(
                f"{cell.topic} in {cell.data}, {cell.where} is reported twice: by {row[key].chapter} and {cell.chapter}"
            )
        row[key] = cell
    heads = [f"{topic} [{_from(group, papers)}]{{.claim-place}}" for (topic, _), group in columns.items()]
    lines = [f"| Where | {' | '.join(heads)} |", f"|---|{'--:|' * len(heads)}"]
    for (data, where), row in by_place.items():
        place = "" if data == "rendered" else f" [{DATA.get(data, data)}]{{.claim-place}}"
        lines.append(f"| {where}{place} | {' | '.join(_cell(row.get(key)) for key in columns)} |")
    return _table(lines)


def listing(cells: Sequence[Cell], papers: Papers) -> str:
    """A row a number, all in one measure: where and how it was read, whose question it is, its interval and what that
    rests on. Raises ValueError where measures would share the column.
    """
    metrics = list(dict.fromkeys(cell.metric for cell in cells))
    if len(metrics) != 1:
        raise ValueError(f"one column cannot hold {' and '.join(metrics)}")
    lines = [f"| Where | Read | Paper | {metrics[0][0].upper()}{metrics[0][1:]} |", "|---|---|---|--:|"]
    for cell in cells:
        where = f"{cell.where} [{DATA.get(cell.data, cell.data)}]{{.claim-place}}"
        read, rests = READINGS.get(cell.reading, cell.reading), f" [{cell.rests}]{{.claim-place}}"
        lines.append(f"| {where} | {read} | {_from([cell], papers)} | {_cell(cell)}{_interval(cell)}{rests} |")
    return _table(lines)


def meanings(cells: Sequence[Cell]) -> str:
    """What the numbers of a table are: a line a subject and chapter; '' where nobody said."""
    said = dict.fromkeys((cell.topic, cell.chapter, cell.meaning) for cell in cells if cell.meaning)
    items = [f"- *{topic}* (`{chapter}`): {' '.join(meaning.split())}" for topic, chapter, meaning in said]
    return "\n".join([":::{div} matrix-meanings", *items, ":::"]) if items else ""


def _measured_as(cell: Cell) -> str:
    """'**Identity: which digit.** Accuracy of ten kinds, %: 10 knows nothing, 100 is perfect.'"""
    chance, perfect, _ = METRICS[cell.metric]
    ends = f"{chance:g} knows nothing, {perfect:g} is perfect"
    if cell.metric == "rank correlation":
        ends = "0 knows nothing; the sign says which way"
    elif "layer" in cell.metric:
        ends = "how much of the layer it fills; more is not better"
    return f"**{cell.topic}.** {cell.metric[0].upper()}{cell.metric[1:]}: {ends}."


def _grouped(cells: Sequence[Cell], key: Callable[[Cell], Key]) -> dict[Key, list[Cell]]:
    found: dict[Key, list[Cell]] = {}
    for cell in cells:
        found.setdefault(key(cell), []).append(cell)
    return found


def _from(cells: Sequence[Cell], papers: Papers) -> str:
    """The paper and the chapters; a chapter without claims is an instrument for all."""
    chapters = list(dict.fromkeys(cell.chapter for cell in cells))
    linked = ", ".join(f"{{doc}}`{slug} </chapters/{slug}>`" for slug in chapters)
    return f"{papers.get(chapters[0], 'of all papers')}: {linked}"


def _cell(cell: Cell | None) -> str:
    """The value as a link to its number, which leads to the chapter, shaded by how far it is above knowing nothing."""
    if cell is None:
        return ""
    shade = min(STEPS - 1, int(cell.above_chance * STEPS))
    return f"[[{cell.shown()}](#{cell.place})]{{.share-{shade}}}"


def _interval(cell: Cell) -> str:
    if cell.interval is None:
        return ""
    low, high = (cell.shown(end) for end in cell.interval)
    return f" [\\[{low}, {high}\\]]{{.claim-interval}}"


def _table(lines: Sequence[str]) -> str:
    return "\n".join([":::{table}", ":class: encoded", "", *lines, ":::"])
