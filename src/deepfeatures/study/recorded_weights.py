"""Checksums of weight files: the publisher's where there is one, else recorded when a build first uses the file.

No checksum of these files is published and none is invented (`networks.face_catalogue`). The key of an artifact names
the network and not the file's content, so a file that was swapped would find the features of the former one: hence
what changed since it was recorded, or since features were made, is refused before anything is made or taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from deepfeatures.study import locks, paths
from deepfeatures.study.network_names import TWIN, WEIGHT_FILES
from deepfeatures.study.recipes import Recipe

BESIDE = "recorded.json"  # in the folder of the weights, where that may be written
ELSEWHERE = "recorded-weights.json"  # in runs/, where it may not
SAID = re.compile(r"sha256-([0-9a-f]{64})(-shuffled-\d+)?(-mirrored)?$")  # a fingerprint, and what was done after it
BY_KIND = {"trunk-maps": "mobilefacenet-ms1m", "attribute-tail": "mobilefacenet-ms1m"}  # these name no network


class ChangedWeights(ValueError):
    """A weight file is not the one that was used before; the message says how to go on."""


def check(recipes: Iterable[Recipe]) -> None:
    """Hold every weight file that these recipes (and all they need) use against its record; record it on first use.

    A file that is not there is left to whoever loads it. Raises ChangedWeights.
    """
    every: dict[str, Recipe] = {}
    for one in recipes:
        every.update(one.closure())
    for recipe in every.values():
        path = _file(recipe)
        if path is None or not path.is_file():
            continue
        found = digest(path)
        where, known = recorded(path)
        if known is None:
            record(path, found)
        elif known != found:
            raise ChangedWeights(f"{path} has SHA-256 {found}, and {where} has recorded {known}: {_way_out(path)}")
        former = _made_with(recipe)
        if former not in (None, found):
            what = f"{recipe.kind} {recipe.key}"
            raise ChangedWeights(f"{path} has SHA-256 {found}, and {what} was made with {former}: {_way_out(path)}")


def recorded(path: Path) -> tuple[Path, str | None]:
    """The file that holds a weight file's record and the SHA-256 in it; where it would be written and None without.

    Raises ValueError where a file of records cannot be read.
    """
    for where in (path.parent / BESIDE, paths.runs() / ELSEWHERE):
        known = _read(where).get(path.name)
        if known is not None:
            return where, known
    return _place(path), None


def record(path: Path, found: str) -> Path:
    """Keep the SHA-256 of a weight file; gives the file it was written to."""
    where = _place(path)
    with locks.lock("recorded-weights"):
        content = {**_read(where), path.name: found}
        temporary = where.with_name(f".{where.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
            temporary.replace(where)
        finally:
            temporary.unlink(missing_ok=True)
    return where


def digest(path: Path) -> str:
    """SHA-256 of a file, computed once a process unless its size or time of change differ."""
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


@cache
def _digest(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(recipe: Recipe) -> Path | None:
    """The weight file that an artifact is made with, None for all others and for random twins.

    The twin of an ONNX file has that file's weights in random order.
    """
    name = BY_KIND.get(recipe.kind) or recipe.params.get("network")
    if name and WEIGHT_FILES.get(name.removesuffix(TWIN), "").endswith(".onnx"):
        name = name.removesuffix(TWIN)
    file = WEIGHT_FILES.get(name) if name else None
    return paths.data_root() / "weights" / file if file else None


def _made_with(recipe: Recipe) -> str | None:
    """The SHA-256 that an artifact says it was made with; None where there is none, or it says nothing."""
    meta = paths.runs() / "artifacts" / recipe.kind / recipe.key / "meta.json"
    try:
        said = json.loads(meta.read_text("utf-8"))["weights"]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # damaged files are found by `artifacts.verify`
    named = SAID.match(said) if isinstance(said, str) else None
    return named[1] if named else None


def _place(path: Path) -> Path:
    """Where a new record goes. A folder without any right to write is left alone, also by the superuser."""
    folder = path.parent
    writable = folder.stat().st_mode & 0o222 and os.access(folder, os.W_OK)
    return folder / BESIDE if writable else paths.runs() / ELSEWHERE


def _read(where: Path) -> Mapping[str, str]:
    if not where.is_file():
        return {}
    try:
        content = json.loads(where.read_text("utf-8"))
    except ValueError as damage:
        raise ValueError(f"{where} cannot be read ({damage}): put it right, or remove it to record again") from damage
    if not isinstance(content, dict) or not all(isinstance(one, str) for one in content.values()):
        raise ValueError(f"{where} holds no mapping from file names to SHA-256: put it right, or remove it")
    return content


def _way_out(path: Path) -> str:
    where, known = recorded(path)
    line = f"remove the line {path.name!r} from {where} and " if known is not None else ""
    return (
        f"put the former file back; or, to go on with this one, {line}point DEEPFEATURES_RUNS at an empty folder (or "
        f"remove {paths.runs() / 'artifacts'} and {paths.runs() / 'chapters'}), for what lies there was made with the "
        "former one"
    )
