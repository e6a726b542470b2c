"""ManyLinearSVC keeps scikit-learn's contract and says what LinearSVC says."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from deepfeatures.probes.linear_svc_many import ManyLinearSVC


@pytest.mark.filterwarnings("ignore")
def test_check_estimator() -> None:
    # One check compares two fits to 1e-7, which no stopping rule of 1e-4 promises; so all of them run at a tight one.
    check_estimator(ManyLinearSVC(tol=1e-10), on_skip=None)


@pytest.mark.parametrize("class_weight", [None, "balanced", {3: 2.0, 5: 0.5}])
def test_classes_against_the_rest(class_weight: object) -> None:
    X, y = load_digits(return_X_y=True)
    X, y = X[:400] / 16, y[:400]
    ours = ManyLinearSVC(0.3, class_weight=class_weight, tol=1e-9).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = LinearSVC(dual=False, C=0.3, class_weight=class_weight, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, atol=1e-5)
    np.testing.assert_array_equal(ours.predict(X), peer.predict(X))


def indicator() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 8))
    return X, (X @ rng.standard_normal((8, 3)) + rng.standard_normal((200, 3)) > [0, 1, 3]).astype(int)


def test_an_indicator_is_one_machine_a_target_at_every_C() -> None:
    X, y = indicator()
    model = ManyLinearSVC([0.01, 1.0], class_weight="balanced", tol=1e-9).fit(X, y)
    for c, C in enumerate(model.C_):
        for target in range(3):
            alone = LinearSVC(dual=False, C=C, class_weight="balanced", tol=1e-10).fit(X, y[:, target])
            np.testing.assert_allclose(model.coef_path_[c, target], alone.coef_[0], atol=1e-6)
    chosen = model.at(np.array([1, 0, 1]))
    np.testing.assert_array_equal(chosen.coef_[1], model.coef_path_[0, 1])
    path = model.decision_path(X)
    np.testing.assert_allclose(
        chosen.decision_function(X), np.stack([path[1, :, 0], path[0, :, 1], path[1, :, 2]], axis=1)
    )
    np.testing.assert_array_equal(chosen.predict(X), chosen.decision_function(X) > 0)
    np.testing.assert_array_equal(model.coef_, model.coef_path_[-1])


def test_rows_without_a_label() -> None:
    X, y = indicator()
    partly = y.astype(float)
    partly[:50, 1] = np.nan
    with pytest.raises(ValueError, match=r"50 places, first at row 0 of target 1.*missing='skip'"):
        ManyLinearSVC().fit(X, partly)
    model = ManyLinearSVC(missing="skip", tol=1e-9).fit(X, partly)
    alone = ManyLinearSVC(tol=1e-9).fit(X[50:], y[50:, 1])
    np.testing.assert_allclose(model.coef_[1], alone.coef_[0], atol=1e-6)


def test_bad_input_is_named() -> None:
    X, y = indicator()
    with pytest.raises(ValueError, match="target 2 has 0 rows of the positive class and 200 of the other"):
        ManyLinearSVC().fit(X, y * [1, 1, 0])
    with pytest.raises(ValueError, match="one class only"):
        ManyLinearSVC().fit(X, np.zeros(200))
    with pytest.raises(ValueError, match="0 and 1 only, got 2 at row 0 of target"):
        ManyLinearSVC().fit(X, y + 2)
    X[5, 2] = np.inf
    with pytest.raises(ValueError, match="NaN or inf, first at row 5, column 2"):
        ManyLinearSVC().fit(X, y)
    with pytest.raises(ValueError, match="allowed are None"):
        ManyLinearSVC(class_weight="even").fit(X, y)
    with pytest.raises(ValueError, match=r"0\.\.0"):
        ManyLinearSVC().fit(*indicator()).at(1)


def test_too_few_steps_are_told() -> None:
    with pytest.warns(ConvergenceWarning, match="1 of 3 machines|2 of 3 machines|3 of 3 machines"):
        ManyLinearSVC(max_iter=1, tol=1e-12).fit(*indicator())


def test_memory_mapped_features(tmp_path: Path) -> None:
    X, y = indicator()
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(
            ManyLinearSVC().fit(mapped, y).coef_, ManyLinearSVC().fit(X.astype(np.float32), y).coef_
        )
