"""What was tried so far and how it went: kept in the folder, so that a run that was stopped goes on from there."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "ledger.json"


@dataclass
class Tally:
    """Of one kind of accident. events: accidents that happened; wanted: how many were to; failures: what went wrong."""

    wanted: int
    events: int = 0
    checks: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    left_out: str = ""


class Ledger:
    """Tallies by kind of accident, saved after each check. minutes: of this call alone."""

    def __init__(self, folder: Path, seed: int, minutes: float) -> None:
        self.path, self.seed = folder / FILE, seed
        self.until = time.monotonic() + 60 * minutes
        self.tallies: dict[str, Tally] = {}
        self.now = ""
        if self.path.is_file():
            kept = json.loads(self.path.read_text("utf-8"))
            if kept["seed"] != seed:
                raise ValueError(f"{self.path} is of seed {kept['seed']}, not {seed}: give that, or another folder")
            self.tallies = {name: Tally(**tally) for name, tally in kept["tallies"].items()}

    @contextmanager
    def kind(self, name: str, wanted: int) -> Iterator[Tally]:
        """Within it, checks are of this kind of accident."""
        self.now, started = name, time.monotonic()
        tally = self.tallies.setdefault(name, Tally(wanted))
        tally.wanted, tally.left_out = wanted, ""
        print(f"\n== {name}: {tally.events} of {wanted} so far", flush=True)
        try:
            yield tally
        finally:
            tally.seconds += time.monotonic() - started
            if tally.events < wanted and not tally.left_out:
                tally.left_out = "the time was over"
            self._save()

    def rng(self) -> random.Random:
        """Chance for the next accident: the same for the same seed, kind and number, wherever a run was stopped."""
        return random.Random(f"{self.seed}/{self.now}/{self.tallies[self.now].events}")

    def happened(self, count: int = 1) -> None:
        self.tallies[self.now].events += count
        self._save()

    def check(self, what: str, trouble: str = "") -> bool:
        """One check of the accident at hand; trouble: what is wrong, '' where nothing is."""
        tally = self.tallies[self.now]
        tally.checks += 1
        print(f"{'FAILED' if trouble else 'passed'}  {self.now}: {what}{': ' + trouble if trouble else ''}", flush=True)
        if trouble:
            tally.failures.append(f"{what}: {trouble}")
        self._save()
        return not trouble

    def time_for(self, seconds: float) -> bool:
        """True where so much is left of the minutes given."""
        return time.monotonic() + seconds < self.until

    @property
    def passed(self) -> int:
        return sum(tally.checks - len(tally.failures) for tally in self.tallies.values())

    @property
    def failed(self) -> int:
        return sum(len(tally.failures) for tally in self.tallies.values())

    def summary(self) -> str:
        """A line a kind, what was left out, and last `N passed, M failed`."""
        lines = []
        for name, tally in self.tallies.items():
            lines.append(
                f"{name}: {tally.events} of {tally.wanted}, {tally.checks - len(tally.failures)} checks passed, "
                f"{len(tally.failures)} failed, {tally.seconds:,.0f} s"
            )
            if tally.left_out:
                lines.append(f"  left out: {tally.wanted - tally.events} of {tally.wanted}: {tally.left_out}")
            lines += [f"  failed: {failure}" for failure in tally.failures]
        return "\n".join([*lines, f"{self.passed} passed, {self.failed} failed"])

    def _save(self) -> None:
        content = {"seed": self.seed, "tallies": {name: asdict(tally) for name, tally in self.tallies.items()}}
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        temporary.replace(self.path)
