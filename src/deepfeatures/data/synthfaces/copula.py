"""Factors that go together: a Gaussian copula over identity and image factors, checked before anything is drawn.

z = L g, where g are independent standard normal draws and L L' is the correlation matrix of the normal scores. The
factor's value is its quantile function at Phi(z), so its own distribution never changes. Identity factors come first
and L is lower triangular: a person's values depend on no image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .attributes import ATTRIBUTES
from .factors import FACTORS, IDENTITY_FACTORS, TIES, known

SMALLEST = 1e-6  # of the matrix's eigenvalues: below it, one factor is a function of the others


@dataclass(frozen=True)
class Copula:
    """names: the factors that are tied to another, identity first. lower: their Cholesky factor."""

    names: tuple[str, ...]
    lower: NDArray[np.float64]

    def scores(self, name: str, independent: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """(n,) normal scores of `name` from independent draws of every factor, summed in one fixed order."""
        if name not in self.names:
            return independent[name]
        row = self.lower[self.names.index(name)]
        total = np.zeros(len(independent[name]))
        for other, weight in zip(self.names, row, strict=True):
            if weight != 0:
                total = total + weight * independent[other]
        return total


def factor_of(name: str) -> tuple[str, int]:
    """The factor that decides `name` (a factor, or a CelebA attribute), and +1, or -1 where more of it means less."""
    if name in ATTRIBUTES:
        if ATTRIBUTES[name].factor is None:
            raise ValueError(f"{name} is not decided by one factor here ({ATTRIBUTES[name].how}); correlate a factor")
        return str(ATTRIBUTES[name].factor), ATTRIBUTES[name].sign
    return known(name).name, 1


def copula(correlations: Mapping[tuple[str, str], float] | None) -> Copula:
    """The user's correlations, of factors or attributes by name, over TIES; an error names what is impossible.

    A value is the correlation of normal scores: for two uniform factors Pearson's is 6/pi asin(value/2), a little
    less; for switches and attributes it is the tetrachoric correlation.
    """
    wanted: dict[frozenset[str], float] = {frozenset(pair): value for pair, value in TIES.items()}
    asked: dict[frozenset[str], str] = {}
    for (one, other), value in (correlations or {}).items():
        (first, sign), (second, other_sign) = factor_of(one), factor_of(other)
        said = f"correlation of ({one!r}, {other!r}) is {value:g}"
        if first == second:
            raise ValueError(f"{said}: both are the factor {first!r}")
        if not -1 < value < 1:
            raise ValueError(f"{said}, expected above -1 and below 1")
        pair = frozenset((first, second))
        if pair in asked:
            raise ValueError(f"{said}, but the same pair is also given: {asked[pair]}")
        asked[pair] = said
        wanted[pair] = value * sign * other_sign
    tied = {name for pair in wanted for name in pair}
    names = tuple(sorted(tied, key=lambda name: (name not in IDENTITY_FACTORS, list(FACTORS).index(name))))
    matrix = np.eye(len(names))
    for pair, value in wanted.items():
        i, j = (names.index(name) for name in pair)
        matrix[i, j] = matrix[j, i] = value
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < SMALLEST:
        raise ValueError(_impossible(names, matrix, vectors[:, 0], float(values[0]), asked))
    return Copula(names=names, lower=np.asarray(np.linalg.cholesky(matrix), np.float64))


def _impossible(
    names: tuple[str, ...],
    matrix: NDArray[np.float64],
    vector: NDArray[np.float64],
    value: float,
    asked: dict[frozenset[str], str],
) -> str:
    """Which pairs, the user's and TIES, contradict each other: those inside the eigenvector of the negative value."""
    inside = [name for name, weight in zip(names, vector, strict=True) if abs(weight) > 1e-3]
    users = [said for pair, said in asked.items() if pair <= set(inside)]
    ours = [
        f"({', '.join(map(repr, pair))}): {matrix[names.index(pair[0]), names.index(pair[1])]:g}"
        for pair in TIES
        if set(pair) <= set(inside) and frozenset(pair) not in asked
    ]
    beside = f" beside the default ties {'; '.join(ours)}, which can be set too" if ours else ""
    return f"not a correlation matrix (smallest eigenvalue {value:.3g}): {'; '.join(users)}{beside}"
