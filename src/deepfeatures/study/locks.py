"""Locks under the runs folder. The system holds them: a process that is killed leaves none behind."""

from __future__ import annotations

import sys

from filelock import FileLock, Timeout

from deepfeatures.study import paths


def lock(name: str) -> FileLock:
    """The lock of this name: of an artifact by its key, of a chapter, of a file that several processes write."""
    folder = paths.runs() / "locks"
    folder.mkdir(exist_ok=True)
    return FileLock(folder / f"{name}.lock")


def announced(one: FileLock, waiting: str) -> FileLock:
    """The lock as it is, to be taken; `waiting` is said on standard error where another holds it just now."""
    try:
        one.acquire(timeout=0)
        one.release()
    except Timeout:
        print(waiting, file=sys.stderr)
    return one
