"""Out-of-fold predictions between parameters and units, linear and not: nobody is predicted by a fit that saw him."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import Nystroem

from deepfeatures.probes.held_out_ridge import HeldOutRidge, fit_held_out

LARGEST = 256  # columns that are decoded from; of wider layers, the first principal components of the training images

Split = tuple[np.ndarray, np.ndarray]  # training rows, tested rows


@dataclass(frozen=True)
class Kernel:
    """The inputs and, beside them, a Gaussian kernel on some of the training rows: holds the linear map as a case.

    Width by the median distance; both parts are brought to one root mean square, since one penalty serves both.
    """

    map: Nystroem
    mean: np.ndarray
    scale: float
    kernel_mean: np.ndarray
    kernel_scale: float

    @classmethod
    def fitted(cls, inputs: np.ndarray, *, centres: int, rng: np.random.Generator) -> Kernel:
        """inputs: (n, d), the training rows."""
        one, other = rng.integers(0, len(inputs), (2, 2000))
        squared = float(np.median(np.square(inputs[one] - inputs[other]).sum(axis=1)[one != other])) or 1.0
        seed = int(rng.integers(2**31))
        kernel = Nystroem(kernel="rbf", gamma=1 / squared, n_components=min(centres, len(inputs)), random_state=seed)
        mapped = kernel.fit_transform(inputs)
        mean, kernel_mean = inputs.mean(axis=0), mapped.mean(axis=0)
        sizes = [np.sqrt(np.square(part - part.mean(axis=0)).sum(axis=1).mean()) or 1.0 for part in (inputs, mapped)]
        return cls(kernel, mean, float(sizes[0]), kernel_mean, float(sizes[1]))

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """(n, d + centres)."""
        mapped = (self.map.transform(inputs) - self.kernel_mean) / self.kernel_scale
        return np.concatenate([(inputs - self.mean) / self.scale, mapped], axis=1)


@dataclass(frozen=True)
class OutOfFold:
    """Predictions (n, t) float64: linear, kernel, and constant, the training rows' mean; models: linear, by fold."""

    linear: np.ndarray
    kernel: np.ndarray
    constant: np.ndarray
    models: list[HeldOutRidge]


def out_of_fold(
    inputs: np.ndarray | Sequence[Split], targets: np.ndarray, identity: np.ndarray, fold: np.ndarray, *, centres: int,
    rng: np.random.Generator,
) -> OutOfFold:  # fmt: skip
    """inputs: (n, d), or the same by fold as `narrowed` gives them; targets: (n, t); identity, fold: (n,), a person in
    one fold. centres 0: no kernel (nan).
    """
    by_fold = narrowed(inputs, fold) if isinstance(inputs, np.ndarray) else inputs
    found = {name: np.full(targets.shape, np.nan) for name in ("linear", "kernel", "constant")}
    models = []
    for left_out in range(int(fold.max()) + 1):
        train, test = fold != left_out, fold == left_out
        X, X_test = by_fold[left_out]
        model = fit_held_out(X, targets[train], identity[train], rng=rng)
        models.append(model)
        found["constant"][test] = targets[train].mean(axis=0)
        found["linear"][test] = model.predict(X_test)
        if centres:
            kernel = Kernel.fitted(X, centres=centres, rng=rng)
            bent = fit_held_out(kernel(X), targets[train], identity[train], rng=rng)
            found["kernel"][test] = bent.predict(kernel(X_test))
    return OutOfFold(found["linear"], found["kernel"], found["constant"], models)


def narrowed(inputs: np.ndarray, fold: np.ndarray) -> list[Split]:
    """For each fold its training rows and its tested rows, of at most LARGEST columns: the first principal components
    of the training rows where there are more."""
    found = []
    for left_out in range(int(fold.max()) + 1):
        train, test = inputs[fold != left_out], inputs[fold == left_out]
        if inputs.shape[1] > LARGEST:
            size = min(LARGEST, len(train) - 1)
            map_ = PCA(size, svd_solver="randomized", random_state=left_out).fit(train.astype(np.float32))
            train, test = (map_.transform(part.astype(np.float32)).astype(np.float64) for part in (train, test))
        found.append((train, test))
    return found


@dataclass(frozen=True)
class Scale:
    """mean, spread: (kept,) of the units that were kept; kept: (d,) bool."""

    mean: np.ndarray
    spread: np.ndarray
    kept: np.ndarray

    def __call__(self, units: np.ndarray) -> np.ndarray:
        """(n, kept) float64. units: (n, d)."""
        return (np.asarray(units, np.float64)[:, self.kept] - self.mean) / self.spread


def scale_of(units: np.ndarray) -> Scale:
    """Brings units (n, d) to mean 0 and variance 1 over the rows.

    One number a unit, whoever is tested: a scale, so that every unit counts alike. Units that are the same for all
    (of a ReLU that never opens) say nothing, and are left out.
    """
    values = np.asarray(units, np.float64)
    mean, spread = values.mean(axis=0), values.std(axis=0)
    kept = spread > 1e-6 * np.maximum(np.abs(mean), 1e-12)
    if not kept.any():
        raise ValueError(f"none of {len(kept)} units varies over {len(values)} rows")
    return Scale(mean[kept], spread[kept], kept)
