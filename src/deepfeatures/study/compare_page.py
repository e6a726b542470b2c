"""Two runs on one page: what differs, and the figures of both notebooks side by side."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from deepfeatures.study import catalogue, compare, pages, sweep
from deepfeatures.study.compare import Comparison
from deepfeatures.study.kept import Run, UnknownRun


@dataclass(frozen=True)
class Drawn:
    """One figure of a notebook. name: its own, or its place among those without one; png: the file's bytes."""

    name: str
    caption: str
    alt: str
    png: bytes


def write(found: Comparison, file: Path) -> Path:
    """Write the page of a comparison whole or not at all."""
    sweep.write(file, page(found))
    return file


def page(found: Comparison) -> str:
    """The page as text."""
    try:
        title = catalogue.chapter(found.first.chapter).title
    except catalogue.UnknownChapter:  # a run of a chapter that is gone can still be looked at
        title = ""
    one, other = (
        {"name": run.name, "profile": run.results["profile"], "tier": run.results["tier"], "finished": run.finished}
        for run in (found.first, found.second)
    )
    return pages.fill(
        "compare",
        heading=f"{found.first.chapter}: {found.first.name} and {found.second.name}",
        title=title,
        runs=[one, other],
        parameters=found.parameters,
        context=found.context,
        numbers=[changed.cells() for changed in found.changed],
        counted=f"{len(found.changed)} of {len(found.numbers)} numbers changed.",
        only=found.only,
        overlap=compare.OVERLAP,
        figures=list(_pairs(found.first, found.second)),
    )


def figures(run: Run) -> list[Drawn]:
    """The PNG figures of a run's notebook, in its order. Raises UnknownRun where the notebook cannot be read."""
    try:
        notebook = nbformat.read(run.notebook, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise UnknownRun(f"{run.name}: its notebook {run.notebook.name} cannot be read: {error}") from error
    found: list[Drawn] = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            png = output.get("data", {}).get("image/png")
            if not png:
                continue
            told: dict[str, Any] = cell.metadata.get("mystnb", {})
            figure, image = told.get("figure", {}), told.get("image", {})
            name = str(figure.get("name") or f"figure {len(found) + 1}")
            if name in {one.name for one in found}:  # a cell that draws several
                name = f"{name} ({len(found) + 1})"
            try:
                content = base64.b64decode("".join(png), validate=False)
            except (binascii.Error, ValueError) as error:
                raise UnknownRun(f"{run.name}: {name} of its notebook is no image: {error}") from error
            found.append(Drawn(name, str(figure.get("caption", "")), str(image.get("alt", "")), content))
    return found


def _pairs(first: Run, second: Run) -> Iterator[dict[str, Any]]:
    """Figures of the same name together, in the first run's order; those that are equal once."""
    one, other = ({drawn.name: drawn for drawn in figures(run)} for run in (first, second))
    for name in dict.fromkeys((*one, *other)):
        a, b = one.get(name), other.get(name)
        shown = a or b
        assert shown is not None
        same = a is not None and b is not None and a.png == b.png
        sides = [
            {
                "label": label,
                "address": pages.data_address(drawn.png, "image/png") if drawn else "",
                "alt": f"{label}: {drawn.alt or drawn.caption or name}" if drawn else "",
                "missing": "" if drawn else f"{run.name} has no such figure.",
            }
            for label, drawn, run in (("A and B, identical" if same else "A", a, first), ("B", b, second))
        ]
        yield {"name": name, "caption": shown.caption, "sides": sides[:1] if same else sides}
