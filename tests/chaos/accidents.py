"""Kills and flipped bits. A kind takes the books, chance and the number of the try."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

from deepfeatures.study import artifacts
from tests.chaos import builds
from tests.chaos.bench import Bench, damaged
from tests.chaos.books import Books
from tests.chaos.drive import Kind

IN_A_ROW = 10  # kills of one build, each time started again, before it is let end
IN_A_ROW_WHOLE, IN_A_ROW_DEFAULT = 3, 5  # where each takes longer
# What a series of kills is of, in turn: a copy that lacks chapters and the site, or the site alone.
SERIES = ("small", "whole", "site", "small", "site")
SITE = 0.4  # of the time that a part takes, about, goes into the site
BATCH = 200
NOTICED, UNREAD = "noticed and made again", "in parts of record.json that no build reads"


def killed_smoke(books: Books, rng: random.Random, number: int) -> None:
    """SIGKILL to the whole group at random moments of building and rendering."""
    what = SERIES[number % len(SERIES)]
    bench = books.whole if what == "whole" else books.small
    if what == "site":
        runs, longest = bench.copy(), SITE * bench.part_s
        shutil.rmtree(runs / "site")
    else:
        runs, longest = bench.without(rng), bench.part_s
    for _ in range(min(IN_A_ROW_WHOLE if what == "whole" else IN_A_ROW, books.ledger.missing)):
        if not _killed(bench, bench.build(runs), rng.uniform(0.3, longest), rng):
            break
    bench.restored("after the kills", runs)
    bench.ledger.check("no process outlives its build", builds.outlived(runs))


def killed_default(books: Books, rng: random.Random, number: int) -> None:
    """The same to a book at `default`, whose networks train for longer, from nothing on: from checkpoints they go on.

    A book of one chapter, because the whole one at `default` takes longer than all else here.
    """
    bench = books.default
    runs = bench.empty()
    for _ in range(min(IN_A_ROW_DEFAULT, books.ledger.missing)):
        if not _killed(bench, bench.build(runs), rng.uniform(0.3, 0.35 * bench.whole_s), rng):
            break
    bench.restored("after the kills", runs)
    bench.ledger.check("no process outlives its build", builds.outlived(runs))


def _killed(bench: Bench, build: builds.Build, moment: float, rng: random.Random) -> bool:
    """Kill a build and look at what it left; False where it had ended by then."""
    if build.ends_within(moment) or not build.kill():
        bench.ledger.check("a build that ended before its kill ended well", bench.failed(build.end()))
        return False
    bench.ledger.happened()
    # Every other time the next build begins at once, while kernels of the killed one may be at work.
    trouble = builds.outlived(build.runs) if rng.random() < 0.5 else ""
    trouble = trouble or builds.unsound(build.runs)
    bench.ledger.check(f"killed after {moment:.1f} s: nothing half-written", trouble)
    return True


def killed_alone(books: Books, rng: random.Random, number: int) -> None:
    """SIGKILL to the command alone: Snakemake and its jobs go on beside the next build."""
    bench = books.small
    runs = bench.without(rng)
    build = bench.build(runs)
    if not build.ends_within(rng.uniform(0.2, 0.6) * bench.part_s) and build.kill(alone=True):
        bench.ledger.happened()
    bench.restored("beside the jobs of a killed one", runs)
    builds.outlived(runs)
    bench.ledger.check("once those have ended too", bench.differs(runs) or builds.unsound(runs))


def flipped_artifacts(books: Books, rng: random.Random, number: int) -> None:
    """One bit of one file, record.json included, of many artifacts; every chapter reads them again.

    The first batch is of the small book, the others of the whole one.
    """
    bench = books.small if number == 0 else books.whole
    runs = bench.copy()
    shutil.rmtree(runs / "chapters")
    shutil.rmtree(runs / "site")
    folders = sorted(runs.glob("artifacts/[a-z]*/*"))
    chosen = rng.sample(folders, min(BATCH, books.ledger.missing, len(folders)))
    names = {folder: rng.choice(sorted(path.name for path in folder.iterdir() if path.stat().st_size))
             for folder in chosen}  # fmt: skip
    for folder, name in names.items():
        flip(folder / name, rng)
    hurt = damaged(chosen)
    unseen = [folder.name for folder, name in names.items() if name != artifacts.RECORD and _name(folder) not in hurt]
    bench.ledger.check("each flipped bit of a file is seen", ", ".join(unseen))
    ended = bench.restored(f"{len(chosen)} artifacts of {len(folders)} damaged", runs)
    told = set(re.findall(r"damaged artifact, made again: ([a-z0-9-]+/[0-9a-f]+)", ended.told))
    bench.ledger.check(f"{len(hurt)} are noticed and named", ", ".join(sorted(hurt ^ told)))
    bench.ledger.check("and whole again", ", ".join(sorted(damaged(chosen))))
    bench.ledger.happened(len(chosen))
    bench.ledger.note(NOTICED, len(hurt & told))
    bench.ledger.note(UNREAD, len(chosen) - len(hurt))


def flipped_chapters(books: Books, rng: random.Random, number: int) -> None:
    """The same for executed chapters, and for pages of the site."""
    bench = books.small
    runs = bench.copy()
    if number % 4 == 2:
        flip(rng.choice(sorted((runs / "site").rglob("*.html"))), rng)
        bench.restored("a page of the site", runs)
        bench.ledger.happened()
        return
    path = rng.choice(sorted(runs.glob("chapters/*/*/*.*")))
    flip(path, rng)
    shutil.rmtree(runs / "site")
    hurt = damaged([path.parent])
    ended = bench.restored(f"a file of a chapter ({path.name})", runs)
    told = "damaged chapter, run again" in ended.told
    trouble = "" if told == bool(hurt) else f"damaged: {', '.join(hurt) or 'nothing'}; the build said: {told}"
    bench.ledger.check("it is noticed", trouble)
    bench.ledger.happened()


def flip(path: Path, rng: random.Random) -> None:
    """Turn one bit of a file over."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _series(books: Books) -> float:
    return IN_A_ROW * 0.5 * books.small.part_s + books.small.part_s


# Shares of the time that is left once each kind has been tried. The many of one kind last: what others leave is theirs.
KINDS = (
    Kind("commands killed beside their jobs", 2, 0.10, killed_alone, lambda books: 3 * books.small.part_s),
    Kind("chapters and pages with a flipped bit", 4, 0.08, flipped_chapters, lambda books: 1.5 * books.small.part_s),
    Kind("default builds killed", 5, 0.26, killed_default, lambda books: 2 * books.default.whole_s),
    Kind("artifacts with a flipped bit", 200, 0.40, flipped_artifacts, lambda books: 1.3 * books.whole.whole_s, 1),
    Kind("smoke builds killed", 50, 0.60, killed_smoke, _series, 1),
)  # fmt: skip
