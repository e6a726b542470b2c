"""Where accidents happen: a finished build to compare with, and copies of it that lack a part."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import yaml

from deepfeatures.study import catalogue, paths, strict_yaml
from tests.chaos import builds, trees
from tests.chaos.ledger import Ledger

PARTS = 2  # chapters that a copy lacks: the rest of the book is as it was


class NoReference(RuntimeError):
    """The undisturbed build failed: there is nothing to compare with."""


class Bench:
    """folder: of its own. Holds reference/ (a finished smoke build), data/ (a copy that may be damaged) and work/."""

    def __init__(self, folder: Path, ledger: Ledger, chapters: Sequence[str] = ()) -> None:
        self.folder, self.ledger = folder, ledger
        if chapters:
            os.environ["DEEPFEATURES_ROOT"] = str(smaller_book(folder / "checkout", chapters))
        # A name with what shells, YAML and Snakemake take for theirs.
        self.reference, self.work = folder / "reference", folder / "work's $(odd) {name}: #1"
        self.seconds = 0.0  # that the last part took to be built: accidents fall within it
        self._data()
        print("\n== the book, undisturbed", flush=True)
        ended = builds.book(self.reference).end()
        if trouble := self.failed(ended):
            raise NoReference(trouble)
        self.tree = trees.site_tree(self.reference / "site")
        known = folder / "seconds.txt"
        if not known.is_file() or ended.seconds > float(known.read_text()):  # a later call finds it built
            known.write_text(str(ended.seconds))
        self.seconds = 0.3 * float(known.read_text())
        print(f"{len(self.tree)} files, {ended.seconds:,.0f} s", flush=True)

    @property
    def digits(self) -> str:
        """The first chapter that reads digits: the one whose data is taken away, and which is built at `default`."""
        return next(slug for slug in catalogue.slugs() if "dataset" in catalogue.chapter(slug).parameters)

    def copy(self) -> Path:
        """work/, as the reference is."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.reference, self.work, symlinks=True)
        return self.work

    def without(self, rng: random.Random) -> Path:
        """A copy without a site, some chapters and most of what these were made from."""
        runs = self.copy()
        slugs = sorted(catalogue.slugs())
        for slug in rng.sample(slugs, min(PARTS, len(slugs) - 1)):
            self.drop(slug, rng, runs)
        shutil.rmtree(runs / "site")
        return runs

    def drop(self, slug: str, rng: random.Random, runs: Path) -> None:
        """Remove an executed chapter, and each artifact behind it with a chance of 0.7."""
        for where in artifacts_of(slug, runs):
            if rng.random() < 0.7:
                shutil.rmtree(where)
        shutil.rmtree(runs / "chapters" / slug)

    def restored(self, what: str, runs: Path) -> bool:
        """One more build gives the site of the reference, byte for byte: a check."""
        ended = builds.book(runs).end()
        self.seconds = max(ended.seconds, 5.0)
        trouble = self.failed(ended) or self.differs(runs)
        return self.ledger.check(f"{what}: one more build gives the same site ({ended.seconds:.0f} s)", trouble)

    def failed(self, ended: builds.Ended) -> str:
        """'' of a build that ended well; else its last words. All that it said is kept beside the ledger."""
        if not ended.code:
            return ""
        kept = self.folder / f"failed-{len(list(self.folder.glob('failed-*'))) + 1}.log"
        kept.write_text(ended.told, "utf-8")
        return f"exit status {ended.code} ({kept.name}): {ended.last_words}"

    def differs(self, runs: Path) -> str:
        return trees.difference(trees.site_tree(runs / "site"), self.tree)

    def refused(self, what: str, ended: builds.Ended, *names: str) -> bool:
        """The build ended by itself: with success, or with a message that names the cause. A check."""
        named = any(name in ended.told for name in names)
        by_itself = ended.code == 0 or (ended.code > 0 and named and "Traceback" not in ended.last_words)
        wanted = " or ".join(map(repr, names))
        trouble = "" if by_itself else f"exit status {ended.code}, {wanted} expected: {ended.last_words}"
        how = "went on" if ended.code == 0 else f"said why: {ended.last_words[:160]}"
        return self.ledger.check(f"{what}: the build {how if by_itself else 'failed otherwise'}", trouble)

    def _data(self) -> None:
        # MNIST is copied, for a file of it will be taken away; photographs play no part in the smoke profile.
        raw = Path(os.environ.get("DEEPFEATURES_DATA", "data")) / "MNIST" / "raw"
        mine = self.folder / "data"
        if raw.is_dir() and not mine.is_dir():
            shutil.copytree(raw, mine / "MNIST" / "raw", ignore=shutil.ignore_patterns("*.gz"))
        mine.mkdir(exist_ok=True)
        os.environ["DEEPFEATURES_DATA"] = str(mine)


def smaller_book(checkout: Path, chapters: Sequence[str]) -> Path:
    """A checkout with some of the chapters and their claims, for a machine on which the whole book takes too long."""
    here = paths.root()
    for name in ("src", "workflow", "profiles", "book", "benchmarks", "_config.yml", "requirements.lock"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        if not (checkout / name).exists():
            (checkout / name).symlink_to(here / name)
    known = catalogue.slugs()
    for name in ("notebooks", "claims"):
        shutil.rmtree(checkout / name, ignore_errors=True)
        (checkout / name).mkdir()
    for slug in chapters:
        shutil.copyfile(catalogue.chapter(slug).path, checkout / "notebooks" / known[slug].name)
    for path in paths.claims().glob("*.yaml"):
        ledger = strict_yaml.load(path.read_text("utf-8"))
        ledger["claims"] = [one for one in ledger["claims"] if one.get("chapter") in (None, *chapters)]
        if ledger["claims"]:
            (checkout / "claims" / path.name).write_text(yaml.safe_dump(ledger, allow_unicode=True), "utf-8")
    return checkout


def artifacts_of(slug: str, runs: Path) -> list[Path]:
    """Folders of the artifacts behind an executed chapter, inputs of inputs too."""
    wanted = [
        key
        for results in (runs / "chapters" / slug).glob("*/results.json")  # several, in a folder of before code changed
        for keys in json.loads(results.read_text())["artifacts"].values() for key in keys
    ]  # fmt: skip
    return closure(wanted, runs)


def closure(keys: Iterable[str], runs: Path) -> list[Path]:
    found: dict[str, Path] = {}
    waiting = list(keys)
    while waiting:
        key = waiting.pop()
        for where in (runs / "artifacts").glob(f"*/{key}"):
            if key not in found:
                found[key] = where
                waiting += json.loads((where / "record.json").read_text())["inputs"].values()
    return [found[key] for key in sorted(found)]


Kind = Callable[[Bench, Callable[[float], bool]], None]
