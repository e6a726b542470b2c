"""Ridge at 20 alphas for 3 angles on 40,000 x 832: ours from one factorisation, the peer is Ridge, one by one."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge

from deepfeatures.probes.gram import gram
from deepfeatures.probes.ridge import ridge_path

ROWS, WIDTH, ALPHAS = 40_000, 832, np.geomspace(1e-2, 1e5, 20)
FITTED = slice(1, None, 5)  # the peer's cost does not depend on alpha: every fifth is fitted, and stands for five


def measure(rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((ROWS, WIDTH)) * np.geomspace(
        1, 0.03, WIDTH
    )  # float64, the peer's best case to agree in
    angles = features @ rng.standard_normal((WIDTH, 3)) + 10 * rng.standard_normal((ROWS, 3))
    ours, peers, worst = [], [], 0.0
    for _ in range(rounds):
        start = time.perf_counter()
        path = ridge_path(gram(features, angles), ALPHAS)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        theirs = np.stack([Ridge(alpha).fit(features, angles).coef_ for alpha in ALPHAS[FITTED]])
        peers.append((time.perf_counter() - start) * len(ALPHAS) / len(theirs))
        worst = max(worst, float(np.abs(path.coefficients[FITTED] - theirs).max()))
    return {
        "unit": "s",
        "ours": round(statistics.median(ours), 2),
        "peer": round(statistics.median(peers), 2),
        "ratio": round(statistics.median(peers) / statistics.median(ours), 1),
        "alphas": len(ALPHAS),
        "peer_measured_on_alphas": len(ALPHAS[FITTED]),
        "largest_difference": worst,
    }
