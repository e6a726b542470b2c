"""The path of many squared-hinge machines over ascending C, each C started from the one before."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from deepfeatures.probes.squared_hinge import INTERCEPTS, Machines, gradient_at_zero
from deepfeatures.probes.squared_hinge_newton import Columns, minimise
from deepfeatures.probes.squared_hinge_preconditioner import Preconditioner, SharedGram

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class SquaredHingePath:
    """Machines of every C and target, all float64 and in the order of the C given.

    C (m,); coefficients (m, targets, d); intercepts (m, targets); objective (m, targets); gradient_norm (m, targets),
    relative to the gradient at w = 0; newton, products: (m, targets) Newton steps and Hessian products spent; converged
    (m, targets): the gradient reached its tolerance, or float64 can show no further decrease.
    one_class (targets,): a target whose labels are all of one class
    (or that has none); there is nothing to separate, and its coefficients are nan.
    """

    C: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    objective: np.ndarray
    gradient_norm: np.ndarray
    newton: np.ndarray
    products: np.ndarray
    converged: np.ndarray
    one_class: np.ndarray


def balanced_weights(signs: np.ndarray, row_weight: np.ndarray | None = None) -> np.ndarray:
    """scikit-learn's class_weight='balanced', n / (2 n_class), of signs -1, +1: (targets, 2). signs: (targets, n)."""
    totals = _class_totals(signs, row_weight)
    with np.errstate(divide="ignore"):
        return np.where(totals > 0, totals.sum(1, keepdims=True) / (2 * totals), 0.0)


def squared_hinge_path(
    X: np.ndarray | torch.Tensor,
    signs: np.ndarray,
    C: Sequence[float] | np.ndarray,
    *,
    class_weight: np.ndarray | None = None,
    row_weight: np.ndarray | None = None,
    intercept: str = "penalised",
    tol: float = 1e-4,
    max_iter: int = 100,
    dtype: str = "float32",
    c_at_once: int = 1,
    block_rows: int = 2048,
    device: str | torch.device | None = None,
) -> SquaredHingePath:
    """Machines for X (n, d) and signs (targets, n) in {-1, 0, +1} (0: not labelled) at every C.

    class_weight: (targets, 2) of sign -1 and of sign +1; row_weight: (n,). tol is LinearSVC's: a column stops when its
    gradient's norm is at most tol * min(positives, negatives) / n of its norm at w = 0. dtype 'float32': products in
    float32, then scores and gradients again in float64, and more steps where those are not yet small enough. c_at_once:
    how many neighbouring C are solved together, started alike; 1 makes the most of warm starts, len(C) the widest
    products. X is read in blocks of block_rows rows, so it may be memory-mapped; beside it, about 13 bytes per row and
    column of one batch are held. device: where to compute; on anything but the CPU, X is moved there as a whole.
    """
    values, order = _checked_C(C), np.argsort(C, kind="stable")
    if dtype not in DTYPES:
        raise ValueError(f"dtype={dtype!r}: allowed are {', '.join(DTYPES)}")
    machines = _machines(X, signs, class_weight, row_weight, intercept, block_rows, device)
    place = machines.features.device
    counts = _class_totals(np.asarray(signs), row_weight).T
    kept = np.flatnonzero(counts.min(0) > 0)
    share = torch.as_tensor(counts.min(0) / np.maximum(counts.sum(0), np.finfo(float).tiny), device=place)
    zero_norm = gradient_at_zero(machines, DTYPES[dtype]).norm(dim=1)
    shared = SharedGram(machines, rows=16 * machines.width, dtype=DTYPES[dtype])
    most_owned = max(4, machines.features.nbytes // (6 * shared.gram.nbytes))  # at most a sixth of X, beside it
    shape = (len(values), len(signs))
    found = np.full((*shape, machines.width), np.nan)
    objective, norms = np.full(shape, np.nan), np.full(shape, np.nan)
    newton, products = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    converged = np.zeros(shape, bool)
    last = torch.zeros(len(kept), machines.width, dtype=torch.float64, device=place)
    for first in range(0, len(order), c_at_once):
        at = order[first : first + c_at_once]
        target = torch.as_tensor(np.tile(kept, len(at)), device=place)
        column_C = torch.as_tensor(np.repeat(values[at], len(kept)), device=place)
        zero = zero_norm[target] * column_C
        columns = Columns.start(target, column_C, tol * share[target] * zero, last.repeat(len(at), 1))
        precondition = Preconditioner(machines, shared, len(target), most_owned=most_owned)
        for precision in [torch.float32, torch.float64] if dtype == "float32" else [torch.float64]:
            minimise(machines, columns, precondition, dtype=precision, work=DTYPES[dtype], most_newton=max_iter)
        cells = np.ix_(at, kept)
        found[cells] = columns.vectors.reshape(len(at), len(kept), -1).cpu().numpy()
        for into, value in (
            (objective, columns.objective),
            (norms, columns.gradient_norm / zero),
            (newton, columns.newton),
            (products, columns.products),
            (converged, (columns.gradient_norm <= columns.tolerance) | columns.exhausted),
        ):
            into[cells] = value.reshape(len(at), len(kept)).cpu().numpy()
        last = columns.vectors[-len(kept) :] if len(kept) else last
    return SquaredHingePath(
        values, found[..., :-1], found[..., -1], objective, norms, newton, products, converged, counts.min(0) == 0
    )


def _class_totals(signs: np.ndarray, row_weight: np.ndarray | None) -> np.ndarray:
    """Rows of sign -1 and of sign +1, or their weight: (targets, 2) float64. Target by target: no large copy."""
    weight = np.ones(signs.shape[1]) if row_weight is None else np.asarray(row_weight, np.float64)
    return np.array([[weight[sign < 0].sum(), weight[sign > 0].sum()] for sign in signs]).reshape(-1, 2)


def _checked_C(C: Sequence[float] | np.ndarray) -> np.ndarray:
    values = np.asarray(C, np.float64)
    if values.ndim != 1 or not len(values) or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"C must be one or more positive numbers, got {values.tolist()}")
    return values


def _machines(
    X: np.ndarray | torch.Tensor,
    signs: np.ndarray,
    class_weight: np.ndarray | None,
    row_weight: np.ndarray | None,
    intercept: str,
    block_rows: int,
    device: str | torch.device | None,
) -> Machines:
    features = as_tensor(X)
    signs = np.asarray(signs)
    if features.ndim != 2 or signs.ndim != 2 or signs.shape[1] != len(features):
        raise ValueError(f"X must be (n, d) and signs (targets, n), got {tuple(features.shape)} and {signs.shape}")
    if intercept not in INTERCEPTS:
        raise ValueError(f"intercept={intercept!r}: allowed are {', '.join(INTERCEPTS)}")
    if not np.isin(signs, (-1, 0, 1)).all():
        raise ValueError("signs must be -1, +1, or 0 for a row without a label")
    for start in range(0, len(features), block_rows):
        finite = torch.isfinite(features[start : start + block_rows])
        if not bool(finite.all()):
            row, column = torch.nonzero(~finite)[0].tolist()
            raise ValueError(f"X holds NaN or inf, first at row {start + row}, column {column}")
    features = features if device is None else features.to(device)
    weights = np.ones((len(signs), 2)) if class_weight is None else np.asarray(class_weight, np.float64)
    if weights.shape != (len(signs), 2):
        raise ValueError(f"class_weight must be (targets, 2) = ({len(signs)}, 2), got {weights.shape}")
    place = features.device
    return Machines(
        features,
        torch.as_tensor(signs.astype(np.int8), device=place),
        torch.as_tensor(weights, device=place),
        None if row_weight is None else torch.as_tensor(np.asarray(row_weight, np.float64), device=place),
        intercept,
        block_rows,
    )


def as_tensor(X: np.ndarray | torch.Tensor) -> torch.Tensor:
    """X as a tensor over the same memory: nothing is read of a memory-mapped array yet."""
    if isinstance(X, torch.Tensor):
        return X
    if X.dtype.kind != "f":
        X = X.astype(np.float64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")  # it is only read
        return torch.from_numpy(X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("=")))
