"""The chapters there are, read from their notebooks, and the profile that a set of parameters amounts to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deepfeatures.study import parameters, paths, profiles
from deepfeatures.study.allowed import did_you_mean
from deepfeatures.study.parameters import Parameter, Value

CUSTOM = "custom"  # parameters of a reader's own: like every profile but `paper`, it yields no verdicts


class UnknownChapter(ValueError):
    """There is no such chapter."""


@dataclass(frozen=True)
class Source:
    """A chapter's notebook. title: its first heading; parameters: its parameters cell."""

    slug: str
    path: Path
    title: str
    parameters: Mapping[str, Parameter]


class BadNotebook(ValueError):
    """A notebook cannot be taken for a chapter."""


def slugs() -> dict[str, Path]:
    """Slug to notebook, in the book's order: notebooks/02-mu-lenet.py is `mu-lenet`. Raises BadNotebook."""
    found: dict[str, Path] = {}
    for path in sorted(paths.notebooks().glob("[0-9][0-9]-*.py")):
        slug = path.stem.partition("-")[2]
        if slug in found:
            raise BadNotebook(
                f"{found[slug].name} and {path.name} in {path.parent} are both chapter {slug!r}: rename one of them"
            )
        found[slug] = path
    return found


def chapter(slug: str) -> Source:
    """One chapter's source. Raises UnknownChapter, which says which there are, and BadNotebook."""
    known = slugs()
    if slug not in known:
        given = parameters.shortened(slug)
        raise UnknownChapter(f"no chapter {given}{did_you_mean(slug, known)}; there are: {', '.join(known) or 'none'}")
    try:
        text = known[slug].read_text("utf-8")
    except UnicodeDecodeError as failure:
        raise BadNotebook(f"{known[slug]} is not text in UTF-8 (byte {failure.start:,}): save it as UTF-8") from failure
    return _read(slug, known[slug], text)


@cache
def _read(slug: str, path: Path, text: str) -> Source:
    title = re.search(r"^# # (.+)$", text, re.MULTILINE)
    return Source(slug, path, title.group(1) if title else slug, parameters.read_cell(text, slug))


def resolve(slug: str, profile: str, given: Mapping[str, object]) -> dict[str, Value]:
    """A chapter's parameters: its cell, then the profile, then what was given; all checked."""
    declared = chapter(slug).parameters
    return parameters.resolve(slug, declared, {**profiles.overrides(profile, slug, declared), **given})


def profile_of(slug: str, resolved: Mapping[str, Value]) -> str:
    """The profile whose values these are, `default` before others, else 'custom'. The device does not count."""
    names = profiles.names()
    for name in sorted(names, key=lambda name: (name != "default", name)):
        theirs = resolve(slug, name, {})
        if all(theirs[key] == value for key, value in resolved.items() if key != "device"):
            return name
    return CUSTOM
