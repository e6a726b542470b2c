"""Finding the nearest face in a gallery by packed bits and population count, against float32 vectors and BLAS.

512 units a face, as in the paper. The peer is one matrix product and an argmax, over the same gallery. Both run on one
thread. `ratio` is how many times faster bits are, `memory_ratio` how many times smaller the gallery is.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import torch

from deepfeatures.probes.binary_codes import bits, nearest, pack

GALLERY, PROBES, UNITS = 20_000, 64, 512


def measure(rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        gallery = rng.standard_normal((GALLERY, UNITS)).astype(np.float32)
        chosen = rng.integers(0, GALLERY, PROBES)
        probes = gallery[chosen] + 0.3 * rng.standard_normal((PROBES, UNITS)).astype(np.float32)
        unit = torch.from_numpy(gallery / np.linalg.norm(gallery, axis=1, keepdims=True))
        asked = torch.from_numpy(probes)
        packed, packed_asked = pack(bits(gallery)), pack(bits(probes))
        seconds: dict[str, list[float]] = {"bits": [], "float": []}
        for _ in range(rounds):
            start = time.process_time()
            by_bits = nearest(packed, packed_asked)
            seconds["bits"].append(time.process_time() - start)
            start = time.process_time()
            by_float = (asked @ unit.T).argmax(dim=1).numpy()
            seconds["float"].append(time.process_time() - start)
    finally:
        torch.set_num_threads(before)
    if not (by_bits == chosen).all() or not (by_float == chosen).all():
        raise AssertionError("a search that misses the face it was given is no peer")
    ours, peer = (statistics.median(seconds[name]) for name in ("bits", "float"))
    return {
        "gallery": GALLERY,
        "probes": PROBES,
        "units": UNITS,
        "unit": "ms a probe",
        "ours": round(1e3 * ours / PROBES, 4),
        "peer": round(1e3 * peer / PROBES, 4),
        "ratio": round(peer / ours, 2),
        "memory_ratio": round(gallery.nbytes / packed.nbytes, 1),
    }
