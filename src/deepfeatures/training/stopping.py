"""When training has converged: one rule and one cap for every network (deviation D2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Convergence:
    """iteration: where to stop. capped: True where the rule was never met and the cap decided."""

    iteration: int
    capped: bool


def converged_at(
    iterations: Sequence[int], accuracies: Sequence[float], patience: int, tolerance_pp: float
) -> Convergence:
    """The first evaluation that no later one within `patience` iterations betters by more than `tolerance_pp`.

    iterations: ascending; accuracies: fractions in 0..1 on the validation digits; tolerance in percentage points.
    An evaluation counts only if `patience` iterations were run after it; if none qualifies, the last one is the cap.
    """
    steps, values = np.asarray(iterations), np.asarray(accuracies, float)
    if len(steps) != len(values) or len(steps) == 0 or (np.diff(steps) <= 0).any():
        raise ValueError(
            f"{len(values)} accuracies at {len(steps)} ascending iterations, at least one of each is needed"
        )
    for step, value in zip(steps, values, strict=True):
        later = values[(steps > step) & (steps <= step + patience)]
        if step + patience <= steps[-1] and (len(later) == 0 or 100 * (later.max() - value) <= tolerance_pp):
            return Convergence(int(step), capped=False)
    return Convergence(int(steps[-1]), capped=True)
