"""Newton's method on many squared-hinge columns at once (the objective is in `squared_hinge`).

Each Newton step is found by conjugate gradients, shared by all columns: one step of CG is two matrix products over X,
however many columns there are. Columns that have converged leave both loops. The step's length is exact: along a line
the objective is a convex piecewise quadratic, and its slope needs only the scores of the rows (Keerthi and DeCoste
2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from deepfeatures.probes.squared_hinge import Evaluation, Machines, evaluate, hessian_product, scores
from deepfeatures.probes.squared_hinge_preconditioner import Preconditioner

# Of the objective: a smaller promised decrease is below what gradients of that type can show.
FLOOR = {torch.float32: 3e-7, torch.float64: 1e-22}


@dataclass
class Columns:
    """Columns under way. target, C, tolerance (of the gradient's norm): (k,); vectors (k, d + 1) float64.

    objective, gradient_norm: (k,) float64, nan until measured; newton, products (Hessian products): (k,) counts;
    exhausted (k,): as near the minimum as float64 can show, whatever the tolerance.
    """

    target: torch.Tensor
    C: torch.Tensor
    tolerance: torch.Tensor
    vectors: torch.Tensor
    objective: torch.Tensor
    gradient_norm: torch.Tensor
    newton: torch.Tensor
    products: torch.Tensor
    exhausted: torch.Tensor

    @classmethod
    def start(cls, target: torch.Tensor, C: torch.Tensor, tolerance: torch.Tensor, vectors: torch.Tensor) -> Columns:
        nan = torch.full_like(C, torch.nan)
        count = torch.zeros_like(target)
        return cls(target, C, tolerance, vectors.clone(), nan, nan.clone(), count, count.clone(), count.bool())


def newton_step(
    machines: Machines,
    columns: torch.Tensor,
    at: Evaluation,
    precondition: Preconditioner,
    *,
    dtype: torch.dtype,
    forcing: float,
    most: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """p with H p = -gradient, nearly: (k, d + 1) in dtype, and the Hessian products spent on each column (k,).

    columns: (k,) indices into the batch, for the preconditioner. A column stops once its preconditioned residual is
    `forcing` of what it was, or after `most` products.
    """
    residual = -at.gradient.to(dtype)
    if machines.intercept == "none":
        residual[:, -1] = 0
    step = torch.zeros_like(residual)
    z = precondition(columns, residual)
    direction, size = z.clone(), (residual * z).sum(1)
    wanted = forcing**2 * size
    spent = torch.zeros(len(step), dtype=torch.int64, device=step.device)
    live = torch.nonzero(size > 0)[:, 0]
    r, p, s = residual[live], direction[live], size[live]
    for _ in range(most):
        if not len(live):
            break
        product = hessian_product(machines, at.curvature, live, p)
        spent[live] += 1
        length = s / (p * product).sum(1)
        step[live] += length[:, None] * p
        r = r - length[:, None] * product
        z = precondition(columns[live], r)
        new = (r * z).sum(1)
        go = new > wanted[live]
        p = (z + (new / s)[:, None] * p)[go]
        live, r, s = live[go], r[go], new[go]
    return step, spent


def exact_length(
    machines: Machines,
    target: torch.Tensor,
    C: torch.Tensor,
    vectors: torch.Tensor,
    at: Evaluation,
    step: torch.Tensor,
    step_scores: torch.Tensor,
    *,
    tries: int = 12,
    accuracy: float = 0.01,
) -> torch.Tensor:
    """t > 0 at which the objective along vectors + t step has (nearly) no slope: (k,) float64.

    The slope is counted from the known one at 0, so that rounding falls on the change alone. Newton's method on it,
    kept inside a bracket; the slope never falls with t.
    """
    k = len(vectors)
    square = (step.double() ** 2 * machines.penalty).sum(1)
    slope0 = (at.gradient * step).sum(1)
    t = torch.ones(k, dtype=torch.float64, device=vectors.device)
    low, high = torch.zeros_like(t), torch.full_like(t, torch.inf)
    live = torch.nonzero(slope0 < 0)[:, 0]
    t[slope0 >= 0] = 0
    for _ in range(tries):
        if not len(live):
            break
        slope, bend = slope0[live] + t[live] * square[live], square[live].clone()
        for rows in machines.row_slices():
            dtype = step_scores.dtype
            y, c = machines.signs_and_weights(target[live], rows, dtype)
            z, along = at.scores[live, rows], step_scores[live, rows]
            c *= 2 * C[live].to(dtype)[:, None]
            now, change = 1 - y * z, -t[live].to(dtype)[:, None] * y * along
            c *= along
            bend += (c * along * (now + change > 0)).sum(1)
            # relu(now + change) - relu(now), without the rounding of their difference: late changes are tiny
            risen = torch.where(now > 0, torch.maximum(change, -now), torch.relu(now + change))
            slope -= (c * y * risen).sum(1)
        done = slope.abs() <= accuracy * slope0[live].abs()
        low[live] = torch.where(slope < 0, t[live], low[live])
        high[live] = torch.where(slope > 0, t[live], high[live])
        proposed = t[live] - slope / bend
        inside = (proposed > low[live]) & (proposed < high[live])
        middle = torch.where(high[live].isinf(), 2 * t[live], (low[live] + high[live]) / 2)
        t[live] = torch.where(done, t[live], torch.where(inside, proposed, middle))
        live = live[~done]
    return t


def minimise(
    machines: Machines,
    columns: Columns,
    precondition: Preconditioner,
    *,
    dtype: torch.dtype,
    work: torch.dtype,
    most_newton: int,
    forcing: float = 0.1,
    most_products: int = 200,
) -> None:
    """Move columns.vectors to the minimum, until the gradient's norm is at most each column's tolerance.

    dtype: of scores and gradients; work: of the Hessian products. A column is also left after a step that promised less
    than dtype can show. Columns are changed in place.
    """
    live = torch.arange(len(columns.C), device=columns.C.device)
    known: torch.Tensor | None = None
    for _ in range(most_newton + 1):
        if not len(live):
            return
        at = evaluate(
            machines,
            columns.target[live],
            columns.C[live],
            columns.vectors[live],
            dtype=dtype,
            keep=work,
            known_scores=known,
        )
        columns.objective[live] = at.objective
        columns.gradient_norm[live] = norm = at.gradient.norm(dim=1)
        go = (norm > columns.tolerance[live]) & (columns.newton[live] < most_newton)
        live, at = live[go], _only(at, go)
        if not len(live):
            return
        precondition.prepare(live, columns.target[live], at)
        step, spent = newton_step(machines, live, at, precondition, dtype=work, forcing=forcing, most=most_products)
        columns.newton[live] += 1
        columns.products[live] += spent
        precondition.last_products[live] = spent
        go = -(at.gradient * step).sum(1) / 2 > FLOOR[dtype] * at.objective
        columns.vectors[live[~go]] += step[~go]  # likely better still; after float32, float64 will tell
        columns.exhausted[live[~go]] = dtype == torch.float64
        live, at, step = live[go], _only(at, go), step[go]
        if not len(live):
            return
        step_scores = scores(machines, step)
        t = exact_length(machines, columns.target[live], columns.C[live], columns.vectors[live], at, step, step_scores)
        columns.vectors[live] += t[:, None] * step
        known = None
        if dtype == work:
            known = at.scores.add_(step_scores.mul_(t.to(work)[:, None]))
        del at, step, step_scores  # as large as many columns of X: not beside the next ones


def _only(at: Evaluation, go: torch.Tensor) -> Evaluation:
    if bool(go.all()):
        return at
    return Evaluation(at.objective[go], at.gradient[go], at.scores[go], at.curvature[go])
