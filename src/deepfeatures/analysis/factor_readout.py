"""How much of each factor of a rendered image can be read from a layer, out of fold: by one unit, a line, a kernel.

One measure for all subjects, so that they can stand in one table: the share of a factor's variance among unseen
people's images that is predicted. The paper's own measures stand in their chapters.

    identity (n,)   fold (n,)   truth (n, targets)   linear, kernel, unit, mean (n, targets) float32
    chosen (folds, targets): the unit that was read; summary.json: targets, subjects, width
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.kernel_approximation import Nystroem
from tqdm import tqdm

from deepfeatures.analysis.factor_subjects import ATTRIBUTES, SUBJECTS
from deepfeatures.analysis.pose_readout import fewer_columns, median_squared_distance
from deepfeatures.data.attributes import NAMES
from deepfeatures.data.identities import identity_folds
from deepfeatures.probes.held_out_ridge import fit_held_out

WAYS = ("linear", "kernel", "unit")


def make(
    out: Path, inputs: dict[str, Path], *, layer: str, folds: int, seed: int, kernel_centres: int = 300
) -> None:
    """Write the arrays. inputs: 'faces', rendered ones, and 'features', of all of them.

    Raises ValueError where the faces are photographs, whose factors nobody knows, or the features are of other faces.
    """
    faces, features = inputs["faces"], inputs["features"]
    if not (faces / "factors.npy").exists():
        raise ValueError("these faces have no factors: only those of the rendered world are known")
    if not np.array_equal(np.load(faces / "ids.npy"), np.load(features / "ids.npy")):
        raise ValueError("the features are of other faces, or in another order")
    names, subjects, truth = targets(faces)
    identity = np.load(faces / "identity.npy")
    raw = np.load(features / f"{layer}.npy", mmap_mode="r")
    columns = raw.reshape(len(raw), -1).astype(np.float64)
    rng_folds, rng_fit = np.random.default_rng(seed).spawn(2)
    fold = identity_folds(identity, folds, rng=rng_folds)
    found, chosen = read_out(columns, truth, identity, fold, centres=kernel_centres, seed=seed, rng=rng_fit)
    for name, values in found.items():
        np.save(out / f"{name}.npy", values.astype(np.float32))
    np.save(out / "truth.npy", truth.astype(np.float32))
    np.save(out / "identity.npy", identity)
    np.save(out / "fold.npy", fold)
    np.save(out / "chosen.npy", chosen)
    summary = {"targets": names, "subjects": subjects, "layer": layer, "width": columns.shape[1], "folds": folds}
    (out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n")


def targets(faces: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Names, the subject of each, and their values (n, targets). A number that never varies here is left out."""
    known = json.loads((faces / "meta.json").read_text())["factors"]
    factors = np.load(faces / "factors.npy")
    attributes = np.load(faces / "attributes.npy")
    names, subjects, columns = [], [], []
    for subject, wanted in SUBJECTS.items():
        if subject == ATTRIBUTES:
            found = {name: values for name, values in zip(NAMES, attributes.T, strict=True) if (values >= 0).all()}
        else:
            found = {name: factors[:, known.index(name)] for name in wanted}
        for name, values in found.items():
            if np.ptp(values) > 0:
                names.append(name)
                subjects.append(subject)
                columns.append(values.astype(np.float64))
    return names, subjects, np.stack(columns, axis=1)


def read_out(
    features: np.ndarray,
    truth: np.ndarray,
    identity: np.ndarray,
    fold: np.ndarray,
    *,
    centres: int,
    seed: int,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Predictions (n, targets) by way of reading, 'mean' (the training mean) among them; the units, (folds, targets).

    features: (n, d); every fold's people are predicted by what the other folds' people taught, within the range that
    those people have.
    """
    found = {way: np.empty_like(truth) for way in (*WAYS, "mean")}
    chosen = np.empty((fold.max() + 1, truth.shape[1]), np.int64)
    turned, _ = fewer_columns(features)
    for left_out in tqdm(range(fold.max() + 1), desc="factors", unit="fold", mininterval=1):
        train, test = fold != left_out, fold == left_out
        found["mean"][test] = truth[train].mean(axis=0)
        chosen[left_out], predict = best_unit(features[train], truth[train])
        found["unit"][test] = predict(features[test])
        X, who = turned[train], identity[train]
        found["linear"][test] = fit_held_out(X, truth[train], who, rng=rng).predict(turned[test])
        gamma = 1 / median_squared_distance(X, rng=rng)  # the median rule, as in pose_readout
        kernel = Nystroem(kernel="rbf", gamma=gamma, n_components=min(centres, len(X)), random_state=seed).fit(X)
        fitted = fit_held_out(kernel.transform(X), truth[train], who, rng=rng)
        found["kernel"][test] = fitted.predict(kernel.transform(turned[test]))
        low, high = truth[train].min(axis=0), truth[train].max(axis=0)
        for way in WAYS:  # a unit that fires once in a thousand images would else answer far beyond what there is
            found[way][test] = found[way][test].clip(low, high)
    return found, chosen


def best_unit(
    features: np.ndarray, truth: np.ndarray
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """The unit with the largest absolute correlation with each target, (targets,), and least squares on it alone.

    Chosen and fitted on the same rows: what it is worth shows on others. Units that never vary are never chosen while
    another does.
    """
    mean, centre = features.mean(axis=0), truth.mean(axis=0)
    away, target = features - mean, truth - centre
    square = np.square(away).sum(axis=0)
    alive = square > 1e-12 * max(float(square.max()), 1e-300)
    product = away.T @ target  # (d, targets)
    strength = np.where(alive[:, None], np.abs(product) / np.sqrt(np.where(alive, square, 1.0))[:, None], -1.0)
    unit = strength.argmax(axis=0)
    slope = product[unit, np.arange(truth.shape[1])] / np.where(alive[unit], square[unit], np.inf)
    return unit, lambda rows: centre + (rows[:, unit] - mean[unit]) * slope
