"""What the machine can do: the rate of float32 matrix products, GFLOP/s, with all cores."""

from __future__ import annotations

import statistics
import time

import torch


def matrix_rate(side: int = 2048, repeats: int = 7) -> float:
    """Median over `repeats` of 2 * side**3 / seconds, in GFLOP/s; all cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(torch.multiprocessing.cpu_count())
    try:
        a, b = torch.randn(side, side), torch.randn(side, side)
        a @ b
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            a @ b
            seconds.append(time.perf_counter() - start)
        return 2 * side**3 / statistics.median(seconds) / 1e9
    finally:
        torch.set_num_threads(before)
