"""Rendered faces into the feature store, shard by shard: the features of the pictures, whoever made which shard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data.features import open_features
from deepfeatures.data.synthfaces import SynthFaces
from deepfeatures.networks import rendered_features
from deepfeatures.networks.face_cnn import untrained

WORLD, NETWORK = SynthFaces(7, 6, 4, 32), untrained(32, 0)


def test_the_store_has_each_pictures_features(tmp_path: Path) -> None:
    plan = rendered_features.plan(WORLD, NETWORK, 22, layers=("embedding",), shard_size=8)
    told: list[int] = []
    for shards in ([2], [0, 2]):  # two jobs, whose shards overlap
        rendered_features.extract(
            tmp_path, plan, WORLD, NETWORK, shards=shards, made=lambda shard, seconds: told.append(shard)
        )
    assert told == [2, 0]  # the second job found shard 2 made
    rendered_features.extract(tmp_path, plan, WORLD, NETWORK)
    stored = open_features(tmp_path, plan).layer("embedding")
    assert stored.shape == (22, 128)
    expected = NETWORK.features(WORLD.render(np.arange(22)))["embedding"]
    np.testing.assert_allclose(np.asarray(stored), expected, rtol=1e-4, atol=1e-4)  # batches differ by rounding


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^images=25: allowed are 1\.\.24, all that this world has$"):
        rendered_features.plan(WORLD, NETWORK, 25)
    with pytest.raises(ValueError, match=r"^faces of \(32, 32\) pixels for a network that reads \(48, 48\)$"):
        rendered_features.plan(WORLD, untrained(48, 0), 24)
