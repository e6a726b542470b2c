"""Many machines at once against LinearSVC, one by one, and against finite differences."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.svm import LinearSVC

from deepfeatures.probes import squared_hinge
from deepfeatures.probes.squared_hinge_path import balanced_weights, squared_hinge_path

CS = [1e-3, 1e-1, 10.0]


def made_up(
    rows: int = 400, width: int = 12, shares: tuple[float, ...] = (0.5, 0.2, 0.03)
) -> tuple[np.ndarray, np.ndarray]:
    """Noisy targets of those shares of positives: X (rows, width) float64, signs (targets, rows)."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((rows, width)) * np.geomspace(2, 0.1, width) + 0.5
    score = X @ rng.standard_normal((width, len(shares))) + rng.standard_normal((rows, len(shares)))
    return X, np.where(score > np.array([np.quantile(s, 1 - p) for s, p in zip(score.T, shares, strict=True)]), 1, -1).T


def one_by_one(X: np.ndarray, sign: np.ndarray, C: float, balanced: bool) -> LinearSVC:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tol is beyond what liblinear can certify; it stops at its best
        return LinearSVC(dual=False, C=C, tol=1e-10, max_iter=3000, class_weight="balanced" if balanced else None).fit(
            X, sign
        )


def assert_like_linear_svc(X: np.ndarray, signs: np.ndarray, *, balanced: bool = True, dtype: str = "float64") -> None:
    weights = balanced_weights(signs) if balanced else None
    exact = dtype == "float64"
    path = squared_hinge_path(X, signs, CS, class_weight=weights, tol=1e-9 if exact else 1e-5, dtype=dtype)
    assert path.converged.all()
    for i, C in enumerate(CS):
        for j, sign in enumerate(signs):
            peer = one_by_one(X, sign, C, balanced)
            theirs = squared_hinge.objective(
                X,
                signs[j : j + 1],
                peer.coef_,
                peer.intercept_,
                C,
                class_weight=None if weights is None else weights[j : j + 1],
            )[0]
            assert path.objective[i, j] <= theirs * (1 + 1e-6)
            assert path.objective[i, j] >= theirs * (1 - 1e-6)
            scale = np.abs(peer.coef_).max()
            np.testing.assert_allclose(path.coefficients[i, j], peer.coef_[0], atol=(1e-5 if exact else 1e-3) * scale)
            ours = X @ path.coefficients[i, j] + path.intercepts[i, j]
            clear = np.abs(peer.decision_function(X)) > 1e-3 * scale
            assert ((ours > 0) == (peer.predict(X) > 0))[clear].all()


@pytest.mark.parametrize("balanced", [True, False])
def test_unbalanced_targets(balanced: bool) -> None:
    assert_like_linear_svc(*made_up(), balanced=balanced)


def test_float32_is_refined() -> None:
    X, signs = made_up()
    assert_like_linear_svc(X.astype(np.float32), signs, dtype="float32")


def test_separable_duplicated_and_constant() -> None:
    X, signs = made_up(rows=120)
    separable = X.copy()
    separable[:, 0] = signs[0] * (1 + np.abs(separable[:, 0]))
    assert_like_linear_svc(separable, signs[:1])
    assert_like_linear_svc(
        np.concatenate([X, X[:40], X[:40]]), np.concatenate([signs, signs[:, :40], signs[:, :40]], axis=1)
    )
    constant = np.column_stack([X, np.zeros(len(X)), np.full(len(X), 3.0)])
    assert_like_linear_svc(constant, signs)


def test_more_dimensions_than_rows() -> None:
    X, signs = made_up(rows=60, width=90)
    assert_like_linear_svc(X, signs[:2])


@pytest.mark.parametrize("intercept", ["penalised", "free", "none"])
def test_every_kind_of_intercept_by_lbfgs(intercept: str) -> None:
    X, signs = made_up(rows=150, width=5)
    weights = balanced_weights(signs)
    path = squared_hinge_path(X + 2, signs, [0.5], class_weight=weights, intercept=intercept, tol=1e-9, dtype="float64")
    for j, y in enumerate(signs):
        c = np.where(y > 0, weights[j, 1], weights[j, 0])

        def slow(v: np.ndarray, y: np.ndarray = y, c: np.ndarray = c) -> tuple[float, np.ndarray]:
            b = 0.0 if intercept == "none" else v[-1]
            m = np.maximum(0, 1 - y * ((X + 2) @ v[:-1] + b))
            r = -2 * 0.5 * c * y * m
            kept = v * np.array([1.0] * 5 + [float(intercept == "penalised")])
            gradient = kept + np.append((X + 2).T @ r, 0.0 if intercept == "none" else r.sum())
            return 0.5 * kept @ kept + 0.5 * (c * m**2).sum(), gradient

        best = minimize(
            slow, np.zeros(6), jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000}
        )
        assert path.objective[0, j] == pytest.approx(best.fun, rel=1e-8)
        np.testing.assert_allclose(path.coefficients[0, j], best.x[:-1], atol=1e-5)


def test_row_weights_are_repeated_rows_and_zero_signs_are_left_out() -> None:
    X, signs = made_up(rows=100, shares=(0.4, 0.3))
    repeats = np.random.default_rng(0).integers(0, 4, len(X))
    weighed = squared_hinge_path(X, signs, CS, row_weight=repeats.astype(float), tol=1e-9, dtype="float64")
    repeated = squared_hinge_path(
        np.repeat(X, repeats, axis=0), np.repeat(signs, repeats, axis=1), CS, tol=1e-9, dtype="float64"
    )
    np.testing.assert_allclose(weighed.coefficients, repeated.coefficients, atol=1e-6)
    absent = signs.copy()
    absent[0, :30] = 0
    partly = squared_hinge_path(X, absent, CS, tol=1e-9, dtype="float64")
    np.testing.assert_allclose(
        partly.coefficients[:, 1], squared_hinge_path(X, signs, CS, tol=1e-9, dtype="float64").coefficients[:, 1]
    )
    alone = squared_hinge_path(X[30:], signs[:1, 30:], CS, tol=1e-9, dtype="float64")
    np.testing.assert_allclose(partly.coefficients[:, 0], alone.coefficients[:, 0], atol=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from(["penalised", "free", "none"]), st.integers(1, 50))
def test_gradient_and_curvature_by_finite_differences(seed: int, intercept: str, block_rows: int) -> None:
    rng = np.random.default_rng(seed)
    X = torch.as_tensor(rng.standard_normal((30, 4)))
    signs = torch.as_tensor(rng.choice([-1, 0, 1], (2, 30)).astype(np.int8))
    machines = squared_hinge.Machines(
        X,
        signs,
        torch.as_tensor(rng.uniform(0.5, 2, (2, 2))),
        torch.as_tensor(rng.uniform(0, 2, 30)),
        intercept,
        block_rows,
    )
    target, C = torch.tensor([1, 0, 1]), torch.tensor([0.1, 1.0, 3.0], dtype=torch.float64)
    at, along = torch.as_tensor(rng.standard_normal((2, 3, 5)))
    if intercept == "none":
        at[:, -1], along[:, -1] = 0, 0

    def value(vectors: torch.Tensor) -> squared_hinge.Evaluation:
        return squared_hinge.evaluate(machines, target, C, vectors, dtype=torch.float64, keep=torch.float64)

    step, here = 1e-6, value(at)
    up, down = value(at + step * along), value(at - step * along)
    np.testing.assert_allclose(
        (up.objective - down.objective) / (2 * step), (here.gradient * along).sum(1), rtol=1e-5, atol=1e-5
    )
    same = (up.curvature > 0) == (down.curvature > 0)  # the Hessian jumps where a row crosses its margin
    if bool(same.all()):
        product = squared_hinge.hessian_product(machines, here.curvature, torch.arange(3), along)
        np.testing.assert_allclose((up.gradient - down.gradient) / (2 * step), product, rtol=1e-5, atol=1e-4)


def test_order_batches_and_blocks_do_not_matter() -> None:
    X, signs = made_up()
    base = squared_hinge_path(X, signs, CS, tol=1e-9, dtype="float64")
    other = squared_hinge_path(X, signs, CS[::-1], tol=1e-9, dtype="float64", c_at_once=3, block_rows=37)
    np.testing.assert_allclose(other.coefficients[::-1], base.coefficients, atol=1e-7)
    np.testing.assert_array_equal(other.C, CS[::-1])


def test_one_class_is_marked_and_bad_input_is_named() -> None:
    X, signs = made_up(rows=50)
    signs[1] = 1
    path = squared_hinge_path(X, signs, [1.0], dtype="float64")
    assert path.one_class.tolist() == [False, True, False]
    assert np.isnan(path.coefficients[0, 1]).all() and not path.converged[0, 1] and path.converged[0, 0]
    X[7, 3] = np.nan
    with pytest.raises(ValueError, match="NaN or inf, first at row 7, column 3"):
        squared_hinge_path(X, signs, [1.0])
    with pytest.raises(ValueError, match="positive numbers"):
        squared_hinge_path(X, signs, [0.0])
    with pytest.raises(ValueError, match=r"signs \(targets, n\)"):
        squared_hinge_path(X, signs[:, :9], [1.0])
    with pytest.raises(ValueError, match="signs must be -1"):
        squared_hinge_path(np.zeros((2, 2)), np.array([[1, 2]]), [1.0])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_gpu_gives_what_the_cpu_gives(dtype: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device here: machines on a GPU are compared where there is one")
    X, signs = made_up(3000, 40)
    signs[1, ::7] = 0  # some images are not labelled
    settings = {"class_weight": balanced_weights(signs), "tol": 1e-8 if dtype == "float64" else 1e-5, "dtype": dtype}
    cpu = squared_hinge_path(X, signs, CS, **settings)
    gpu = squared_hinge_path(X, signs, CS, device="cuda", **settings)
    assert cpu.converged.all() and gpu.converged.all()
    exact = dtype == "float64"
    np.testing.assert_allclose(gpu.objective, cpu.objective, rtol=1e-9 if exact else 1e-6)
    scale = np.abs(cpu.coefficients).max()
    np.testing.assert_allclose(gpu.coefficients, cpu.coefficients, atol=(1e-6 if exact else 1e-3) * scale)
    np.testing.assert_allclose(gpu.intercepts, cpu.intercepts, atol=(1e-6 if exact else 1e-3) * scale)
