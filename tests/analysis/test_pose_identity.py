"""Who is told apart by the features whose pose is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from deepfeatures.analysis import pose_identity
from deepfeatures.study.opened import Readout
from tests.analysis import made_up_poses


def test_the_auc_is_that_of_all_pairs_and_two_networks_stand_side_by_side(tmp_path: Path) -> None:
    arrays = made_up_poses.faces(tmp_path / "faces", people=6, images=8)
    named, values = {"rendered/faces": [Readout(tmp_path / "faces")]}, {}
    for network, width, noise in ((pose_identity.BOTH[0], 12, 0.5), (pose_identity.BOTH[1], 20, 4.0)):
        values[network] = made_up_poses.features(tmp_path / network, arrays, width=width, noise=noise)
        named[f"rendered/{network}"] = [Readout(tmp_path / network)]
    rows = pose_identity.told_apart(named, layer="layer", rng=np.random.default_rng(0))
    first, second, both = rows
    assert [row[1] for row in rows] == ["MobileFaceNet, MS1M", "MobileFaceNet, CASIA", "both MobileFaceNets"]
    near = (np.abs(arrays["pose"][:-1, :2]) <= 30).all(axis=1)
    assert 4 < near.sum() < len(near) / 2
    identity, one, two = arrays["identity"][:-1], *np.triu_indices(len(arrays["identity"]) - 1, 1)
    scaled = []
    for network in pose_identity.BOTH:
        part = values[network][:-1].astype(float)  # the last face has no known pose
        scaled.append(part / np.sqrt(np.square(part - part.mean(axis=0)).sum(axis=1).mean()))
    for row, features in ((first, scaled[0]), (second, scaled[1]), (both, np.concatenate(scaled, axis=1))):
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        slow = roc_auc_score(identity[one] == identity[two], (unit @ unit.T)[one, two])
        assert row[2] == pytest.approx(slow, abs=1e-6)
        those = near[one] & near[two]
        ahead = roc_auc_score((identity[one] == identity[two])[those], (unit @ unit.T)[one, two][those])
        assert row[3] == pytest.approx(ahead, abs=1e-6) and abs(row[3] - row[2]) > 1e-3


def test_where_nobody_looks_ahead_there_is_nothing_to_compare(tmp_path: Path) -> None:
    arrays = made_up_poses.faces(tmp_path / "faces", people=3, images=4)
    np.save(tmp_path / "faces" / "pose.npy", np.tile(np.float32([60, 0, 0]), (12, 1)))
    made_up_poses.features(tmp_path / "net", arrays)
    named = {"rendered/faces": [Readout(tmp_path / "faces")], "rendered/net": [Readout(tmp_path / "net")]}
    ((_, _, every, near),) = pose_identity.told_apart(named, layer="layer", rng=np.random.default_rng(0))
    assert 0 <= every <= 1 and np.isnan(near)
