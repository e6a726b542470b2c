"""Commands about several runs of a chapter, and for a chapter of one's own: sweep, compare, runs, new-chapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from deepfeatures.cli_options import Cores, Profile, Slug, WorkflowProfile, complete_parameter, say_other_data

app = typer.Typer()

Grid = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--parameter",
        metavar="NAME=VALUES",
        help="Values of one parameter: a,b,c, or 0..4 for whole numbers (0..8..2 in steps). A text with commas "
        "stands in quotes, a list in brackets. seed=0..4 is first_seed=0..4 with seeds=1.",
        autocompletion=complete_parameter,
    ),
]


@app.command()
def sweep(
    chapter: Slug,
    parameter: Grid = None,
    profile: Profile = "default",
    cores: Cores = None,
    workflow_profile: WorkflowProfile = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Instead of runs/sweeps/<chapter>-<digest>.")
    ] = None,
) -> None:
    """Run a chapter at every point of a grid and draw one page of it; started again, it goes on where it stopped.

    The first number that is swept becomes the x axis, the next parameter the lines, further ones the panels; seeds are
    averaged.
    """
    from deepfeatures.study import execute, sweep_page
    from deepfeatures.study import grid as grids
    from deepfeatures.study import sweep as sweeping

    given = parameter or []
    grid = grids.read(chapter, profile, given)
    into = sweeping.folder(grid, out)
    planned = sweeping.plan(grid)
    say_other_data(planned)
    already = sum(execute.complete(point) for point in planned)
    typer.echo(f"{len(planned)} runs of {chapter}" + (f", {already} of them done already" if already else ""), err=True)
    sweeping.run(planned, cores=cores, workflow_profile=workflow_profile)
    assignments = [part for text in given for part in ("-p", text)]
    elsewhere = [] if out is None else ["--out", str(out)]
    command = ["deepfeatures", "sweep", chapter, *assignments, "--profile", profile, *elsewhere]
    done = sweeping.gather(grid, planned, into, command)
    typer.echo(sweep_page.write(grid, done, into, command))
    failed = [one for one in done if one.failure is not None]
    for one in failed:
        typer.echo(f"failed: {one.named()}: {one.failure}", err=True)
    if failed:
        typer.echo(f"{len(failed)} of {len(done)} points failed; the others are on the page", err=True)
        raise typer.Exit(1)


@app.command()
def compare(
    first: Annotated[
        str, typer.Argument(metavar="RUN", help="published:CHAPTER, a folder, the start of a key, or SWEEP:POINT.")
    ],
    second: Annotated[str, typer.Argument(metavar="RUN", help="The other run, of the same chapter.")],
    html: Annotated[
        bool, typer.Option("--html", help="Write a page with the figures side by side, under runs/compared.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write there: the page where it ends in .html.")
    ] = None,
) -> None:
    """What differs between two runs of a chapter: parameters, numbers with their intervals, figures."""
    from deepfeatures.study import compare as comparing
    from deepfeatures.study import compare_page, kept, paths
    from deepfeatures.study.sweep import write

    found = comparing.compare(kept.find(first), kept.find(second))
    told = comparing.text(found)
    typer.echo(told)
    if html or (out and out.suffix == ".html"):
        file = out or paths.runs() / "compared" / f"{_as_name(first)}--{_as_name(second)}.html"
        typer.echo(f"\n{compare_page.write(found, file)}")
    elif out:
        write(out, told + "\n")


@app.command()
def runs(as_json: Annotated[bool, typer.Option("--json", help="Records for a program.")] = False) -> None:
    """The runs that are kept: start of the key, when it ended, chapter, profile, data, what was changed; and sweeps."""
    from deepfeatures.study import kept
    from deepfeatures.study.sweep import shown

    rows = []
    for run in kept.every():
        profile, changed = kept.nearest_profile(run)
        rows.append({"key": run.name, "chapter": run.chapter, "profile": profile, "changed": changed,
                     "tier": run.results["tier"], "finished": run.finished})  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        changes = " ".join(f"{name}={shown(value)}" for name, value in row["changed"].items())
        told = f"{row['key'][:12]}  {row['finished']:<20}  {row['chapter']:<24} {row['profile']:<8} {row['tier']:<10}"
        typer.echo(f"{told} {changes}".rstrip())
    for swept in kept.sweeps():
        failed = sum(point["failure"] is not None for point in swept["points"])
        lost = f", {failed} failed" if failed else ""
        typer.echo(f"{swept['name']}  a sweep of {len(swept['points'])} points{lost}")
    if not rows:
        typer.echo("no run is kept here; the published pages are: published:CHAPTER")


@app.command("new-chapter")
def new_chapter(
    slug: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case words and hyphens, such as angle-again.")],
    title: Annotated[str | None, typer.Option("--title", help="Its first heading, best a question.")] = None,
    like: Annotated[
        str, typer.Option("--like", metavar="CHAPTER", help="Whose parameters and artifacts it begins with.")
    ] = "rotated-mnist",
) -> None:
    """Start a chapter of your own: a notebook that runs, its place in the contents, and a test."""
    from deepfeatures.study import new_chapter as starting
    from deepfeatures.study import paths

    made = starting.start(slug, title=title, like=like)
    for path in (made.notebook, made.contents, made.test):
        typer.echo(path.relative_to(paths.root()))
    typer.echo(f"\nnow: deepfeatures run {slug} --profile smoke", err=True)


def _as_name(run: str) -> str:
    """A run's name as part of a file's: no separators, not too long."""
    return "".join(letter if letter.isalnum() or letter in "-_=." else "-" for letter in run).strip(".-")[-60:]
