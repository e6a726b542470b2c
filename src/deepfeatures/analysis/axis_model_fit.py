"""The axis model of a unit, fitted and tested on other people. Chang and Tsao's two parts are kept apart:

    response = f(axis . point):  one axis and one curve f (a cubic here) say all that a point says about the response;
    flat orthogonally:           along any axis at a right angle to it the response does not change.

axis: by ridge regression (`regression`), the most favourable choice, or the response-weighted mean of the points
(`weighted`), as is done for neurons. A unit whose response is linear in the parameters *is* an axis unit, its axis the
coefficients, f a straight line: a linear code and the axis model differ only in f, and in what they leave unexplained.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deepfeatures.probes.held_out_ridge import fit_held_out

DEGREE = 3
ORTHOGONAL = 5  # random directions at a right angle to a unit's axis along which its tuning is asked
Axes = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def regression(points: np.ndarray, responses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(k, units): unit vectors along the ridge coefficients; penalties are chosen on rows held out. Rows are people."""
    return unit_length(fit_held_out(points, responses, np.arange(len(points)), rng=rng).weights)


def weighted(points: np.ndarray, responses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(k, units): unit vectors along the response-weighted mean of the centred points."""
    return unit_length((points - points.mean(axis=0)).T @ (responses - responses.mean(axis=0)))


def unit_length(axes: np.ndarray) -> np.ndarray:
    """Columns of length 1; a column of zeros stays."""
    length = np.linalg.norm(axes, axis=0)
    return axes / np.where(length > 0, length, 1.0)


def across(axes: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """(k, units): for each unit a random direction at a right angle to its axis, of length 1."""
    drawn = rng.normal(size=axes.shape)
    return unit_length(drawn - axes * (drawn * axes).sum(axis=0))


def curve_fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least-squares coefficients (units, DEGREE + 1) of y on powers of x, a unit a column. x, y: (n, units)."""
    powers = np.stack([x**power for power in range(DEGREE + 1)], axis=-1)  # (n, units, powers)
    normal = np.einsum("nup,nuq->upq", powers, powers, optimize=True)
    side = np.einsum("nup,nu->up", powers, y, optimize=True)
    return np.asarray(np.linalg.solve(normal + 1e-9 * len(x) * np.eye(DEGREE + 1), side[..., None])[..., 0])


def curve(x: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """(n, units) values of the polynomials at x (n, units), which is held inside -3..3 standard deviations."""
    inside = np.clip(x, -3, 3)
    return np.asarray(sum(coefficients[:, power] * inside**power for power in range(DEGREE + 1)))


def _inside(said: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """No cubic is believed beyond the responses it was fitted to."""
    return np.clip(said, seen.min(axis=0), seen.max(axis=0))


def out_of_fold_axis(
    points: np.ndarray, responses: np.ndarray, fold: np.ndarray, axes: Axes, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What the axis model says of people it did not see, (n, units), and where they lie on the axis (n, units), in
    standard deviations of the training people.

    points: (n, k); responses: (n, units); fold: (n,). An axis fits the people it was made from too well, so the curve
    is learnt from training people placed on axes made without them (folds within the training folds).
    """
    said, place = np.empty_like(responses), np.empty_like(responses)
    names = np.unique(fold)
    for left_out in names:
        train, test = fold != left_out, fold == left_out
        inner = np.empty_like(responses[train])
        inner_fold = fold[train] if len(names) > 2 else np.arange(train.sum()) % 2
        for other in np.unique(inner_fold):
            rest, out = inner_fold != other, inner_fold == other
            inner[out] = points[train][out] @ axes(points[train][rest], responses[train][rest], rng)
        axis = axes(points[train], responses[train], rng)
        centre, spread = inner.mean(axis=0), inner.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        coefficients = curve_fit((inner - centre) / spread, responses[train])
        place[test] = (points[test] @ axis - centre) / spread
        said[test] = _inside(curve(place[test], coefficients), responses[train])
    return said, place


def out_of_fold_across(
    points: np.ndarray, responses: np.ndarray, fold: np.ndarray, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Squared error (n, units), a mean over ORTHOGONAL directions at right angles to each unit's axis, of a curve along
    that direction alone; and the place (n, units) on the last of them.

    For a flat unit the error is that of the training mean, a little more for the coefficients fitted to chance.
    """
    error, place = np.zeros_like(responses), np.empty_like(responses)
    for left_out in np.unique(fold):
        train, test = fold != left_out, fold == left_out
        axis = regression(points[train], responses[train], rng)
        for _ in range(ORTHOGONAL):
            x = points @ across(axis, rng=rng)
            centre, spread = x[train].mean(axis=0), x[train].std(axis=0)
            x = (x - centre) / np.where(spread > 0, spread, 1.0)
            coefficients = curve_fit(x[train], responses[train])
            said = _inside(curve(x[test], coefficients), responses[train])
            error[test] += np.square(responses[test] - said) / ORTHOGONAL
            place[test] = x[test]
    return error, place


def tuning(place: np.ndarray, responses: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over units, and spread between units, of each unit's mean response in bins of its place: (bins,) each.

    place, responses: (n, units); edges: (bins + 1,). A bin with nobody for a unit leaves that unit out; for any, nan.
    """
    found = np.full((len(edges) - 1, place.shape[1]), np.nan)
    number = np.searchsorted(edges, place, side="right") - 1
    for one in range(len(edges) - 1):
        inside = number == one
        count = inside.sum(axis=0)
        total = np.where(inside, responses, 0.0).sum(axis=0)
        found[one] = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    seen = np.isfinite(found)
    count = np.maximum(seen.sum(axis=1), 1)
    mean = np.where(seen, found, 0.0).sum(axis=1) / count
    squares = np.where(seen, np.square(found - mean[:, None]), 0.0).sum(axis=1) / count
    empty = ~seen.any(axis=1)
    return np.where(empty, np.nan, mean), np.where(empty, np.nan, np.sqrt(squares))
