"""Kills and flipped bits. A kind takes the bench and `time(seconds)`, True where its share of the time allows more."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.chaos import bench as benches
from tests.chaos import builds
from tests.chaos.bench import Bench

Time = Callable[[float], bool]
IN_A_ROW = 5  # kills of one build, each time started again, before it is let end
BATCH = 50


def killed_smoke(bench: Bench, time: Time, wanted: int = 50) -> None:
    """SIGKILL to the whole group at random moments of building and rendering."""
    with bench.ledger.kind("smoke builds killed", wanted) as tally:
        while tally.events < wanted and time(4 * bench.seconds):
            rng = bench.ledger.rng()
            runs = bench.without(rng)
            for _ in range(IN_A_ROW):
                rng = bench.ledger.rng()
                build = builds.book(runs)
                moment = rng.uniform(0.3, bench.seconds)
                if tally.events == wanted or build.ends_within(moment):
                    build.kill()
                    break
                build.kill()
                bench.ledger.happened()
                # Every other time the next build begins at once, while kernels of the killed one may be at work.
                trouble = builds.outlived(runs) if rng.random() < 0.5 else ""
                trouble = trouble or builds.unsound(runs)
                bench.ledger.check(f"killed after {moment:.1f} s: nothing half-written", trouble)
            bench.restored("after the kills", runs)
            bench.ledger.check("no process outlives its build", builds.outlived(runs))


def killed_alone(bench: Bench, time: Time, wanted: int = 3) -> None:
    """SIGKILL to the command alone: Snakemake and its jobs go on beside the next build."""
    with bench.ledger.kind("commands killed beside their jobs", wanted) as tally:
        while tally.events < wanted and time(3 * bench.seconds):
            rng = bench.ledger.rng()
            runs = bench.without(rng)
            build = builds.book(runs)
            if not build.ends_within(rng.uniform(0.3, 0.7) * bench.seconds):
                build.kill(alone=True)
            bench.ledger.happened()
            bench.restored("beside the jobs of a killed one", runs)
            builds.outlived(runs)
            bench.ledger.check("once those have ended too", bench.differs(runs) or builds.unsound(runs))


def killed_default(bench: Bench, time: Time, wanted: int = 5) -> None:
    """The same to one chapter at `default`, whose networks train for long: training goes on from its checkpoints.

    One chapter, because the whole book at `default` takes longer than all else here.
    """
    arguments = ("run", bench.digits, "--profile", "default")
    reference = bench.folder / "default"
    with bench.ledger.kind("default builds killed", wanted) as tally:
        if tally.events == wanted or not time(4 * bench.seconds):
            return
        whole = builds.Build(reference, *arguments).end()
        kept = bench.folder / "default-seconds.txt"
        if not kept.is_file():
            kept.write_text(str(whole.seconds))
        seconds = float(kept.read_text())
        expected = _pages(reference, bench.digits)
        runs = bench.folder / "default-work"
        shutil.rmtree(runs, ignore_errors=True)
        while tally.events < wanted and time(1.5 * seconds):
            rng = bench.ledger.rng()
            build = builds.Build(runs, *arguments)
            moment = rng.uniform(0.3, 0.6 * seconds)
            if build.ends_within(moment):
                build.kill()
                shutil.rmtree(runs)  # it was done: from the start
                continue
            build.kill()
            bench.ledger.happened()
            bench.ledger.check(f"killed after {moment:.1f} s: nothing half-written", builds.unsound(runs))
        ended = builds.Build(runs, *arguments).end()
        trouble = bench.failed(ended)
        changed = [name for name, content in _pages(runs, bench.digits).items() if content != expected.get(name)]
        bench.ledger.check(
            f"one more build gives the same notebook and results ({ended.seconds:.0f} s)",
            trouble or ", ".join(changed) or ("" if expected else "nothing was made"),
        )
        bench.ledger.check("no process outlives its build", builds.outlived(runs))


def flipped_artifacts(bench: Bench, time: Time, wanted: int = 200) -> None:
    """One bit of one file, record.json included, of many artifacts; every chapter reads them again."""
    with bench.ledger.kind("artifacts with a flipped bit", wanted) as tally:
        while tally.events < wanted and time(5 * bench.seconds):
            rng = bench.ledger.rng()
            runs = bench.copy()
            shutil.rmtree(runs / "chapters")
            shutil.rmtree(runs / "site")
            folders = sorted(runs.glob("artifacts/[a-z]*/*"))
            chosen = rng.sample(folders, min(BATCH, wanted - tally.events, len(folders)))
            for folder in chosen:
                flip(rng.choice(sorted(path for path in folder.iterdir() if path.stat().st_size)), rng)
            bench.ledger.happened(len(chosen))
            before = bench.seconds
            bench.restored(f"{len(chosen)} artifacts of {len(folders)} damaged", runs)
            bench.seconds = before  # all chapters were executed: no measure of the next part


def flipped_chapters(bench: Bench, time: Time, wanted: int = 6) -> None:
    """The same for executed chapters, and for pages of the site."""
    with bench.ledger.kind("chapters and pages with a flipped bit", wanted) as tally:
        while tally.events < wanted and time(3 * bench.seconds):
            rng = bench.ledger.rng()
            runs = bench.copy()
            if tally.events % 3 == 2:
                flip(rng.choice(sorted((runs / "site").rglob("*.html"))), rng)
                what = "a page of the site"
            else:
                flip(rng.choice(sorted(runs.glob("chapters/*/*/*.*"))), rng)
                shutil.rmtree(runs / "site")
                what = "a file of a chapter"
            bench.ledger.happened()
            bench.restored(what, runs)


def flip(path: Path, rng: random.Random) -> None:
    """Turn one bit of a file over."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _pages(runs: Path, slug: str) -> dict[str, bytes]:
    """Notebook and results of the executed chapter, by name."""
    folders = [path for path in (runs / "chapters" / slug).glob("*") if not path.name.startswith(".")]
    return {
        f"{folder.name}/{name}": (folder / name).read_bytes()
        for folder in folders for name in ("chapter.ipynb", "results.json")
    }  # fmt: skip


KINDS: tuple[tuple[benches.Kind, float], ...] = (
    (killed_smoke, 0.40), (killed_alone, 0.06), (killed_default, 0.14), (flipped_artifacts, 0.15),
    (flipped_chapters, 0.05),
)  # fmt: skip
