"""Photographs with several faces are left out, counted, and nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import celeba, faces, one_face, pose_table
from tests.data.made_up_faces import write_celeba


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Five photographs: one face, three faces, no row, one face in an odd pose, a row without a count."""
    write_celeba(tmp_path, [7, 7, 8, 9, 9], [0] * 5)
    rows = ["000001.jpg,10,-5,2,90,1", "000002.jpg,10,8,2,90,3", "000004.jpg,-20,80,1,90,1", "000005.jpg,-30,4,-8,90,"]
    (tmp_path / "celeba" / faces.POSE_FILE).write_text("\n".join([",".join(pose_table.COLUMNS), *rows]) + "\n")
    for name in ("faces", "out"):
        (tmp_path / name).mkdir()
    faces.make(
        tmp_path / "faces", {}, tmp_path, dataset="celeba", fingerprint=celeba.read(tmp_path).fingerprint,
        poses=fingerprint(tmp_path),
    )  # fmt: skip
    return tmp_path


def fingerprint(root: Path) -> str:
    return pose_table.read(root / "celeba" / faces.POSE_FILE).fingerprint


def test_those_with_several_faces_are_left_out_and_counted(root: Path) -> None:
    one_face.make(root / "out", {"faces": root / "faces"}, root, poses=fingerprint(root))
    for name in one_face.ARRAYS:
        whole = np.load(root / "faces" / f"{name}.npy")
        np.testing.assert_array_equal(np.load(root / "out" / f"{name}.npy"), whole[[0, 2, 3, 4]])
    before, after = (json.loads((root / name / "meta.json").read_text()) for name in ("faces", "out"))
    report = after.pop("faces_report")
    assert report == "4 of 5 images kept; left out: 1 with several faces; kept though no face was counted: 2"
    assert after == before


def test_another_table_than_planned_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="^planned for poses-0, found poses-"):
        one_face.make(root / "out", {"faces": root / "faces"}, root, poses="poses-0")
    (root / "celeba" / faces.POSE_FILE).unlink()
    with pytest.raises(ValueError, match="^planned for poses-0, found none"):
        one_face.make(root / "out", {"faces": root / "faces"}, root, poses="poses-0")
    assert not list((root / "out").iterdir())


def test_nobody_left_is_said(root: Path) -> None:
    path = root / "celeba" / faces.POSE_FILE
    rows = [f"{number:06d}.jpg,1,1,1,90,2" for number in range(1, 6)]
    path.write_text("\n".join([",".join(pose_table.COLUMNS), *rows]) + "\n")
    with pytest.raises(ValueError, match="several faces were counted in each of 5 photographs"):
        one_face.make(root / "out", {"faces": root / "faces"}, root, poses=fingerprint(root))
