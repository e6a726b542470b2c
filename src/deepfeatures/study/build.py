"""The whole book: plan every chapter, let Snakemake make what is missing, render. What is up to date is left alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from deepfeatures.study import (
    artifacts,
    catalogue,
    execute,
    fork_client,
    forking,
    locks,
    paths,
    pieces,
    recorded_weights,
    threads,
    workflow_profiles,
)
from deepfeatures.study.chapter_key import Planned, plan
from deepfeatures.study.recipes import Recipe

QUIET = ["--quiet", "all"]  # as `workflow_profiles.command` starts Snakemake where jobs run here
NEARLY_FULL = 5_000_000  # bytes: under it, Snakemake itself may have failed for want of space
# Parameters that say how long networks are trained. At or under these a chapter makes its own artifacts one by one: to
# start a job for each would cost more than it saves. Over any, they are jobs, side by side or on a cluster.
LIGHT_TRAINING = {"iterations_cap": 200, "steps": 300}
# Files of an executed chapter, and how their names end after the slug in a folder of chapters.
ENDINGS = {execute.NOTEBOOK: "ipynb", execute.RESULTS: "results.json", execute.PROVENANCE: "provenance.json"}
OFFERED = "downloads.zip"  # how the one that an older run lacks ends


class BuildFailed(RuntimeError):
    """A job failed; its own message stands above."""


class BadPlan(ValueError):
    """A plan that is not what `write_plan` wrote."""


def plan_book(profile: str, given: Mapping[str, Mapping[str, object]] | None = None) -> list[Planned]:
    """Every chapter at a profile; given: overrides by chapter."""
    given = given or {}
    return [plan(slug, catalogue.resolve(slug, profile, given.get(slug, {}))) for slug in catalogue.slugs()]


def build(planned: list[Planned], *, cores: int | None = None, workflow_profile: str | None = None) -> None:
    """Make what is missing of the planned chapters. One build at a time in a folder: a second one waits for the first.

    workflow_profile: where the jobs run (`workflow_profiles.find`), here unless given. Raises BuildFailed where a job
    failed; whatever the other jobs made is kept; recorded_weights.ChangedWeights before anything is made or taken.
    """
    recorded_weights.check(one for chapter in planned for group in chapter.recipes.values() for one in group)
    if all(execute.complete(chapter) for chapter in planned):
        return
    start = workflow_profiles.command(workflow_profile, cores)
    with one_build():
        for chapter in planned:
            if not execute.complete(chapter):  # a folder that lost a file would look finished to Snakemake
                if damage := execute.damage(chapter):
                    print(f"damaged chapter, run again: {damage}", file=sys.stderr)
                shutil.rmtree(execute.folder(chapter), ignore_errors=True)
        run_workflow(write_plan(planned), start)


def one_build() -> FileLock:
    """The lock of the runs folder, held by the system: a killed build leaves none behind."""
    waiting = "another build is at work in this folder: waiting for it to end"
    return locks.announced(FileLock(paths.writable_runs() / "build.lock"), waiting)


def write_plan(planned: list[Planned]) -> Path:
    """The plan as data for Snakemake: artifacts and chapters by key; one chapter may stand in it several times."""
    recipes: dict[str, Recipe] = {}
    chapters: dict[str, Any] = {}
    for chapter in planned:
        wanted = [recipe for group in chapter.recipes.values() for recipe in group]
        for recipe in wanted:
            recipes.update(recipe.closure())
        chapters[chapter.key] = {
            "slug": chapter.slug,
            "parameters": dict(chapter.parameters),
            "artifacts": [] if _is_light(chapter.parameters) else sorted({recipe.key for recipe in wanted}),
        }
    return save_plan(recipes, chapters, pieces.counted(recipes.values()))


def _is_light(parameters: Mapping[str, object]) -> bool:
    return all(int(str(parameters.get(name, 0))) <= most for name, most in LIGHT_TRAINING.items())


def save_plan(recipes: Mapping[str, Recipe], chapters: Mapping[str, Any], parts: Mapping[str, int]) -> Path:
    """recipes: by key, each with all it needs; parts: jobs that the work of an artifact is shared among, by its key."""
    content: dict[str, Any] = {
        "artifacts": {key: recipe.to_json() for key, recipe in recipes.items()},
        "chapters": dict(chapters),
        **({"pieces": dict(parts)} if parts else {}),
    }
    text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    path = paths.runs() / "plans" / f"{_name(text)}.json"
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def read_plan(path: Path) -> dict[str, Any]:
    """A plan as `write_plan` left it, whose name says what is in it. Raises BadPlan, FileNotFoundError."""
    try:
        text = path.read_text("utf-8")
        plan: dict[str, Any] = json.loads(text)
    except FileNotFoundError as absence:
        raise FileNotFoundError(f"the plan {path} is gone: start the build again") from absence
    except (ValueError, RecursionError) as damage:
        raise BadPlan(f"the plan {path} cannot be read ({damage}): start the build again") from damage
    if path.stem != _name(text):
        raise BadPlan(f"the plan {path} is not what was written: start the build again")
    return plan


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def run_workflow(plan_file: Path, start: list[str], targets: Sequence[str] = ()) -> None:
    """start: how Snakemake is started (`workflow_profiles.command`); targets: files under runs/, all chapters unless
    given. Raises BuildFailed."""
    options = [
        "--snakefile", str(paths.root() / "workflow" / "Snakefile"),
        "--directory", str(paths.runs()),
        # From --directory: Snakemake reads a value as YAML, and the folder may have any name.
        "--config", f"plan={plan_file.relative_to(paths.runs()).as_posix()}",
        "--nolock",                 # ours is released by the system when a build is killed; Snakemake's is not
        "--ignore-incomplete",      # every output is renamed into place: there is none that is half-written
        "--rerun-triggers", "input",
        "--keep-going", *(["--", *targets] if targets else []),
    ]  # fmt: skip
    paths.settle()
    scripts = str(Path(sys.executable).parent)
    path = scripts + os.pathsep + os.environ.get("PATH", "")
    environment = {**os.environ, **threads.environment(), "PATH": path}
    environment.pop(fork_client.VARIABLE, None)  # of a build whose job started this one
    here = QUIET[1] in start  # else on a cluster, where each job starts by itself
    kinds = {one["kind"] for one in read_plan(plan_file)["artifacts"].values()} if here else set()
    with forking.running(kinds) as found:
        done = subprocess.run([*start, *options], env={**environment, **found}, cwd=paths.root(), check=False)
    if done.returncode:
        free = shutil.disk_usage(paths.runs()).free
        full = f"; {free / 1e6:.1f} MB are free under {paths.runs()}" if free < NEARLY_FULL else ""
        said = _own_error(start, options, environment) or "the first error above says what failed"
        raise BuildFailed(f"not everything could be made; {said}{full}")


def _own_error(start: list[str], options: list[str], environment: dict[str, str]) -> str:
    """What Snakemake itself fails of, '' where it was a job: told to be quiet, it says nothing of its own errors."""
    if QUIET[1] not in start:
        return ""  # it has said so itself
    loud = [word for word in start if word not in QUIET]
    done = subprocess.run(
        [*loud, "--dry-run", *options], env=environment, cwd=paths.root(), check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines = [line.strip() for line in (done.stdout or "").splitlines() if line.strip()]
    return f"Snakemake itself fails: {' '.join(lines[-4:])}" if done.returncode and lines else ""


def gather(planned: list[Planned], into: Path) -> Path:
    """Copy executed chapters as renderer and publisher want them: <slug>.ipynb, .results.json, .provenance.json, and
    .downloads.zip where the run made one.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for chapter in planned:
        folder = execute.folder(chapter)
        for name, ending in ENDINGS.items():
            shutil.copyfile(folder / name, into / f"{chapter.slug}.{ending}")
        if (folder / execute.DOWNLOADS).is_file():
            shutil.copyfile(folder / execute.DOWNLOADS, into / f"{chapter.slug}.{OFFERED}")
    return into


def unmade(planned: list[Planned]) -> list[Recipe]:
    """Artifacts of the plan that do not exist yet, inputs first."""
    recipes: dict[str, Recipe] = {}
    for chapter in planned:
        for group in chapter.recipes.values():
            for recipe in group:
                recipes.update(recipe.closure())
    return [recipe for recipe in recipes.values() if not artifacts.exists(recipe)]
