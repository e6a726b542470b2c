"""Pose read from features, out of fold: every image is predicted by read-outs that saw no image of its person.

Rudd et al. 2017, section 3.2, fit one linear model on CelebA's training set. Here each of `folds` groups of people
is left out in turn, ridge has its alpha chosen on people held out inside the training folds, and beside it stand a
non-linear read-out, read-outs of fewer dimensions, and the two constants that any of them has to beat.

    row, identity, fold (n,)   truth (n, targets)   of the faces with known pose; targets in summary.json, degrees
    <read-out>.npy (n, targets) float32: linear, kernel, mean, median, pca-K, random-K, triplet, mirror-sum
    mirror_cosine, person_cosine, pose_pull (n,)   see analysis.pose_geometry
    to-<world>, truth-<world> (m, 2), identity-<world> (m,)   see `_transfer`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import qr
from sklearn.decomposition import PCA
from sklearn.kernel_approximation import Nystroem
from sklearn.random_projection import GaussianRandomProjection
from tqdm import tqdm

from deepfeatures.analysis import pose_geometry
from deepfeatures.analysis.pose_rows import Part, Rows, as_the_paper, features_of, known_rows
from deepfeatures.data.identities import identity_folds
from deepfeatures.probes.held_out_ridge import RELATIVE_ALPHAS, fit_held_out
from deepfeatures.probes.triplet_embedding import TripletEmbedding

EMBEDDED = 256 / 832  # Rudd et al. 2017, section 3.1: 832 dimensions before the triplet embedding, 256 after
MIRRORED = " mirrored"  # the end of the name of an input whose images are turned left for right
DISTRIBUTIONS = ("all", "paper")
Map = Callable[[np.ndarray], np.ndarray]


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    parts: Sequence[Part],
    dimensions: Sequence[int],
    folds: int,
    seed: int,
    kernel_centres: int = 300,
    triplet_steps: int = 0,
    distribution: str = "all",
) -> None:
    """Write the arrays and summary.json. inputs: 'faces', those that `parts` names, the same mirrored, other worlds'
    (below).

    parts: (input, layer) to put side by side. dimensions: sizes K of pca-K and random-K; sizes the features do not
    exceed are skipped. folds: 0 leaves one person out at a time. triplet_steps: 0 leaves the triplet embedding out.
    distribution: 'paper' keeps the shares of |yaw| that table 1 counts. Other worlds: 'to WORLD faces' and 'to WORLD
    INPUT' for each input of parts.
    """
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution={distribution!r}: allowed are {', '.join(DISTRIBUTIONS)}")
    if not parts:
        raise ValueError("parts is empty: name at least one (input, layer)")
    rng_rows, rng_folds, rng_fit, rng_geometry, rng_transfer = np.random.default_rng(seed).spawn(5)
    faces = inputs["faces"]
    rows = known_rows(faces, [np.load(inputs[name] / "ids.npy") for name, _ in parts])
    if distribution == "paper":
        rows = rows.taken(as_the_paper(rows, rng=rng_rows))
    features = features_of(faces, rows, parts, inputs)
    people = len(np.unique(rows.identity))
    fold = identity_folds(rows.identity, folds or people, rng=rng_folds)
    turned, basis = fewer_columns(features)
    most = (
        min(features.shape[1], len(features) - int(np.bincount(fold).max())) - 1
    )  # a map is learnt on the fewest rows
    after = min(most, max(2, round(EMBEDDED * features.shape[1]))) if triplet_steps else 0
    sizes = sorted({int(size) for size in (*dimensions, after) if 0 < size <= most})

    found, facts = read_out(
        turned, rows, fold, sizes=sizes, centres=kernel_centres, triplet=(after, triplet_steps), seed=seed, rng=rng_fit
    )
    arrays: dict[str, np.ndarray] = {name: values.astype(np.float32) for name, values in found.items()}
    arrays |= {"row": rows.row, "identity": rows.identity, "fold": fold, "truth": rows.truth.astype(np.float32)}
    arrays |= pose_geometry.same_pose_against_same_person(turned, rows, rng=rng_geometry)
    if all(name + MIRRORED in inputs for name, _ in parts):
        mirrored = features_of(faces, rows, [(name + MIRRORED, layer) for name, layer in parts], inputs)
        arrays |= pose_geometry.mirror_and_person(features, mirrored, rows.identity, rng=rng_geometry)
        summed, _ = fewer_columns(features + mirrored)
        arrays["mirror-sum"] = _linear(summed, rows, fold, rng=rng_fit).astype(np.float32)
    arrays |= _transfer(turned, basis, rows, parts, inputs, rng=rng_transfer)
    for name, values in arrays.items():
        np.save(out / f"{name}.npy", values)
    about = json.loads((faces / "meta.json").read_text())
    summary: dict[str, Any] = {
        "parts": [list(part) for part in parts],
        "targets": rows.targets,
        "width": features.shape[1],
        "sizes": sizes,
        "triplet_dimensions": after,
        "images": len(rows.row),
        "people": people,
        "folds": int(fold.max()) + 1,
        "distribution": distribution,
        "relative_alphas": RELATIVE_ALPHAS,
        **facts,
        **{name: about.get(name) for name in ("report", "pose", "pose_report")},
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True, allow_nan=False) + "\n")


def fewer_columns(features: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The same rows in at most n coordinates, (n, min(n, d)), and the basis (d, n) of the new ones, None where d <=
    n.

    A rotation of the space that the rows span: distances, ridge, PCA and Gaussian projections of them are what they
    were.
    """
    if features.shape[1] <= features.shape[0]:
        return features, None
    basis, coordinates = qr(features.T, mode="economic", check_finite=False)
    return np.ascontiguousarray(coordinates.T), basis


def read_out(
    features: np.ndarray,
    rows: Rows,
    fold: np.ndarray,
    *,
    sizes: Sequence[int],
    centres: int,
    triplet: tuple[int, int],
    seed: int,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Predictions (n, targets) by read-out, out of fold; and what was chosen. triplet: dimensions and steps, 0 steps
    for none.
    """
    names = ["linear", "kernel", "mean", "median", *(f"{kind}-{size}" for size in sizes for kind in ("pca", "random"))]
    names += ["triplet"] if triplet[1] else []
    found = {name: np.empty_like(rows.truth) for name in names}
    alphas, median_distance = [], []
    for left_out in tqdm(range(fold.max() + 1), desc="pose", unit="fold", mininterval=1):
        train, test = fold != left_out, fold == left_out
        X, truth, who = features[train], rows.truth[train], rows.identity[train]
        found["mean"][test], found["median"][test] = truth.mean(axis=0), np.median(truth, axis=0)
        fitted = fit_held_out(X, truth, who, rng=rng)
        alphas.append(fitted.relative_alphas.tolist())
        found["linear"][test] = fitted.predict(features[test])
        squared = median_squared_distance(X, rng=rng)
        median_distance.append(squared**0.5)
        for name, mapped in _maps(X, who, sizes, centres, squared, triplet, seed):
            found[name][test] = fit_held_out(mapped(X), truth, who, rng=rng).predict(mapped(features[test]))
    return found, {"alphas": alphas, "median_distance": median_distance}


def median_squared_distance(features: np.ndarray, *, rng: np.random.Generator, pairs: int = 2000) -> float:
    """Median of |x - x'|^2 over random pairs of different rows: what sets the width of the Gaussian kernel."""
    one = rng.integers(0, len(features), pairs)
    other = (one + rng.integers(1, len(features), pairs)) % len(features)
    return float(np.median(np.square(features[one] - features[other]).sum(axis=1))) or 1.0


def _maps(
    X: np.ndarray,
    who: np.ndarray,
    sizes: Sequence[int],
    centres: int,
    squared: float,
    triplet: tuple[int, int],
    seed: int,
) -> list[tuple[str, Map]]:
    # exp(-|x - x'|^2 / median): the median rule, on as many centres as are given (Williams and Seeger 2001).
    kernel = Nystroem(kernel="rbf", gamma=1 / squared, n_components=min(centres, len(X)), random_state=seed)
    maps: list[tuple[str, Map]] = [("kernel", kernel.fit(X).transform)]
    if sizes:
        # One PCA serves every size: its directions come in order.
        directions = PCA(max(sizes), svd_solver="randomized", random_state=seed).fit(X)
        maps += [(f"pca-{size}", _leading(directions, size)) for size in sizes]
        maps += [
            (f"random-{size}", GaussianRandomProjection(size, random_state=seed + size).fit(X).transform)
            for size in sizes
        ]
    if triplet[1]:
        learnt = TripletEmbedding(triplet[0], steps=triplet[1], lone="negative", seed=seed).fit(X, who)
        maps.append(("triplet", learnt.transform))
    return maps


def _leading(directions: PCA, size: int) -> Map:
    return lambda values: directions.transform(values)[:, :size]


def _linear(features: np.ndarray, rows: Rows, fold: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    found = np.empty_like(rows.truth)
    for left_out in range(fold.max() + 1):
        train, test = fold != left_out, fold == left_out
        fitted = fit_held_out(features[train], rows.truth[train], rows.identity[train], rng=rng)
        found[test] = fitted.predict(features[test])
    return found


def _transfer(
    features: np.ndarray,
    basis: np.ndarray | None,
    rows: Rows,
    parts: Sequence[Part],
    inputs: dict[str, Path],
    *,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """The linear read-out of all people here, asked about other worlds: to-WORLD, truth-WORLD (m, 2): |yaw|, yaw."""
    worlds = [name.split()[1] for name in inputs if name.startswith("to ") and name.endswith(" faces")]
    both = [rows.targets.index(target) for target in ("abs_yaw", "yaw")]
    found: dict[str, np.ndarray] = {}
    for world in worlds:
        there = {name: inputs[f"to {world} {name}"] for name, _ in parts}
        faces = inputs[f"to {world} faces"]
        asked = known_rows(faces, [np.load(folder / "ids.npy") for folder in there.values()])
        # Each world's features are brought to its own mean: a shift of a whole world is no error of pose.
        other = features_of(faces, asked, parts, there)
        other = other if basis is None else other @ basis
        fitted = fit_held_out(features, rows.truth[:, both], rows.identity, rng=rng)
        predicted = fitted.predict(other - other.mean(axis=0) + features.mean(axis=0))
        found[f"to-{world}"] = predicted.astype(np.float32)
        found[f"truth-{world}"] = np.stack([asked.column("abs_yaw"), asked.column("yaw")], axis=1).astype(np.float32)
        found[f"identity-{world}"] = asked.identity
    return found
