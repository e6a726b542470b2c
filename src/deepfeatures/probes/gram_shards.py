"""Statistics of each shard in a file of its own, and their merging: probing that splits into jobs, as extraction does.

    <folder>/00000.safetensors      one shard: count (1,), width (1,), mean (d + t,), scatter (d + t, d + t), float64

A file is renamed into place. A job that is run again makes only what is missing; merging holds one shard at a time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from deepfeatures.probes.gram import Gram, merge
from deepfeatures.probes.moments import Moments

ARRAYS = ("count", "width", "mean", "scatter")


def path(folder: Path, shard: int) -> Path:
    """Where the statistics of a shard lie once they are there."""
    return folder / f"{shard:05d}.safetensors"


def write(folder: Path, shard: int, statistics: Gram) -> None:
    """Keep the statistics of one shard; what was there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = statistics.rows
    arrays = {
        "count": np.array([rows.count], np.int64),
        "width": np.array([statistics.width], np.int64),
        "mean": np.ascontiguousarray(rows.mean, np.float64),
        "scatter": np.ascontiguousarray(rows.scatter, np.float64),
    }
    part = folder / f"{shard:05d}.{os.getpid()}.part"
    save_file(arrays, part, metadata={"sha256": _digest(arrays)})
    os.replace(part, path(folder, shard))


def read(folder: Path, shard: int) -> Gram:
    """The statistics of one shard. Raises ValueError, naming it, where they are missing or not what was written."""
    where = path(folder, shard)
    try:
        with safe_open(where, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in ARRAYS}
            digest = (file.metadata() or {}).get("sha256")
    except (OSError, SafetensorError) as damage:
        raise ValueError(f"statistics of shard {shard} cannot be read ({damage}): make them again") from damage
    if _digest(arrays) != digest:
        raise ValueError(f"statistics of shard {shard} in {where} are not what was written: make them again")
    rows = Moments(int(arrays["count"][0]), arrays["mean"], arrays["scatter"])
    return Gram(rows, int(arrays["width"][0]))


def merged(folder: Path, shards: Sequence[int] | range) -> Gram:
    """Statistics of all these shards together, by rounding equal to those of their rows in one array."""
    total: Gram | None = None
    for part in _each(folder, shards):
        total = part if total is None else merge([total, part])
    if total is None:
        raise ValueError("no shards to merge")
    return total


def _each(folder: Path, shards: Sequence[int] | range) -> Iterator[Gram]:
    for shard in shards:
        yield read(folder, shard)


def _digest(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        digest.update(name.encode() + values.tobytes())
    return digest.hexdigest()
