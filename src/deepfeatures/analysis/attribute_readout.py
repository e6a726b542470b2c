"""Attributes read from features: out-of-fold decision values of one linear SVM each (Rudd et al. 2017, figure 2).

The paper trains on CelebA's training images, chooses C on its validation images and tests on the rest. Here everybody
is tested once: people are dealt into folds, machines are trained on the other folds' people, and C is chosen for each
attribute on some of those people, held out, before machines are fitted to all of them. No person is on two sides.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.attribute_labels import enough_people, signs_of
from deepfeatures.analysis.embeddings import EMBEDDINGS, learn, project
from deepfeatures.data.identities import draw_identities, identity_folds
from deepfeatures.probes.squared_hinge_path import balanced_weights, squared_hinge_path
from deepfeatures.probes.verification import cosine_of_pairs, pairs, verification

VALIDATION_SHARE = 0.25  # of the training people's images: C is chosen there
PAIRS = 1_000_000  # at most, of one person and of two each: a fold of the whole of CelebA has 800 million
TOLERANCE = 1e-3  # of the solver; at ten times it 2 signs in 10,000 change where C is the same (pixels, one fold)


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    parts: Sequence[Sequence[str]],
    embedding: str,
    dimensions: int,
    folds: int,
    penalties: Sequence[float],
    seed: int,
    triplet_steps: int = 1000,
) -> None:
    """Write scores.npy, fold.npy, chosen_C.npy and meta.json for the faces in inputs['faces'].

    parts: [input, layer] each, whose columns are put side by side. embedding: one of embeddings.EMBEDDINGS, to
    `dimensions` columns, learned on each fold's training people alone (triplet_steps: how long). penalties: values of C
    among which each attribute chooses. seed: of folds, held-out people and embeddings; equal seeds deal equal folds.

    scores (n, 40) float32: nan where an attribute has no machine or a face no features. fold (n,) int8: -1 without
    features. chosen_C (folds, 40): nan without a machine.
    """
    if embedding not in EMBEDDINGS:
        raise ValueError(f"embedding={embedding!r}: allowed are {', '.join(EMBEDDINGS)}")
    if not penalties:
        raise ValueError("penalties is empty: give one C or more")
    faces = inputs["faces"]
    identity = np.load(faces / "identity.npy")
    signs = signs_of(np.load(faces / "attributes.npy"))
    X, seen = side_by_side(inputs, parts, np.load(faces / "ids.npy"))
    shorten = Shorten(embedding, dimensions, triplet_steps)
    rng_folds, rng_inside = np.random.default_rng(seed).spawn(2)
    fold = np.where(seen, identity_folds(identity, folds, rng=rng_folds), -1)
    enough = np.flatnonzero(enough_people(signs[:, seen], identity[seen]))
    scores = np.full(signs.T.shape, np.nan, np.float32)
    chosen, auc = np.full((folds, len(signs)), np.nan), []
    for number in tqdm(range(folds), desc="attributes", unit="fold", mininterval=1):
        train, test = np.flatnonzero(seen & (fold != number)), np.flatnonzero(fold == number)
        read = read_fold(
            X[train], signs[np.ix_(enough, train)], identity[train], X[test], penalties, shorten,
            rng=rng_inside.spawn(1)[0],
        )  # fmt: skip
        chosen[number, enough] = read.C
        scores[np.ix_(test, enough)] = read.scores
        auc.append(same_person_auc(read.tested, identity[test], rng=np.random.default_rng((seed, number))))
    np.save(out / "scores.npy", scores)
    np.save(out / "fold.npy", fold.astype(np.int8))
    np.save(out / "chosen_C.npy", chosen)
    meta = {
        "parts": [list(part) for part in parts],
        "embedding": embedding,
        "width": int(X.shape[1]),
        "dimensions": int(X.shape[1]) if embedding == "none" else dimensions,
        "machines": len(enough),
        "without_features": int((~seen).sum()),
        "at_grid_end": grid_ends(chosen, penalties),
        "same_person_auc": auc,
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True, allow_nan=False) + "\n")


@dataclass(frozen=True)
class Shorten:
    """How features become fewer columns before they are read: a kind of embeddings.EMBEDDINGS, and its settings."""

    kind: str = "none"
    dimensions: int = 0
    triplet_steps: int = 1000

    def __call__(
        self, X: np.ndarray, identity: np.ndarray, X_test: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Training and test rows, mapped by what was learned on the training rows alone."""
        if self.kind == "none":
            return X, X_test
        weights = learn(self.kind, X, identity, self.dimensions, rng=rng, steps=self.triplet_steps)
        return project(X, weights), project(X_test, weights)


@dataclass(frozen=True)
class FoldRead:
    """C (attributes,): chosen; scores (tested, attributes); tested (tested, columns): the rows as they were read."""

    C: np.ndarray
    scores: np.ndarray
    tested: np.ndarray


def read_fold(
    X: np.ndarray,
    signs: np.ndarray,
    identity: np.ndarray,
    X_test: np.ndarray,
    penalties: Sequence[float],
    shorten: Shorten,
    *,
    rng: np.random.Generator,
) -> FoldRead:
    """One fold. X (n, d), signs (attributes, n) in -1, 0, +1 and identity (n,) are of the training people.

    nan where all training labels of an attribute are of one kind; where those left while C is chosen are, the smallest
    C is taken.
    """
    rng_people, rng_inner, rng_outer = rng.spawn(3)
    held = draw_identities(identity, VALIDATION_SHARE, rng=rng_people)
    order = np.sort(np.asarray(penalties, np.float64))
    inner = standardised(*shorten(X[~held], identity[~held], X[held], rng_inner))
    best = choose(decision_path(inner[0], signs[:, ~held], inner[1], order), signs[:, held])
    short, tested = shorten(X, identity, X_test, rng_outer)
    rows, test_rows = standardised(short, tested)
    values = decision_path(rows, signs, test_rows, np.ones(1), own_C=order[best])[0]
    return FoldRead(np.where(np.isnan(values).all(axis=0), np.nan, order[best]), values, tested)


def standardised(X: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with the mean and standard deviation of the training rows X taken out, column by column, float32."""
    # deviation: the paper does not say whether features were scaled; LinearSVC's penalty asks for columns of one size
    mean, spread = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
    scale = np.where(spread > 1e-6 * np.abs(mean), spread, np.inf)  # a constant column says nothing: it becomes 0
    return ((X - mean) / scale).astype(np.float32), ((X_test - mean) / scale).astype(np.float32)


def same_person_auc(
    rows: np.ndarray, identity: np.ndarray, *, rng: np.random.Generator, each: int = PAIRS
) -> float:
    """AUC of the cosine of two images, of one person against of two: what the features are for. rows: (n, d).

    Of all pairs, or where there are more than 2 * each, of at most `each` of one person and of two.
    """
    few = len(identity) * (len(identity) - 1) // 2 <= 2 * each
    found = pairs(identity) if few else pairs(identity, each=each, rng=rng)
    return verification(cosine_of_pairs(rows, found), found.same, fpr=()).auc


def decision_path(
    X: np.ndarray, signs: np.ndarray, X_test: np.ndarray, C: np.ndarray, own_C: np.ndarray | float = 1.0
) -> np.ndarray:
    """Decision values (C, tested, attributes) of balanced squared-hinge machines; nan for labels of one kind.

    own_C: a factor of C for each attribute, (attributes,), so that machines with different C are fitted together.
    """
    if X.shape[1] > len(X):
        # A machine's coefficients lie in the span of its training rows: in an orthonormal basis of that span, it is
        # the same machine with as many columns as there are rows.
        basis = np.linalg.qr(X.T)[0]
        X, X_test = np.ascontiguousarray(X @ basis), X_test @ basis
    weight = balanced_weights(signs) * np.broadcast_to(own_C, len(signs))[:, None]
    path = squared_hinge_path(X, signs, C, class_weight=weight, tol=TOLERANCE, c_at_once=len(C), dtype="float32")
    return np.einsum("nd,cad->cna", X_test, path.coefficients, optimize=True) + path.intercepts[:, None]


def choose(path: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Index of the C with the smallest balanced error, (attributes,); of equal ones the smallest C.

    path: decision values (C, held, attributes), C ascending; signs: (attributes, held). Where the held-out faces lack
    one kind of label, the error of the other kind decides.
    """
    shows = signs.T
    wrong = (path > 0) != (shows > 0)
    totals = []
    for label in (-1, 1):
        mine = shows == label
        count = mine.sum(axis=0)
        totals.append((wrong & mine).sum(axis=1) / np.maximum(count, 1))
    error = np.where(np.isnan(path).any(axis=1), np.inf, totals[0] + totals[1])
    return error.argmin(axis=0)


def side_by_side(
    inputs: dict[str, Path], parts: Sequence[Sequence[str]], ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Features of the faces `ids`, (n, d) float32, and (n,) bool: which of them all parts have (the rest are 0)."""
    if not parts:
        raise ValueError("parts is empty: give [input, layer] once or more")
    seen, found = np.ones(len(ids), bool), []
    for name, layer in parts:
        given = np.load(inputs[name] / "ids.npy")
        order = np.argsort(given, kind="stable")
        place = np.searchsorted(given[order], ids).clip(max=len(given) - 1)
        rows = order[place]
        here = given[rows] == ids
        values = np.array(np.load(inputs[name] / f"{layer}.npy", mmap_mode="r")[rows], np.float32)
        values[~here] = 0
        found.append(values)
        seen &= here
    if not seen.any():
        raise ValueError(f"none of {len(ids)} faces has features in all of {[list(part) for part in parts]}")
    return np.concatenate(found, axis=1), seen


def grid_ends(chosen: np.ndarray, penalties: Sequence[float]) -> dict[str, float]:
    """Share of choices, 0..1, that fell on the smallest and on the largest C: a grid that is too short shows here."""
    made = chosen[np.isfinite(chosen)]
    ends = {"smallest": min(penalties), "largest": max(penalties)}
    return {name: float((made == end).mean()) if len(made) else 0.0 for name, end in ends.items()}
