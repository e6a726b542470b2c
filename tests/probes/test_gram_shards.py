"""Statistics kept by shard: merged, they are those of all rows; a damaged file is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepfeatures.probes import gram_shards
from deepfeatures.probes.gram import gram

SIZES = (40, 3, 25)


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = (rng.standard_normal((sum(SIZES), 6)) * 10.0 ** np.arange(6) + 1e4).astype(np.float32)
    return features, rng.standard_normal((sum(SIZES), 2))


@pytest.fixture
def shards(rows: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> Path:
    start = 0
    for shard, size in enumerate(SIZES):
        part = slice(start, start := start + size)
        gram_shards.write(tmp_path / "statistics", shard, gram(rows[0][part], rows[1][part]))
    return tmp_path / "statistics"


def test_merged_shards_are_the_whole(shards: Path, rows: tuple[np.ndarray, np.ndarray]) -> None:
    merged = gram_shards.merged(shards, range(3))
    whole = np.column_stack([rows[0].astype(np.float64), rows[1]])
    centred = whole - whole.mean(axis=0)
    scatter = centred.T @ centred
    spread = np.sqrt(scatter.diagonal())
    assert merged.count == sum(SIZES) and merged.width == 6
    np.testing.assert_allclose(merged.rows.mean, whole.mean(axis=0), rtol=1e-12)
    assert (np.abs(merged.rows.scatter - scatter) / np.outer(spread, spread)).max() < 1e-9


def test_a_shard_made_again_is_the_same_bytes(shards: Path, rows: tuple[np.ndarray, np.ndarray]) -> None:
    before = gram_shards.path(shards, 0).read_bytes()
    gram_shards.write(shards, 0, gram(rows[0][: SIZES[0]], rows[1][: SIZES[0]]))
    assert gram_shards.path(shards, 0).read_bytes() == before
    assert sorted(path.name for path in shards.iterdir()) == [f"0000{shard}.safetensors" for shard in range(3)]


def test_missing_and_damaged_statistics_are_named(shards: Path) -> None:
    with pytest.raises(ValueError, match="^statistics of shard 3 cannot be read .*: make them again$"):
        gram_shards.merged(shards, range(4))
    path = gram_shards.path(shards, 1)
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="^statistics of shard 1 in .* are not what was written: make them again$"):
        gram_shards.merged(shards, range(3))
    path.write_bytes(content[:-40])
    with pytest.raises(ValueError, match="^statistics of shard 1 cannot be read"):
        gram_shards.merged(shards, range(3))
    with pytest.raises(ValueError, match="^no shards to merge$"):
        gram_shards.merged(shards, range(0))
