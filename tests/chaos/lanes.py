"""Lanes: kinds tried side by side, each lane in a process and a folder of its own, with its share of the cores.

A build of a small book keeps one core busy: chapter, then site. Two lanes keep two.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos.ledger import Ledger, Tally

ROOT = Path(__file__).resolve().parents[2]


def folder(of: Path, lane: int) -> Path:
    return of / f"lane-{lane}"


def together(lanes: Sequence[int], into: Path, checkout: Path, arguments: Sequence[str]) -> dict[int, int]:
    """Run `python -m tests.chaos --lane N ARGUMENTS` of each lane on a copied checkout; exit status by lane."""
    environment = {**os.environ, "DEEPFEATURES_ROOT": str(checkout)}
    at_work = {}
    try:
        for lane in lanes:
            command = ["-m", "tests.chaos", "--lane", str(lane), "--folder", str(folder(into, lane)), *arguments]
            at_work[lane] = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
        return {lane: process.wait() for lane, process in at_work.items()}
    finally:  # a signal: they end their builds, and keep what they have
        for process in at_work.values():
            if process.poll() is None:
                process.terminate()
        for process in at_work.values():
            process.wait()


def merged(into: Path, ended: Mapping[int, int], seed: int, order: Sequence[str]) -> Ledger:
    """What all lanes found, by kind in the given order. ended: exit status by lane, of which 0 and 1 are judgements."""
    whole = Ledger(into, seed)
    for lane, code in ended.items():
        if (folder(into, lane) / whole.path.name).is_file():
            one = Ledger(folder(into, lane), seed, None)
            whole.tallies |= one.tallies
            whole.seconds = max(whole.seconds, one.seconds)
        if code not in (0, 1):
            whole.tallies[f"lane {lane}"] = Tally(1, checks=1, failures=[f"it ended with status {code}"])
    known = {name: number for number, name in enumerate(order)}
    whole.tallies = dict(sorted(whole.tallies.items(), key=lambda item: known.get(item[0], len(known))))
    return whole
