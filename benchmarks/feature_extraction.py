"""ip1 of the rotated test set: our extraction, one process a core, against the plain forward pass at batch 64."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from typing import Any

import torch
from digits_here import digits
from lenet_training import _PlainNet
from matrix_rate import matrix_rate
from torch.nn import functional as F

MFLOP_PER_IMAGE = 2 * (24 * 24 * 20 * 25 + 8 * 8 * 50 * 500 + 800 * 500) / 1e6  # up to ip1
DIGITS = 2000


def measure(rounds: int) -> dict[str, Any]:
    ours, peers, rates = [], [], []
    for _ in range(rounds):
        rates.append(matrix_rate())
        ours.append(side_by_side())
        peers.append(plain())
    speed, peer, rate = (statistics.median(values) for values in (ours, peers, rates))
    return {
        "unit": "images/s",
        "ours": round(speed),
        "peer": round(peer),
        "ratio": round(speed / peer, 2),
        "matrix_gflops": round(rate, 1),
        "share_of_matrix_rate": round(speed * MFLOP_PER_IMAGE / 1e3 / rate, 3),
        "data": digits(1)[2],
    }


def side_by_side() -> float:
    """One process a core, one thread each: images/s of all together."""
    context = multiprocessing.get_context("spawn")
    cores = os.cpu_count() or 1
    barrier, results = context.Barrier(cores), context.Queue()
    workers = [context.Process(target=_extract, args=(barrier, results)) for _ in range(cores)]
    for worker in workers:
        worker.start()
    spans = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return cores * 7 * DIGITS / (max(end for _, end in spans) - min(start for start, _ in spans))


def _extract(barrier: Any, results: Any) -> None:
    from deepfeatures.data.rotation import rotated_copies
    from deepfeatures.networks.lenet import untrained
    from deepfeatures.study import allocator

    allocator.keep_freed()
    torch.set_num_threads(1)
    images = rotated_copies(digits(DIGITS)[0]).reshape(-1, 28, 28)
    network = untrained(0)
    for _ in network.stream(images[:1024], "ip1"):
        pass
    barrier.wait()
    start = time.time()
    for _ in network.stream(images, "ip1"):
        pass
    results.put((start, time.time()))


def plain() -> float:
    """A plain forward pass over float images at batch 64 with all cores: images/s."""
    from deepfeatures.data.rotation import rotated_copies

    torch.set_num_threads(os.cpu_count() or 1)
    net = _PlainNet().eval()
    pixels = torch.from_numpy(rotated_copies(digits(DIGITS)[0]).reshape(-1, 1, 28, 28)).float().div(256)
    with torch.no_grad():
        for start_row in range(0, len(pixels), 64):
            if start_row == 640:
                start = time.perf_counter()
            x = pixels[start_row : start_row + 64]
            x = F.max_pool2d(net.conv2(F.max_pool2d(net.conv1(x), 2)), 2)
            F.relu(net.ip1(x.flatten(1)))
    return (len(pixels) - 640) / (time.perf_counter() - start)
