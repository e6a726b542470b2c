"""Which accident comes next: each kind once, then by shares of the time that is left."""

from __future__ import annotations

import math
import random
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.chaos import builds
from tests.chaos.books import Books
from tests.chaos.ledger import Ledger

TIME = "the time was over"
STRAY = 3  # exceptions of the harness itself after which a kind is given up
TRIES = 4  # for each accident wanted: in some tries nothing happens, as where a build ends before it is killed


class LeftOut(RuntimeError):
    """This kind cannot be tried here; the message says why, and stands on the page."""


@dataclass(frozen=True)
class Kind:
    """name: as on the page; once: one try with its checks; seconds: about how long it takes; share: of its lane's time.

    lane: kinds of different lanes are tried side by side.
    """

    name: str
    wanted: int
    share: float
    once: Callable[[Books, random.Random, int], None]
    seconds: Callable[[Books], float]
    lane: int = 0


def everything(kinds: Sequence[Kind], books: Books, ledger: Ledger, until: float) -> None:
    """Try each kind once, whatever `until` (a time of the monotonic clock) says; then as many as time allows.

    What a kind does not use of its share is left to those that follow, and in the end to whoever is short.
    """
    given_up = {kind.name for kind in kinds if not _tried(kind, ledger) and not attempt(kind, books, ledger)}
    builds.DEADLINE[0] = until
    for number, kind in enumerate(kinds):
        rest = sum(one.share for one in kinds[number:])
        mine = time.monotonic() + max(0.0, until - time.monotonic()) * kind.share / rest
        tally = ledger.tallies[kind.name]
        while kind.name not in given_up and tally.events < kind.wanted:
            if not attempt(kind, books, ledger, min(mine, until)):
                break
    for kind in kinds:
        tally = ledger.tallies[kind.name]
        while kind.name not in given_up and tally.left_out in ("", TIME) and tally.events < kind.wanted:
            if not attempt(kind, books, ledger, until):
                break


def attempt(kind: Kind, books: Books, ledger: Ledger, until: float = math.inf) -> bool:
    """One try of a kind that should end by `until`. False where no more of it is to be tried.

    An exception is a check that failed, and no end of the run.
    """
    why, more = "", True
    try:
        with ledger.kind(kind.name, kind.wanted) as tally:
            print(f"\n== {kind.name}: {tally.events} of {kind.wanted} so far", flush=True)
            if tally.tries >= TRIES * kind.wanted:
                raise LeftOut(f"{tally.tries} tries made no more of it happen")
            if math.isfinite(until) and time.monotonic() + kind.seconds(books) > until:
                raise builds.TimeOver
            kind.once(books, ledger.rng(), tally.tries)
    except LeftOut as reason:
        why, more = str(reason), False
    except builds.TimeOver:
        why, more = TIME, False
    except Exception as failure:
        kept = books.folder / f"stray-{len(list(books.folder.glob('stray-*'))) + 1}.log"
        kept.write_text(traceback.format_exc(), "utf-8")
        ledger.check("the harness itself", f"{type(failure).__name__}: {failure} ({kept.name})")
        stray = [one for one in tally.failures if one.startswith("the harness itself")]
        why, more = f"the harness itself failed ({kept.name})", len(stray) < STRAY
    finally:
        builds.end_all()
    tally.left_out = why if tally.events < kind.wanted else ""
    ledger.save()
    return more


def _tried(kind: Kind, ledger: Ledger) -> bool:
    return kind.name in ledger.tallies and ledger.tallies[kind.name].events > 0
