"""The books that accidents happen to: a small one for the many, the whole one for a share, one at `default`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from tests.chaos import frozen
from tests.chaos.bench import Bench
from tests.chaos.ledger import Ledger

SMALL = ("rotated-mnist", "pose")  # digits and faces, networks that train and artifacts of artifacts
SLOW = ("rotated-mnist",)  # at `default`: its networks train for a minute or so, with checkpoints


class Books:
    """folder: of its own, with copies of code and data. chapters: all books have these alone; see SMALL unless given.

    A book is built, undisturbed, when it is first asked for. Raises bench.NoReference where that fails.
    """

    def __init__(self, folder: Path, ledger: Ledger, checkout: Path, data: Path, chapters: Sequence[str] = ()) -> None:
        self.folder, self.ledger, self.checkout, self.data = folder, ledger, checkout, data
        self.given = tuple(chapters)
        known = frozen.slugs(checkout)
        self.chapters = {
            "small": self.given or SMALL,
            "whole": self.given or tuple(known),
            "default": self.given[:1] or SLOW,
        }

    @cached_property
    def small(self) -> Bench:
        return self._bench("small")

    @cached_property
    def whole(self) -> Bench:
        return self.small if self.given else self._bench("whole")

    @cached_property
    def default(self) -> Bench:
        return self._bench("default", profile="default")

    def _bench(self, name: str, profile: str = "smoke") -> Bench:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        checkout = frozen.smaller(self.checkout, folder / "checkout", self.chapters[name])
        return Bench(folder, self.ledger, checkout, self.data, name, profile, control=name == "small")

    def forget(self) -> None:
        """Remove all books: they are of other code."""
        for name in self.chapters:
            shutil.rmtree(self.folder / name, ignore_errors=True)
