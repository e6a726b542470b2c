"""`make book` once more with nothing changed, by the command behind it: all is looked at, none made.

The book is built first, untimed, in the folder of runs that is used here anyway: where it is there already, that build
is the first that finds nothing to do. No timed build may write an artifact, a chapter or a page.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def measure(rounds: int, profile: str = "default") -> dict[str, Any]:
    from deepfeatures.study import catalogue, paths

    _build(profile)
    before = _written(paths.runs())
    seconds = [_build(profile) for _ in range(rounds)]
    after = _written(paths.runs())
    return {
        "unit": "s",
        "profile": profile,
        "chapters": len(catalogue.slugs()),
        "seconds": round(statistics.median(seconds), 2),
        "seconds_of_each_round": [round(one, 2) for one in seconds],
        "nothing_written": after == before,
        "files_looked_after": len(after),
    }


def _build(profile: str) -> float:
    """Seconds of one `deepfeatures book`."""
    command = [str(Path(sys.executable).with_name("deepfeatures")), "book", "--profile", profile]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"deepfeatures book --profile {profile} ended with status {done.returncode}: see above")
    return time.perf_counter() - started


def _written(runs: Path) -> dict[str, int]:
    """When each file of executed chapters, artifacts and site was written: nanoseconds by path below runs/."""
    kept = (path for name in ("artifacts", "chapters", "site") for path in (runs / name).rglob("*"))
    return {path.relative_to(runs).as_posix(): path.stat().st_mtime_ns for path in kept if path.is_file()}
