"""Everything slow, computed once: kept by content key, written whole or not at all, verified when read."""

from __future__ import annotations

import errno
import hashlib
import importlib
import inspect
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from deepfeatures.study import allocator, locks, paths, recorded_weights
from deepfeatures.study.recipes import KINDS, THREADS, Recipe

RECORD = "record.json"
# Makers whose time goes into networks.
OF_NETWORKS = ("deepfeatures.training.", "deepfeatures.networks.", "deepfeatures.analysis.hidden_")
_verified: set[Path] = set()


class Damaged(ValueError):
    """An artifact's file is not what was written."""


class DiskFull(OSError):
    """There was no space to write an artifact; nothing half-written was kept."""


def folder(recipe: Recipe) -> Path:
    """Where the artifact lies once it is made."""
    return paths.runs() / "artifacts" / recipe.kind / recipe.key


def exists(recipe: Recipe) -> bool:
    """True where the artifact was made completely (its record is written last)."""
    return (folder(recipe) / RECORD).is_file()


def ensure(recipe: Recipe) -> Path:
    """The artifact's folder, verified; made first, with all it needs, where it is missing or damaged.

    Safe against other processes: one makes it, the others wait. Raises DiskFull, recorded_weights.ChangedWeights, and
    whatever the maker raises.
    """
    recorded_weights.check([recipe])
    where = folder(recipe)
    if exists(recipe) and _intact(where):
        return where
    inputs = {name: ensure(inner) for name, inner in sorted(recipe.inputs.items())}
    with locks.lock(recipe.key):
        if exists(recipe):
            if _intact(where):  # made by another process while this one waited
                return where
            print(f"damaged artifact, made again: {_damage(where)}", file=sys.stderr)
            shutil.rmtree(where)  # only under the lock: another process may have put a sound one here meanwhile
        _make(recipe, inputs, where)
    return where


def mend(recipe: Recipe) -> None:
    """Make again what is damaged of an artifact and its inputs. What was never made is left for whoever asks for it.

    Called before a notebook runs: told from inside one, the damage would stand on the page for good.
    """
    for one in recipe.closure().values():
        if exists(one) and not _intact(folder(one)):
            ensure(one)


def recorded(where: Path, names: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of files of a folder, by name: what `verify` holds them against later."""
    return {name: ((where / name).stat().st_size, _sha256(where / name)) for name in sorted(names)}


def verify(where: Path, record: str = RECORD) -> None:
    """Raise Damaged, naming the file, unless every file of the folder has the size and SHA-256 in its record."""
    try:
        listed = json.loads((where / record).read_text())["files"].items()
        files = {name: (int(size), str(digest)) for name, (size, digest) in listed}
    except FileNotFoundError as absence:
        raise Damaged(f"{where.parent.name}/{where.name}: {record} is missing") from absence
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as damage:
        raise Damaged(f"{where.parent.name}/{where.name}: {record} cannot be read ({damage})") from damage
    for name, (size, digest) in files.items():
        path = where / name
        if not path.is_file():
            raise Damaged(f"{where.parent.name}/{where.name}: {name} is missing")
        if path.stat().st_size != size or _sha256(path) != digest:
            raise Damaged(f"{where.parent.name}/{where.name}: {name} is not what was written")


def out_of_space(failure: BaseException) -> bool:
    """True where a write failed for want of space: numpy says so without an errno, safetensors without an OSError."""
    if isinstance(failure, OSError) and failure.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return re.search(r"\d+ requested and \d+ written|No space left on device|StorageFull", str(failure)) is not None


def disk_full(what: str) -> DiskFull:
    """The error of a write for which there was no space. what: was being written, 'selection 0123...' say."""
    free = shutil.disk_usage(paths.runs()).free
    return DiskFull(
        errno.ENOSPC,
        f"no space left while writing {what} under {paths.runs()} ({free / 1e6:,.0f} MB free): nothing half-written "
        "was kept; free some space, or point DEEPFEATURES_RUNS at a larger disk, and run again",
    )


def _intact(where: Path) -> bool:
    if where not in _verified:
        if _damage(where) is not None:
            return False
        _verified.add(where)
    return True


def _damage(where: Path) -> Damaged | None:
    try:
        verify(where)
    except Damaged as damage:
        return damage
    return None


def _make(recipe: Recipe, inputs: dict[str, Path], where: Path) -> None:
    import torch

    module = KINDS[recipe.kind].maker
    if module.startswith(OF_NETWORKS):
        allocator.keep_freed()
    maker = importlib.import_module(module).make
    wanted = inspect.signature(maker).parameters
    scratch = paths.runs() / "scratch" / recipe.key  # survives a kill: training goes on from its checkpoint
    temporary = paths.runs() / "artifacts" / ".unfinished" / f"{recipe.key}-{os.getpid()}"
    offered = {"scratch": scratch, "data_root": paths.data_root()}
    before, started = torch.get_num_threads(), time.monotonic()  # the clock may be set while this computes
    torch.set_num_threads(THREADS)
    try:
        _clear_unfinished(recipe)
        temporary.mkdir(parents=True)
        scratch.mkdir(parents=True, exist_ok=True)
        maker(out=temporary, inputs=inputs, **{k: v for k, v in offered.items() if k in wanted}, **recipe.given())
        files = recorded(temporary, [path.name for path in temporary.iterdir()])
        made = {"seconds": round(time.monotonic() - started, 1), "threads": THREADS}
        record = {**recipe.to_json(), "key": recipe.key, "files": files, "made": made}
        (temporary / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
        where.parent.mkdir(parents=True, exist_ok=True)
        if where.exists():  # a folder without a record, left by a removal that was cut short
            shutil.rmtree(where)
        temporary.rename(where)
    except Exception as failure:
        if out_of_space(failure):
            raise disk_full(f"{recipe.kind} {recipe.key}") from failure
        raise
    finally:
        torch.set_num_threads(before)
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(scratch, ignore_errors=True)


def _clear_unfinished(recipe: Recipe) -> None:
    # Only what this recipe's earlier, killed processes left: the lock says that none of them runs any more.
    for left in (paths.runs() / "artifacts" / ".unfinished").glob(f"{recipe.key}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
