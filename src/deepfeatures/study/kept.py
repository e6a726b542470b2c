"""The runs that are kept, and how one is named: published:SLUG, a folder, the start of a run's key, or SWEEP:POINT."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepfeatures.study import catalogue, execute, paths, profiles, publish, sweep
from deepfeatures.study.allowed import did_you_mean
from deepfeatures.study.grid import split
from deepfeatures.study.parameters import ParameterError, Value

PUBLISHED = "published:"
SHORTEST = 4  # letters of a key that name a run
WAYS = "published:CHAPTER, a folder with a results.json, the start of a run's key, or SWEEP:POINT (deepfeatures runs)"


class UnknownRun(ValueError):
    """No run, or several, answer to what was given; the message says which there are."""


@dataclass(frozen=True)
class Run:
    """One executed chapter. name: as it was asked for; results, provenance: its files' content; notebook: its path."""

    name: str
    results: Mapping[str, Any]
    provenance: Mapping[str, Any]
    notebook: Path

    @property
    def chapter(self) -> str:
        return str(self.results["chapter"])

    @property
    def finished(self) -> str:
        return str(self.provenance.get("finished", ""))


def find(name: str) -> Run:
    """The run that `name` stands for. Raises UnknownRun, and ValueError for files that cannot be read."""
    if name.startswith(PUBLISHED):
        slug = name.removeprefix(PUBLISHED)
        catalogue.chapter(slug)
        return _read(name, publish.folder(), f"{slug}.")
    if (given := Path(name)).exists():
        folder = given.parent if given.is_file() else given
        if not (folder / execute.RESULTS).is_file():
            raise UnknownRun(f"{name} holds no {execute.RESULTS}, so it is no run; a run is {WAYS}")
        return _read(name, folder)
    if ":" in name:
        return _of_sweep(name)
    return _of_key(name)


def every() -> list[Run]:
    """The runs under runs/chapters that are complete, the last finished first; one that cannot be read is named."""
    found = []
    for folder in _folders():
        try:
            found.append(_read(folder.name, folder))
        except UnknownRun as damage:
            print(f"left out: {damage}", file=sys.stderr)
    return sorted(found, key=lambda run: run.finished, reverse=True)


def sweeps() -> list[dict[str, Any]]:
    """What `sweep.json` says of each sweep under runs/sweeps, by name; one that cannot be read is named."""
    found = []
    for path in sorted((paths.runs() / "sweeps").glob(f"*/{sweep.RECORD}")):
        try:
            found.append(sweep.read_record(path.parent))
        except sweep.SweepError as damage:
            print(f"left out: {damage}", file=sys.stderr)
    return found


def nearest_profile(run: Run) -> tuple[str, dict[str, Value]]:
    """(profile, parameters that differ from it): the profile with the fewest of them. The device does not count."""
    best: tuple[str, dict[str, Value]] | None = None
    own = dict(run.results["parameters"])
    for name in sorted(profiles.names(), key=lambda name: (name != "default", name)):
        try:
            theirs = catalogue.resolve(run.chapter, name, {})
        except (catalogue.UnknownChapter, ParameterError, profiles.ProfileError):
            continue
        changed = {key: value for key, value in own.items() if key != "device" and theirs.get(key) != value}
        if best is None or len(changed) < len(best[1]):
            best = (name, changed)
    return best or (str(run.results["profile"]), {})


def _folders() -> list[Path]:
    """Complete executed chapters."""
    return [
        folder
        for folder in sorted((paths.runs() / "chapters").glob("*/[0-9a-f]*"))
        if all((folder / name).is_file() for name in sweep.KEPT)
    ]


def _of_key(name: str) -> Run:
    found = [folder for folder in _folders() if folder.name.startswith(name)] if len(name) >= SHORTEST else []
    if len(found) == 1:
        return _read(name, found[0])
    if found:
        several = ", ".join(f"{folder.name} ({folder.parent.name})" for folder in found[:5])
        more = ", …" if len(found) > 5 else ""
        raise UnknownRun(f"{name!r} begins {len(found)} keys: {several}{more}; give more of it")
    near = did_you_mean(name, [f"{PUBLISHED}{slug}" for slug in catalogue.slugs()])
    if name in catalogue.slugs():
        near = f" (for the published page of that chapter: {PUBLISHED}{name})"
    short = f"; a key is named by at least {SHORTEST} of its letters" if 0 < len(name) < SHORTEST else ""
    raise UnknownRun(f"no run {name!r}{near}{short}; a run is {WAYS}")


def _of_sweep(name: str) -> Run:
    """SWEEP:3, or SWEEP:iterations_cap=100,seed=0."""
    label, _, point = name.rpartition(":")
    folder = Path(label) if (Path(label) / sweep.RECORD).is_file() else paths.runs() / "sweeps" / label
    if not (folder / sweep.RECORD).is_file():
        there = sorted(path.parent.name for path in (paths.runs() / "sweeps").glob(f"*/{sweep.RECORD}"))
        raise UnknownRun(f"no sweep {label!r}{did_you_mean(label, there)}; there are: {', '.join(there) or 'none'}")
    points = sweep.read_record(folder)["points"]
    try:
        asked = set(split(point))
    except ValueError:  # a bracket that is not closed
        asked = {point}
    found = [one for one in points if str(one["number"]) == point]
    if "=" in point:
        found = [one for one in points if asked <= {f"{key}={sweep.shown(value)}" for key, value in one["at"].items()}]
    if len(found) != 1:
        raise UnknownRun(f"{len(found)} points of {label} are {point!r}: give its number, 1 to {len(points)}, or "
                         f"values that only one has, such as {_first(points)}")  # fmt: skip
    if found[0]["failure"] is not None:
        raise UnknownRun(f"point {found[0]['number']} of {label} failed: {found[0]['failure']}")
    return _read(name, folder / sweep.POINTS / found[0]["key"])


def _first(points: list[Any]) -> str:
    return ",".join(f"{key}={sweep.shown(value)}" for key, value in points[0]["at"].items()) if points else "1"


def _read(name: str, folder: Path, prefix: str = "") -> Run:
    """results.json, provenance.json (may be missing) and the notebook of a folder."""
    # `<slug>.ipynb` where chapters are published, `chapter.ipynb` in a run's folder
    notebook = folder / (f"{prefix}ipynb" if prefix else execute.NOTEBOOK)
    results = _json(folder / f"{prefix}{execute.RESULTS}")
    if not {"chapter", "parameters", "records", "profile", "tier"} <= set(results):
        raise UnknownRun(f"{name}: its {execute.RESULTS} is not what a chapter writes")
    provenance = folder / f"{prefix}{execute.PROVENANCE}"
    return Run(name, results, _json(provenance) if provenance.is_file() else {}, notebook)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnknownRun(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise UnknownRun(f"{path} holds a {type(content).__name__}, not an object")
    return content
