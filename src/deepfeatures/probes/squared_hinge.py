"""Many L2-regularised squared-hinge machines on the same rows: objective, gradient and curvature.

X (n, d); signs (targets, n) in {-1, 0, +1}, 0 where a row has no label. A *column* is one (target, C) pair. It
minimises what scikit-learn's `LinearSVC` minimises in its primal (Fan et al. 2008, LIBLINEAR, solver 2):

    0.5 |w|^2 (+ 0.5 b^2 where the intercept is penalised) + C sum_i c_i max(0, 1 - y_i (w.x_i + b))^2

All columns share every pass over X, which is one or two matrix products per block of rows. Coefficient vectors are
(columns, d + 1), the intercept last; whatever belongs to rows is (columns, n).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

INTERCEPTS = ("penalised", "free", "none")


@dataclass(frozen=True)
class Machines:
    """What all columns share. features (n, d) of any float type, read block by block; signs (targets, n) int8.

    class_weight (targets, 2) float64: of sign -1, of sign +1. row_weight: (n,) float64 or None. The weight of a row in
    a column is the product of the two. intercept: 'penalised' as LinearSVC's, 'free', or 'none'.
    """

    features: torch.Tensor
    signs: torch.Tensor
    class_weight: torch.Tensor
    row_weight: torch.Tensor | None
    intercept: str = "penalised"
    block_rows: int = 2048

    @property
    def width(self) -> int:
        """d + 1: the intercept stands last, also where there is none."""
        return self.features.shape[1] + 1

    @property
    def penalty(self) -> torch.Tensor:
        """Diagonal of the regulariser: (d + 1,) float64."""
        penalty = torch.ones(self.width, dtype=torch.float64, device=self.features.device)
        if self.intercept == "free":
            penalty[-1] = 0
        return penalty

    def row_slices(self, size: int | None = None) -> list[slice]:
        n, size = len(self.features), size or self.block_rows
        return [slice(start, min(start + size, n)) for start in range(0, n, size)]

    def blocks(self, dtype: torch.dtype) -> Iterator[tuple[slice, torch.Tensor]]:
        """Rows and their features (rows, d) in dtype. One block at a time is converted; a smaller one if it grows."""
        wider = torch.finfo(dtype).bits > torch.finfo(self.features.dtype).bits
        for rows in self.row_slices(max(1, self.block_rows // 4) if wider else self.block_rows):
            yield rows, self.features[rows].to(dtype)

    def signs_and_weights(self, target: torch.Tensor, rows: slice, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
        """y and c of some rows for each column's target: (columns, rows) twice. A row without a label weighs 0."""
        y = self.signs[:, rows][target].to(dtype)
        negative, positive = self.class_weight[target].to(dtype).T[:, :, None]
        c = y * ((positive - negative) / 2) + y.abs() * ((positive + negative) / 2)
        if self.row_weight is not None:
            c *= self.row_weight[rows].to(dtype)
        return y, c

    def back(self, per_row: torch.Tensor, block: torch.Tensor, into: torch.Tensor) -> None:
        """into (columns, d + 1) += sum over the block's rows of per_row (columns, rows) times [x, 1]."""
        into[:, :-1] += per_row @ block
        if self.intercept != "none":
            into[:, -1] += per_row.sum(1)


def block_scores(vectors: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    """w.x + b of each column and row: (columns, rows). vectors: (columns, d + 1); block: (rows, d)."""
    return torch.addmm(vectors[:, -1:], vectors[:, :-1], block.T)


def scores(machines: Machines, vectors: torch.Tensor) -> torch.Tensor:
    """w.x + b of every row, in the vectors' type: (columns, n)."""
    found = vectors.new_empty(len(vectors), len(machines.features))
    for rows, block in machines.blocks(vectors.dtype):
        found[:, rows] = block_scores(vectors, block)
    return found


@dataclass(frozen=True)
class Evaluation:
    """objective (columns,), gradient (columns, d + 1), both float64; scores (columns, n): w.x + b; curvature (columns,
    n): 2 C c_i where the row violates its margin, else 0, so that the Hessian is diag(penalty) + X' diag(curvature) X.
    """

    objective: torch.Tensor
    gradient: torch.Tensor
    scores: torch.Tensor
    curvature: torch.Tensor


def evaluate(
    machines: Machines,
    target: torch.Tensor,
    C: torch.Tensor,
    vectors: torch.Tensor,
    *,
    dtype: torch.dtype,
    keep: torch.dtype,
    known_scores: torch.Tensor | None = None,
) -> Evaluation:
    """Objective and derivatives of every column; products in dtype, sums over blocks in float64.

    target (columns,) rows of signs; C (columns,); vectors (columns, d + 1) float64. keep: type of what belongs to rows.
    known_scores: (columns, n), believed instead of computed: one matrix product less.
    """
    columns, n = len(vectors), len(machines.features)
    own = known_scores if known_scores is not None else torch.empty(columns, n, dtype=keep, device=vectors.device)
    curvature = torch.empty(columns, n, dtype=keep, device=vectors.device)
    objective = 0.5 * (vectors**2 * machines.penalty).sum(1)
    gradient = vectors * machines.penalty
    typed, scale = vectors.to(dtype), C.to(dtype)[:, None]
    for rows, block in machines.blocks(dtype):
        if known_scores is None:
            z = block_scores(typed, block)
            own[:, rows] = z
        else:
            z = known_scores[:, rows].to(dtype)
        y, c = machines.signs_and_weights(target, rows, dtype)
        shortfall = torch.relu(1 - y * z)
        c *= scale
        curvature[:, rows] = 2 * c * (shortfall > 0)
        c *= shortfall
        objective += (c * shortfall).sum(1)
        c *= y
        machines.back(c.mul_(-2), block, gradient)
    return Evaluation(objective, gradient, own, curvature)


def hessian_product(
    machines: Machines, curvature: torch.Tensor, columns: torch.Tensor, vectors: torch.Tensor
) -> torch.Tensor:
    """H v of some columns: (k, d + 1), in the vectors' type. curvature: (all columns, n); columns: (k,) of them."""
    product = vectors * machines.penalty.to(vectors.dtype)
    every = len(columns) == len(curvature)
    for rows, block in machines.blocks(vectors.dtype):
        per_row = block_scores(vectors, block)
        per_row *= curvature[:, rows] if every else curvature[columns, rows]
        machines.back(per_row, block, product)
    return product


def gradient_at_zero(machines: Machines, dtype: torch.dtype) -> torch.Tensor:
    """Gradient of every target at w = 0 for C = 1: (targets, d + 1) float64. It is proportional to C."""
    targets = torch.arange(len(machines.signs), device=machines.features.device)
    gradient = torch.zeros(len(targets), machines.width, dtype=torch.float64, device=machines.features.device)
    for rows, block in machines.blocks(dtype):
        y, c = machines.signs_and_weights(targets, rows, dtype)
        machines.back(-2 * c * y, block, gradient)
    return gradient


def objective(
    features: np.ndarray,
    signs: np.ndarray,
    coefficients: np.ndarray,
    intercepts: np.ndarray,
    C: float,
    *,
    class_weight: np.ndarray | None = None,
    penalise_intercept: bool = True,
    block_rows: int = 2048,
) -> np.ndarray:
    """The objective of every target in float64: (targets,). signs: (targets, n); coefficients (targets, d), intercepts
    (targets,) of anybody's machines, to judge them by. class_weight: (targets, 2) of sign -1 and of sign +1."""
    machines = Machines(
        torch.as_tensor(features),
        torch.as_tensor(signs, dtype=torch.int8),
        torch.as_tensor(np.ones((len(signs), 2)) if class_weight is None else class_weight),
        None,
        "penalised" if penalise_intercept else "free",
        block_rows,
    )
    vectors = torch.as_tensor(np.column_stack([coefficients, intercepts]).astype(np.float64))
    found = 0.5 * (vectors**2 * machines.penalty).sum(1)
    targets = torch.arange(len(signs))
    for rows, block in machines.blocks(torch.float64):
        y, c = machines.signs_and_weights(targets, rows, torch.float64)
        found += C * (c * torch.relu(1 - y * block_scores(vectors, block)) ** 2).sum(1)
    return found.numpy()
