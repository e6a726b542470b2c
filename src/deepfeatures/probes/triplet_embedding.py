"""Triplet probabilistic embedding: a linear map learnt so that dot products say who is who (Sankaranarayanan 2016).

Rows are brought to length 1, then mapped by W (k, d) without bias, started from their PCA. For an anchor a, a positive
p of the same identity and a negative n of another, the loss is the mean of -log sigma(Wa . (Wp - Wn)).

Controls of equal size are scikit-learn's: `PCA(k)` (what W starts from) and `GaussianRandomProjection(k)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from deepfeatures.probes.mean_activation import directions


def triplet_loss(W: torch.Tensor, a: torch.Tensor, p: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """Mean of -log sigma(Wa . (Wp - Wn)): scalar. W: (k, d); a, p, n: (triplets, d)."""
    return torch.nn.functional.softplus(-((a @ W.T) * ((p - n) @ W.T)).sum(1)).mean()


class TripletEmbedding(TransformerMixin, BaseEstimator):
    """fit(X (n, d), identities (n,)); transform(X) -> (n, dimensions), compared by cosine.

    Every step draws `batch` anchors, identities equally likely, a positive each, and for each the hardest of
    `candidates` random images of others: the one now most similar to the anchor. (Among all images the hardest are
    mostly label errors; with one candidate, as in public re-implementations, most triplets are soon easy.) Adam, its
    rate falling linearly to 0: the paper's plain SGD needs a rate fitted to each feature space. lone: what becomes of
    identities with a single image, 'error', or 'negative': they serve as negatives only. After fit: components_
    (dimensions, d), the map; loss_ (steps,).
    """

    def __init__(
        self,
        dimensions: int = 128,
        *,
        steps: int = 1000,
        batch: int = 256,
        candidates: int = 8,
        learning_rate: float = 1e-3,
        lone: str = "error",
        seed: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.steps = steps
        self.batch = batch
        self.candidates = candidates
        self.learning_rate = learning_rate
        self.lone = lone
        self.seed = seed

    def fit(self, X: Any, identities: Any) -> TripletEmbedding:
        X = validate_data(self, X, dtype=[np.float32, np.float64])
        identities = column_or_1d(identities)
        if len(identities) != len(X):
            raise ValueError(f"{len(identities)} identities for {len(X)} rows of X")
        if not 1 <= self.dimensions <= min(X.shape):
            raise ValueError(
                f"dimensions={self.dimensions}: must lie in 1..{min(X.shape)}, the smaller side of X {X.shape}"
            )
        if self.steps < 1:
            raise ValueError(f"steps={self.steps}: at least 1 (0 steps are scikit-learn's PCA)")
        draw = _Triplets(identities, lone=self.lone, rng=np.random.default_rng(self.seed))
        unit = directions(X.astype(np.float32))
        start = PCA(self.dimensions, random_state=self.seed).fit(unit).components_
        rows, W = torch.from_numpy(unit), torch.from_numpy(np.ascontiguousarray(start)).requires_grad_()
        adam = torch.optim.Adam([W], lr=self.learning_rate)
        falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / self.steps)
        self.loss_ = np.empty(self.steps)
        for step in range(self.steps):
            anchor, positive, others = (torch.from_numpy(i) for i in draw(self.batch, self.candidates))
            with torch.no_grad():
                similarity = torch.einsum(
                    "bk,bck->bc", rows[anchor] @ W.T, (rows[others.ravel()] @ W.T).reshape(*others.shape, -1)
                )
                negative = others.gather(1, similarity.argmax(1, keepdim=True))[:, 0]
            adam.zero_grad()
            loss = triplet_loss(W, rows[anchor], rows[positive], rows[negative])
            loss.backward()
            adam.step()
            falling.step()
            self.loss_[step] = loss.item()
        self.components_ = W.detach().numpy()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """W x / |x|: (n, dimensions) float32. Rows of zeros stay zero."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float32, np.float64], reset=False)
        return directions(X.astype(np.float32)) @ self.components_.T

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class _Triplets:
    """Draws rows of anchors, of positives, and of candidates for negatives."""

    def __init__(self, identities: np.ndarray, *, lone: str, rng: np.random.Generator) -> None:
        names, self.code, counts = np.unique(identities, return_inverse=True, return_counts=True)
        if lone not in ("error", "negative"):
            raise ValueError(f"lone={lone!r}: allowed are 'error' and 'negative'")
        if len(names) < 2:
            raise ValueError(f"{len(names)} identity: triplets need at least 2")
        alone = names[counts == 1]
        if len(alone) == len(names) or (len(alone) and lone == "error"):
            raise ValueError(
                f"{len(alone)} of {len(names)} identities have one image only (first: {alone[0]!r}): no positive can "
                "be drawn. Leave them out" + ("" if len(alone) == len(names) else ", or pass lone='negative'")
            )
        self.order, self.first, self.counts = np.argsort(self.code, kind="stable"), np.cumsum(counts) - counts, counts
        self.with_positive, self.rng = np.flatnonzero(counts > 1), rng

    def __call__(self, batch: int, candidates: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """anchor, positive: (batch,); others: (batch, candidates) rows of other identities, uniform over those rows."""
        who = self.rng.choice(self.with_positive, batch)
        first, count = self.first[who], self.counts[who]
        a = self.rng.integers(0, count)
        p = (a + self.rng.integers(1, count)) % count
        # In the order sorted by identity, the rows of others are those before and those after one block.
        other = self.rng.integers(0, (len(self.order) - count)[:, None], (batch, candidates))
        other += np.where(other >= first[:, None], count[:, None], 0)
        return self.order[first + a], self.order[first + p], self.order[other]
