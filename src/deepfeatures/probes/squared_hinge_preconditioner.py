"""What conjugate gradients are preconditioned with: nearly the inverse Hessian of each squared-hinge column, cheaply.

The Hessian of a column is I + sum over its violating rows of curvature times [x, 1][x, 1]'. Two approximations:

- *shared*: the violating rows are replaced by as much of the average row, I + s G, with G the (row-weighted) mean of
  [x, 1][x, 1]' and s the column's total curvature. All columns are then functions of one matrix, and one
  eigendecomposition serves every target and C.
- *owned*: a rare class under class_weight='balanced' has half the weight on a few hundred rows, which no average stands
  for. Those rows are taken exactly, the other class still by s G, and the matrix is factorised for this column alone.
  (Where few rows of either class violate their margin, as in separable problems, both are exact, and a Newton step
  takes a product or two.)
"""

from __future__ import annotations

import torch

from deepfeatures.probes.squared_hinge import Evaluation, Machines

MOST_ROWS = 3  # times (d + 1): rows taken exactly; factorising costs about as much then
FEW_PRODUCTS = 6  # an owned factor that needed more in its last Newton step is made again


class SharedGram:
    """Eigendecomposition of G, from at most `rows` rows evenly spread: values (d + 1,), vectors (d + 1, d + 1)."""

    def __init__(self, machines: Machines, *, rows: int, dtype: torch.dtype) -> None:
        width = machines.width
        gram = torch.zeros(width, width, dtype=torch.float64, device=machines.features.device)
        step = max(1, len(machines.features) // rows)
        used = 0.0
        for taken in machines.row_slices():
            block = machines.features[taken][::step].to(dtype)
            weighted = block
            if machines.row_weight is not None:
                weighted = block * machines.row_weight[taken][::step, None].to(dtype)
            gram[:-1, :-1] += block.T @ weighted
            gram[-1, :-1] += weighted.sum(0)
            used += len(block) if machines.row_weight is None else float(machines.row_weight[taken][::step].sum())
        gram[:-1, -1], gram[-1, -1] = gram[-1, :-1], used
        gram /= max(used, 1e-300)
        if machines.intercept == "none":
            gram[-1], gram[:, -1] = 0, 0
        values, vectors = torch.linalg.eigh(gram)
        self.gram, self.values, self.vectors = gram.to(dtype), values.clamp(min=0).to(dtype), vectors.to(dtype)

    def solve(self, residual: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
        """(I + strength G)^-1 residual. residual: (k, d + 1); strength: (k,)."""
        return ((residual @ self.vectors) / (1 + strength[:, None] * self.values)) @ self.vectors.T


class Preconditioner:
    """Both kinds, for the columns of one batch. most_owned: how many columns may own a factor of (d + 1)^2 numbers."""

    def __init__(self, machines: Machines, shared: SharedGram, columns: int, *, most_owned: int) -> None:
        self.machines, self.shared = machines, shared
        place = shared.gram.device
        self.slot = torch.full((columns,), -1, dtype=torch.int64, device=place)
        self.last_products = torch.full((columns,), FEW_PRODUCTS + 1, dtype=torch.int64, device=place)
        self.strength = torch.zeros(columns, dtype=shared.gram.dtype, device=place)
        self.factors: list[torch.Tensor] = []
        self.most_owned = most_owned

    def prepare(self, columns: torch.Tensor, target: torch.Tensor, at: Evaluation) -> None:
        """Look at the violating rows of `columns` (k,) (of the batch), with their targets and evaluation."""
        self.strength[columns] = at.curvature.sum(1)
        stale = torch.nonzero(self.last_products[columns] > FEW_PRODUCTS)[:, 0].tolist()
        most = MOST_ROWS * self.machines.width
        for index in stale:
            active = at.curvature[index] > 0
            positive = self.machines.signs[target[index]] > 0
            count = int((active & positive).sum()), int((active & ~positive).sum())
            rare = active & (positive if count[0] <= count[1] else ~positive)
            if sum(count) <= most:
                self._own(int(columns[index]), active, at.curvature[index])
            elif 2 * min(count) <= min(most, max(count)):
                self._own(int(columns[index]), rare, at.curvature[index])

    def _own(self, column: int, exact: torch.Tensor, curvature: torch.Tensor) -> None:
        if int(self.slot[column]) < 0 and len(self.factors) >= self.most_owned:
            return
        rows = torch.nonzero(exact)[:, 0]
        weight = curvature[rows]
        matrix = self.shared.gram * (curvature.sum() - weight.sum()).clamp(min=0)
        for start in range(0, len(rows), self.machines.block_rows):
            part = slice(start, start + self.machines.block_rows)
            x = self.machines.features[rows[part]].to(matrix.dtype)
            weighted = x * weight[part, None]
            matrix[:-1, :-1] += weighted.T @ x
            if self.machines.intercept != "none":
                matrix[-1, :-1] += weighted.sum(0)
                matrix[:-1, -1] += weighted.sum(0)
                matrix[-1, -1] += weight[part].sum()
        matrix.diagonal().add_(1)
        factor, failed = torch.linalg.cholesky_ex(matrix)
        if int(failed):  # rounding left it indefinite: the shared one stays
            return
        if int(self.slot[column]) < 0:
            self.slot[column] = len(self.factors)
            self.factors.append(factor)
        else:
            self.factors[int(self.slot[column])] = factor

    def __call__(self, columns: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        """M^-1 residual, (k, d + 1), of those columns of the batch."""
        slot = self.slot[columns]
        owned = slot >= 0
        if not bool(owned.any()):
            return self.shared.solve(residual, self.strength[columns])
        found = torch.empty_like(residual)
        found[~owned] = self.shared.solve(residual[~owned], self.strength[columns][~owned])
        for index in torch.nonzero(owned)[:, 0].tolist():
            found[index] = torch.cholesky_solve(residual[index, :, None], self.factors[int(slot[index])])[:, 0]
        return found
