"""Pose of every person from the one attribute network that has not seen them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import pose_network_readout, pose_readout
from deepfeatures.training.balanced import asked_in_fold
from tests.analysis import made_up_poses

FOLDS, SEED, WIDTH = 3, 2, 8


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    """Networks that know yaw of their fold's people, and of the people they learned from; of fold 1 it is turned."""
    arrays = made_up_poses.faces(tmp_path / "faces", people=15, images=12)
    rng, made = np.random.default_rng(0), {"faces": tmp_path / "faces"}
    yaw = np.nan_to_num(arrays["pose"][:, 0])
    for fold in range(FOLDS):
        out = made[f"fold {fold}"] = tmp_path / f"fold{fold}"
        out.mkdir()
        values = 0.1 * rng.standard_normal((len(yaw), WIDTH))
        values[:, 0] += np.abs(yaw) / 60
        values[:, 1] += (-1 if fold == 1 else 1) * yaw / 60
        order = rng.permutation(len(yaw))[1:]  # in no order, and one face could not be read
        np.save(out / "ids.npy", np.delete(arrays["ids"], 5)[np.argsort(rng.random(len(yaw) - 1))])
        place = {one: row for row, one in enumerate(arrays["ids"].tolist())}
        rows = [place[one] for one in np.load(out / "ids.npy").tolist()]
        np.save(out / "embedding.npy", values[rows].astype(np.float32))
        assert len(order) == len(rows)
        (out / "meta.json").write_text(json.dumps({"fold": fold, "folds": FOLDS, "fold_seed": SEED}))
    return made


def read(inputs: dict[str, Path], out: Path, seed: int = SEED) -> dict[str, np.ndarray]:
    out.mkdir()
    pose_network_readout.make(out, inputs, folds=FOLDS, seed=seed, kernel_centres=40)
    return {path.stem: np.load(path) for path in out.glob("*.npy")}


def test_yaw_is_found_by_each_network_of_people_it_has_not_seen(inputs: dict[str, Path], tmp_path: Path) -> None:
    found = read(inputs, tmp_path / "out")
    identity = np.load(inputs["faces"] / "identity.npy")
    for fold in range(FOLDS):
        asked = asked_in_fold(identity, fold, FOLDS, SEED)[found["row"]]
        np.testing.assert_array_equal(found["fold"] == fold, asked)
        np.testing.assert_allclose(found["mean"][asked], np.broadcast_to(
            found["truth"][~asked].mean(axis=0), found["mean"][asked].shape), rtol=1e-4)  # fmt: skip
    # A regressor of another fold's network would turn the sign of fold 1's people.
    for fold in range(FOLDS):
        own = found["fold"] == fold
        assert np.corrcoef(found["linear"][own, 1], found["truth"][own, 1])[0, 1] > 0.95
    assert np.abs(found["kernel"][:, 0] - found["truth"][:, 0]).mean() < 10
    assert 5 not in found["row"] and len(found["row"]) == len(identity) - 2  # the last has no known pose
    np.testing.assert_array_equal(found["identity"], identity[found["row"]])


def test_tables_find_what_they_look_for(inputs: dict[str, Path], tmp_path: Path) -> None:
    read(inputs, tmp_path / "out")
    (tmp_path / "other").mkdir()
    pose_readout.make(
        tmp_path / "other", {"faces": inputs["faces"], "x": inputs["fold 0"]}, parts=[["x", "embedding"]],
        dimensions=[], folds=FOLDS, seed=SEED, kernel_centres=40,
    )  # fmt: skip
    mine, theirs = (json.loads((tmp_path / name / "summary.json").read_text()) for name in ("out", "other"))
    assert set(theirs) - set(mine) == {"median_distance"}
    for name in ("targets", "images", "people", "folds", "report", "width", "sizes", "triplet_dimensions"):
        assert mine[name] == theirs[name], name


def test_networks_of_other_folds_are_refused(inputs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a network of fold 0 of 3, seed 2, is no use for fold 0 of 3, seed 9"):
        read(inputs, tmp_path / "out", seed=9)
