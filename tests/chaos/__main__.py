"""Accidents, and what a build makes of them: `make chaos`, or `python -m tests.chaos --minutes 10`.

A smoke build of the whole book is made undisturbed. Copies of it that lack chapters, artifacts and the site are then
built under kills, flipped bits, a full disk, vanished inputs, a second build and a clock set back. After each, one more
build must give the same site, byte for byte, outside what says when and how it was made; or say what is wrong. Its
folder is its own: nothing in runs/ is touched. With --folder, a run that was stopped or ran out of time goes on.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos import accidents, builds, circumstances
from tests.chaos.bench import Bench, NoReference
from tests.chaos.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
KINDS = (*circumstances.KINDS, *accidents.KINDS)  # the many of one kind last: what the others leave of time is theirs


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=40.0, help="at most so long; what is left out is said")
    parser.add_argument("--seed", type=int, default=5, help="of all chance; printed, and the same gives the same")
    parser.add_argument("--folder", type=Path, help="keep everything there, and go on where it stopped")
    parser.add_argument("--chapters", default="", help="a book of these alone, for a slow machine")
    parser.add_argument("--cores", type=int, help="that each build takes; all unless given")
    parser.add_argument("--only", default="", help="kinds of accident whose name holds this word")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/chaos.json for the book")
    given = parser.parse_args()
    if given.minutes <= 0:
        parser.error(f"--minutes {given.minutes:g}: more than 0")
    builds.CORES[:] = ["--cores", str(given.cores)] if given.cores else []
    chosen = [kind for kind in KINDS if given.only in kind[0].__name__]
    if not chosen:
        parser.error(f"--only {given.only!r}: of {', '.join(kind.__name__ for kind, _ in KINDS)}")
    with tempfile.TemporaryDirectory(prefix="deepfeatures-chaos-") as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
        chapters = [slug for slug in given.chapters.split(",") if slug]
        try:
            return run(folder, given.seed, given.minutes, chosen, chapters, save=given.save)
        finally:
            builds.end_all()


def run(folder: Path, seed: int, minutes: float, kinds: list[Any], chapters: list[str], *, save: bool) -> int:
    for name in ("DEEPFEATURES_RUNS", "DEEPFEATURES_TRACEBACK"):
        os.environ.pop(name, None)
    print(f"seed {seed}, at most {minutes:g} minutes, in {folder}", flush=True)
    started, busy = time.monotonic(), describe()
    ledger = Ledger(folder, seed, minutes)
    try:
        bench = Bench(folder, ledger, chapters)
    except NoReference as failure:
        print(f"the undisturbed build failed, nothing was tried: {failure}\n0 passed, 1 failed")
        return 1
    begun, share = time.monotonic(), 0.0
    whole = sum(part for _, part in kinds)
    for kind, part in kinds:
        share += part
        until = begun + (ledger.until - begun) * share / whole

        kind(bench, within(ledger, until))
    print(f"\nseed {seed}\n{ledger.summary()}", flush=True)
    if save:
        found = {**result(ledger, time.monotonic() - started, os.cpu_count() or 1), "chapters": chapters or "all"}
        print(f"saved: {_runner().save(found, busy)}\n{ledger.passed} passed, {ledger.failed} failed", flush=True)
    return 1 if ledger.failed or not ledger.passed else 0


def within(ledger: Ledger, until: float) -> Callable[[float], bool]:
    """True for an accident of so many seconds while the kind's share lasts; for its first while there is any time."""
    first = [True]

    def time_for(seconds: float) -> bool:
        return ledger.time_for(seconds) and (first.pop() if first else time.monotonic() < until)

    return time_for


def result(ledger: Ledger, seconds: float, cores: int) -> dict[str, Any]:
    """What the benchmarks page shows: counts by kind, checks, what was left out."""
    events = {name.replace(" ", "_"): tally.events for name, tally in ledger.tallies.items()}
    left_out = [
        f"{tally.wanted - tally.events} of {tally.wanted} {name} ({tally.left_out})"
        for name, tally in ledger.tallies.items() if tally.left_out
    ]  # fmt: skip
    return {
        "name": "chaos", "rounds": 1, "cores": cores, "unit": "", "seed": ledger.seed,
        "passed": ledger.passed, "failed": ledger.failed, **events,
        "failures": [one for tally in ledger.tallies.values() for one in tally.failures],
        "left_out": left_out, "seconds": round(sum(tally.seconds for tally in ledger.tallies.values()) or seconds),
        "wanted": {name: tally.wanted for name, tally in ledger.tallies.items()},
        "checks": {name: tally.checks for name, tally in ledger.tallies.items()},
    }  # fmt: skip


def describe() -> dict[str, Any]:
    return _runner().describe_machine()


def _runner() -> Any:
    spec = importlib.util.spec_from_file_location("benchmarks_run", ROOT / "benchmarks" / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
