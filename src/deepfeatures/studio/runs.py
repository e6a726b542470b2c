"""Runs as the disk has them. All that is known of a run lies in its folder, so every studio sees the same ones.

runs/studio/<id>/    request.json   chapter and parameters
                     status.json    what its process last said of itself
                     alive          the lock that this process holds
                     stop           there once somebody asked it to end
                     log.txt        what it printed
                     plan.json      which artifacts it needs, the chapter's own key
                     result/        the executed chapter, put there whole by a rename
                     site/          the chapter as a page, once somebody asked for it
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from deepfeatures.studio import detached
from deepfeatures.study import paths
from deepfeatures.study.parameters import Value

RUNNER = (sys.executable, "-m", "deepfeatures.studio.runner")
RENDERER = (sys.executable, "-m", "deepfeatures.studio.page")
REQUEST, STATUS, ALIVE, STOP, LOG, PLAN = "request.json", "status.json", "alive", "stop", "log.txt", "plan.json"
RESULT, SITE = "result", "site"
PAGE_ALIVE, PAGE_LOG = "page.alive", "page.log"
ENDED = ("done", "failed", "stopped")
DIED = "its process ended without a word: it was killed, ran out of memory, or the machine was restarted"
_NAME = re.compile(r"[a-z0-9-]+\.\d{8}-\d{6}\.[0-9a-f]{8}")


class UnknownRun(LookupError):
    """There is no such run."""


class StillRunning(ValueError):
    """What was asked needs a run that has ended."""


@dataclass(frozen=True)
class Run:
    """One run. request: slug, parameters, identity, cores, asked (when, ISO 8601)."""

    folder: Path
    request: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def slug(self) -> str:
        return str(self.request["slug"])

    @property
    def status(self) -> dict[str, Any]:
        """state, started, ended, message: as its process wrote it, or as its death tells."""
        status = read(self.folder / STATUS) or {"state": "starting"}
        if status["state"] in ENDED:
            return status
        if detached.lives(self.folder / ALIVE):
            return {**status, "state": "stopping"} if (self.folder / STOP).exists() else status
        status = read(self.folder / STATUS) or {"state": "starting"}  # it may have ended between the two looks
        if status["state"] in ENDED:
            return status
        if (self.folder / STOP).exists():
            return {**status, "state": "stopped", "message": ""}
        return {**status, "state": "failed", "message": DIED}

    @property
    def ended(self) -> bool:
        return self.status["state"] in ENDED

    def result(self, published: str) -> Any:
        """results.json or provenance.json of the finished chapter, None where it did not finish."""
        return read(self.folder / RESULT / f"{self.slug}.{published}") if self.status["state"] == "done" else None


def folder() -> Path:
    """Where runs lie. Nobody but the user may look: logs hold paths, and parameters are the user's own."""
    where = paths.runs() / "studio"
    where.mkdir(mode=0o700, exist_ok=True)
    return where


def every() -> list[Run]:
    """All runs, the latest first."""
    found = [run for path in folder().iterdir() if _NAME.fullmatch(path.name) and (run := _open(path)) is not None]
    return sorted(found, key=lambda run: str(run.request["asked"]), reverse=True)


def find(name: str) -> Run:
    """One run. Raises UnknownRun; a name that is none (../x) never reaches the disk."""
    run = _open(folder() / name) if _NAME.fullmatch(name) else None
    if run is None:
        raise UnknownRun(f"there is no run {name!r}; it may have been deleted in another tab")
    return run


def start(
    slug: str, parameters: Mapping[str, Value], *, cores: int | None = None, runner: Sequence[str] = RUNNER
) -> tuple[Run, bool]:
    """The run of a chapter with these resolved parameters, and True where it was started now.

    False where the same one is at work already, whoever started it: it is never started twice.
    """
    wanted = identity(slug, parameters)
    with _alone():
        for run in every():
            if run.request["identity"] == wanted and not run.ended:
                return run, False
        now = datetime.now(UTC)
        name = f"{slug}.{now:%Y%m%d-%H%M%S}.{secrets.token_hex(4)}"
        request = {
            "slug": slug, "parameters": dict(parameters), "identity": wanted, "cores": cores,
            "asked": now.isoformat(timespec="milliseconds"),
        }  # fmt: skip
        unfinished = folder() / f".new-{name}"
        unfinished.mkdir()
        write(unfinished / REQUEST, request)
        unfinished.rename(where := folder() / name)
        detached.launch([*runner, str(where)], where / ALIVE, where / LOG)
    return Run(where, request), True


def stop(run: Run) -> None:
    """Ask the run to end. Its own process sees to it, so that it ends even if the studio is killed meanwhile."""
    if not run.ended:
        (run.folder / STOP).touch()


def delete(run: Run) -> None:
    """Remove the run's folder. Artifacts stay. Raises StillRunning."""
    with _alone():
        if not run.ended:
            raise StillRunning(f"run {run.name} is at work: stop it first, then delete it")
        if detached.lives(run.folder / PAGE_ALIVE):
            raise StillRunning(f"the page of run {run.name} is being rendered: delete it when that is done")
        gone = run.folder.with_name(f".deleted-{run.name}")
        run.folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def sweep() -> None:
    """Remove what a studio left that was killed while it began or deleted a run."""
    with _alone():
        for left in (*folder().glob(".new-*"), *folder().glob(".deleted-*")):
            shutil.rmtree(left, ignore_errors=True)


def make_page(run: Run, renderer: Sequence[str] = RENDERER) -> None:
    """Render the executed chapter as the book would show it, in a process of its own; once. Raises StillRunning."""
    if run.status["state"] != "done":
        raise StillRunning(f"run {run.name} did not finish: it has no page")
    if not page(run).is_file():
        with _alone():
            if not detached.lives(run.folder / PAGE_ALIVE):
                (run.folder / PAGE_LOG).unlink(missing_ok=True)
                detached.launch([*renderer, str(run.folder)], run.folder / PAGE_ALIVE, run.folder / PAGE_LOG)


def page(run: Run) -> Path:
    """The chapter's page in the rendered site."""
    return run.folder / SITE / "chapters" / f"{run.slug}.html"


def page_state(run: Run) -> str:
    """none, at work, ready or failed."""
    at_work = detached.lives(run.folder / PAGE_ALIVE)  # looked at first: it may end between the two looks
    if page(run).is_file():
        return "ready"
    return "at work" if at_work else "failed" if (run.folder / PAGE_LOG).exists() else "none"


def identity(slug: str, parameters: Mapping[str, Value]) -> str:
    """Digest of what makes two runs the same."""
    return hashlib.sha256(json.dumps([slug, dict(parameters)], sort_keys=True).encode()).hexdigest()


def write(path: Path, content: Mapping[str, Any]) -> None:
    """JSON, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    temporary.replace(path)


def _alone() -> FileLock:
    return FileLock(folder() / ".lock", timeout=30)


def _open(path: Path) -> Run | None:
    request = read(path / REQUEST)
    whole = isinstance(request, dict) and {"slug", "identity", "asked"} <= request.keys()
    return Run(path, request) if whole else None  # a folder that lost its request is nobody's run


def read(path: Path) -> Any:
    """What `write` wrote, None where there is nothing, or what a failing disk left of it."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
