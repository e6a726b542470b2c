"""What a build needs is gone, before it begins or while it runs."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.chaos import frozen
from tests.chaos.bench import Bench, artifacts_of
from tests.chaos.books import Books
from tests.chaos.drive import Kind, LeftOut

PLAN = (r"the plan \S.* is gone", r"No such file or directory: '[^']*plans/[0-9a-f]+\.json'")
MEANWHILE = (
    r"MNIST is (not|neither) under", r"MNIST/raw\S* is missing", r"No such file or directory: '[^']*MNIST",
    r"chapter \S+ changed since it was planned",
)  # fmt: skip


def removed(books: Books, rng: random.Random, number: int) -> None:
    """One of the removals, in turn."""
    REMOVALS[number % len(REMOVALS)](books.small, rng)


def _artifact(bench: Bench, rng: random.Random) -> None:
    runs, where = _with_one_unread(bench, rng)
    shutil.rmtree(where)
    bench.ledger.happened()
    bench.restored(f"an artifact's folder ({where.parent.name})", runs)


def _file(bench: Bench, rng: random.Random) -> None:
    runs, where = _with_one_unread(bench, rng)
    path = rng.choice(sorted(where.iterdir()))
    path.unlink()
    bench.ledger.happened()
    bench.restored(f"a file of an artifact ({where.parent.name}/{path.name})", runs)
    bench.ledger.check("the file is there again", "" if path.is_file() else f"{path.name} is missing")


def _results(bench: Bench, rng: random.Random) -> None:
    runs = bench.copy()
    path = rng.choice(sorted(runs.glob("chapters/*/*/results.json")))
    path.unlink()
    shutil.rmtree(runs / "site")
    bench.ledger.happened()
    bench.restored(f"results.json ({path.parent.parent.name})", runs)


def _page(bench: Bench, rng: random.Random) -> None:
    runs = bench.copy()
    path = rng.choice(sorted((runs / "site").rglob("*.html")))
    path.unlink()
    bench.ledger.happened()
    bench.restored(f"a page of the site ({path.name})", runs)


def _plan(bench: Bench, rng: random.Random) -> None:
    runs = bench.without(rng)
    shutil.rmtree(runs / "plans", ignore_errors=True)
    build = bench.build(runs)
    while not list(runs.glob("plans/*.json")) and not build.ends_within(0.05):
        pass
    if not build.ends_within(rng.uniform(0.0, 0.1) * bench.part_s):
        bench.ledger.happened()
    shutil.rmtree(runs / "plans", ignore_errors=True)
    bench.refused("the plan, while jobs read it", build.end(), *PLAN)
    bench.restored("the plan, while jobs read it", runs)


def _store(bench: Bench, rng: random.Random) -> None:
    runs = bench.without(rng)
    build = bench.build(runs)
    if not build.ends_within(rng.uniform(0.2, 0.6) * bench.part_s):
        bench.ledger.happened()
    shutil.rmtree(runs / "artifacts", ignore_errors=True)
    build.end()  # however it ends, what comes next is to be right
    bench.restored("all artifacts, while the book is built", runs)


REMOVALS: tuple[Callable[[Bench, random.Random], None], ...] = (_results, _artifact, _plan, _file, _page, _store)


def data_removed(books: Books, rng: random.Random, number: int) -> None:
    """A file of MNIST before a build, or all of it during one. Downloads are off: nothing takes its place."""
    bench = books.small
    raw = bench.data / "MNIST" / "raw"
    if bench.digits is None:
        raise LeftOut("no chapter of this book reads digits")
    if not raw.is_dir():
        raise LeftOut("there is no MNIST here")
    runs = bench.copy()
    bench.drop(bench.digits, rng, runs)
    shutil.rmtree(runs / "site")
    build = bench.build(runs) if number % 2 else None
    try:
        if build is None:
            path = rng.choice(sorted(raw.iterdir()))
            path.unlink()
            what = f"{path.name} of MNIST"
            bench.ledger.happened()
            bench.refused(what, bench.build(runs).end(), rf"{path.name} is missing")
        else:
            what = "MNIST, while the book is built"
            if not build.ends_within(rng.uniform(0.1, 0.5) * bench.part_s):
                bench.ledger.happened()
            shutil.rmtree(raw.parent)
            bench.refused(what, build.end(), *MEANWHILE)
    finally:
        frozen.data(bench.data)  # copied again and verified, whatever stands there by now
    bench.restored(f"{what}, now put back", runs)


def _with_one_unread(bench: Bench, rng: random.Random) -> tuple[Path, Path]:
    """A copy in which one chapter must be executed again, and one artifact that it reads."""
    runs = bench.copy()
    slugs = sorted(path.name for path in (runs / "chapters").iterdir())
    slug = rng.choice([one for one in slugs if artifacts_of(one, runs)])
    where = rng.choice(artifacts_of(slug, runs))
    shutil.rmtree(runs / "chapters" / slug)
    shutil.rmtree(runs / "site")
    return runs, where


KINDS = (
    Kind("inputs removed", 6, 0.18, removed, lambda books: 2 * books.small.part_s),
    Kind("data removed", 2, 0.07, data_removed, lambda books: 2.5 * books.small.part_s),
)
