"""A chapter of one's own: notebook, place in the contents and test, written together or not at all.

The new chapter reads the artifacts of an existing one (its header says so, see `borrowed_plans`), so that it needs no
entry in any table of the package and trains nothing that is there already.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import yaml

from deepfeatures.study import borrowed_plans, catalogue, paths, profiles
from deepfeatures.study.allowed import did_you_mean

LENDERS = ("rotated-mnist", "mu-lenet", "pair-lenet", "feature-spaces")  # each has the read-outs that the starter draws
SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
LONGEST, LAST_NUMBER = 40, 99
RESERVED = {profiles.EVERY, catalogue.CUSTOM, borrowed_plans.NONE}


class NotStarted(ValueError):
    """The chapter cannot be written as asked; nothing was changed."""


@dataclass(frozen=True)
class Started:
    """What was written."""

    notebook: Path
    contents: Path
    test: Path


def start(slug: str, *, title: str | None = None, like: str = LENDERS[0]) -> Started:
    """Write the chapter. Raises NotStarted for a name that cannot be used or is taken, before anything is written."""
    _check(slug, like)
    title = " ".join((title or slug.replace("-", " ").capitalize()).split())
    if not title or "`" in title:
        raise NotStarted(f"title {title!r}: a line of text, without backquotes")
    files = Started(
        paths.notebooks() / f"{_number():02d}-{slug}.py",
        paths.book() / "_toc.yml",
        paths.root() / "tests" / "chapters" / f"test_{slug.replace('-', '_')}.py",
    )
    for path in (files.notebook, files.test):
        if path.exists():
            raise NotStarted(f"{path.relative_to(paths.root())} is there already")
    told = {"slug": slug, "name": slug.replace("-", "_"), "title": title, "lender": like, "parameters": _cell(like)}
    _write_all(
        {
            files.contents: _with_entry(files.contents.read_text("utf-8"), slug, like),
            files.test: _starter("test").substitute(told),
            files.notebook: _starter("chapter").substitute(told),  # last: with it, the chapter exists
        }
    )
    return files


def _check(slug: str, like: str) -> None:
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST:
        raise NotStarted(f"{slug!r}: a chapter's name has lower-case letters, digits and single hyphens between them, "
                         f"begins with a letter and is no longer than {LONGEST}: angle-again, say")  # fmt: skip
    if slug in RESERVED:
        raise NotStarted(f"{slug!r} means something else here; choose a longer name")
    if slug in catalogue.slugs():
        raise NotStarted(f"there is a chapter {slug!r} already: notebooks/{catalogue.slugs()[slug].name}")
    there = [lender for lender in LENDERS if lender in catalogue.slugs()]
    if like not in there:
        raise NotStarted(f"--like {like}{did_you_mean(like, there)}: allowed are {', '.join(there)}; to read the "
                         "artifacts of another chapter, start with one of these and edit the header")  # fmt: skip


def _number() -> int:
    """The number after the last chapter's."""
    taken = [int(path.name[:2]) for path in catalogue.slugs().values()]
    if max(taken, default=0) >= LAST_NUMBER:
        raise NotStarted(f"chapters are numbered to {LAST_NUMBER}, and that number is taken: rename a notebook first")
    return max(taken, default=0) + 1


def _cell(lender: str) -> str:
    """The lender's parameters cell, word for word: with the same values, the artifacts are the same."""
    text = catalogue.chapter(lender).path.read_text("utf-8")
    found = re.search(r'^# %% tags=\["parameters"\]\n(.*?)\n*(?=^# %%)', text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise NotStarted(f"chapter {lender} has no cell headed # %% tags=[\"parameters\"]")
    return found[1].rstrip()


def _with_entry(contents: str, slug: str, lender: str) -> str:
    """The table of contents with the chapter at the end of its lender's part; unchanged where it is there already."""
    entry, lines = f"chapters/{slug}", contents.splitlines(keepends=True)
    parts = yaml.safe_load(contents)["parts"]
    files = [[chapter["file"] for chapter in part["chapters"]] for part in parts]
    if any(entry in part for part in files):  # of a start that was killed halfway
        return contents
    last = next((part[-1] for part in files if f"chapters/{lender}" in part), None)
    places = [number for number, line in enumerate(lines) if line.strip() == f"- file: {last}"]
    if len(places) != 1:
        raise NotStarted(
            f"book/_toc.yml has {len(places)} lines `- file: {last}`, after one of which the chapter belongs: add "
            f"`- file: {entry}` yourself and try again"
        )
    lines.insert(places[0] + 1, lines[places[0]].replace(str(last), entry))
    changed = "".join(lines)
    if [chapter["file"] for part in yaml.safe_load(changed)["parts"] for chapter in part["chapters"]].count(entry) != 1:
        raise NotStarted("book/_toc.yml is written in a way that is not understood here: add the chapter yourself")
    return changed


def _starter(name: str) -> Template:
    folder = importlib.resources.files("deepfeatures.study") / "starters"
    return Template((folder / f"{name}.txt").read_text("utf-8"))


def _write_all(files: Mapping[Path, str]) -> None:
    """Write every file, or put back what was there."""
    with _undone_if_it_fails(files):
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            try:
                temporary.write_text(text, "utf-8")
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _undone_if_it_fails(files: Mapping[Path, str]) -> Iterator[None]:
    before = {path: path.read_text("utf-8") if path.exists() else None for path in files}
    try:
        yield
    except BaseException:
        for path, text in before.items():
            if text is None:
                path.unlink(missing_ok=True)
            elif path.read_text("utf-8") != text:
                path.write_text(text, "utf-8")
        raise
