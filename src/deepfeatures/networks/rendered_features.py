"""Features of rendered faces in the feature store: drawn, read and forgotten shard by shard, in little memory.

`face_artifact` draws a chapter's faces first and keeps them. A set as large as CelebA is not kept: each job draws the
faces of its own shards, for a picture depends on (seed, person, number) alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from deepfeatures.data.features import Extracted, FeaturePlan, Json, make
from deepfeatures.data.synthfaces import SynthFaces
from deepfeatures.networks.face_network import FaceNetwork

BATCH = 256


def plan(
    world: SynthFaces, network: FaceNetwork, images: int, *, layers: Sequence[str] = (), shard_size: int = 4096
) -> FeaturePlan:
    """The first `images` pictures of a world; the given layers, or all. Raises ValueError where there are fewer."""
    if not 1 <= images <= len(world):
        raise ValueError(f"images={images}: allowed are 1..{len(world)}, all that this world has")
    if (side := (world.side_px, world.side_px)) != network.input.size:
        raise ValueError(f"faces of {side} pixels for a network that reads {network.input.size}")
    wanted = {layer: network.layers[layer] for layer in (layers or network.layers)}
    ids = tuple(f"{world.seed}-{number:09d}" for number in range(images))
    facts: dict[str, Json] = {
        "weights": network.fingerprint, "images_per_identity": world.images_per_identity, "side_px": world.side_px,
    }  # fmt: skip
    return FeaturePlan("rendered", network.name, wanted, ids, facts, shard_size)


def extract(
    root: Path,
    planned: FeaturePlan,
    world: SynthFaces,
    network: FaceNetwork,
    *,
    shards: Iterable[int] | None = None,
    made: Callable[[int, Mapping[str, float]], None] | None = None,
) -> None:
    """Make the missing shards (of those given). made: told each shard that was made, and its seconds by step."""
    for shard in range(planned.shards) if shards is None else shards:
        seconds: dict[str, float] = {}

        def work(rows: range, seconds: dict[str, float] = seconds) -> Extracted:
            begun = time.perf_counter()
            images = world.render(np.arange(rows.start, rows.stop))
            drawn = time.perf_counter()
            batches = [network.features(images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
            layers = {name: np.concatenate([batch[name] for batch in batches]) for name in planned.layers}
            seconds.update(draw=drawn - begun, network=time.perf_counter() - drawn)
            return Extracted(np.arange(rows.start, rows.stop), layers)

        begun = time.perf_counter()
        make(root, planned, work, shards=[shard])
        if seconds and made is not None:
            kept = time.perf_counter() - begun - seconds["draw"] - seconds["network"]
            made(shard, {**seconds, "keep": kept})
