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
STOPPED = "the run was stopped"


@dataclass
class Tally:
    """Of one kind of accident. events: accidents that happened and whose last build was judged; wanted: how many were
    to; tries: calls, those included in which nothing happened; noted: further counts for the page, by what they are."""

    wanted: int
    events: int = 0
    tries: int = 0
    checks: int = 0
    failures: list[str] = field(default_factory=list)
    noted: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    left_out: str = ""


class Ledger:
    """Tallies by kind of accident, saved after each check. of: digest of the code and data that is tried; what was
    found of another is forgotten, since it says nothing of this one. None: whatever it is of."""

    def __init__(self, folder: Path, seed: int, of: str | None = "") -> None:
        self.path, self.seed, self.of = folder / FILE, seed, of
        self.tallies: dict[str, Tally] = {}
        self.seconds = 0.0  # of earlier calls
        self.now, self.changed = "", False  # changed: there was a ledger, of other code or data
        self._pending = 0
        if self.path.is_file():
            kept = json.loads(self.path.read_text("utf-8"))
            if kept["seed"] != seed:
                raise ValueError(f"{self.path} is of seed {kept['seed']}, not {seed}: give that, or another folder")
            if of is None or kept.get("of") == of:
                self.tallies = {name: Tally(**tally) for name, tally in kept["tallies"].items()}
                self.seconds = kept["seconds"]
            else:
                self.changed = True
                print(f"{self.path} is of other code or data: begun anew", flush=True)

    @contextmanager
    def kind(self, name: str, wanted: int) -> Iterator[Tally]:
        """One try of a kind: checks within it are its own; what happened counts once the try has ended well."""
        self.now, self._pending, started = name, 0, time.monotonic()
        tally = self.tallies.setdefault(name, Tally(wanted))
        tally.wanted, tally.left_out = wanted, STOPPED
        try:
            yield tally
            tally.events += self._pending
            tally.left_out = ""
        finally:
            self._pending = 0
            tally.tries += 1
            tally.seconds += time.monotonic() - started
            self.save()

    def rng(self) -> random.Random:
        """Chance for this try: the same for the same seed, kind and number, wherever a run was stopped."""
        return random.Random(f"{self.seed}/{self.now}/{self.tallies[self.now].tries}")

    def happened(self, count: int = 1) -> None:
        """So many accidents happened; they count when the try that they belong to has been judged to its end."""
        self._pending += count

    @property
    def missing(self) -> int:
        """How many of the present kind are still to happen."""
        tally = self.tallies[self.now]
        return tally.wanted - tally.events - self._pending

    def note(self, what: str, count: int) -> None:
        noted = self.tallies[self.now].noted
        noted[what] = noted.get(what, 0) + count

    def check(self, what: str, trouble: str = "") -> bool:
        """One check of the accident at hand; trouble: what is wrong, '' where nothing is."""
        tally = self.tallies[self.now]
        tally.checks += 1
        print(f"{'FAILED' if trouble else 'passed'}  {self.now}: {what}{': ' + trouble if trouble else ''}", flush=True)
        if trouble:
            tally.failures.append(f"{what}: {trouble}")
        self.save()
        return not trouble

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
            noted = "".join(f", {count} {what}" for what, count in tally.noted.items())
            lines.append(
                f"{name}: {tally.events} of {tally.wanted}{noted}, {tally.checks - len(tally.failures)} checks passed, "
                f"{len(tally.failures)} failed, {tally.seconds:,.0f} s"
            )
            if tally.left_out:
                lines.append(f"  left out: {tally.wanted - tally.events} of {tally.wanted}: {tally.left_out}")
            lines += [f"  failed: {failure}" for failure in tally.failures]
        return "\n".join([*lines, f"{self.passed} passed, {self.failed} failed"])

    def save(self) -> None:
        tallies = {name: asdict(tally) for name, tally in self.tallies.items()}
        content = {"seed": self.seed, "of": self.of, "seconds": self.seconds, "tallies": tallies}
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        temporary.replace(self.path)
