"""Arguments that several commands share, what a shell may complete in them, and what is said of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from deepfeatures.study import catalogue, paths, profiles

if TYPE_CHECKING:
    from deepfeatures.study.chapter_key import Planned
    from deepfeatures.study.parameters import Parameter


def complete_chapter(incomplete: str) -> list[tuple[str, str]]:
    """Slugs with their titles."""
    return [(slug, catalogue.chapter(slug).title) for slug in catalogue.slugs() if slug.startswith(incomplete)]


def complete_profile(incomplete: str) -> list[str]:
    """Names under profiles/."""
    return [name for name in profiles.names() if name.startswith(incomplete)]


def complete_parameter(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """NAME= of the chapter that stands before; after it the values there are, where they are names."""
    # Where the option has no value yet, click has left the chapter among the words it did not come to.
    known = catalogue.slugs()
    slug = next((word for word in (context.params.get("chapter"), *context.args) if word in known), None)
    return [] if slug is None else list(_assignments(catalogue.chapter(slug).parameters, incomplete))


def complete_in_book(incomplete: str) -> list[tuple[str, str]]:
    """CHAPTER. first, then as for one chapter."""
    slug, dot, rest = incomplete.partition(".")
    if not dot:
        return [(f"{slug}.", title) for slug, title in complete_chapter(incomplete)]
    if slug not in catalogue.slugs():
        return []
    return [(f"{slug}.{text}", told) for text, told in _assignments(catalogue.chapter(slug).parameters, rest)]


def complete_workflow_profile(incomplete: str) -> list[str]:
    """Names under workflow/profiles/."""
    known = sorted(path.parent.name for path in (paths.root() / "workflow" / "profiles").glob("*/config.yaml"))
    return [name for name in known if name.startswith(incomplete)]


def _assignments(params: Mapping[str, Parameter], incomplete: str) -> Iterator[tuple[str, str]]:
    from deepfeatures.study import allowed

    name, equals, value = incomplete.partition("=")
    if not equals:
        yield from ((f"{known}=", one.help) for known, one in params.items() if known.startswith(name))
    elif name in params:
        names = getattr(allowed.TABLE.get(name), "choices", ())
        yield from ((f"{name}={one}", "") for one in names if one.startswith(value))


Slug = Annotated[
    str,
    typer.Argument(
        metavar="CHAPTER", help="A chapter, as `deepfeatures list` names it.", autocompletion=complete_chapter
    ),
]
Profile = Annotated[
    str, typer.Option("--profile", help="smoke, default or paper (profiles/).", autocompletion=complete_profile)
]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "-p", "--parameter", metavar="NAME=VALUE", help="Change one parameter.", autocompletion=complete_parameter
    ),
]
Cores = Annotated[int | None, typer.Option("--cores", min=1, help="Jobs side by side; all cores unless given.")]
WorkflowProfile = Annotated[
    str | None,
    typer.Option(
        "--workflow-profile",
        help="Where jobs run: slurm, kubernetes (workflow/profiles/), or a folder with config.yaml; else here.",
        autocompletion=complete_workflow_profile,
    ),
]


def say_other_data(planned: Sequence[Planned]) -> None:
    """One line on standard error for each data set that is not the paper's own: nothing is substituted in silence."""
    sources = {(chapter.source.note, chapter.source.tier) for chapter in planned if chapter.source.tier != "original"}
    for note, tier in sorted(sources):
        typer.echo(f"data: {note}: pages carry the {tier} banner", err=True)
