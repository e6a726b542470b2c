"""Lines with their penalty chosen otherwise: the same people, scikit-learn's answers, and what the choice does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from deepfeatures.analysis import pose_penalties, pose_penalty_tables, pose_readout
from deepfeatures.data.identities import draw_identities
from deepfeatures.probes.held_out_ridge import HELD_OUT, RELATIVE_ALPHAS
from deepfeatures.study.opened import Readout
from tests.analysis import made_up_poses

PARTS, FOLDS, SEED = [["features", "layer"]], 3, 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, np.ndarray], np.ndarray, Path]:
    folder = tmp_path_factory.mktemp("penalties")
    arrays = made_up_poses.faces(folder / "faces")
    features = made_up_poses.features(folder / "features", arrays)
    inputs = {name: folder / name for name in ("faces", "features")}
    for name in ("once", "again"):
        (folder / name).mkdir()
    pose_readout.make(folder / "once", inputs, parts=PARTS, dimensions=[], folds=FOLDS, seed=SEED, kernel_centres=20)
    pose_penalties.make(folder / "again", inputs, parts=PARTS, folds=FOLDS, seed=SEED)
    return arrays, features, folder


def test_the_same_images_in_the_same_folds_as_the_read_out(made) -> None:
    _, _, folder = made
    for name in ("row", "fold", "identity", "truth"):
        one, other = (np.load(folder / of / f"{name}.npy") for of in ("once", "again"))
        np.testing.assert_array_equal(one, other)


def test_least_squares_and_ridge_are_scikit_learns(made) -> None:
    _, features, folder = made
    found = {name: np.load(folder / "again" / f"{name}.npy") for name in ("row", "fold", "truth", "least", "squared")}
    summary = json.loads((folder / "again" / "summary.json").read_text())
    X, truth, fold = features[found["row"]].astype(float), found["truth"].astype(float), found["fold"]
    X /= np.sqrt(np.square(X - X.mean(axis=0)).sum(axis=1).mean())
    for left_out in range(FOLDS):
        train, test = fold != left_out, fold == left_out
        plain = LinearRegression().fit(X[train], truth[train]).predict(X[test])
        np.testing.assert_allclose(found["least"][test], plain, rtol=1e-4, atol=1e-3)
        centred = X[train] - X[train].mean(axis=0)
        size = np.trace(centred.T @ centred) / X.shape[1]
        for column, relative in enumerate(summary["alphas"][left_out]):
            ridge = Ridge(alpha=relative * size).fit(X[train], truth[train, column]).predict(X[test])
            np.testing.assert_allclose(found["squared"][test, column], ridge, rtol=1e-4, atol=1e-3)


def test_alpha_has_the_least_squared_error_on_people_held_out() -> None:
    rng = np.random.default_rng(0)
    X, identity = rng.normal(size=(120, 30)), np.repeat(np.arange(12), 10)
    Y = np.column_stack([X[:, 0] + rng.normal(size=120), 3 * rng.normal(size=120)])
    chosen = pose_penalties.by_squared_error(X, Y, identity, rng=np.random.default_rng(1))
    held = draw_identities(identity, HELD_OUT, rng=np.random.default_rng(1))
    centred = X[~held] - X[~held].mean(axis=0)
    size = np.trace(centred.T @ centred) / 30
    for column in range(2):
        errors = [
            np.square(fitted.predict(X[held]) - Y[held, column]).mean()
            for fitted in (Ridge(alpha=relative * size).fit(X[~held], Y[~held, column]) for relative in RELATIVE_ALPHAS)
        ]
        assert chosen[column] == RELATIVE_ALPHAS[int(np.argmin(errors))]
    assert chosen[1] > chosen[0]  # of noise alone the best line is the flattest


def test_the_table_has_each_error_and_slope(made) -> None:
    _, _, folder = made
    read, again = ({f"{of}rendered/net/embedding": [Readout(folder / name)]} for of, name in
                   (("", "once"), ("penalties/", "again")))  # fmt: skip
    (row,) = pose_penalty_tables.by_penalty(read, again, resamples=200, rng=np.random.default_rng(0))
    truth = np.load(folder / "once" / "truth.npy")[:, 0].astype(float)
    arrays = (("once", "linear"), ("again", "squared"), ("again", "least"), ("once", "median"))
    said = [np.load(folder / of / f"{name}.npy")[:, 0].astype(float) for of, name in arrays]
    assert row[:2] == ["rendered", "net, embedding"]
    assert [one.value for one in row[2:6]] == pytest.approx([np.abs(one - truth).mean() for one in said], rel=1e-6)
    assert row[6:] == pytest.approx([np.polyfit(truth, one, 1)[0] for one in said[:3]], rel=1e-6)
    other = {"penalties/rendered/net/embedding": [{"row": np.arange(3)}]}
    with pytest.raises(ValueError, match="was read of other images than rendered/net/embedding"):
        pose_penalty_tables.by_penalty(read, other, resamples=200, rng=np.random.default_rng(0))  # type: ignore[arg-type]
