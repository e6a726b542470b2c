"""A full disk, two builds at once, a clock set back."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deepfeatures.study import artifacts
from tests.chaos import builds
from tests.chaos.books import Books
from tests.chaos.drive import Kind, LeftOut

SPACE = ("[Nn]o space left", "MB are free under")
ROOMS = (0.05, 0.5, 0.9)  # of what the site and the chapters that are missing will take
LARGE = "size=4g"
BACK_S = 400 * 86_400.0
# libfaketime 0.9.10 makes the sleep of Python from 3.11 on fail (EINVAL from clock_nanosleep, given an absolute time).
SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"


def full_disk(books: Books, rng: random.Random, number: int) -> None:
    """A small filesystem on which a build runs out of space, which then grows."""
    bench = books.small
    room = ROOMS[number % len(ROOMS)]
    whole = bench.without(rng)
    wanted = _size(bench.reference / "site", bench.reference / "chapters") - _size(whole / "chapters")
    with _filesystem(bench.folder / "small") as runs:
        shutil.copytree(whole, runs, dirs_exist_ok=True, symlinks=True)
        _sized(runs, f"size={shutil.disk_usage(runs).used + int(room * wanted)}")
        ended = bench.build(runs).end()
        what = f"{room * wanted / 1e6:.1f} MB of {wanted / 1e6:.1f}"
        bench.refused(f"{what} free", ended, *SPACE)
        bench.ledger.check(f"{what} free: nothing half-written", builds.unsound(runs))
        if ended.code:
            bench.ledger.happened()
        _sized(runs, LARGE)
        bench.restored(f"{what} were free, now there are more", runs)
        builds.outlived(runs)


def two_at_once(books: Books, rng: random.Random, number: int) -> None:
    """Two builds in one folder: of the same book, of another, and one that is killed beside the other."""
    bench = books.small
    way = number % 3
    if way == 1 and bench.digits is None:
        raise LeftOut("another book is one of other parameters for digits, of which this book has none")
    runs = bench.without(rng)
    first = bench.build(runs, *(("-p", f"{bench.digits}.resamples=123") if way == 1 else ()))
    first.ends_within(rng.uniform(0.0, 0.3) * bench.part_s)
    second = bench.build(runs)
    names = ("of the same book", "of another book", "of which the first is killed")
    if way == 2:
        second.ends_within(rng.uniform(0.2, 0.4) * bench.part_s)
        if first.kill():
            bench.ledger.happened()
    else:
        bench.ledger.happened()
    last = "second"
    while way == 1 and second.process.poll() is None:
        if first.ends_within(0.05):
            break
    else:
        last = "first" if way == 1 else last
    if way != 2:
        bench.ledger.check(f"two {names[way]}: the first ends well", bench.failed(first.end()))
    trouble = bench.failed(second.end())
    if last == "second":
        trouble = trouble or bench.differs(runs)
    else:  # the site is the other book's: whole, and not ours
        with contextlib.suppress(artifacts.Damaged):
            artifacts.verify(runs / "site", "rendered-from")
            last = "first, with its whole site"
        trouble = trouble or ("" if last.endswith("site") else "its site is not as it was written")
    bench.ledger.check(f"two {names[way]}: both end, the {last} last", trouble)
    bench.restored(f"after two {names[way]}", runs)
    builds.outlived(runs)


def clock_set_back(books: Books, rng: random.Random, number: int) -> None:
    """A build that begins long before the reference was made, and one whose clock goes back while it runs."""
    bench = books.small
    library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
    if library is None:
        raise LeftOut("no libfaketime here (Debian: apt-get install faketime)")
    told, shim = bench.folder / "faketime", bench.folder / "sleep"
    shim.mkdir(exist_ok=True)
    (shim / "sitecustomize.py").write_text(SLEEP)
    environment = {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(told), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": os.pathsep.join([str(shim), bench.environment["PYTHONPATH"]]),
    }  # fmt: skip
    told.write_text(f"-{BACK_S / 86_400:.0f}d\n")
    seen = subprocess.run(
        [sys.executable, "-c", "import time; time.sleep(0.1); print(time.time())"], env={**os.environ, **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if seen.returncode or abs(clock.time() - BACK_S - float(seen.stdout)) > 3600:
        raise LeftOut(f"libfaketime ({library.name}) sets no clock back here")
    runs = bench.without(rng)
    meanwhile = number % 2 == 1
    what = "back by 90 days in the middle" if meanwhile else "400 days late from the start"
    if meanwhile:
        told.write_text("+0\n")
    build = bench.build(runs, environment=environment)
    if not meanwhile or not build.ends_within(rng.uniform(0.2, 0.6) * bench.part_s):
        bench.ledger.happened()
    if meanwhile:
        told.write_text("-90d\n")
    trouble = bench.failed(build.end()) or bench.differs(runs)
    bench.ledger.check(f"{what}: the same site", trouble)
    bench.restored(f"{what}, then right again", runs)


@contextmanager
def _filesystem(where: Path) -> Iterator[Path]:
    """A mounted tmpfs. Raises LeftOut where none may be mounted."""
    where.mkdir(exist_ok=True)
    while os.path.ismount(where):  # of a run that was killed
        builds.end_orphans(where)
        if subprocess.run(["umount", "--lazy", str(where)], capture_output=True, check=False).returncode:
            raise LeftOut(f"{where} is mounted and cannot be unmounted")
    if shutil.which("mount") is None or _mount("-t", "tmpfs", "-o", LARGE, "tmpfs", str(where)):
        raise LeftOut("no right to mount a small filesystem here")
    try:
        yield where
    finally:
        for _ in range(20):  # a process that is ending may hold it for a moment
            builds.end_orphans(where)
            if not subprocess.run(["umount", str(where)], capture_output=True, check=False).returncode:
                break
            clock.sleep(0.5)
        else:
            with contextlib.suppress(OSError):
                subprocess.run(["umount", "--lazy", str(where)], check=False)


def _sized(where: Path, size: str) -> None:
    """Give a mounted filesystem another size. Raises LeftOut where that cannot be had."""
    if _mount("-o", f"remount,{size}", str(where)):
        raise LeftOut("a small filesystem cannot be given another size here")


def _mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


def _size(*folders: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def _twice(books: Books) -> float:
    return 2.2 * books.small.part_s


KINDS = (
    Kind("builds on a full disk", 3, 0.12, full_disk, _twice),
    Kind("two builds at once", 3, 0.12, two_at_once, lambda books: 3 * books.small.part_s),
    Kind("clocks set back", 2, 0.07, clock_set_back, _twice),
)
