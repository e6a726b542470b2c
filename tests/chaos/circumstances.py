"""A full disk, inputs that vanish, two builds at once, a clock set back."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos import bench as benches
from tests.chaos import builds
from tests.chaos.accidents import Time
from tests.chaos.bench import Bench, artifacts_of

SPACE = ("no space left", "No space left", "MB are free under")
ROOMS_MB = (0.5, 4.0, 12.0, 30.0)  # beside a copy that lacks two chapters and the site
LARGE = "size=4g"


def full_disk(bench: Bench, time: Time, wanted: int = len(ROOMS_MB)) -> None:
    """A small filesystem on which a build runs out of space, which then grows."""
    with bench.ledger.kind("builds on a full disk", wanted) as tally:
        while tally.events < wanted and time(3 * bench.seconds):
            room = ROOMS_MB[tally.events % len(ROOMS_MB)]
            rng = bench.ledger.rng()
            whole = bench.without(rng)
            with _filesystem(bench.folder / "small") as runs:
                if runs is None:
                    tally.left_out = "no right to mount a small filesystem here"
                    return
                shutil.copytree(whole, runs, dirs_exist_ok=True, symlinks=True)
                used = shutil.disk_usage(runs).used
                _mount("-o", f"remount,size={used + int(room * 1e6)}", str(runs))
                ended = builds.book(runs).end()
                bench.ledger.happened()
                bench.refused(f"{room:g} MB free", ended, *SPACE)
                bench.ledger.check(f"{room:g} MB free: nothing half-written", builds.unsound(runs))
                _mount("-o", f"remount,{LARGE}", str(runs))
                bench.restored(f"{room:g} MB were free, now there are more", runs)
                builds.outlived(runs)


def removed(bench: Bench, time: Time, wanted: int = 8) -> None:
    """What a build needs is gone, before it begins or while it runs."""
    with bench.ledger.kind("inputs removed", wanted) as tally:
        while tally.events < wanted and time(3 * bench.seconds):
            rng = bench.ledger.rng()
            remove = REMOVALS[tally.events % len(REMOVALS)]
            what, runs = remove(bench, rng)
            bench.ledger.happened()
            if what:
                bench.restored(what, runs)


def _artifact(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    runs, where = _with_one_unread(bench, rng)
    shutil.rmtree(where)
    return f"an artifact's folder ({where.parent.name})", runs


def _file(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    runs, where = _with_one_unread(bench, rng)
    path = rng.choice(sorted(where.iterdir()))
    path.unlink()
    return f"a file of an artifact ({where.parent.name}/{path.name})", runs


def _results(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    runs = bench.copy()
    path = rng.choice(sorted(runs.glob("chapters/*/*/results.json")))
    path.unlink()
    shutil.rmtree(runs / "site")
    return f"results.json ({path.parent.parent.name})", runs


def _page(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    runs = bench.copy()
    path = rng.choice(sorted((runs / "site").rglob("*.html")))
    path.unlink()
    return f"a page of the site ({path.name})", runs


def _plan(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    runs = bench.without(rng)
    shutil.rmtree(runs / "plans", ignore_errors=True)
    build = builds.book(runs)
    while not list(runs.glob("plans/*.json")) and not build.ends_within(0.05):
        pass
    build.ends_within(rng.uniform(0.0, 2.0))
    shutil.rmtree(runs / "plans", ignore_errors=True)
    bench.refused("the plan, while jobs read it", build.end(), "the plan ", "No such file or directory")
    return "the plan, while jobs read it", runs


def _data(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    raw = bench.folder / "data" / "MNIST" / "raw"
    runs = bench.copy()
    bench.drop(bench.digits, rng, runs)
    shutil.rmtree(runs / "site")
    if not raw.is_dir():
        print("there is no MNIST here: its removal is not tried", flush=True)
        return "", runs
    path = rng.choice(sorted(raw.iterdir()))
    hidden = bench.folder / path.name
    path.rename(hidden)
    try:
        bench.refused(f"{path.name} of MNIST", builds.book(runs).end(), path.name)
    finally:
        hidden.rename(path)
    return f"{path.name} of MNIST, now put back", runs


def _data_meanwhile(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    raw = bench.folder / "data" / "MNIST"
    runs = bench.copy()
    bench.drop(bench.digits, rng, runs)
    shutil.rmtree(runs / "site")
    if not raw.is_dir():
        return "", runs
    hidden = bench.folder / "MNIST.hidden"
    build = builds.book(runs)
    build.ends_within(rng.uniform(0.2, 0.6) * bench.seconds)
    raw.rename(hidden)
    try:
        named = ("MNIST", "mnist", "changed since it was planned")
        bench.refused("the data, while the book is built", build.end(), *named)
    finally:
        hidden.rename(raw)
    return "the data, while the book is built, now put back", runs


def _store(bench: Bench, rng: random.Random) -> tuple[str, Path]:
    runs = bench.without(rng)
    build = builds.book(runs)
    build.ends_within(rng.uniform(0.3, 0.8) * bench.seconds)
    shutil.rmtree(runs / "artifacts", ignore_errors=True)
    build.end()  # however it ends, what comes next is to be right
    return "all artifacts, while the book is built", runs


REMOVALS: tuple[Callable[[Bench, random.Random], tuple[str, Path]], ...] = (
    _results, _artifact, _data, _plan, _file, _page, _data_meanwhile, _store
)  # fmt: skip


def two_at_once(bench: Bench, time: Time, wanted: int = 3) -> None:
    """Two builds in one folder: of the same book, of another, and one that is killed beside the other."""
    with bench.ledger.kind("two builds at once", wanted) as tally:
        while tally.events < wanted and time(4 * bench.seconds):
            rng = bench.ledger.rng()
            runs = bench.without(rng)
            way = tally.events % 3
            other = ("-p", f"{bench.digits}.resamples=123") if way == 1 else ()
            first = builds.book(runs, *other)
            first.ends_within(rng.uniform(0.0, 0.3) * bench.seconds)
            second = builds.book(runs)
            if way == 2:
                second.ends_within(rng.uniform(0.2, 0.5) * bench.seconds)
                first.kill()
            else:
                ended = first.end()
                bench.ledger.check("the first ends well", bench.failed(ended))
            ended = second.end()
            bench.ledger.happened()
            trouble = bench.failed(ended) or bench.differs(runs)
            names = ("of the same book", "of another book", "of which the first is killed")
            bench.ledger.check(f"two {names[way]}: the second ends with the same site", trouble)
            bench.restored(f"after two {names[way]}", runs)
            builds.outlived(runs)


def clock_set_back(bench: Bench, time: Time, wanted: int = 2) -> None:
    """A build that begins long before the reference was made, and one whose clock goes back while it runs."""
    with bench.ledger.kind("clocks set back", wanted) as tally:
        library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
        if library is None:
            tally.left_out = "no libfaketime here (Debian: apt-get install faketime)"
            return
        while tally.events < wanted and time(3 * bench.seconds):
            rng = bench.ledger.rng()
            runs = bench.without(rng)
            told = bench.folder / "faketime"
            told.write_text("-400d\n" if tally.events % 2 == 0 else "+0\n")
            environment = {
                "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(told), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            }  # fmt: skip
            build = builds.book(runs, environment=environment)
            if tally.events % 2:
                build.ends_within(rng.uniform(0.2, 0.7) * bench.seconds)
                told.write_text("-90d\n")
            ended = build.end()
            bench.ledger.happened()
            trouble = bench.failed(ended) or bench.differs(runs)
            what = "back by 90 days in the middle" if tally.events % 2 == 0 else "400 days late from the start"
            bench.ledger.check(f"{what}: the same site", trouble)
            bench.restored(f"{what}, then right again", runs)


@contextmanager
def _filesystem(where: Path) -> Iterator[Path | None]:
    """A mounted tmpfs, None where none may be mounted."""
    where.mkdir(exist_ok=True)
    if shutil.which("mount") is None or _mount("-t", "tmpfs", "-o", LARGE, "tmpfs", str(where)):
        yield None
        return
    try:
        yield where
    finally:
        for _ in range(20):  # a process that is ending may hold it for a moment
            if not subprocess.run(["umount", str(where)], capture_output=True, check=False).returncode:
                break
            clock.sleep(0.5)
        else:
            with contextlib.suppress(OSError):
                subprocess.run(["umount", "--lazy", str(where)], check=False)


def _mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


def _with_one_unread(bench: Bench, rng: random.Random) -> tuple[Path, Path]:
    """A copy in which one chapter must be executed again, and one artifact that it reads."""
    runs = bench.copy()
    slugs = sorted(path.name for path in (runs / "chapters").iterdir())
    slug = rng.choice([one for one in slugs if artifacts_of(one, runs)])
    where = rng.choice(artifacts_of(slug, runs))
    shutil.rmtree(runs / "chapters" / slug)
    shutil.rmtree(runs / "site")
    return runs, where


KINDS: tuple[tuple[benches.Kind, float], ...] = (
    (full_disk, 0.06), (removed, 0.08), (two_at_once, 0.04), (clock_set_back, 0.02)
)  # fmt: skip
