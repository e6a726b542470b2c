"""How far a run is: what its log says of cells, and what the artifacts' folder says of artifacts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from deepfeatures.studio import runs
from deepfeatures.study import paths

TAIL_BYTES, LINES = 64_000, 200  # of a log that a page shows
WAITING = "another build is at work"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_COMPLAINT = re.compile(r"^deepfeatures: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Progress:
    """cell of cells: the notebook's, None before it starts. made of needed: artifacts. making: those at work now."""

    cell: int | None = None
    cells: int | None = None
    made: int = 0
    needed: int = 0
    making: tuple[str, ...] = ()
    waiting: bool = False

    def line(self) -> str:
        """One sentence for a reader."""
        if self.waiting:
            return "Waiting: another build is at work in this folder; this run begins when it ends."
        parts = [f"cell {self.cell} of {self.cells}"] if self.cells else []
        if self.needed:
            parts.append(f"{self.made} of {self.needed} artifacts there")
        if self.making:
            parts.append("making " + "; ".join(self.making))
        text = ", ".join(parts) or "planning"
        return text[0].upper() + text[1:] + "."


def of(run: runs.Run) -> Progress:
    """What can be known of a run now."""
    text = _end_of(run.folder / runs.LOG)
    cell, cells = _cells(text, run.slug)
    plan = runs.read(run.folder / runs.PLAN)
    if plan is None:
        return Progress(cell, cells)
    wanted = plan["artifacts"]
    root = paths.runs() / "artifacts"
    made = sum((root / one["kind"] / key / "record.json").is_file() for key, one in wanted.items())
    making = _making(wanted)
    waiting = not making and text.rstrip().rpartition("\n")[2].startswith(WAITING)
    return Progress(cell, cells, made, len(wanted), making, waiting)


def tail(log: Path) -> str:
    """The end of a log as a terminal would leave it: of what was overwritten, only the last stands."""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in _end_of(log).split("\n"))
    return "\n".join(_CONTROL.sub("", line) for line in lines)


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            raw = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return raw.partition("\n")[2] if size > TAIL_BYTES else raw


def first_complaint(log: Path) -> str:
    """What the command said was wrong: the first complaint, for later ones only follow from it."""
    found = _COMPLAINT.search(tail(log))
    return found[1] if found else ""


def _cells(text: str, slug: str) -> tuple[int | None, int | None]:
    found = re.findall(rf"{re.escape(slug)}: +\d+%\|[^|]*\| (\d+)/(\d+) \[", text)  # papermill's bar
    return (int(found[-1][0]), int(found[-1][1])) if found else (None, None)


def _making(wanted: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    unfinished = paths.runs() / "artifacts" / ".unfinished"
    if not unfinished.is_dir():
        return ()
    found = []
    for name in sorted(path.name for path in unfinished.iterdir()):
        key, _, pid = name.partition("-")
        if key in wanted and pid.isdigit() and psutil.pid_exists(int(pid)):
            found.append(described(wanted[key]))
    return tuple(found)


def described(artifact: Mapping[str, Any]) -> str:
    """`network (mu, seed 0)`."""
    name, seed = artifact["name"].removesuffix(f"/{artifact['kind']}"), artifact["seed"]
    inside = ", ".join([*([name] if name else []), *([f"seed {seed}"] if seed is not None else [])])
    return artifact["kind"] + (f" ({inside})" if inside else "")


def as_json(run: runs.Run) -> str:
    """What the page asks for every second."""
    status = run.status
    told = of(run) if status["state"] not in runs.ENDED else Progress()
    return json.dumps({
        "state": status["state"], "line": told.line(), "cell": told.cell, "cells": told.cells,
        "log": "\n".join(tail(run.folder / runs.LOG).splitlines()[-LINES:]), "page": runs.page_state(run),
    })  # fmt: skip
