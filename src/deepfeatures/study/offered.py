"""What a chapter's page offers to take away: one folder of the site for each chapter, and all of it as one zip."""

from __future__ import annotations

import copy
import csv
import io
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from deepfeatures.study import active_content, catalogue, downloads, profiles
from deepfeatures.study.encoded import Encoded

FOLDER = "downloads"  # of the site


@dataclass(frozen=True)
class Run:
    """A chapter as it was run, and what its page offers. files: name below downloads/<slug>/ -> content; shown: its
    figures, tables and explorers; rows: its judged claims that have a value; cells: its numbers of the matrix.
    """

    slug: str
    results: Mapping[str, Any]
    provenance: Mapping[str, Any]
    shown: Sequence[downloads.Shown]
    rows: Sequence[Mapping[str, Any]]
    cells: Sequence[Encoded]
    numbers: Mapping[str, Mapping[str, Any]]
    files: dict[str, bytes] = field(repr=False)

    def of(self, one: downloads.Shown) -> list[str]:
        """Those of its files that this run kept."""
        return [name for name in one.members if name in self.files]

    @property
    def missing(self) -> list[downloads.Shown]:
        """What this run kept no file of: it is older than the files."""
        return [one for one in self.shown if not self.of(one)]


def collect(
    chapters: Path,
    slug: str,
    results: Mapping[str, Any],
    provenance: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    cells: Sequence[Encoded],
) -> Run:
    """Read a published or executed chapter. Raises downloads.BadDownloads."""
    notebook = nbformat.read(chapters / f"{slug}.ipynb", as_version=4)
    files = downloads.take(copy.deepcopy(notebook)) | downloads.read(chapters / f"{slug}.downloads.zip")
    _refuse_active(files, slug)
    rows = [row for row in rows if row["chapter"] == slug and row["value"] is not None]
    numbers = results.get("numbers") or glued(notebook)
    for ending in ("ipynb", "results.json", "provenance.json"):
        files[f"{slug}.{ending}"] = (chapters / f"{slug}.{ending}").read_bytes()
    if rows:
        files["records.csv"] = _csv([_record(row) for row in rows])
    if cells:
        files["encoded.csv"] = _csv([_encoded(cell) for cell in cells])
    if numbers:
        files["numbers.csv"] = _csv([{"name": name, **one} for name, one in numbers.items()])
    return Run(slug, results, provenance, list(downloads.shown(notebook)), rows, cells, numbers, files)


def _refuse_active(files: Mapping[str, bytes], slug: str) -> None:
    """Pictures of vectors lie on the site as files of their own. Raises downloads.BadDownloads."""
    for name, content in files.items():
        if name.endswith(".svg") and (found := active_content.in_svg(content.decode("utf-8", "replace"))):
            raise downloads.BadDownloads(
                f"chapter {slug}: {found} in its {name} would act in the browser of whoever opens it: draw the figure "
                "with matplotlib, and run the chapter again"
            )


def write(run: Run, site: Path) -> None:
    """Put the files and their zip under `site`/downloads/<slug>."""
    folder = site / FOLDER / run.slug
    folder.mkdir(parents=True)
    for name, content in run.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    downloads.pack(run.files, folder / f"{run.slug}.zip")


def command(slug: str, results: Mapping[str, Any]) -> str:
    """What to type to make the chapter again: its profile, or the default one and what differs from it."""
    profile, parameters = results["profile"], results.get("parameters", {})
    if slug not in catalogue.slugs():
        usual: Mapping[str, Any] = {}
    elif profile in profiles.names():
        return f"deepfeatures run {slug} --profile {profile}"
    else:
        usual = catalogue.resolve(slug, "default", {})
    changed = {name: value for name, value in parameters.items() if name not in usual or usual[name] != value}
    given = (f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in changed.items())
    return " ".join([f"deepfeatures run {slug}", *(f"-p {shlex.quote(one)}" for one in given if one)])


def glued(notebook: Any) -> dict[str, dict[str, Any]]:
    """The numbers of a run that did not keep them among its results: as its prose shows them."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            text = "".join(output.get("data", {}).get("application/papermill.record/text/plain", ""))
            if name and text:
                found[name] = {"value": None, "shown": text.strip("'")}
    return found


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    low, high = row["interval"] or (None, None)
    names = ("n", "unit", "seeds", "tier", "profile", "verdict", "location", "statement")
    return {
        "claim": row["id"], "value": row["value"], "low": low, "high": high, "value_unit": row["value_unit"],
        "paper_value": row["paper_value"],
    } | {name: row[name] for name in names}  # fmt: skip


def _encoded(cell: Encoded) -> dict[str, Any]:
    fields = cell.model_dump()
    low, high = fields.pop("interval") or (None, None)
    return fields | {"low": low, "high": high}


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
