"""Side, left and video frame, read out of fold: what is planted is found, and nobody is on two sides."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import view_readout
from deepfeatures.analysis.view_readout import LABELS, signs_of_pose
from deepfeatures.analysis.view_tables import balanced_error
from deepfeatures.data.damage import KINDS
from deepfeatures.study.opened import Readout

PEOPLE, IMAGES, WIDTH = 12, 20, 8
N = PEOPLE * IMAGES


def world(root: Path, *, rendered: bool) -> dict[str, Path]:
    """|yaw| lies along feature 0, yaw along 1, being a video frame along 2; the person in all others."""
    rng = np.random.default_rng(0)
    faces, features = root / "faces", root / "features"
    faces.mkdir()
    features.mkdir()
    yaw = rng.uniform(-90, 90, N)
    yaw[3] = np.nan
    identity = np.repeat(np.arange(PEOPLE), IMAGES)
    video = (rng.random(N) < 0.3).astype(float)
    np.save(faces / "ids.npy", ids := np.array([f"{number:04d}" for number in range(N)]))
    np.save(faces / "identity.npy", identity)
    np.save(faces / "pose.npy", np.stack([yaw, yaw, yaw], axis=1))
    (faces / "meta.json").write_text(json.dumps({"factors": ["smile", "video"]}))
    values = 0.3 * rng.standard_normal((N, WIDTH)) + 2 * rng.standard_normal((PEOPLE, WIDTH))[identity] * (
        np.arange(WIDTH) > 2
    )
    values[:, 0] += np.abs(np.nan_to_num(yaw)) / 30
    values[:, 1] += np.nan_to_num(yaw) / 30
    shift = np.eye(WIDTH)[2] * 3
    np.save(features / "layer.npy", (values + shift * (video[:, None] if rendered else 0)).astype(np.float32))
    np.save(features / "ids.npy", ids)
    if rendered:
        np.save(faces / "factors.npy", np.stack([rng.random(N), video], axis=1))
        return {"faces": faces, "features": features}
    damaged = root / "damaged"
    damaged.mkdir()
    kind = np.where(video > 0, KINDS.index("video"), KINDS.index("blurred"))
    # Whatever is done to the others must not be seen: only frames come from the damaged copies.
    np.save(damaged / "layer.npy", (values + shift * np.where(video > 0, 1, -5)[:, None]).astype(np.float32))
    np.save(damaged / "ids.npy", ids)
    np.save(damaged / "kind.npy", kind.astype(np.int8))
    return {"faces": faces, "features": features, "damaged": damaged}


def made(inputs: dict[str, Path], root: Path) -> Readout:
    out = root / "out"
    out.mkdir()
    given = {"layer": "layer", "folds": 4, "penalties": [0.01, 0.1], "frontal_deg": 30.0, "turned_deg": 60.0, "seed": 1}
    view_readout.make(out, inputs, **given)  # type: ignore[arg-type]
    return Readout(out)


@pytest.mark.parametrize("rendered", [True, False])
def test_what_is_planted_is_told_of_people_never_seen(tmp_path: Path, rendered: bool) -> None:
    inputs = world(tmp_path, rendered=rendered)
    got = made(inputs, tmp_path)
    for label in LABELS:
        assert balanced_error([got], label)[0] < 6, label
    yaw = np.load(inputs["faces"] / "pose.npy")[:, 0]
    none = ~((np.abs(yaw) >= 60) | (np.abs(yaw) <= 30))
    assert np.isnan(np.asarray(got["scores"])[none, 0]).all() and none[3]
    assert np.isfinite(np.asarray(got["scores"])[:, 2]).all()
    by_person = np.asarray(got["fold"]).reshape(PEOPLE, IMAGES)
    assert (by_person == by_person[:, :1]).all()
    counts = got.summary["counts"]["turned"]
    assert counts == [int((np.abs(yaw) <= 30).sum()), int((np.abs(yaw) >= 60).sum())]


def test_an_answer_that_knows_nothing_is_wrong_half_the_time_whatever_is_common(tmp_path: Path) -> None:
    inputs = world(tmp_path, rendered=True)
    noise = np.random.default_rng(5).standard_normal((N, WIDTH)).astype(np.float32)
    np.save(inputs["features"] / "layer.npy", noise)
    got = made(inputs, tmp_path)
    for label in LABELS:
        assert 38 < balanced_error([got], label)[0] < 62, label


def test_faces_of_which_nothing_is_known_about_video_get_no_such_machine(tmp_path: Path) -> None:
    inputs = world(tmp_path, rendered=True)
    (inputs["faces"] / "factors.npy").unlink()
    got = made(inputs, tmp_path)
    assert np.isnan(np.asarray(got["scores"])[:, 2]).all() and np.isnan(balanced_error([got], "frame")[0])


def test_signs_of_pose() -> None:
    signs = signs_of_pose(np.array([0, -30, 31, 60, -75, np.nan]), 30, 60)
    assert signs.tolist() == [[-1, 0], [-1, 0], [0, 0], [1, -1], [1, 1], [0, 0]]
    with pytest.raises(ValueError, match="the second must be larger"):
        signs_of_pose(np.zeros(2), 60, 30)
