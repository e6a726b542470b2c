"""Pose read from features whose content is known: people kept apart, the right rows, the right sizes, the right
answers.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from deepfeatures.analysis import pose_readout
from deepfeatures.analysis.pose_rows import as_the_paper, features_of, known_rows
from deepfeatures.data.rudd2017_table1 import COUNTS
from deepfeatures.probes.held_out_ridge import fit_held_out
from tests.analysis import made_up_poses

MADE = {"dimensions": [3, 500], "folds": 3, "seed": 0, "kernel_centres": 40, "triplet_steps": 5}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("poses")
    arrays = made_up_poses.faces(folder / "faces")
    made_up_poses.features(folder / "good", arrays, keep=slice(2, None))
    made_up_poses.features(folder / "good-mirrored", arrays, sign=-1.0, seed=2)
    other = made_up_poses.faces(folder / "elsewhere", seed=5, roll=False)
    made_up_poses.features(folder / "good-elsewhere", other, seed=6)
    return {
        "faces": folder / "faces", "features": folder / "good", "features mirrored": folder / "good-mirrored",
        "to elsewhere faces": folder / "elsewhere", "to elsewhere features": folder / "good-elsewhere",
    }  # fmt: skip


@pytest.fixture(scope="module")
def made(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    out = tmp_path_factory.mktemp("readout")
    pose_readout.make(out, inputs, parts=[["features", "layer"]], **MADE)
    return out, json.loads((out / "summary.json").read_text())


def error(out: Path, name: str, column: int = 0) -> float:
    return float(np.abs(np.load(out / f"{name}.npy") - np.load(out / "truth.npy"))[:, column].mean())


def test_rows_are_those_with_pose_and_features_and_nobody_is_in_two_folds(made, inputs) -> None:
    out, summary = made
    row, fold, identity = (np.load(out / f"{name}.npy") for name in ("row", "fold", "identity"))
    np.testing.assert_array_equal(row, np.arange(2, 179))  # the first two lack features, the last one pose
    pose = np.load(inputs["faces"] / "pose.npy")[row]
    np.testing.assert_allclose(np.load(out / "truth.npy"), np.column_stack([np.abs(pose[:, 0]), pose]), rtol=1e-6)
    assert summary["targets"] == ["abs_yaw", "yaw", "pitch", "roll"]
    assert all(len(set(fold[identity == person])) == 1 for person in set(identity))
    assert (summary["images"], summary["people"], summary["folds"], summary["width"]) == (177, 12, 3, 24)
    assert summary["report"] == "180 made-up faces"


def test_constants_are_those_of_the_other_folds(made) -> None:
    out, _ = made
    fold, truth = np.load(out / "fold.npy"), np.load(out / "truth.npy")
    for name, of in (("mean", np.mean), ("median", np.median)):
        found = np.load(out / f"{name}.npy")
        for left_out in range(3):
            expected = of(truth[fold != left_out], axis=0)
            np.testing.assert_allclose(
                found[fold == left_out], np.tile(expected, (np.sum(fold == left_out), 1)), rtol=1e-5
            )


def test_what_is_there_is_read_and_what_is_not_is_not(made) -> None:
    out, summary = made
    for column in range(3):
        assert error(out, "linear", column) < 0.5 * error(out, "median", column)
    assert error(out, "linear", 3) > 0.85 * error(out, "median", 3)  # no roll in these features
    assert error(out, "kernel") < 0.8 * error(out, "median")
    assert summary["sizes"] == [3, 7] and summary["triplet_dimensions"] == 7  # 500 exceeds the width; 24 * 256 / 832
    for name in ("pca-3", "random-3", "pca-7", "random-7", "triplet"):
        assert np.isfinite(np.load(out / f"{name}.npy")).all()
    assert error(out, "random-3") > error(out, "linear")


def test_the_sum_with_the_mirror_image_cannot_tell_left_from_right(made) -> None:
    out, _ = made
    assert error(out, "mirror-sum", 1) > 0.9 * error(out, "median", 1) > 2 * error(out, "linear", 1)
    assert error(out, "mirror-sum", 0) < 0.5 * error(out, "median", 0)


def test_another_world_is_asked(made) -> None:
    out, _ = made
    predicted, true = np.load(out / "to-elsewhere.npy"), np.load(out / "truth-elsewhere.npy")
    assert predicted.shape == true.shape == (179, 2)
    assert np.corrcoef(predicted[:, 1], true[:, 1])[0, 1] > 0.9


def test_wide_features_are_turned_without_changing_anything() -> None:
    rng = np.random.default_rng(0)
    X, Y, other = rng.standard_normal((20, 50)), rng.standard_normal(20), rng.standard_normal((4, 50))
    turned, basis = pose_readout.fewer_columns(X)
    assert turned.shape == (20, 20) and basis is not None
    slow = Ridge(alpha=3.0).fit(X, Y).predict(other)
    np.testing.assert_allclose(Ridge(alpha=3.0).fit(turned, Y).predict(other @ basis), slow)
    assert pose_readout.fewer_columns(X.T)[1] is None


def test_ridge_is_scikit_learns_at_the_alpha_that_held_out_people_choose() -> None:
    rng = np.random.default_rng(0)
    X, who = rng.standard_normal((80, 6)), np.repeat(np.arange(8), 10)
    Y = np.column_stack([X @ rng.standard_normal(6) + 0.1 * rng.standard_normal(80), rng.standard_normal(80)])
    found = fit_held_out(X, Y, who, rng=np.random.default_rng(1))
    assert found.relative_alphas[0] < found.relative_alphas[1]  # noise is shrunk
    scale = np.square(X - X.mean(axis=0)).sum() / 6
    for target, relative in enumerate(found.relative_alphas):
        slow = Ridge(alpha=relative * scale).fit(X, Y[:, target])
        np.testing.assert_allclose(found.predict(X)[:, target], slow.predict(X), atol=1e-8)


def test_the_papers_distribution_is_drawn(tmp_path: Path) -> None:
    made_up_poses.faces(tmp_path / "faces", people=40, images=50)
    rows = known_rows(tmp_path / "faces")
    chosen = rows.taken(as_the_paper(rows, rng=np.random.default_rng(0)))
    counts = np.histogram(chosen.column("abs_yaw"), [0, 15, 30, 45, 91])[0]
    np.testing.assert_allclose(counts / counts.sum(), np.array(COUNTS) / sum(COUNTS), atol=0.005)
    assert counts[0] == np.sum(rows.column("abs_yaw") < 15)  # as many as can be had


def test_parts_of_any_scale_weigh_alike(tmp_path: Path) -> None:
    arrays = made_up_poses.faces(tmp_path / "faces", people=4, images=5)
    small = made_up_poses.features(tmp_path / "small", arrays, width=5)
    np.save(tmp_path / "small" / "large.npy", 1000 * small)
    rows = known_rows(tmp_path / "faces")
    both = features_of(tmp_path / "faces", rows, [("f", "layer"), ("f", "large")], {"f": tmp_path / "small"})
    np.testing.assert_allclose(both[:, :5], both[:, 5:], rtol=1e-5)


def test_what_cannot_be_read_is_refused(inputs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allowed are all, paper"):
        pose_readout.make(tmp_path, inputs, parts=[["features", "layer"]], **MADE, distribution="uniform")
    with pytest.raises(ValueError, match="parts is empty"):
        pose_readout.make(tmp_path, inputs, parts=[], **MADE)
    with pytest.raises(ValueError, match="none of 180 faces"):
        known_rows(inputs["faces"], [np.array(["nobody"])])
    arrays = made_up_poses.faces(tmp_path / "partly")
    arrays["pose"][:9, 2] = np.nan
    np.save(tmp_path / "partly" / "pose.npy", arrays["pose"])
    with pytest.raises(ValueError, match="known of some rows only, {'roll': '95.0%'}"):
        known_rows(tmp_path / "partly")
