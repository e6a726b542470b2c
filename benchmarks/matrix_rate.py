"""What the machine can do: the rate of float32 matrix products, GFLOP/s, with all cores."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch


def matrix_rate(side: int = 2048, repeats: int = 7) -> float:
    """The higher of torch's rate and numpy's, GFLOP/s with all cores: each 2 * side**3 / seconds, median of `repeats`.

    torch's library (MKL) leaves instructions of other makers' processors unused that numpy's (OpenBLAS) uses: by torch
    alone a share of what such a processor can do would look larger than it is.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        a, b = torch.randn(side, side), torch.randn(side, side)
        by_library: list[tuple[Any, Any]] = [(a, b), (a.numpy(), b.numpy())]
        seconds = [_median_seconds(lambda x=x, y=y: x @ y, repeats) for x, y in by_library]
        return 2 * side**3 / min(seconds) / 1e9
    finally:
        torch.set_num_threads(before)


def _median_seconds(product: Callable[[], Any], repeats: int) -> float:
    product()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        product()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
