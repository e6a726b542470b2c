"""The feature store: features of (data set, network, layer) in shards that can be made apart, in any order, and again.

    <root>/<data set>/<network>/<key>/plan.json             what is to be extracted; `key` is its SHA-256
                                      00000/record.json     checksums and provenance of the shard, written last
                                      00000/ids.json        the images in it, in order; those left out, and why
                                      00000/<layer>.npy     (images, width) float32

A shard is written to a folder beside it and renamed: it is there whole or not at all. Nothing of the clock is kept, so
a run that was killed and run again ends with the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock

from deepfeatures.data.sharded import ShardedRows

Json = str | int | float | bool | None


class DamagedShard(ValueError):
    """A shard is missing, or its files are not what was written."""


@dataclass(frozen=True)
class Extracted:
    """What a network made of some images.

    rows: (m,) positions kept, ascending; layers: name to (m, width); left_out: why others are not there, a line each.
    """

    rows: np.ndarray
    layers: Mapping[str, np.ndarray]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeaturePlan:
    """What to extract. ids: images in order; layers: name to width.

    provenance: fingerprints, crop, versions: whatever features depend on. Two plans with the same content share a
    folder; any difference makes another.
    """

    dataset: str
    network: str
    layers: Mapping[str, int]
    ids: tuple[str, ...]
    provenance: Mapping[str, Json]
    shard_size: int = 1024

    def __post_init__(self) -> None:
        for name in (self.dataset, self.network, *self.layers):
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
                raise ValueError(f"{name!r} cannot name a folder or file: letters, digits, '.', '_' and '-' can")
        if self.shard_size < 1 or not self.ids or not self.layers:
            raise ValueError(
                f"shards of {self.shard_size}, {len(self.ids)} images, {len(self.layers)} layers: 1 at least"
            )
        if len(set(self.ids)) != len(self.ids):
            raise ValueError(f"{len(self.ids) - len(set(self.ids))} images are planned twice")

    @property
    def shards(self) -> int:
        return -(-len(self.ids) // self.shard_size)

    def rows(self, shard: int) -> range:
        """Positions of the images of one shard."""
        if not 0 <= shard < self.shards:
            raise ValueError(f"shard {shard} of {self.shards}")
        return range(shard * self.shard_size, min((shard + 1) * self.shard_size, len(self.ids)))

    def content(self) -> bytes:
        parts = {**vars(self), "layers": dict(self.layers), "provenance": dict(self.provenance), "ids": list(self.ids)}
        return _json(parts)

    @property
    def key(self) -> str:
        return hashlib.sha256(self.content()).hexdigest()[:20]

    def folder(self, root: Path) -> Path:
        return root / self.dataset / self.network / self.key


@dataclass(frozen=True)
class Features:
    """Verified features. ids: (n,) str of the images that could be read; left_out: messages about the others."""

    plan: FeaturePlan
    ids: np.ndarray
    left_out: tuple[str, ...]
    folders: tuple[Path, ...]

    def layer(self, name: str) -> ShardedRows:
        """One layer, (n, width) float32, memory-mapped. Raises KeyError naming what there is."""
        if name not in self.plan.layers:
            raise KeyError(f"layer {name!r} is not stored; there are {', '.join(self.plan.layers)}")
        parts = [np.load(folder / f"{name}.npy", mmap_mode="r") for folder in self.folders]
        return ShardedRows(parts)

    def rows(self, ids: Sequence[str]) -> np.ndarray:
        """Positions of these images, (len(ids),). Raises KeyError naming the first that is not stored."""
        row_of = {name: row for row, name in enumerate(self.ids.tolist())}
        absent = [str(name) for name in ids if str(name) not in row_of]
        if absent:
            raise KeyError(f"{absent[0]} is not among the {len(row_of):,} images stored ({len(absent):,} are not)")
        return np.array([row_of[str(name)] for name in ids], np.int64)

    def blocks(self, name: str, rows: int = 4096) -> Iterator[np.ndarray]:
        """One layer in order, up to `rows` at a time: what merged statistics are summed over."""
        return self.layer(name).blocks(rows)


def make(
    root: Path,
    plan: FeaturePlan,
    extract: Callable[[range], Extracted],
    *,
    shards: Iterable[int] | None = None,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Make the shards that are missing or damaged; sound ones are kept. extract: positions to their features.

    shards: only these, for jobs that share the work; several processes may run side by side.
    """
    where = plan.folder(root)
    where.mkdir(parents=True, exist_ok=True)
    with FileLock(where / "plan.lock"):
        _write(where / "plan.json", plan.content())
    for shard in range(plan.shards) if shards is None else shards:
        with FileLock(where / f"{shard:05d}.lock"):
            state = _state(plan, where, shard)
            if state == "sound":
                continue
            if state != "missing":
                print(f"feature shard made again: {state}", file=sys.stderr)
            _make_shard(plan, where, shard, extract)
        if progress is not None:
            progress(f"{plan.dataset} {plan.network}: shard {shard + 1} of {plan.shards}")


def open_features(root: Path, plan: FeaturePlan) -> Features:
    """All shards, each verified against its checksums. Raises DamagedShard naming those to make (again)."""
    where = plan.folder(root)
    states = {shard: _state(plan, where, shard) for shard in range(plan.shards)}
    bad = [f"{shard:05d} ({state})" for shard, state in states.items() if state != "sound"]
    if bad:
        more = f" and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise DamagedShard(f"{where}: of {plan.shards} shards, not sound: {', '.join(bad[:5])}{more}; make them again")
    folders = tuple(where / f"{shard:05d}" for shard in states)
    records = [json.loads((folder / "ids.json").read_text()) for folder in folders]
    ids = [name for record in records for name in record["ids"]]
    return Features(plan, np.array(ids, str), tuple(why for record in records for why in record["left_out"]), folders)


def _make_shard(plan: FeaturePlan, where: Path, shard: int, extract: Callable[[range], Extracted]) -> None:
    rows = plan.rows(shard)
    made = extract(rows)
    kept = np.asarray(made.rows)
    if len(kept) and (kept.min() < rows.start or kept.max() >= rows.stop or (np.diff(kept) <= 0).any()):
        raise ValueError(
            f"shard {shard}: rows {kept.min()}..{kept.max()} are not ascending within {rows.start}..{rows.stop - 1}"
        )
    part = where / f"{shard:05d}.part"
    if part.exists():  # left by a run that was killed
        shutil.rmtree(part)
    part.mkdir()
    ids = [plan.ids[row] for row in kept]
    _write(part / "ids.json", _json({"ids": ids, "left_out": list(made.left_out)}))
    for layer, width in plan.layers.items():
        values = np.ascontiguousarray(made.layers[layer], np.float32)
        if values.shape != (len(ids), width):
            raise ValueError(f"shard {shard}, layer {layer}: {values.shape} came, {(len(ids), width)} was planned")
        if not np.isfinite(values).all():
            raise ValueError(f"shard {shard}, layer {layer}: {int((~np.isfinite(values)).sum())} values are not finite")
        with (part / f"{layer}.npy").open("wb") as file:
            np.lib.format.write_array(file, values, version=(1, 0), allow_pickle=False)
            _flush(file)
    files = {path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(part.iterdir())}
    _write(part / "record.json", _json({"files": files, **_facts(plan, shard)}))
    whole = where / f"{shard:05d}"
    if whole.exists():
        shutil.rmtree(whole)
    os.replace(part, whole)
    _flush_folder(where)


def _state(plan: FeaturePlan, where: Path, shard: int) -> str:
    # "sound", "missing", or what is wrong.
    folder = where / f"{shard:05d}"
    if not folder.is_dir():
        return "missing"
    try:
        record = json.loads((folder / "record.json").read_text())
        files = {name: (int(entry["bytes"]), str(entry["sha256"])) for name, entry in record["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as damage:
        return f"{folder.name}/record.json cannot be read: {damage}"
    if {name: fact for name, fact in record.items() if name != "files"} != _facts(plan, shard):
        return f"{folder.name} belongs to another plan or place"
    needed = {"ids.json", *(f"{layer}.npy" for layer in plan.layers)}
    if set(files) != needed:
        return f"{folder.name} lists {sorted(set(files) ^ needed)[0]} wrongly"
    for name, (size, digest) in files.items():
        path = folder / name
        if not path.is_file():
            return f"{folder.name}/{name} is missing"
        if path.stat().st_size != size or _sha256(path) != digest:
            return f"{folder.name}/{name} is not what was written"
    return "sound"


def _facts(plan: FeaturePlan, shard: int) -> dict[str, object]:
    return {"plan": plan.key, "provenance": dict(plan.provenance), "shard": shard}


def _json(content: Mapping[str, object]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        _flush(file)
    os.replace(part, path)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
