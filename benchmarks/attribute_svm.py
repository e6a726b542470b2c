"""40 targets at 7 values of C on 40,000 x 832: ours in one path, the peer is LinearSVC(dual=False), one by one.

    python benchmarks/attribute_svm.py [--at-celeba-size]   # one run of ours alone, in its own process

X is a memory-mapped float32 .npy file. The peer is fitted on a sample of (target, C) and its mean stands for the rest.
`ratio` is of wall time, `ratio_of_cpu_time` of CPU seconds, which other programs on the machine disturb less. Gaps are
of the objective in float64, relative to a solution in float64 at a tolerance 1e-4 times as large.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from attribute_data import write_features
from sklearn.svm import LinearSVC

from deepfeatures.probes.squared_hinge import objective
from deepfeatures.probes.squared_hinge_path import balanced_weights, squared_hinge_path

ROWS, WIDTH, TARGETS, C = 40_000, 832, 40, 10.0 ** np.arange(-4, 3)
CELEBA_ROWS = 162_770  # its training partition
TOLERANCE = 1e-4  # LinearSVC's default, and the same rule in ours
SAMPLED_TARGETS, SAMPLED_C = (0, 13, 26, 39), (0, 3, 6)


def measure(rounds: int) -> dict[str, Any]:
    sample = [(c, t) for t in SAMPLED_TARGETS for c in SAMPLED_C]
    ours, ours_cpu, peers, peers_cpu, our_gaps, peer_gaps = [], [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        signs = write_features(Path(folder) / "x.npy", rows=ROWS, width=WIDTH, targets=TARGETS)
        np.save(Path(folder) / "signs.npy", signs)
        alone = _in_its_own_process(Path(folder))
        features = np.load(Path(folder) / "x.npy", mmap_mode="r")
        weights = balanced_weights(signs)
        chosen = list(SAMPLED_TARGETS)
        tight = squared_hinge_path(
            features,
            signs[chosen],
            C[list(SAMPLED_C)],
            class_weight=weights[chosen],
            tol=TOLERANCE * 1e-4,
            dtype="float64",
        )
        for _ in range(rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            path = squared_hinge_path(features, signs, C, class_weight=weights, tol=TOLERANCE)
            ours.append(time.perf_counter() - wall)
            ours_cpu.append(time.process_time() - cpu)
            wall, cpu = time.perf_counter(), time.process_time()
            fitted = [_peer(features, signs[t], C[c]) for c, t in sample]
            peers.append((time.perf_counter() - wall) / len(sample) * TARGETS * len(C))
            peers_cpu.append((time.process_time() - cpu) / len(sample) * TARGETS * len(C))
        for (c, t), peer in zip(sample, fitted, strict=True):
            best = tight.objective[SAMPLED_C.index(c), chosen.index(t)]
            one = slice(t, t + 1)
            judged = {"class_weight": weights[one]}
            mine = objective(features, signs[one], path.coefficients[c, one], path.intercepts[c, one], C[c], **judged)[
                0
            ]
            theirs = objective(features, signs[one], peer.coef_, peer.intercept_, C[c], **judged)[0]
            our_gaps.append(mine / best - 1)
            peer_gaps.append(theirs / best - 1)
    return {
        "unit": "s",
        "threads": torch.get_num_threads(),
        "ours": round(statistics.median(ours), 1),
        "peer": round(statistics.median(peers)),
        "ratio": round(statistics.median(peers) / statistics.median(ours), 1),
        "ours_cpu": round(statistics.median(ours_cpu), 1),
        "peer_cpu": round(statistics.median(peers_cpu)),
        "ratio_of_cpu_time": round(statistics.median(peers_cpu) / statistics.median(ours_cpu), 1),
        "peer_measured_on": f"{len(sample)} of {TARGETS * len(C)} machines",
        "converged": f"{int(path.converged.sum())} of {path.converged.size}",
        "hessian_products_each": round(float(path.products.mean()), 1),
        "largest_gap_ours": f"{max(our_gaps):.1e}",
        "largest_gap_peer": f"{max(peer_gaps):.1e}",
        "median_gap_ours": f"{statistics.median(our_gaps):.1e}",
        "median_gap_peer": f"{statistics.median(peer_gaps):.1e}",
        "peak_memory_over_X": round(alone["peak_bytes"] / alone["x_bytes"], 2),
    }


def _peer(features: np.ndarray, sign: np.ndarray, C: float) -> LinearSVC:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return LinearSVC(dual=False, C=C, tol=TOLERANCE, class_weight="balanced").fit(features, sign)


def _in_its_own_process(folder: Path) -> dict[str, Any]:
    """Time and peak memory of one path over the files in folder: beyond its imports, X included."""
    command = [sys.executable, __file__, "--files", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _measure_files(folder: Path) -> dict[str, Any]:
    before = _peak_bytes()
    features, signs = np.load(folder / "x.npy", mmap_mode="r"), np.load(folder / "signs.npy")
    wall, cpu = time.perf_counter(), time.process_time()
    path = squared_hinge_path(features, signs, C, class_weight=balanced_weights(signs), tol=TOLERANCE)
    return {
        "rows": len(features),
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "threads": torch.get_num_threads(),
        "x_bytes": features.nbytes,
        "peak_bytes": _peak_bytes() - before,
        "peak_memory_over_X": round((_peak_bytes() - before) / features.nbytes, 2),
        "converged": f"{int(path.converged.sum())} of {path.converged.size}",
    }


def _peak_bytes() -> int:
    """Of this process since it started. Linux's ru_maxrss begins at the peak of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-celeba-size", action="store_true", help=f"{CELEBA_ROWS:,} rows instead of {ROWS:,}")
    parser.add_argument("--files", type=Path, help="a folder with x.npy and signs.npy")
    given = parser.parse_args()
    if given.files:
        print(json.dumps(_measure_files(given.files)))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = CELEBA_ROWS if given.at_celeba_size else ROWS
        np.save(
            Path(folder) / "signs.npy", write_features(Path(folder) / "x.npy", rows=rows, width=WIDTH, targets=TARGETS)
        )
        print(json.dumps(_in_its_own_process(Path(folder)), indent=1))


if __name__ == "__main__":
    main()
