"""Faces as artifacts: what is rendered is the world's own truth, what is photographed is what its files say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import celeba, faces, pointing04, pose_table
from deepfeatures.data.attributes import NAMES
from deepfeatures.data.synthfaces import ATTRIBUTES, FACTORS, SynthFaces
from tests.data.made_up_faces import write_celeba, write_pointing04

WORLD = SynthFaces(seed=5, identities=3, images_per_identity=2, side_px=32)


def written(folder: Path) -> dict[str, np.ndarray]:
    return {path.stem: np.load(path) for path in folder.glob("*.npy")}


def made(root: Path, dataset: str, **given: object) -> dict[str, np.ndarray]:
    out = root / "out"
    out.mkdir(exist_ok=True)
    faces.make(out, {}, root, dataset=dataset, **given)  # type: ignore[arg-type]
    return written(out)


def test_rendered_faces_are_the_world_and_its_truth(tmp_path: Path) -> None:
    got = made(tmp_path, "rendered", seed=5, identities=3, images_per_identity=2, side_px=32)
    truth = WORLD.truth()
    np.testing.assert_array_equal(got["images"], WORLD.render())
    assert got["identity"].tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(got["pose"], truth[["yaw_deg", "pitch_deg", "roll_deg"]].to_numpy(np.float32))
    np.testing.assert_array_equal(got["factors"], truth[list(FACTORS)].to_numpy(float))
    for column, name in enumerate(NAMES):
        expected = truth[name].astype(int) if name in ATTRIBUTES else [-1] * 6
        assert got["attributes"][:, column].tolist() == list(expected), name
    assert got["attributes"].shape == (6, 40) and got["attributes"].dtype == np.int8
    assert len(set(got["ids"].tolist())) == 6 and got["ids"][0] == "5-0000000"
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert (meta["pose"], meta["factors"]) == ("exact", list(FACTORS))
    assert meta["report"] == "6 rendered images of 3 people"


def test_rendering_in_pieces_changes_nothing(tmp_path: Path) -> None:
    faces._rendered(tmp_path, WORLD, chunk=4)
    np.testing.assert_array_equal(written(tmp_path)["images"], WORLD.render())


def test_celeba_without_a_table_has_no_pose(tmp_path: Path) -> None:
    attributes = write_celeba(tmp_path, [7, 7, 8, 9], [0, 0, 0, 2], without=(2,))
    got = made(tmp_path, "celeba", fingerprint=celeba.read(tmp_path).fingerprint)
    assert got["ids"].tolist() == ["000001.jpg", "000003.jpg", "000004.jpg"]
    assert got["identity"].tolist() == [7, 8, 9]
    np.testing.assert_array_equal(got["attributes"], attributes[[0, 2, 3]])  # 1 and 0: CelebA says everything
    assert np.isnan(got["pose"]).all() and "images" not in got  # a photograph is never kept
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert meta["pose_report"] == "no table of pose estimates" and "1 missing" in meta["report"]


def write_poses(root: Path) -> str:
    rows = ["000001.jpg,10,-5,2,90,1", "000002.jpg,10,80,2,90,1", "000004.jpg,-20,1,1,90,2", "000005.jpg,-30,4,-8,90,1"]
    path = root / "celeba" / faces.POSE_FILE
    path.write_text("\n".join([",".join(pose_table.COLUMNS), *rows]) + "\n")
    return pose_table.read(path).fingerprint


def test_celebas_poses_are_the_estimates_that_are_believed(tmp_path: Path) -> None:
    write_celeba(tmp_path, [7, 7, 8, 9, 9], [0] * 5)
    poses = write_poses(tmp_path)
    got = made(tmp_path, "celeba", fingerprint=celeba.read(tmp_path).fingerprint, poses=poses)
    # In the book's signs; the second looks up beyond any neck, the third has no row, the fourth stands in a group.
    expected = np.full((5, 3), np.nan)
    expected[[0, 4]] = [[-10, 5, -2], [30, -4, 8]]
    np.testing.assert_array_equal(got["pose"], expected.astype(np.float32))
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert meta["pose"] == "estimated" and meta["pose_report"].startswith("2 of 5 images kept")


def test_pointing04_knows_pose_and_no_attribute(tmp_path: Path) -> None:
    write_pointing04(tmp_path)
    heads = pointing04.read(tmp_path)
    got = made(tmp_path, "pointing04", fingerprint=heads.fingerprint)
    np.testing.assert_array_equal(got["identity"], heads.person)
    named = [pointing04.parse(name) for name in got["ids"]]
    np.testing.assert_array_equal(got["pose"][:, :2], [[-one.pan_deg, one.tilt_deg] for one in named])
    assert np.isnan(got["pose"][:, 2]).all() and (got["attributes"] == -1).all()
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert meta["pose"] == "measured" and meta["series"] == [1] * 18


def test_other_photographs_than_planned_are_refused(tmp_path: Path) -> None:
    write_celeba(tmp_path, [7, 7, 8, 9, 9], [0] * 5)
    write_pointing04(tmp_path)
    found = celeba.read(tmp_path).fingerprint
    with pytest.raises(ValueError, match=f"^planned for celeba-0, found {found}: plan again$"):
        made(tmp_path, "celeba", fingerprint="celeba-0")
    with pytest.raises(ValueError, match="^planned for pointing04-0, found pointing04-"):
        made(tmp_path, "pointing04", fingerprint="pointing04-0")
    with pytest.raises(ValueError, match="^planned for poses-0, found none"):
        made(tmp_path, "celeba", fingerprint=found, poses="poses-0")
    poses = write_poses(tmp_path)
    with pytest.raises(ValueError, match=f"^planned for none, found {poses}"):
        made(tmp_path, "celeba", fingerprint=found)
    with pytest.raises(ValueError, match="dataset='lfw': allowed are rendered, celeba, pointing04"):
        made(tmp_path, "lfw")
    assert not written(tmp_path / "out")
