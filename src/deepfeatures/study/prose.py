"""The prose of published chapters mended without computing anything again: Markdown, captions, alternative texts.

What a page shows was computed by its code cells, from its parameters and artifacts. Where none of these changed since
it was published, its words can be put right alone: the new notebook has the new words and the outputs of the run, byte
for byte, and the record of how the page was made says when, and at which commit, its prose was mended.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

from deepfeatures.study import build, catalogue, downloads, offered, paths, provenance, publish, scrub
from deepfeatures.study.chapter_key import plan_for_publication, text_digest
from deepfeatures.study.publish import NotPublished

MENDED = "prose_mended"  # in provenance.json: a list, each with `at` (UTC) and `sha` (the commit that has the words)
_INJECTED = "injected-parameters"  # the tag of the cell that papermill puts after the parameters
_GLUE = re.compile(r"\{glue:[a-z]*\}`([^`:]+)")
_OWN_NAME = re.compile(r"\bcell-\d{3}\.py\b")  # how an output names the cell that it is of (study.scrub)


def mend(slugs: Sequence[str] = (), *, check: Callable[[Path], object]) -> list[str]:
    """Give published chapters the prose that their notebooks have now; gives those that changed. All or nothing.

    slugs: chapters, all unless given. check: is called with the folder that is about to be published; what it raises
    stops everything (the command renders the book strictly). Raises NotPublished where anything but prose differs from
    what was run, naming it; where the tree has uncommitted changes; where prose asks for a number that was not kept.
    """
    with publish.alone():
        return _mend_all(slugs, check)


def _mend_all(slugs: Sequence[str], check: Callable[[Path], object]) -> list[str]:
    publish.restore()
    publish.refuse_uncommitted("which words were published")
    ready = publish.being_made()
    shutil.rmtree(ready, ignore_errors=True)
    try:
        shutil.copytree(publish.folder(), ready)
        mended = [slug for slug in slugs or catalogue.slugs() if _mend(slug, ready)]
        if mended:
            check(ready)
            publish.put_in_place(ready)
    finally:
        shutil.rmtree(ready, ignore_errors=True)
    return mended


def _mend(slug: str, chapters: Path) -> bool:
    """Rewrite one chapter's files in a folder of chapters; False where its prose is as it was."""
    path = catalogue.chapter(slug).path
    files = {ending: chapters / f"{slug}.{ending}" for ending in (*build.ENDINGS.values(), build.OFFERED)}
    if missing := [file.name for file in files.values() if not file.is_file()]:
        raise NotPublished(f"chapter {slug} is not published with its source: no {', '.join(missing)}; {_AGAIN}")
    record = json.loads(files["provenance.json"].read_text())
    part, text = f"notebooks/{path.name}", path.read_text()
    if record["depends_on"].get(part) == text_digest(text):
        return False
    kept = downloads.read(files[build.OFFERED])
    ran = kept.get(f"{slug}.py", b"").decode()
    if record["depends_on"].get(part) != text_digest(ran):
        raise NotPublished(f"chapter {slug}: {part} as it was run is not among its downloads; {_AGAIN}")
    differs = code_differences(ran, text)
    if not differs:
        then, now = record["depends_on"], plan_for_publication(slug).parts
        differs = sorted(name for name in {*then, *now} - {part} if then.get(name) != now.get(name))
    if differs:
        raise NotPublished(f"chapter {slug}: more than prose differs from what was run: {'; '.join(differs)}; {_AGAIN}")
    published = nbformat.read(files["ipynb"], as_version=4)
    notebook = scrub.scrub(_with_prose(slug, published, text))
    _refuse_unknown_numbers(slug, notebook, json.loads(files["results.json"].read_text()))
    _refuse_wrong_names(slug, published, notebook)
    files["ipynb"].write_text(scrub.dumps(notebook), "utf-8")
    for before, after in zip(downloads.shown(published), downloads.shown(notebook), strict=True):
        if before.kind == "figure" and (svg := kept.get(before.members[0])) is not None:
            kept[before.members[0]] = downloads.retold(svg, before, after)
    downloads.pack(kept | {f"{slug}.py": text.encode()}, files[build.OFFERED])
    publish.refuse_large(slug, files["ipynb"], files[build.OFFERED])
    record["depends_on"][part] = text_digest(text)
    when = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    record[MENDED] = [*record.get(MENDED, []), {"at": when, "sha": provenance.git_state(paths.root())["sha"]}]
    files["provenance.json"].write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    return True


_AGAIN = "run it again: deepfeatures book --profile paper, then deepfeatures publish"


def code_differences(ran: str, now: str) -> list[str]:
    """What differs between two notebooks (their py:percent texts) besides prose, in words; none where nothing does.

    Prose are cells that are no code, and of a code cell's metadata a figure's caption and alternative text.
    """
    before, after = (jupytext.reads(text, fmt="py:percent") for text in (ran, now))
    found = [] if before.metadata == after.metadata else ["the notebook's header"]
    cells = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (before, after)]
    if len(cells[0]) != len(cells[1]):
        found.append(f"{len(cells[1])} code cells where {len(cells[0])} were run")
    for number, (old, new) in enumerate(zip(*cells, strict=False), start=1):
        if old.source != new.source:
            found.append(f"code cell {number} ({_first_line(new.source)!r})")
        elif _settings(old.metadata) != _settings(new.metadata):
            found.append(f"tags or settings of code cell {number} ({_first_line(new.source)!r})")
    return found


def _settings(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A code cell's metadata without a figure's caption and alternative text."""
    own = copy.deepcopy(dict(metadata))
    written = own.get("mystnb", {})
    for part, words in (("figure", "caption"), ("image", "alt")):
        if isinstance(written.get(part), dict):
            written[part].pop(words, None)
    return own


def _with_prose(slug: str, published: NotebookNode, text: str) -> NotebookNode:
    """The cells of the new text in its order; of code, the published cells with their outputs and the new captions."""
    notebook = copy.deepcopy(published)
    code = _with_injected(notebook)
    cells = []
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        if cell.cell_type != "code":
            cells.append(cell)
            continue
        ran, *injected = next(code, [None])
        if ran is None or ran.source != cell.source:
            raise NotPublished(f"chapter {slug}: its published notebook is not of the source that it names; {_AGAIN}")
        ran.metadata.pop("mystnb", None)
        if "mystnb" in cell.metadata:
            ran.metadata["mystnb"] = cell.metadata["mystnb"]
        cells += [ran, *injected]
    if next(code, None) is not None:
        raise NotPublished(f"chapter {slug}: its published notebook is not of the source that it names; {_AGAIN}")
    notebook.cells = cells
    return notebook


def _with_injected(notebook: NotebookNode) -> Iterator[list[Any]]:
    """Each code cell, with the parameters that papermill put after it."""
    groups: list[list[Any]] = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if _INJECTED in cell.metadata.get("tags", []) and groups:
            groups[-1].append(cell)
        else:
            groups.append([cell])
    return iter(groups)


def _refuse_unknown_numbers(slug: str, notebook: NotebookNode, results: Mapping[str, Any]) -> None:
    known = results.get("numbers") or offered.glued(notebook)
    asked = {name for cell in notebook.cells if cell.cell_type == "markdown" for name in _GLUE.findall(cell.source)}
    if unknown := sorted(asked - known.keys()):
        raise NotPublished(
            f"chapter {slug}: its prose asks for {', '.join(unknown)}, which its run did not keep; "
            f"it kept {', '.join(sorted(known)) or 'no number'}"
        )


def _refuse_wrong_names(slug: str, before: NotebookNode, after: NotebookNode) -> None:
    """An output that names its cell by its place would name another one, where cells moved."""
    old, new = ([cell for cell in one.cells if cell.cell_type == "code"] for one in (before, after))
    for then, now in zip(old, new, strict=True):
        if then.id != now.id and _OWN_NAME.search(json.dumps(now.outputs)):
            raise NotPublished(
                f"chapter {slug}: an output of {then.id} names its cell, which would now be {now.id}; "
                "keep as many cells before it"
            )


def _first_line(source: str) -> str:
    return next((line.strip()[:60] for line in source.splitlines() if line.strip()), "empty")
