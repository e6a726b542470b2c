"""Linear SVMs for many targets and many C at once, behind scikit-learn's contract.

y decides what is fitted, as it does for scikit-learn's own multi-target classifiers: (n,) of two classes is one
machine; (n,) of more classes is one machine a class against the rest, as `LinearSVC` does; an indicator (n, targets) of
0 and 1 is one machine a target, which is what 40 attributes are. `C` may be several values: all are fitted
(`coef_path_`), and `at` chooses the one each target predicts with, on whatever data the caller holds for that. Choosing
is not part of `fit`: how validation rows are split (by identity) is the caller's to say.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from deepfeatures.probes.squared_hinge_path import balanced_weights, squared_hinge_path


class ManyLinearSVC(ClassifierMixin, BaseEstimator):
    """The primal of scikit-learn's LinearSVC (squared hinge, l2), all targets and all C in shared passes over X.

    C: one positive number, or several. class_weight: None, 'balanced', or a dict from class to weight.
    penalise_intercept: as LinearSVC does with intercept_scaling=1; False leaves it free. missing: 'error', or 'skip':
    nan in an indicator y (float) takes the row out of that target alone. dtype: 'float32', 'float64', or 'auto', X's
    own. tol, max_iter (Newton steps), c_at_once, block_rows, device: see `squared_hinge_path`.

    After fit: classes_; C_ (m,) ascending as given; coef_path_ (m, machines, d), intercept_path_ (m, machines),
    objective_path_, converged_path_ (m, machines); coef_ (machines, d), intercept_ (machines,): those that predict, at
    first of the last C given; n_iter_: the most Newton steps of any machine.
    """

    def __init__(
        self,
        C: float | Sequence[float] = 1.0,
        *,
        class_weight: str | dict[Any, float] | None = None,
        fit_intercept: bool = True,
        penalise_intercept: bool = True,
        tol: float = 1e-4,
        max_iter: int = 100,
        dtype: str = "auto",
        missing: str = "error",
        c_at_once: int = 1,
        block_rows: int = 2048,
        device: str | None = None,
    ) -> None:
        self.C = C
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.penalise_intercept = penalise_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.dtype = dtype
        self.missing = missing
        self.c_at_once = c_at_once
        self.block_rows = block_rows
        self.device = device

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ManyLinearSVC:
        """X: (n, d), also memory-mapped float32 or float64, never copied as a whole; y: (n,) or (n, targets)."""
        if not (self.class_weight in (None, "balanced") or isinstance(self.class_weight, dict)):
            raise ValueError(f"class_weight={self.class_weight!r}: allowed are None, 'balanced' and a dict")
        if self.missing not in ("error", "skip"):
            raise ValueError(f"missing={self.missing!r}: allowed are 'error' and 'skip'")
        X = validate_data(self, X, dtype=[np.float32, np.float64], ensure_all_finite=False)
        signs = self._signs(y, len(X))
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        _refuse_one_class(signs, weight)
        intercept = "none" if not self.fit_intercept else "penalised" if self.penalise_intercept else "free"
        path = squared_hinge_path(
            X,
            signs,
            np.atleast_1d(np.asarray(self.C, np.float64)),
            class_weight=self._class_weights(signs, weight),
            row_weight=weight,
            intercept=intercept,
            tol=self.tol,
            max_iter=self.max_iter,
            dtype=str(X.dtype) if self.dtype == "auto" else self.dtype,
            c_at_once=self.c_at_once,
            block_rows=self.block_rows,
            device=self.device,
        )
        self.C_, self.coef_path_, self.intercept_path_ = path.C, path.coefficients, path.intercepts
        self.objective_path_, self.converged_path_ = path.objective, path.converged
        if not path.converged.all():
            c, target = np.argwhere(~path.converged)[0]
            warnings.warn(
                f"{int((~path.converged).sum())} of {path.converged.size} machines did not converge in {self.max_iter} "
                f"Newton steps, first: target {target} at C = {path.C[c]:g}. Raise max_iter or tol",
                ConvergenceWarning,
            )
        self.n_iter_ = max(1, int(path.newton.max()))
        self._predict_at(np.full(len(signs), len(path.C) - 1))
        return self

    def at(self, index: int | np.ndarray) -> ManyLinearSVC:
        """A copy that predicts with C_[index]: one index for all machines, or one each (machines,)."""
        check_is_fitted(self)
        chosen = np.broadcast_to(np.asarray(index, np.int64), (self.coef_path_.shape[1],))
        if not ((chosen >= 0) & (chosen < len(self.C_))).all():
            raise ValueError(f"index must lie in 0..{len(self.C_) - 1}, got {chosen.min()}..{chosen.max()}")
        other = copy.copy(self)
        other._predict_at(chosen)
        return other

    def _predict_at(self, chosen: np.ndarray) -> None:
        machines = np.arange(len(chosen))
        self.coef_, self.intercept_ = self.coef_path_[chosen, machines], self.intercept_path_[chosen, machines]

    def decision_function(self, X: Any) -> np.ndarray:
        """w.x + b: (n,) for two classes, else (n, machines)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float32, np.float64], reset=False)
        found = _scores(X, self.coef_, self.intercept_, self.block_rows)
        return found[:, 0] if self._kind == "binary" else found

    def decision_path(self, X: Any) -> np.ndarray:
        """w.x + b of every C: (m, n, machines)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float32, np.float64], reset=False)
        m, machines, d = self.coef_path_.shape
        found = _scores(X, self.coef_path_.reshape(m * machines, d), self.intercept_path_.ravel(), self.block_rows)
        return np.moveaxis(found.reshape(len(X), m, machines), 1, 0)

    def predict(self, X: Any) -> np.ndarray:
        """Classes (n,), or an indicator (n, targets) of int64."""
        score = self.decision_function(X)
        if self._kind == "multilabel":
            return (score > 0).astype(np.int64)
        return self.classes_[(score > 0).astype(np.int64) if self._kind == "binary" else score.argmax(axis=1)]

    def _signs(self, y: Any, rows: int) -> np.ndarray:
        """+1, -1, or 0 where not labelled: (machines, n) int8. Sets classes_ and how to predict."""
        if y is None:
            raise ValueError("ManyLinearSVC requires y to be passed, but the target y is None")
        labels = np.asarray(y)
        if len(labels) != rows:
            raise ValueError(f"Found inconsistent numbers of samples: {rows} rows of X, {len(labels)} of y")
        if labels.ndim == 2 and labels.shape[1] > 1:
            return self._indicator_signs(labels)
        labels = column_or_1d(y, warn=True)
        if labels.dtype.kind == "f":
            assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds one class only ({self.classes_[0]!r}): there is nothing to separate")
        self._kind = "binary" if len(self.classes_) == 2 else "multiclass"
        positive = [1] if self._kind == "binary" else range(len(self.classes_))
        return np.stack([np.where(codes == code, 1, -1) for code in positive]).astype(np.int8)

    def _indicator_signs(self, labels: np.ndarray) -> np.ndarray:
        labels = labels.astype(np.float64)
        missing = np.isnan(labels)
        if missing.any() and self.missing == "error":
            row, target = np.argwhere(missing)[0]
            raise ValueError(
                f"y is NaN in {int(missing.sum())} places, first at row {row} of target {target}: label them, or "
                "pass missing='skip' to leave such rows out of that target alone"
            )
        wrong = ~(missing | (labels == 0) | (labels == 1))
        if wrong.any():
            row, target = np.argwhere(wrong)[0]
            raise ValueError(
                f"an indicator y (n, targets) holds 0 and 1 only, "
                f"got {labels[row, target]:g} at row {row} of target {target}"
            )
        self.classes_, self._kind = np.array([0, 1]), "multilabel"
        return np.where(missing, 0, 2 * labels - 1).T.astype(np.int8)

    def _class_weights(self, signs: np.ndarray, weight: np.ndarray | None) -> np.ndarray | None:
        """(machines, 2) of sign -1 and +1. Of classes against the rest, LinearSVC leaves the rest at 1."""
        if self.class_weight is None:
            return None
        if isinstance(self.class_weight, dict):
            given = np.array([self.class_weight.get(label, 1.0) for label in self.classes_.tolist()])
            if self._kind != "multiclass":
                return np.tile(given, (len(signs), 1))
            return np.column_stack([np.ones(len(signs)), given])
        balanced = balanced_weights(signs, weight)
        if self._kind != "multiclass":
            return balanced
        return np.column_stack([np.ones(len(signs)), balanced[:, 1] * 2 / len(signs)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.single_output = True
        return tags


def _refuse_one_class(signs: np.ndarray, weight: np.ndarray | None) -> None:
    counted = signs if weight is None else np.where(weight > 0, signs, 0)
    negative, positive = (counted < 0).sum(1), (counted > 0).sum(1)
    for target in np.flatnonzero((negative == 0) | (positive == 0)):
        raise ValueError(
            f"target {target} has {positive[target]} rows of the positive class and {negative[target]} of the other: "
            "a machine needs both. Leave the target out"
        )


def _scores(X: np.ndarray, coefficients: np.ndarray, intercepts: np.ndarray, block_rows: int) -> np.ndarray:
    """X w + b in float64, block by block: (n, machines)."""
    found = np.empty((len(X), len(coefficients)))
    for start in range(0, len(X), block_rows):
        rows = slice(start, start + block_rows)
        found[rows] = X[rows].astype(np.float64, copy=False) @ coefficients.T + intercepts
    return found
