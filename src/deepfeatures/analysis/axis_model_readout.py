"""The axis model of every unit of a layer, tested on people it was not fitted to: an artifact.

On portraits, a row a person (his mean response), units of variance 1, sums of squares as means over units:
    row_person, row_total, row_shared, row_linear, row_axis, row_weighted, row_across (rows,): squared deviation from
    the training mean, the part another picture would repeat, and squared errors of the linear map, of a curve along one
    axis (by regression; by weighted mean), and of a curve along a random axis at a right angle to it
    tuning_edges, tuning_along, tuning_across (2, bins): mean over units and spread between them, by place on the axis
On single steps (data.face_steps) of people in no portrait: arrays of `axis_model_changes.Changes`, changes_<name>.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.analysis import axis_model_changes, axis_model_fit, parameter_space_points
from deepfeatures.analysis.parameter_space_ceiling import repeated
from deepfeatures.analysis.parameter_space_linear import out_of_fold, scale_of
from deepfeatures.analysis.parameter_space_points import some_units
from deepfeatures.analysis.parameter_space_readout import SPLITS
from deepfeatures.data import face_steps
from deepfeatures.data.identities import identity_folds

EDGES = np.array([-3.0, -1.5, -1.0, -0.6, -0.2, 0.2, 0.6, 1.0, 1.5, 3.0])  # standard deviations


def make(out: Path, inputs: dict[str, Path], *, layer: str, folds: int, seed: int) -> None:
    """inputs: 'faces', the portraits, and 'features' of them; 'steps', and 'step features' of them."""
    points = parameter_space_points.read(inputs, layer)
    rng_folds, rng_linear, rng_axis, rng_weighted, rng_across, rng_halves = np.random.default_rng(seed).spawn(6)
    units = some_units(points.responses.shape[1], seed)
    parameters, responses, person = points.rows(units)
    scale = scale_of(responses)
    target = scale(responses)
    fold = identity_folds(person, folds, rng=rng_folds)
    linear = out_of_fold(parameters, target, person, fold, centres=0, rng=rng_linear)
    along, place = axis_model_fit.out_of_fold_axis(
        parameters, target, fold, axis_model_fit.regression, rng=rng_axis
    )
    by_weight, _ = axis_model_fit.out_of_fold_axis(
        parameters, target, fold, axis_model_fit.weighted, rng=rng_weighted
    )
    across, place_across = axis_model_fit.out_of_fold_across(parameters, target, fold, rng=rng_across)
    rows = {
        "total": np.square(target - linear.constant),
        "shared": repeated(scale(points.responses[:, units]), points.identity, splits=SPLITS, rng=rng_halves),
        "linear": np.square(target - linear.linear),
        "axis": np.square(target - along),
        "weighted": np.square(target - by_weight),
        "across": across,
    }
    arrays = {"row_person": person, "tuning_edges": EDGES}
    arrays |= {f"row_{name}": values.mean(axis=1) for name, values in rows.items()}
    arrays["tuning_along"] = np.stack(axis_model_fit.tuning(place, target, EDGES))
    arrays["tuning_across"] = np.stack(axis_model_fit.tuning(place_across, target, EDGES))

    steps = inputs["steps"]
    moved = scale(np.load(inputs["step features"] / f"{layer}.npy").reshape(-1, points.responses.shape[1])[:, units])
    bases = int(np.load(steps / "base.npy").max()) + 1
    slopes = face_steps.slopes(moved, np.load(steps / "parameters.npy"), bases)
    axes = axis_model_fit.regression(parameters, target, rng_axis)
    found = axis_model_changes.changes(slopes, axes)
    arrays |= {f"changes_{name}": values for name, values in vars(found).items()}
    for name, values in arrays.items():
        np.save(out / f"{name}.npy", values)
    summary = {
        "layer": layer, "width": points.responses.shape[1], "units": target.shape[1], "people": len(person),
        "images": len(points.identity), "folds": folds, "bases": bases,
        "step": json.loads((steps / "meta.json").read_text())["step"],
    }  # fmt: skip
    (out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True, allow_nan=False) + "\n")
