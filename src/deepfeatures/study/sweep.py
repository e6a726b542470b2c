"""A sweep: one chapter at every point of a grid, run by the same workflow as the book, and gathered in one folder.

    runs/sweeps/mu-lenet-1a2b3c4d/   index.html  table.csv  sweep.json  points/<key>/ (notebook, results, provenance)

A point is an executed chapter like any other, kept by its key: what is done is not done again, whoever did it.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepfeatures.study import build, chapter_key, execute, failures, paths
from deepfeatures.study.chapter_key import Planned
from deepfeatures.study.grid import Grid

RECORD, POINTS = "sweep.json", "points"
KEPT = (execute.NOTEBOOK, execute.RESULTS, execute.PROVENANCE)


class SweepError(ValueError):
    """A sweep cannot be written where it was asked for; the message names the folder."""


@dataclass(frozen=True)
class Done:
    """One point after the build. at: its value on each axis; failure: why there is no result, or None."""

    number: int
    key: str
    at: Mapping[str, Any]
    folder: Path
    failure: str | None

    def result(self) -> dict[str, Any]:
        """results.json of the executed chapter."""
        content: dict[str, Any] = json.loads((self.folder / execute.RESULTS).read_text("utf-8"))
        return content

    def named(self) -> str:
        """'point 3 (iterations_cap=100, seed=1)'."""
        return f"point {self.number} ({', '.join(f'{name}={shown(value)}' for name, value in self.at.items())})"


def plan(grid: Grid) -> list[Planned]:
    """Every point of the grid, planned: whatever can be refused without running is refused here."""
    return chapter_key.plan_many(grid.chapter, [point.parameters for point in grid.points])


def folder(grid: Grid, out: Path | None = None) -> Path:
    """Where the sweep is gathered: `out`, else under runs/sweeps. Raises SweepError where `out` holds other things."""
    if out is None:
        return paths.runs() / "sweeps" / grid.name
    if out.is_dir() and any(out.iterdir()):
        held = read_record(out).get("name") if (out / RECORD).is_file() else "files that are no sweep"
        if held != grid.name:
            raise SweepError(f"{out} holds {held}; this sweep is {grid.name}: give another folder, or an empty one")
    elif out.exists() and not out.is_dir():
        raise SweepError(f"{out} is a file; a sweep is written into a folder")
    return out


def run(planned: Sequence[Planned], *, cores: int | None = None, workflow_profile: str | None = None) -> None:
    """Make what is missing of the points, in parallel. A point that fails keeps none of the others from being made.

    workflow_profile: where the jobs run, as for `build.build`.
    """
    distinct = list({chapter.key: chapter for chapter in planned}.values())
    failures.forget(distinct)
    try:
        build.build(distinct, cores=cores, workflow_profile=workflow_profile)
    except build.BuildFailed as failure:
        missing = [chapter for chapter in distinct if not execute.complete(chapter)]
        if not missing:
            raise
        if any(failures.reason(chapter) == failures.NOT_REACHED for chapter in missing):
            print(f"the build ended early: {failure}", file=sys.stderr)


def gather(grid: Grid, planned: Sequence[Planned], into: Path, command: Sequence[str]) -> list[Done]:
    """Copy every executed point into the folder, so that it stands by itself, and write sweep.json."""
    done = []
    for number, (point, chapter) in enumerate(zip(grid.points, planned, strict=True), start=1):
        kept = into / POINTS / chapter.key
        failure = None if execute.complete(chapter) else failures.reason(chapter)
        if failure is None:
            _copy(execute.folder(chapter), kept)
        done.append(Done(number, chapter.key, point.at, kept, failure))
    for left in (into / POINTS).glob("*") if (into / POINTS).is_dir() else ():
        if left.is_dir() and left.name not in {one.key for one in done}:  # of an earlier run, before something changed
            shutil.rmtree(left)
    record = {
        "name": grid.name,
        "chapter": grid.chapter,
        "profile": grid.profile,
        "command": list(command),
        "axes": dict(grid.axes),
        "points": [{"number": one.number, "key": one.key, "at": dict(one.at), "failure": one.failure} for one in done],
    }
    write(into / RECORD, json.dumps(record, indent=1) + "\n")
    return done


def read_record(folder: Path) -> dict[str, Any]:
    """sweep.json of a folder. Raises SweepError where it cannot be read."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        if not isinstance(record["name"], str) or not isinstance(record["points"], list):
            raise TypeError("its fields have other types")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SweepError(f"{folder / RECORD} is not what a sweep writes ({error})") from error
    return dict(record)


def write(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def shown(value: Any) -> str:
    """A parameter's value as a command line takes it: 10000, per-feature, [0.1,1.0]."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _copy(executed: Path, kept: Path) -> None:
    there = all((kept / name).is_file() for name in KEPT)
    if there and all(filecmp.cmp(executed / name, kept / name, shallow=False) for name in KEPT):
        return  # a key may be executed again: with other data where no artifact stands for them, say
    temporary = kept.with_name(f".{kept.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name in KEPT:
        shutil.copyfile(executed / name, temporary / name)
    shutil.rmtree(kept, ignore_errors=True)
    temporary.rename(kept)
