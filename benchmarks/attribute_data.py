"""Made-up features and correlated binary targets for benchmarks: no real attribute table could be shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_features(path: Path, *, rows: int, width: int, targets: int, seed: int = 0) -> np.ndarray:
    """Write (rows, width) float32 features to the .npy file `path`, block by block; return their signs (targets, rows).

    A latent vector with a spectrum that falls as a power law is mixed and rectified, as a ReLU layer's is. Targets read
    directions of the latent space that share 8 factors, with noise (labels of faces are noisy), and are positive for 2
    % to 50 % of the rows.
    """
    rng = np.random.default_rng(seed)
    scale = np.arange(1, width + 1, dtype=np.float32) ** -0.5
    mixing = rng.standard_normal((width, width), np.float32) * 0.3
    reads = rng.standard_normal((width, 8)) @ rng.standard_normal((8, targets)) + 2 * rng.standard_normal(
        (width, targets)
    )
    reads = (reads * scale[:, None]).astype(np.float32)
    reads /= np.linalg.norm(reads * scale[:, None], axis=0)
    features = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, width))
    score = np.empty((rows, targets), np.float32)
    for start in range(0, rows, 4096):
        latent = rng.standard_normal((min(4096, rows - start), width), np.float32) * scale
        features[start : start + 4096] = np.maximum(latent @ mixing, 0)
        score[start : start + 4096] = latent @ reads + 0.7 * rng.standard_normal((len(latent), targets), np.float32)
    features.flush()
    shares = np.geomspace(0.02, 0.5, targets)
    thresholds = np.array([np.quantile(column, 1 - share) for column, share in zip(score.T, shares, strict=True)])
    return np.where(score > thresholds, 1, -1).astype(np.int8).T.copy()
