"""SynthFaces at 64 x 64: whole images of ours against bare heads of the plain twin; and the rate on 2 cores."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from typing import Any

import numpy as np
import torch
from plain_faces import clay

from deepfeatures.data.synthfaces import FACTORS, SynthFaces

SIDE_PX, IMAGES, TWINS = 64, 768, 1


def world() -> SynthFaces:
    return SynthFaces(seed=0, identities=100, images_per_identity=20, side_px=SIDE_PX)


def rate(first: int) -> tuple[float, float]:
    """Start and end (seconds of one clock) of rendering IMAGES pictures from number `first` on one thread."""
    torch.set_num_threads(1)
    faces = world()
    faces.render(np.arange(first, first + 64))
    start = time.monotonic()
    faces.render(np.arange(first, first + IMAGES))
    return start, time.monotonic()


def measure(rounds: int) -> dict[str, Any]:
    faces = world()
    factors = {name: faces.truth(np.arange(TWINS))[name].to_numpy(np.float64) for name in FACTORS}
    ours, cpu, peers, together = [], [], [], []
    threads = torch.get_num_threads()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for _ in range(rounds):
            used = time.process_time()
            start, end = rate(0)
            cpu.append((time.process_time() - used) / (IMAGES + 64))
            ours.append((end - start) / IMAGES)
            spans = pool.map(rate, [0, IMAGES], chunksize=1)
            together.append((max(end for _, end in spans) - min(start for start, _ in spans)) / (2 * IMAGES))
            start = time.monotonic()
            for image in range(TWINS):
                clay(factors, image, SIDE_PX)
            peers.append((time.monotonic() - start) / TWINS)
    torch.set_num_threads(threads)
    return {
        "unit": "s an image",
        "ours": round(statistics.median(ours), 6),
        "peer": round(statistics.median(peers), 3),
        "ratio": round(statistics.median(peers) / statistics.median(ours)),
        "peer_draws": "the bare head only",
        "images_per_s_one_process": round(1 / min(ours)),
        "images_per_s_two_processes": round(1 / min(together)),
        "images_per_s_of_cpu_time": round(1 / min(cpu)),
        "load_average": round(os.getloadavg()[0], 1),
    }
