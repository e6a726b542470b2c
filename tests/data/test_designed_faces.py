"""Designed faces: everybody at the same yaws; copies that differ from the intact picture in one thing alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import designed_faces
from deepfeatures.data.designed_faces import DEFECTS, LEVELS
from deepfeatures.data.synthfaces import FACTORS

NAMES = list(FACTORS)


def made(root: Path, **given: object) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    designed_faces.make(root, {}, seed=7, identities=3, side_px=32, **given)  # type: ignore[arg-type]
    return {path.stem: np.load(path) for path in root.glob("*.npy")}, json.loads((root / "meta.json").read_text())


def test_everybody_is_turned_alike_and_no_picture_is_spoilt(tmp_path: Path) -> None:
    got, meta = made(tmp_path, design="views", images_each=4)
    yaw = got["pose"][:, 0].reshape(3, 3, 4)
    assert (yaw == yaw[0]).all() and np.abs(yaw[:, 0]).max() == 15
    np.testing.assert_array_equal(yaw[0, 1], [60, 70, 80, 90])
    np.testing.assert_array_equal(yaw[0, 2], -yaw[0, 1])
    factors = dict(zip(NAMES, got["factors"].T, strict=True))
    assert all(not factors[name].any() for name in ("blurred", "low_resolution", "compressed", "video", "occluder"))
    assert len(np.unique(factors["light_yaw_deg"])) == 36  # all else is drawn for each picture
    assert got["identity"].tolist() == [0] * 12 + [1] * 12 + [2] * 12 and got["images"].shape == (36, 32, 32, 3)
    assert meta["report"] == "36 rendered images of 3 people" and len(set(got["ids"].tolist())) == 36


def test_a_defect_changes_its_own_factors_alone(tmp_path: Path) -> None:
    got, meta = made(tmp_path, design="defects")
    assert meta["defects"] == list(DEFECTS) and len(got["ids"]) == 3 * 16
    for person in range(3):
        rows = np.flatnonzero(got["identity"] == person)
        intact = rows[0]
        assert got["defect"][rows].tolist() == [0, *np.repeat(range(1, 6), 3)]
        assert got["level"][rows].tolist() == [0, *[1, 2, 3] * 5]
        for row in rows[1:]:
            changed = {NAMES[at] for at in np.flatnonzero(got["factors"][row] != got["factors"][intact])}
            meant = set(LEVELS[DEFECTS[got["defect"][row]]][got["level"][row] - 1])
            assert changed <= meant and changed, (changed, meant)
            assert (got["images"][row] != got["images"][intact]).any()
        yaw = got["pose"][rows, 0]
        assert np.abs(yaw[0]) <= 15 and (np.sign(yaw) == np.sign(yaw[0])).all()
        np.testing.assert_allclose(np.abs(yaw[-3:]), [40, 65, 90])


def test_an_unknown_design_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allowed are views, defects"):
        made(tmp_path, design="hats")
