"""A build in a folder of its own: started, killed, waited for; and what lies there, held against its records."""

from __future__ import annotations

import contextlib
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from deepfeatures.study import artifacts

DEADLINE = [math.inf]  # of the monotonic clock, for every build: set by who started the harness
CORES: list[str] = []  # what every build is told of them; all that there are unless said
CHAPTER = ("chapter.ipynb", "results.json", "provenance.json")  # execute.FILES
ORPHAN_S = 30.0  # in which what a killed build left must have ended by itself


class TimeOver(RuntimeError):
    """The time given to the harness is over; the build that was at work has been killed."""


@dataclass(frozen=True)
class Ended:
    """code: exit status, negative of a signal. told: standard error and output; seconds: how long it took; runs: its
    folder; hung: words for a build that was killed because it took too long."""

    code: int
    told: str
    seconds: float
    runs: Path = Path()
    hung: str = ""

    @property
    def last_words(self) -> str:
        lines = [line for line in self.told.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("deepfeatures:", "damaged"))] or lines
        return " | ".join(told[-3:])[-600:]

    def unexplained(self, *names: str) -> str:
        """'' of a failure whose message holds one of the regular expressions and is no traceback; else what it is."""
        named = any(re.search(name, self.told) for name in names)
        if self.code > 0 and named and "Traceback" not in self.last_words:
            return ""
        return f"exit status {self.code}{self.hung}, {' or '.join(map(repr, names))} expected: {self.last_words}"


class Build:
    """`deepfeatures ARGUMENTS` at work in `runs`, in a session of its own, so that all of it can be killed at once.

    limit_s: beyond it the build hangs, and is killed; none unless given.
    """

    def __init__(
        self, runs: Path, *arguments: str, environment: Mapping[str, str] | None = None, limit_s: float | None = None
    ) -> None:
        command = [str(Path(sys.executable).with_name("deepfeatures")), *arguments, *CORES]
        given = {**os.environ, "DEEPFEATURES_RUNS": str(runs), **(environment or {})}
        self.runs, self.started, self.limit_s = runs, time.monotonic(), limit_s
        # No pipe: a process that outlives the build would keep it open.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        _at_work.add(self)
        self.process = subprocess.Popen(
            command, env=given, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
            start_new_session=True,
        )  # fmt: skip

    def ends_within(self, seconds: float) -> bool:
        """Wait so long; True where it has ended. Raises TimeOver, the build killed, once the harness's time is over."""
        left = max(DEADLINE[0] - time.monotonic(), 0.0)
        wait = min(max(seconds, 0.0), left)
        try:
            self.process.wait(wait if math.isfinite(wait) else None)
        except subprocess.TimeoutExpired:
            if wait < left:
                return False
            self.kill()
            end_orphans(self.runs)
            raise TimeOver(f"stopped after {time.monotonic() - self.started:.0f} s") from None
        return True

    def kill(self, *, alone: bool = False) -> bool:
        """SIGKILL to the whole process group; alone: to the command only, so that its jobs go on without it.

        True where it was at work until then.
        """
        if self.process.poll() is None:  # else its number may be another's by now
            with contextlib.suppress(ProcessLookupError):
                (os.kill if alone else os.killpg)(self.process.pid, signal.SIGKILL)
            self.process.wait()
        return self.process.returncode == -signal.SIGKILL

    def end(self) -> Ended:
        """Wait for its end and say how it went. Raises TimeOver."""
        hung = ""
        if not self.ends_within(math.inf if self.limit_s is None else self.limit_s):
            self.kill()
            end_orphans(self.runs)
            hung = f" (it hangs: killed after {self.limit_s:.0f} s)"
        _at_work.discard(self)
        seconds = time.monotonic() - self.started
        self._output.seek(0)
        told = self._output.read().decode(errors="replace")
        self._output.close()
        return Ended(self.process.returncode, told, seconds, self.runs, hung)


_at_work: set[Build] = set()


def end_all() -> None:
    """Kill what is still at work: sessions of their own would outlive the harness."""
    for build in list(_at_work):
        build.kill()
        end_orphans(build.runs)
        _at_work.discard(build)


def end_orphans(runs: Path) -> None:
    """Kill whatever of a build is at work in a folder, and wait until it is gone."""
    for process in orphans(runs):
        with contextlib.suppress(psutil.Error):
            process.kill()
            process.wait(5)


def orphans(runs: Path) -> list[psutil.Process]:
    """Processes of builds in this folder that still run: kernels have sessions of their own."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("DEEPFEATURES_RUNS") == str(runs):
                found.append(process)
    return found


def outlived(runs: Path) -> str:
    """'' once all processes in the folder have ended; else those that had to be killed after ORPHAN_S."""
    until = time.monotonic() + ORPHAN_S
    while (left := orphans(runs)) and time.monotonic() < until:
        time.sleep(0.2)
    names = []
    for process in left:
        with contextlib.suppress(psutil.Error):
            names.append(" ".join(process.cmdline())[-80:])
            process.kill()
    return "; ".join(names)


def unsound(runs: Path) -> str:
    """What in the folder looks finished and is not as its record says; '' where all is well.

    A folder without a record is half-written, and is never read. A site is put in place by one renaming.
    """
    for folder in [*(runs / "artifacts").glob("*/*"), *(runs / "chapters").glob("*/*")]:
        chapter = folder.parent.parent.name == "chapters"
        needed = CHAPTER if chapter else (artifacts.RECORD,)  # a chapter that lacks one is not taken as done
        if not folder.name.startswith(".") and folder.parent.name != ".unfinished" and all(
            (folder / name).is_file() for name in needed
        ):
            try:
                artifacts.verify(folder)
            except artifacts.Damaged as damage:
                return str(damage)
    site = runs / "site"
    if site.exists() and not (site / "index.html").is_file():
        return "the site has no first page"
    return ""
