"""Linear maps from features to fewer columns: the triplet embedding, and what else makes a vector shorter."""
from __future__ import annotations

import numpy as np

from deepfeatures.probes.mean_activation import directions
from deepfeatures.probes.triplet_embedding import TripletEmbedding

EMBEDDINGS = ("none", "triplet", "pca", "random")


def learn(
    kind: str, X: np.ndarray, identity: np.ndarray, dimensions: int, *, rng: np.random.Generator, steps: int = 1000
) -> np.ndarray:
    """The map (d, dimensions) float32 of rows of length 1. X: (n, d) and identity: (n,), to learn from.

    triplet: pulls a person's images together (`steps` of TripletEmbedding; people with one image serve as negatives).
    pca: the directions of largest variance, from which the first starts; it knows of no person. random: orthonormal
    directions drawn without looking at X. The last two are of the same size as the first, and read the same rows: a
    loss that they share with it is not the triplets' doing.
    """
    if not 1 <= dimensions <= min(X.shape):
        raise ValueError(f"dimensions={dimensions}: between 1 and {min(X.shape)}, the smaller side of X {X.shape}")
    if kind == "random":
        return np.linalg.qr(rng.standard_normal((X.shape[1], dimensions)))[0].astype(np.float32)
    if kind == "pca":
        return principal(directions(X), dimensions)
    if kind == "triplet":
        seed = int(rng.integers(2**31))
        found = TripletEmbedding(dimensions, steps=steps, lone="negative", seed=seed).fit(X, identity)
        return np.ascontiguousarray(found.components_.T)
    raise ValueError(f"embedding={kind!r}: a map is learned for {', '.join(EMBEDDINGS[1:])}")


def project(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Rows brought to length 1, then mapped: (n, dimensions) float32. Rows of zeros stay zero."""
    return directions(X) @ weights


def principal(X: np.ndarray, dimensions: int) -> np.ndarray:
    """(d, dimensions): eigenvectors of the covariance of X (n, d), largest first, their largest entries positive."""
    covariance = np.cov(X.T.astype(np.float64)).reshape(X.shape[1], -1)
    found = np.linalg.eigh(covariance)[1][:, ::-1][:, :dimensions]
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(dimensions)])
    return np.ascontiguousarray(found * signs, np.float32)
