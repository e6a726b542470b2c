"""Accidents, and what a build makes of them: `make chaos`, or `python -m tests.chaos --minutes 10`.

Two books are built undisturbed at the smoke profile, a small one and the whole one, and one at `default`; from copies
of the code and of MNIST, so that nothing that is edited meanwhile counts. Copies of them that lack chapters, artifacts
and the site are then built under kills, flipped bits, a full disk, vanished inputs, a second build and a clock set
back. After each, one more build must give the same site, byte for byte, outside what says when and how it was made; or
say what is wrong. Its folder is its own: nothing in runs/ is touched. With --folder, a run that was stopped or ran out
of time goes on, and what was found of older code is forgotten.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepfeatures.study import paths
from tests.chaos import accidents, builds, circumstances, drive, frozen, lanes, removals
from tests.chaos.bench import NoReference
from tests.chaos.books import Books
from tests.chaos.drive import Kind
from tests.chaos.ledger import Ledger
from tests.programs import loaded

ROOT = Path(__file__).resolve().parents[2]
KINDS: tuple[Kind, ...] = (*circumstances.KINDS, *removals.KINDS, *accidents.KINDS)
LONGEST_MIN = 40.0  # that trying each kind once may take where fewer minutes were given
REST_S = 15.0  # kept for ending what is at work and for the last lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--minutes", type=float, default=LONGEST_MIN,
        help=f"at most so long, and what is left out is said; each kind is tried once all the same, in at most "
        f"{LONGEST_MIN:g} minutes",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=5, help="of all chance; printed, and the same gives the same")
    parser.add_argument("--folder", type=Path, help="keep everything there, and go on where it stopped")
    parser.add_argument("--chapters", default="", help="a book of these alone, in place of all books")
    parser.add_argument("--cores", type=int, help="that each build takes; all unless given")
    parser.add_argument("--only", default="", help="kinds of accident whose name holds these words")
    parser.add_argument("--lane", type=int, help=argparse.SUPPRESS)  # of the kinds chosen, those of this lane
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/chaos.json for the book")
    given = parser.parse_args()
    if not given.minutes > 0:
        parser.error(f"--minutes {given.minutes:g}: more than 0")
    builds.CORES[:] = ["--cores", str(given.cores)] if given.cores else []
    chosen = [kind for kind in KINDS if given.only in kind.name]
    if not chosen:
        parser.error(f"--only {given.only!r}: of {'; '.join(kind.name for kind in KINDS)}")
    chapters = [slug for slug in given.chapters.split(",") if slug]
    if unknown := [slug for slug in chapters if slug not in frozen.slugs(paths.root())]:
        parser.error(f"--chapters {','.join(unknown)}: of {', '.join(frozen.slugs(paths.root()))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    for name in ("DEEPFEATURES_RUNS", "DEEPFEATURES_TRACEBACK"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="deepfeatures-chaos-") as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if given.lane is None:
            return every_lane(folder, given, chosen, chapters)
        try:
            return one_lane(folder, given, [kind for kind in chosen if kind.lane == given.lane], chapters)
        finally:
            builds.end_all()


def every_lane(folder: Path, given: argparse.Namespace, kinds: Sequence[Kind], chapters: list[str]) -> int:
    """Run the lanes side by side and say what came of it; the last line is `N passed, M failed`."""
    print(f"seed {given.seed}, at most {given.minutes:g} minutes, in {folder}", flush=True)
    busy, checkout = describe(), frozen.tree(folder / "checkout")
    lanes_of = sorted({kind.lane for kind in kinds})
    cores = given.cores or max(1, (os.cpu_count() or 1) // len(lanes_of))
    arguments = ["--minutes", str(given.minutes), "--seed", str(given.seed), "--cores", str(cores)]
    arguments += ["--chapters", given.chapters, "--only", given.only]
    ended: dict[int, int] = {}
    try:
        ended = lanes.together(lanes_of, folder, checkout, arguments)
    finally:
        ledger = lanes.merged(folder, ended or dict.fromkeys(lanes_of, 0), given.seed, [kind.name for kind in KINDS])
        print(f"\nseed {given.seed}\n{ledger.summary()}", flush=True)
    if given.save:
        books = Books(folder, ledger, checkout, folder / "data", chapters).chapters
        found = {**result(ledger, os.cpu_count() or 1), "books": {name: list(one) for name, one in books.items()}}
        kept = loaded("benchmarks/run.py").save(found, busy)
        print(f"saved: {kept}\n{ledger.passed} passed, {ledger.failed} failed", flush=True)
    return 1 if ledger.failed or not ledger.passed else 0


def one_lane(folder: Path, given: argparse.Namespace, kinds: Sequence[Kind], chapters: list[str]) -> int:
    """Try the kinds one after the other; what came of it is in the folder's ledger."""
    started = time.monotonic()
    builds.DEADLINE[0] = started + 60 * max(given.minutes, LONGEST_MIN) - REST_S
    checkout = frozen.tree(folder / "checkout")
    of = f"{frozen.digest(checkout)} {frozen.data(folder / 'data')} {','.join(chapters)}"
    ledger = Ledger(folder, given.seed, of)
    books = Books(folder, ledger, checkout, folder / "data", chapters)
    if ledger.changed:
        books.forget()
    try:
        books.small  # noqa: B018 - made now, since nothing can be tried without it
        drive.everything(kinds, books, ledger, started + 60 * given.minutes - REST_S)
    except (NoReference, builds.TimeOver) as failure:
        with ledger.kind(kinds[0].name, kinds[0].wanted):
            ledger.check("the undisturbed build, without which nothing is tried", str(failure) or drive.TIME)
    finally:
        ledger.seconds += time.monotonic() - started
        ledger.save()
    return 1 if ledger.failed else 0


def result(ledger: Ledger, cores: int) -> dict[str, Any]:
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
        "left_out": left_out, "seconds": round(ledger.seconds),
        "wanted": {name: tally.wanted for name, tally in ledger.tallies.items()},
        "checks": {name: tally.checks for name, tally in ledger.tallies.items()},
        "noted": {name: tally.noted for name, tally in ledger.tallies.items() if tally.noted},
    }  # fmt: skip


def describe() -> dict[str, Any]:
    return loaded("benchmarks/run.py").describe_machine()


if __name__ == "__main__":
    sys.exit(main())
