"""As many rendered faces as CelebA has, extracted and probed in shards by separate processes, then merged.

    python benchmarks/sharded_extraction.py job FOLDER IMAGES I OF      what one of the processes does

Each job draws the faces of its shards, reads the network, keeps features in the feature store and statistics beside
them. One more process merges the statistics and fits ridge; another reads all features as one array and does it all
the slow way. Peak memory is of each whole process. Stopped at any moment and started again, it goes on where it was.
The network is random: drawing, reading and keeping cost the same as with a trained one.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

IMAGES, PEOPLE, EACH = 202_599, 10_177, 20  # CelebA's; Liu et al. 2015
SIDE_PX, SHARD, JOBS = 32, 4096, 10
LAYERS, PROBED = ("block4", "embedding"), "block4"  # 512 and 128 columns
TARGETS = ("yaw_deg", "pitch_deg", "roll_deg")
ALPHAS = (1.0, 1e2, 1e4)
IDS = 200_000  # of a plan whose memory is measured
BEGUN = "SHARDED_EXTRACTION_BEGUN"  # when a process was started, seconds of the clock


def measure(rounds: int, images: int = IMAGES, shard: int = SHARD, jobs: int = JOBS) -> dict[str, Any]:
    """rounds: of what takes milliseconds; extraction itself is done once, however long ago its parts were made."""
    from deepfeatures.study import paths

    folder = paths.runs() / "benchmarks" / f"sharded-extraction-{images}-{shard}"
    done = [_alone("job", folder, images, shard, str(job), str(jobs)) for job in range(jobs)]
    whole = _alone("whole", folder, images, shard)
    merged = _alone("merge", folder, images, shard)
    work = [json.loads(path.read_text()) for path in sorted((folder / "seconds").glob("*.json"))]
    seconds = {step: sum(one[step] for one in work) for step in ("draw", "network", "keep", "statistics")}
    stored = sum(path.stat().st_size for path in (folder / "features").rglob("*") if path.is_file())
    gram = sum(path.stat().st_size for path in (folder / "statistics").glob("*.safetensors"))
    small = np.load(folder / "merge.npz")
    slow = np.load(folder / "whole.npz")
    spread = np.sqrt(slow["scatter"].diagonal())
    spread = np.where(spread > 0, spread, 1.0)  # units that are 0 on every face are to be so exactly
    coefficients = np.abs(slow["ridge"]).max()
    rows = -(-images // shard)
    return {
        "unit": "s",
        "images": images,
        "side_px": SIDE_PX,
        "shards": rows,
        "images_a_shard": shard,
        "jobs": jobs,
        "numbers_an_image": sum(_network().layers[layer] for layer in LAYERS),
        "seconds": {step: round(value, 2) for step, value in seconds.items()},
        "images_per_second": round(images / sum(seconds.values()), 1),
        "bytes_an_image": round(stored / images, 1),
        "bytes_of_statistics_a_shard": round(gram / rows),
        "start_seconds_a_job": statistics.median(one["start"] for one in done),
        "verify_seconds": merged["verify"],
        "merge_seconds": merged["merge"],
        "ridge_seconds": merged["ridge"],
        "whole_seconds": whole["seconds"],
        "peak_gb_of_a_job": max(json.loads(path.read_text())["peak_gb"] for path in (folder / "peaks").glob("*.json")),
        "peak_gb_of_the_merge": merged["peak_gb"],
        "peak_gb_unsharded": whole["peak_gb"],
        "largest_difference_of_means": float((np.abs(small["mean"] - slow["mean"]) / (spread / images**0.5)).max()),
        "largest_difference_of_products": float(
            (np.abs(small["scatter"] - slow["scatter"]) / np.outer(spread, spread)).max()
        ),
        "largest_difference_of_ridge": float(np.abs(small["ridge"] - slow["ridge"]).max() / coefficients),
        **_plan_costs(rounds),
    }


def _network() -> Any:
    from deepfeatures.networks.face_cnn import untrained

    return untrained(SIDE_PX, 0)


def _planned(images: int, shard: int) -> tuple[Any, Any, Any]:
    from deepfeatures.data.synthfaces import SynthFaces
    from deepfeatures.networks import rendered_features

    people = PEOPLE if images == IMAGES else -(-images // EACH)
    world, network = SynthFaces(3_000, people, EACH, SIDE_PX), _network()
    return world, network, rendered_features.plan(world, network, images, layers=LAYERS, shard_size=shard)


def _job(folder: Path, images: int, shard: int, job: int, jobs: int) -> dict[str, float]:
    """Shards job, job + jobs, ...: features and statistics of those that are missing."""
    from deepfeatures.networks import rendered_features
    from deepfeatures.probes import gram, gram_shards

    world, network, plan = _planned(images, shard)
    start = time.time() - float(os.environ[BEGUN])
    for number in range(job, plan.shards, jobs):
        if gram_shards.path(folder / "statistics", number).is_file():
            continue
        taken = folder / "seconds" / f"{number:05d}.part"
        if not taken.is_file():  # killed before its seconds were kept: they are part of the result, so it is made again
            shutil.rmtree(plan.folder(folder / "features") / f"{number:05d}", ignore_errors=True)
        rendered_features.extract(
            folder / "features", plan, world, network, shards=[number],
            made=lambda _, found: _kept(taken, found),  # noqa: B023
        )  # fmt: skip
        seconds = json.loads(taken.read_text())
        begun = time.perf_counter()
        rows = plan.rows(number)
        features = np.load(plan.folder(folder / "features") / f"{number:05d}" / f"{PROBED}.npy", mmap_mode="r")
        targets = world.truth(np.arange(rows.start, rows.stop))[list(TARGETS)].to_numpy(np.float64)
        gram_shards.write(folder / "statistics", number, gram.gram(features, targets))
        _kept(folder / "seconds" / f"{number:05d}.json", {**seconds, "statistics": time.perf_counter() - begun})
        _kept(folder / "peaks" / f"{number:05d}.json", {"peak_gb": _peak_gb()})
    return {"start": round(start, 2), "peak_gb": _peak_gb()}


def _merge(folder: Path, images: int, shard: int) -> dict[str, float]:
    """What follows the jobs: every shard verified, statistics merged, ridge fitted."""
    from deepfeatures.data.features import open_features
    from deepfeatures.probes import gram_shards, ridge

    _, _, plan = _planned(images, shard)
    begun = time.perf_counter()
    open_features(folder / "features", plan)
    verified = time.perf_counter()
    total = gram_shards.merged(folder / "statistics", range(plan.shards))
    merged = time.perf_counter()
    fitted = ridge.ridge_path(total, ALPHAS)
    ended = time.perf_counter()
    np.savez(folder / "merge.npz", mean=total.rows.mean, scatter=total.rows.scatter, ridge=fitted.coefficients)
    times = {"verify": verified - begun, "merge": merged - verified, "ridge": ended - merged}
    return {**{step: round(value, 4) for step, value in times.items()}, "peak_gb": _peak_gb()}


def _whole(folder: Path, images: int, shard: int) -> dict[str, float]:
    """All rows in one float64 array, its mean taken off, one product: the slow, obvious way."""
    from deepfeatures.data.features import open_features
    from deepfeatures.probes import ridge
    from deepfeatures.probes.gram import Gram
    from deepfeatures.probes.moments import Moments

    world, _, plan = _planned(images, shard)
    features = open_features(folder / "features", plan).layer(PROBED)
    begun = time.perf_counter()
    rows = np.empty((images, features.shape[1] + len(TARGETS)))
    for start in range(0, images, shard):
        stop = min(start + shard, images)
        rows[start:stop, : features.shape[1]] = features[start:stop]
        rows[start:stop, features.shape[1] :] = world.truth(np.arange(start, stop))[list(TARGETS)]
    mean = rows.mean(axis=0)
    rows -= mean
    scatter = rows.T @ rows
    fitted = ridge.ridge_path(Gram(Moments(images, mean, scatter), features.shape[1]), ALPHAS)
    np.savez(folder / "whole.npz", mean=mean, scatter=scatter, ridge=fitted.coefficients)
    return {"seconds": round(time.perf_counter() - begun, 2), "peak_gb": _peak_gb()}


def _plan_costs(rounds: int) -> dict[str, float]:
    """Of the plan of a feature store, which every job holds whole: bytes of memory and disk, and seconds, an image."""
    _, _, plan = _planned(IDS, SHARD)
    tracemalloc.start()
    _, _, again = _planned(IDS, SHARD)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    size = len(again.content())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        assert plan.key == again.key
        seconds.append((time.perf_counter() - begun) / 2)
    return {
        "plan_memory_bytes_an_image": round(max(peak, kept) / IDS, 1),
        "plan_disk_bytes_an_image": round(size / IDS, 1),
        "plan_seconds_an_image": float(f"{statistics.median(seconds) / IDS:.3g}"),
    }


def _kept(path: Path, found: Mapping[str, float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(dict(found)))
    temporary.replace(path)


def _peak_gb() -> float:
    """Largest resident memory of this process so far. Linux counts in KB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e9, 3)


def _alone(what: str, folder: Path, images: int, shard: int, *more: str) -> dict[str, float]:
    command = [sys.executable, __file__, what, str(folder), str(images), str(shard), *more]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, BEGUN: str(time.time())}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    import torch

    torch.set_num_threads(1)
    what, folder, images, shard = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    folder.mkdir(parents=True, exist_ok=True)
    if what == "job":
        found = _job(folder, images, shard, int(sys.argv[5]), int(sys.argv[6]))
    else:
        found = (_merge if what == "merge" else _whole)(folder, images, shard)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
