"""What the runs on the validation split say: when training stopped, and how accuracy went until then."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval, interval
from deepfeatures.analysis.columns import Selection, paired
from deepfeatures.training.stopping import converged_at

COPIES = 7  # of a validation digit: the arrays of a selection count those classified correctly
CHANCE_PERCENT = 10.0  # ten balanced classes


def percent_at(selection: Selection, score: str, iteration: int) -> np.ndarray:
    """% of each validation digit's copies that are right at one evaluation: (digits,). score: 'mav' or 'softmax'."""
    evaluated = list(selection.curve["iterations"])
    if iteration not in evaluated:
        raise ValueError(f"iteration {iteration} was not evaluated; there are {evaluated}")
    return np.asarray(selection[f"{score}_correct"][evaluated.index(iteration)], np.float64) * (100 / COPIES)


def stopping_ratio(
    selection: Selection,
    other: Selection,
    *,
    patience: int | None,
    tolerance_pp: float | None,
    resamples: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> Interval:
    """Iterations at which one run stopped over those at which the other did.

    The interval, where the rule's patience and tolerance are given: both are stopped anew by resampled validation
    digits, which they share. There is one run each, so it says nothing of seeds.
    """
    runs = (selection, other)
    if any(run.curve["diverged"] for run in runs):
        reasons = [run.curve["diverged"] for run in runs]
        raise ValueError(f"a run that diverged has no iteration at which it stopped: {reasons}")
    chosen = [int(run.curve["chosen"]) for run in runs]
    digits = int(selection.curve["validation_digits"])
    value = chosen[0] / chosen[1]
    if patience is None or tolerance_pp is None:
        return Interval(value, np.nan, np.nan, digits, 1, "validation digit", None, level, 0)
    stops = []
    times = rng.multinomial(digits, np.full(digits, 1 / digits), size=resamples) / (digits * COPIES)
    for run, by_rule in zip(runs, chosen, strict=True):
        steps = run.curve["iterations"]
        correct = np.asarray(run[f"{run.curve['decided_by']}_correct"], np.float64)
        found = converged_at(steps, correct.mean(axis=1) / COPIES, patience, tolerance_pp).iteration
        if found != by_rule:
            raise ValueError(
                f"with patience={patience} and tolerance_pp={tolerance_pp:g} training stops at {found}, but it stopped"
                f" at {by_rule}: give the values it was made with"
            )
        stops.append([converged_at(steps, curve, patience, tolerance_pp).iteration for curve in times @ correct.T])
    ratios = np.divide(stops[0], stops[1])
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), digits, 1, "validation digit", None, level, resamples)


def normalisation_gain(
    normalised: Selection, unscaled: Selection, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """Validation MAV accuracy with normalised targets minus that without, percentage points, paired over digits.

    At the last iteration that both evaluated. A run that ended in non-finite weights stays there: it counts as 10% at
    the iteration at which the other stopped.
    """
    if unscaled.curve["diverged"]:
        reached = percent_at(normalised, "mav", int(normalised.curve["chosen"]))
        return interval(reached[None] - CHANCE_PERCENT, resamples=resamples, rng=rng)
    common = sorted(set(normalised.curve["iterations"]) & set(unscaled.curve["iterations"]))
    if not common:
        raise ValueError(
            f"no iteration was evaluated in both runs: {normalised.curve['iterations']}, {unscaled.curve['iterations']}"
        )
    columns = {"with": percent_at(normalised, "mav", common[-1]), "without": percent_at(unscaled, "mav", common[-1])}
    return paired(
        {name: values[None] for name, values in columns.items()},
        lambda m: m["with"] - m["without"],
        resamples=resamples,
        rng=rng,
    )


def accuracy_against_iterations(
    selections: Mapping[str, Selection], *, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    """network, iteration, accuracy_percent, kind, lo, hi: one row an evaluation and score, for the figure of that name.

    A run that diverged has the evaluations before it did, and none where there were none.
    """
    rows = []
    for network, selection in selections.items():
        for score, shown in (("softmax", "validation, softmax"), ("mav", "validation, MAV")):
            if selection.curve["accuracy"][score] is None:
                continue
            for iteration in selection.curve["iterations"]:
                found = interval(percent_at(selection, score, iteration)[None], resamples=resamples, rng=rng)
                rows.append((network, iteration, found.value, shown, *ends(found)))
    return pd.DataFrame(rows, columns=["network", "iteration", "accuracy_percent", "kind", "lo", "hi"])


@dataclass(frozen=True)
class WeightScan:
    """table: weight, metric, value, lo, hi, for figures.weights_scan; units: of each metric.

    iteration: at which all were scored; diverged: weights whose training ended in non-finite weights, with the reason.
    """

    table: pd.DataFrame
    units: dict[str, str]
    iteration: int
    diverged: dict[float, str]


def weight_scan(
    selections: Sequence[Selection], weights: Sequence[float], *, resamples: int, rng: np.random.Generator
) -> WeightScan:
    """Validation accuracies of PAIR by the weight of its Euclidean losses, at the last iteration that all evaluated."""
    runs = dict(zip(weights, selections, strict=True))
    diverged = {weight: str(run.curve["diverged"]) for weight, run in runs.items() if run.curve["diverged"]}
    finite = {weight: run for weight, run in runs.items() if weight not in diverged}
    if not finite:
        raise ValueError(f"training diverged at every weight: {list(runs)}")
    common = set.intersection(*(set(run.curve["iterations"]) for run in finite.values()))
    if not common:
        raise ValueError(f"no iteration was evaluated at every weight of {list(finite)}")
    rows = []
    for weight, run in finite.items():
        for score, metric in (("softmax", "softmax accuracy"), ("mav", "MAV accuracy")):
            found = interval(percent_at(run, score, max(common))[None], resamples=resamples, rng=rng)
            rows.append((weight, metric, found.value, *ends(found)))
    table = pd.DataFrame(rows, columns=["weight", "metric", "value", "lo", "hi"])
    unit = "% of validation images"
    return WeightScan(table, {metric: unit for metric in table["metric"]}, max(common), diverged)


def starts(
    selections: Sequence[Selection],
    settings: Sequence[Mapping[str, Any]],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """start, learning_rate, accuracy_percent, lo, hi, diverged: runs of mu-LeNet that begin in different ways.

    settings: what each run was given, as far as it is not usual. Validation MAV accuracy at each run's last evaluation;
    not a number where it diverged.
    """
    rows = []
    for run, made in zip(selections, settings, strict=True):
        begins = (made.get("start", "normalised"), f"{made.get('base_lr', 0.01):g}")
        if run.curve["diverged"]:
            rows.append((*begins, np.nan, np.nan, np.nan, run.curve["diverged"]))
        else:
            reached = percent_at(run, "mav", run.curve["iterations"][-1])
            found = interval(reached[None], resamples=resamples, rng=rng)
            rows.append((*begins, found.value, *ends(found), "no"))
    return pd.DataFrame(rows, columns=["start", "learning_rate", "accuracy_percent", "lo", "hi", "diverged"])


def ends(found: Interval) -> tuple[float, float]:
    """lo and hi, widened to the value where a percentile interval leaves it out, as drawing requires."""
    return min(found.lo, found.value), max(found.hi, found.value)
