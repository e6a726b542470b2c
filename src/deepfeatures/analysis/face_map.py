"""A feature space drawn in the plane, by PCA and by t-SNE, as an artifact: pca.npy, tsne.npy (m, 2), row.npy (m,)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

PERPLEXITY = 30.0  # scikit-learn's own; van der Maaten and Hinton 2008 recommend 5 to 50


def make(out: Path, inputs: dict[str, Path], *, layer: str, images: int, seed: int) -> None:
    """inputs: 'features'. images: drawn at most, at random. t-SNE starts from the PCA, so that one run is like the
    next."""
    features = np.load(inputs["features"] / f"{layer}.npy", mmap_mode="r")
    rng = np.random.default_rng(seed)
    row = np.sort(rng.permutation(len(features))[:images])
    chosen = np.asarray(features[row], np.float64)
    pca = PCA(2, svd_solver="full").fit(chosen)
    perplexity = min(PERPLEXITY, (len(row) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1).fit_transform(chosen)
    np.save(out / "pca.npy", pca.transform(chosen).astype(np.float32))
    np.save(out / "tsne.npy", tsne.astype(np.float32))
    np.save(out / "row.npy", row)
    meta = {"explained": [float(share) for share in pca.explained_variance_ratio_], "perplexity": perplexity}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
