"""The benchmark of a CelebA-sized extraction, at the size of a test: its jobs and its merging, in this process."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import sharded_extraction as benchmark
from deepfeatures.data.features import DamagedShard

IMAGES, SHARD = 300, 128


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(benchmark.BEGUN, str(time.time()))
    return tmp_path / "extraction"


def contents(folder: Path) -> dict[str, bytes]:
    kept = [path for part in ("features", "statistics") for path in (folder / part).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept if path.suffix != ".lock"}


def test_jobs_that_share_the_shards_give_what_one_array_gives(folder: Path) -> None:
    for job in (1, 0):
        benchmark._job(folder, IMAGES, SHARD, job, 2)
    made = contents(folder)
    benchmark._whole(folder, IMAGES, SHARD)
    benchmark._merge(folder, IMAGES, SHARD)
    small, slow = np.load(folder / "merge.npz"), np.load(folder / "whole.npz")
    spread = np.sqrt(slow["scatter"].diagonal())
    spread = np.where(spread > 0, spread, 1.0)
    assert (np.abs(small["mean"] - slow["mean"]) / spread).max() < 1e-9
    assert (np.abs(small["scatter"] - slow["scatter"]) / np.outer(spread, spread)).max() < 1e-9
    np.testing.assert_allclose(small["ridge"], slow["ridge"], rtol=1e-6, atol=1e-9 * np.abs(slow["ridge"]).max())

    # Killed once after the features of a shard, once before anything of another: the same bytes again.
    (folder / "statistics" / "00001.safetensors").unlink()
    (folder / "seconds" / "00001.part").unlink()
    (folder / "statistics" / "00002.safetensors").unlink()
    benchmark._job(folder, IMAGES, SHARD, 0, 1)
    assert contents(folder) == made
    again = json.loads((folder / "seconds" / "00001.json").read_text())
    assert set(again) == {"draw", "network", "keep", "statistics"}


def test_nothing_is_merged_while_a_shard_is_missing(folder: Path) -> None:
    benchmark._job(folder, IMAGES, SHARD, 0, 2)
    with pytest.raises(DamagedShard, match=r"of 3 shards, not sound: 00001 \(missing\)"):
        benchmark._merge(folder, IMAGES, SHARD)
