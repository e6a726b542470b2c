"""Singular values of a feature space: Rudd et al. 2017, section 4.3 and figure 6."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.probes.moments import Moments, moments
from deepfeatures.probes.normalisation import MinMax


@dataclass(frozen=True)
class Spectrum:
    """singular_values: (d,) descending. variance_fraction: (d,) their squares over the sum of squares.

    rank_95, rank_99: fewest components that hold 95 and 99% of the variance. effective_rank: exp of the entropy of
    variance_fraction, 1 for one direction, r for r equal ones. For uncentred data 'variance' is the mean square.
    """

    singular_values: np.ndarray
    variance_fraction: np.ndarray
    rank_95: int
    rank_99: int
    effective_rank: float

    def held_by(self, components: int) -> float:
        """Fraction of the variance in the first components."""
        return float(self.variance_fraction[:components].sum())


def singular_values(
    features: np.ndarray | Moments, *, centred: bool = True, normalise: MinMax | None = None
) -> np.ndarray:
    """Singular values of features (n, d), descending: (min(n, d),) float64.

    The roots of the eigenvalues of the d x d scatter matrix, formed in float64: as numpy.linalg.svd, with an error
    near 1e-7 of the largest value (not of each value: those below that are noise), in a fraction of its time.
    centred: of the data less its mean, as the paper does; ten ideal classes then have rank 9, uncentred 10.
    normalise: an affine map of each feature, applied here to the moments instead of to the data.
    """
    rows = features if isinstance(features, Moments) else moments(features)
    scatter, mean = rows.scatter, rows.mean
    if normalise is not None:
        scatter = scatter * normalise.scale * normalise.scale[:, None]
        mean = mean * normalise.scale + normalise.offset
    if not centred:
        scatter = scatter + np.outer(mean * rows.count, mean)
    values = np.linalg.eigvalsh(scatter)[::-1]
    return np.sqrt(np.clip(values, 0, None))[: min(rows.count, len(mean))]


def leading(features: np.ndarray, components: int) -> np.ndarray:
    """Features (n, d), centred, along their own first principal directions: (n, components) float16, fewer where d is.

    float16 moves an entry by 0.05% at most, and a sum of squares over thousands of rows by far less. The sign of a
    direction is arbitrary; its largest weight is made positive.
    """
    rows = moments(features)
    vectors = np.linalg.eigh(rows.scatter)[1][:, ::-1][:, :components]
    vectors = vectors * np.sign(np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0))
    return (features @ vectors - rows.mean @ vectors).astype(np.float16)


def spectrum_of(values: np.ndarray) -> Spectrum:
    """Summary of singular values (d,), descending. Raises ValueError where all are 0: no direction holds variance."""
    power = np.square(values, dtype=np.float64)
    if not power.sum() > 0:
        raise ValueError(f"all {len(values)} singular values are 0: the features are constant")
    fraction = power / power.sum()
    held = np.cumsum(fraction)
    positive = fraction[fraction > 0]
    return Spectrum(
        singular_values=np.asarray(values),
        variance_fraction=fraction,
        rank_95=_rank_holding(held, 0.95),
        rank_99=_rank_holding(held, 0.99),
        effective_rank=float(np.exp(-(positive * np.log(positive)).sum())),
    )


def _rank_holding(held: np.ndarray, share: float) -> int:
    # 1e-12: ten equal components hold 0.1 + ... + 0.1 = 0.9999999999999999, which must count as 1.
    return min(int(np.searchsorted(held, share - 1e-12)) + 1, len(held))
