"""Where accidents happen: a finished build to compare with, and copies of it that lack a part."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from deepfeatures.study import artifacts
from tests.chaos import builds, frozen, trees
from tests.chaos.ledger import Ledger

PARTS = 2  # chapters that a copy of a book lacks: the rest is as it was
PART = 0.35  # of the seconds of a whole build, which a copy that lacks PARTS chapters takes, about
LEAST_LIMIT_S = 300.0  # and ten times what the undisturbed build took: beyond it a build hangs


class NoReference(RuntimeError):
    """The undisturbed build failed, or two of them differ: there is nothing to compare with."""


class Bench:
    """folder: of its own. Holds reference/ (a finished build) and a copy that may be damaged.

    whole_s: seconds that the reference took; part_s: those of a copy that lacked chapters (`without`), undisturbed, or
    PART of the former without such a control. Both are fixed before any accident: kills fall within them.
    """

    def __init__(
        self, folder: Path, ledger: Ledger, checkout: Path, data: Path, name: str, profile: str, *, control: bool
    ) -> None:
        self.folder, self.ledger, self.checkout, self.data, self.profile = folder, ledger, checkout, data, profile
        self.slugs = frozen.slugs(checkout)
        self.environment = frozen.environment(checkout, data)
        # A name with what shells, YAML and Snakemake take for theirs.
        self.reference, self.work = folder / "reference", folder / "work's $(odd) {name}: #1"
        self.whole_s = self.part_s = 0.0
        print(f"\n== undisturbed: the {name} book at {profile}, {', '.join(self.slugs)}", flush=True)
        ended = self.build(self.reference).end()
        if trouble := self.failed(ended):
            raise NoReference(trouble)
        self.tree = trees.site_tree(self.reference / "site")
        known = folder / "seconds.json"
        if not known.is_file():
            self.whole_s = ended.seconds
            part = self._control() if control else PART * ended.seconds
            known.write_text(json.dumps({"whole": ended.seconds, "part": part}))
        seconds = json.loads(known.read_text())
        self.whole_s, self.part_s = seconds["whole"], seconds["part"]
        print(f"{len(self.tree)} files; {self.whole_s:,.0f} s, {self.part_s:,.0f} s of a part", flush=True)

    def build(self, runs: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> builds.Build:
        """Start `deepfeatures book` of this book in a folder."""
        given = {**self.environment, **(environment or {})}
        limit_s = max(LEAST_LIMIT_S, 10 * self.whole_s) if self.whole_s else None
        return builds.Build(
            runs, "book", "--profile", self.profile, *arguments, environment=given, limit_s=limit_s
        )  # fmt: skip

    @property
    def digits(self) -> str | None:
        """The first chapter that reads digits, whose data can be taken away; None where the book has none."""
        return next((slug for slug, path in self.slugs.items() if frozen.reads_digits(path)), None)

    def copy(self) -> Path:
        """work/, as the reference is."""
        self.empty()
        shutil.copytree(self.reference, self.work, symlinks=True)
        return self.work

    def empty(self) -> Path:
        """work/, with nothing in it and nobody at work in it."""
        for _ in range(20):
            builds.end_orphans(self.work)
            shutil.rmtree(self.work, ignore_errors=True)
            if not self.work.exists():
                return self.work
            time.sleep(0.2)
        shutil.rmtree(self.work)  # says what cannot be removed
        return self.work

    def without(self, rng: random.Random) -> Path:
        """A copy without a site, some chapters and most of what these were made from."""
        runs = self.copy()
        slugs = sorted(self.slugs)
        for slug in rng.sample(slugs, min(PARTS, max(1, len(slugs) - 1))):
            self.drop(slug, rng, runs)
        shutil.rmtree(runs / "site")
        return runs

    def drop(self, slug: str, rng: random.Random, runs: Path) -> None:
        """Remove an executed chapter, and each artifact behind it with a chance of 0.7."""
        for where in artifacts_of(slug, runs):
            if rng.random() < 0.7:
                shutil.rmtree(where)
        shutil.rmtree(runs / "chapters" / slug)

    def restored(self, what: str, runs: Path) -> builds.Ended:
        """One more build gives the site of the reference, byte for byte, and all that lies there is whole: a check."""
        ended = self.build(runs).end()
        trouble = self.failed(ended) or self.differs(runs) or builds.unsound(runs)
        self.ledger.check(f"{what}: one more build gives the same site ({ended.seconds:.0f} s)", trouble)
        return ended

    def failed(self, ended: builds.Ended) -> str:
        """'' of a build that ended well; else its last words. All that it said is kept beside the ledger."""
        if not ended.code:
            return ""
        kept = self.folder / f"failed-{len(list(self.folder.glob('failed-*'))) + 1}.log"
        kept.write_text(ended.told, "utf-8")
        return f"exit status {ended.code}{ended.hung} ({kept.name}): {ended.last_words}"

    def differs(self, runs: Path) -> str:
        return trees.difference(trees.site_tree(runs / "site"), self.tree)

    def refused(self, what: str, ended: builds.Ended, *names: str) -> bool:
        """The build ended by itself: with the same site, or with a message that names the cause. A check.

        names: regular expressions, of which one is found in what the build said.
        """
        if ended.code == 0:
            trouble = self.differs(ended.runs)
            return self.ledger.check(f"{what}: the build went on, with the same site", trouble)
        trouble = ended.unexplained(*names)
        return self.ledger.check(f"{what}: the build said why: {ended.last_words[:160]}", trouble)

    def _control(self) -> float:
        """Seconds of building a copy that lacks a part, without any accident; it must give the reference's site."""
        runs = self.without(random.Random("control"))
        ended = self.build(runs).end()
        if trouble := self.failed(ended) or self.differs(runs):
            raise NoReference(f"two undisturbed builds differ, so nothing can be compared: {trouble}")
        return ended.seconds


def artifacts_of(slug: str, runs: Path) -> list[Path]:
    """Folders of the artifacts behind an executed chapter, inputs of inputs too."""
    wanted = [
        key
        for results in (runs / "chapters" / slug).glob("*/results.json")
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


def damaged(folders: Iterable[Path]) -> set[str]:
    """Those of the folders, as kind/key, that are not as their records say."""
    found = set()
    for folder in folders:
        with contextlib.suppress(artifacts.Damaged):
            artifacts.verify(folder)
            continue
        found.add(f"{folder.parent.name}/{folder.name}")
    return found
