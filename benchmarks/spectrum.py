"""Singular values of 70,000 x 500 centred features: ours from the 500 x 500 scatter, the peer is numpy.linalg.svd."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from deepfeatures.analysis.spectrum import singular_values

ROWS, WIDTH = 70_000, 500


def measure(rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    scales = np.geomspace(1, 1e-3, WIDTH)  # a spectrum that falls over three decades, as ip1's does
    features = (rng.standard_normal((ROWS, WIDTH)) * scales @ rng.standard_normal((WIDTH, WIDTH))).astype(np.float32)
    ours, peers, worst = [], [], 0.0
    for _ in range(rounds):
        start = time.perf_counter()
        mine = singular_values(features, centred=True)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        theirs = np.linalg.svd(features - features.mean(0), compute_uv=False)
        peers.append(time.perf_counter() - start)
        worst = max(worst, float(np.abs(mine - theirs).max() / theirs[0]))
    return {
        "unit": "s",
        "ours": round(statistics.median(ours), 3),
        "peer": round(statistics.median(peers), 3),
        "ratio": round(statistics.median(peers) / statistics.median(ours), 1),
        "largest_difference_relative_to_first": worst,
    }
