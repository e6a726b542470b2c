"""The command `deepfeatures`: thin, so that everything it does can be done from Python too."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deepfeatures import cli_data, cli_probe, cli_runs
from deepfeatures.cli_options import Cores, Given, Profile, Slug, WorkflowProfile, complete_in_book, say_other_data
from deepfeatures.study import catalogue, parameters, paths

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__.splitlines()[0] if __doc__ else "")
bundle_app = typer.Typer(no_args_is_help=True, help="The artifacts behind a book as one checked file.")
app.add_typer(cli_data.app, name="data")
app.add_typer(bundle_app, name="bundle")
app.add_typer(cli_runs.app)  # without a name: its commands stand beside these
app.add_typer(cli_probe.app)


def main() -> None:
    """Run the command; an error a reader can mend is one message and exit code 2, never a traceback."""
    paths.settle()
    try:
        app()
    except Exception as failure:
        from deepfeatures.study import artifacts

        full = artifacts.out_of_space(failure)  # libraries say it by errors of their own, without the way out
        if os.environ.get("DEEPFEATURES_TRACEBACK") or not (full or _expected(failure)):
            raise
        told = _full(failure) if full and not isinstance(failure, artifacts.DiskFull) else failure
        print(f"deepfeatures: {told}", file=sys.stderr)
        sys.exit(2)


def _full(failure: Exception) -> Exception:
    """Which disk is full: a file may be asked for elsewhere than under runs/."""
    import shutil

    from deepfeatures.study import artifacts

    name = getattr(failure, "filename", None)
    where = Path(os.fsdecode(name)).absolute().parent if isinstance(name, str | bytes) else None
    if where is None or not where.is_dir() or where.is_relative_to(paths.runs().absolute()):
        return artifacts.disk_full("a file")
    free = shutil.disk_usage(where).free / 1e6
    return OSError(f"no space left while writing {name} ({free:,.0f} MB are free under {where}): free some space there")


def _expected(failure: Exception) -> bool:
    # ValueErrors of this package say what was given and what is allowed; so do its errors about files and jobs.
    ours = type(failure).__module__.startswith("deepfeatures.")
    return ours or isinstance(failure, ValueError | OSError)


@app.command("list")
def list_chapters() -> None:
    """The chapters, in the book's order."""
    widest = max(map(len, catalogue.slugs()), default=0)
    for slug in catalogue.slugs():
        typer.echo(f"{slug:<{widest}} {catalogue.chapter(slug).title}")


@app.command()
def params(chapter: Slug, profile: Profile = "default") -> None:
    """A chapter's parameters: value at a profile, type, what is allowed, meaning."""
    from deepfeatures.study import allowed

    resolved = catalogue.resolve(chapter, profile, {})
    for name, declared in catalogue.chapter(chapter).parameters.items():
        typer.echo(
            f"{name} = {json.dumps(resolved[name])}   ({declared.type}, {allowed.describe(name)})\n    {declared.help}"
        )


@app.command()
def run(
    chapter: Slug,
    parameter: Given = None,
    profile: Profile = "default",
    cores: Cores = None,
    workflow_profile: WorkflowProfile = None,
) -> None:
    """Run one chapter and say where the executed notebook is."""
    from deepfeatures.study import build, execute
    from deepfeatures.study.chapter_key import plan

    declared = catalogue.chapter(chapter).parameters
    given = parameters.parse_all(parameter or [], declared, chapter)
    planned = plan(chapter, catalogue.resolve(chapter, profile, given))
    say_other_data([planned])
    build.build([planned], cores=cores, workflow_profile=workflow_profile)
    _print_claims(json.loads((execute.folder(planned) / execute.RESULTS).read_text())["records"])
    typer.echo(execute.folder(planned) / execute.NOTEBOOK)


@app.command()
def book(
    profile: Profile = "default",
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="CHAPTER.NAME=VALUE", help="Change one parameter of one chapter.",
                     autocompletion=complete_in_book),
    ] = None,
    cores: Cores = None,
    workflow_profile: WorkflowProfile = None,
) -> None:
    """Run every chapter that is not up to date, render the site, print the path of its first page."""
    from deepfeatures.study import build, rendered

    texts: dict[str, list[str]] = {}
    for text in parameter or []:
        slug, dot, assignment = text.partition(".")
        if not dot or "=" in slug or "=" not in assignment:
            raise typer.BadParameter(f"{text!r}: allowed is CHAPTER.NAME=VALUE, such as mu-lenet.seeds=3")
        texts.setdefault(slug, []).append(assignment)
    given = {slug: parameters.parse_all(of, catalogue.chapter(slug).parameters, slug) for slug, of in texts.items()}
    planned = build.plan_book(profile, given)
    say_other_data(planned)
    build.build(planned, cores=cores, workflow_profile=workflow_profile)
    typer.echo(rendered.own(planned, profile))


@app.command()
def studio(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="On 127.0.0.1; any free one unless given.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    cores: Cores = None,
) -> None:
    """Serve a page on this machine from which chapters are changed, run and set beside the published ones."""
    from deepfeatures.studio import server

    server.serve(port, browser=not no_browser, cores=cores, say=lambda line: typer.echo(line))


@app.command()
def site() -> None:
    """Render the published book from book/chapters, executing nothing."""
    from deepfeatures.study import rendered

    typer.echo(rendered.published())


@app.command()
def pdf(
    rendered: Annotated[
        Path | None, typer.Option("--site", help="A rendered site; _build/html, the published book, unless given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file; _build/book.pdf unless given.")] = None,
) -> None:
    """Print a rendered book as one PDF, with a Chromium that is on this machine."""
    from deepfeatures.study import paths
    from deepfeatures.study import pdf as printing

    target = out or paths.root() / "_build" / "book.pdf"
    pages = printing.make(rendered or paths.root() / "_build" / "html", target)
    print(f"{target} ({pages} pages)")


@app.command()
def publish(
    profile: Profile = "paper",
    check: Annotated[bool, typer.Option("--check", help="Only say whether published chapters are up to date.")] = False,
    prose: Annotated[
        bool, typer.Option("--prose", help="Only mend the words of CHAPTERS, all unless given; nothing is run.")
    ] = False,
    chapters: Annotated[list[str] | None, typer.Argument(metavar="[CHAPTER]...", help="For --prose.")] = None,
) -> None:
    """Make the executed paper-profile chapters the published ones; with --check, fail where one is out of date."""
    from deepfeatures.study import build
    from deepfeatures.study import publish as publishing

    if chapters and not prose:
        raise publishing.NotPublished(
            f"all chapters are published together (pages that are up to date stay), not {', '.join(chapters)} alone; "
            "single ones go with --prose"
        )
    if prose and check:
        raise publishing.NotPublished("--prose mends and --check only looks: give one of them")
    if prose:
        from deepfeatures.study import prose as wording
        from deepfeatures.study import rendered

        mended = wording.mend(chapters or (), check=rendered.strictly)
        typer.echo(f"prose mended: {', '.join(mended)}" if mended else "the prose of these chapters is as published")
        return
    if check:
        stale = publishing.stale()
        for slug, changed in stale.items():
            typer.echo(f"{slug} is older than: {', '.join(changed)}", err=True)
        if stale:
            raise typer.Exit(1)
        typer.echo(f"{len(catalogue.slugs())} published chapters are up to date")
        return
    if profile != "paper":
        raise publishing.NotPublished(f"only the paper profile is published, not {profile!r}")
    typer.echo(publishing.publish(build.plan_book(profile), profile=profile))


@app.command()
def claims(
    as_json: Annotated[bool, typer.Option("--json", help="Records for a program.")] = False,
    run_profile: Annotated[
        str | None, typer.Option("--profile", help="Of your own run at this profile, not the published book.")
    ] = None,
) -> None:
    """Every claim of the papers with what was measured and the verdict."""
    from deepfeatures.study import ledger

    rows = ledger.rows(run_profile)
    if run_profile is not None and not any(row["profile"] for row in rows):
        typer.echo(f"no chapter has been run at {run_profile} with its own parameters: nothing is measured", err=True)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for row in rows:
        value = "" if row["value"] is None else f"{row['value']:.4g}"
        typer.echo(f"{row['verdict']:<24} {row['id']:<44} {value:>10}  {row['statement']}")


@app.command()
def clean(
    everything: Annotated[bool, typer.Option("--everything", help="Artifacts too: what took hours is gone.")] = False,
) -> None:
    """Remove executed chapters, failed ones and stages from runs/; artifacts and sweeps stay unless --everything."""
    import shutil

    from deepfeatures.study import build, site

    with build.one_build():
        site.forget_stages()
        for name in (
            "chapters",
            "failed",
            "plans",
            "interactive",
            *(("artifacts", "scratch", "locks", "sweeps", "compared") if everything else ()),
        ):
            shutil.rmtree(paths.runs() / name, ignore_errors=True)


@bundle_app.command()
def pack(file: Path, profile: Profile = "paper") -> None:
    """Write the artifacts of a profile's chapters into FILE (a tar.gz); no data set is in it."""
    from deepfeatures.study import build, bundle

    held = bundle.pack(build.plan_book(profile), file)
    typer.echo(f"{file}: {len(held)} artifacts, {file.stat().st_size / 1e6:,.0f} MB")


@bundle_app.command()
def unpack(file: Path) -> None:
    """Check FILE and put its artifacts in place."""
    from deepfeatures.study import bundle

    typer.echo(f"{len(bundle.unpack(file))} artifacts are new")


@app.command(hidden=True)
def make(
    key: str,
    plan: Annotated[Path, typer.Option(help="A plan as `deepfeatures book` writes it.")],
    piece: Annotated[str | None, typer.Option(metavar="I-of-N", help="Only this part of its work.")] = None,
) -> None:
    """Make one artifact of a plan: what a job of the workflow runs."""
    _one_thread()
    from deepfeatures.study import artifacts, build, failures, pieces, recipes

    with failures.noted(key if piece is None else f"{key}-{piece}"):
        recipe = recipes.from_json(build.read_plan(plan)["artifacts"], key)
        if piece is None:
            artifacts.ensure(recipe)
        else:
            pieces.make(recipe, piece)


@app.command(hidden=True)
def execute(key: str, plan: Annotated[Path, typer.Option(help="A plan as `deepfeatures book` writes it.")]) -> None:
    """Execute one chapter of a plan: what a job of the workflow runs."""
    _one_thread()
    from deepfeatures.study import build, chapter_key, failures
    from deepfeatures.study import execute as executing

    job = build.read_plan(plan)["chapters"][key]
    with failures.noted(key):
        planned = chapter_key.plan(job["slug"], job["parameters"])
        if planned.key != key:
            raise ValueError(f"chapter {job['slug']} changed since it was planned: start again")
        executing.execute(planned, make_first=bool(job["artifacts"]))


def _one_thread() -> None:
    """Before anything imports numpy: a scheduler's job need not have the environment of who submitted it."""
    from deepfeatures.study import threads

    threads.limit()


def _print_claims(records: list[dict[str, Any]]) -> None:
    for record in records:
        interval = "" if record["interval"] is None else f" [{record['interval'][0]:.4g}, {record['interval'][1]:.4g}]"
        typer.echo(f"{record['claim']}: {record['value']:.4g}{interval}")
