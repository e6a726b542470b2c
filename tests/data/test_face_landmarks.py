"""A user's landmark file: what is read, and what is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfeatures.data import face_landmarks


def write(root: Path, points: np.ndarray, names: list[str]) -> pd.DataFrame:
    (root / "celeba").mkdir(exist_ok=True)
    columns = [f"{axis}{number}" for number in range(points.shape[1]) for axis in "xy"]
    table = pd.DataFrame(points.reshape(len(points), -1), columns=columns)
    table.insert(0, "image", names)
    table.to_csv(face_landmarks.path(root), index=False)
    return table


def test_points_come_back_by_image(tmp_path: Path) -> None:
    assert face_landmarks.read(tmp_path) is None and face_landmarks.fingerprint(tmp_path) == ""
    points = np.random.default_rng(0).uniform(0, 178, (3, 22, 2)).round(3)
    write(tmp_path, points, ["000001.jpg", "000007.jpg", "000003.jpg"])
    found = face_landmarks.read(tmp_path)
    assert found is not None and found.ids.tolist() == ["000001.jpg", "000007.jpg", "000003.jpg"]
    np.testing.assert_allclose(found.points, points)
    before = found.fingerprint
    write(tmp_path, points + 1, ["000001.jpg", "000007.jpg", "000003.jpg"])
    assert face_landmarks.fingerprint(tmp_path) not in (before, "")


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(0, 178, (2, 22, 2))
    for count, names, message in ((5, ["a", "b"], "of 20 points or more"), (22, ["a", "a"], "2 rows of 1 images")):
        write(tmp_path, points[:, :count], names)
        with pytest.raises(ValueError, match=message):
            face_landmarks.read(tmp_path)
    points[1, 3, 0] = np.nan
    write(tmp_path, points, ["a", "b"])
    with pytest.raises(ValueError, match="a point of b is missing"):
        face_landmarks.read(tmp_path)
    swapped = write(tmp_path, np.nan_to_num(points), ["a", "b"]).rename(columns={"x0": "y0", "y0": "x0"})
    swapped.to_csv(face_landmarks.path(tmp_path), index=False)
    with pytest.raises(ValueError, match="x0, y0, x1, y1"):
        face_landmarks.read(tmp_path)
