"""What the chapters on attributes and pose give to the matrix: the same numbers as by hand, of the right places."""

import json

import numpy as np
import pytest

from deepfeatures.analysis import attribute_encoded, pose_encoded
from deepfeatures.analysis.attribute_errors import Errors, Rates
from deepfeatures.study.encoded import Encoded

OWN = {"label": "x", "chapter": "x", "tier": "substitute", "profile": "paper"}


class Folder:
    def __init__(self, folder, **meta):
        folder.mkdir()
        (folder / "meta.json").write_text(json.dumps(meta))
        self.folder = folder


def test_attributes_are_one_less_the_mean_balanced_error_and_identity_is_the_auc(tmp_path):
    rng = np.random.default_rng(0)
    rates = {name: Rates(("Bald", "Smiling"), rng.random((21, 1, 2)), rng.random((21, 1, 2)))
             for name in ("trained/block4", "trained/embedding+pca", "pixels/pixels")}  # fmt: skip
    errors = {"rendered": Errors(rates, people=30, images=90, too_few={}, unknown=())}
    artifacts = {"rendered/trained/block4": [Folder(tmp_path / "a", same_person_auc=[0.88, 0.92])],
                 "rendered/pixels/pixels": [Folder(tmp_path / "b")]}  # fmt: skip
    found = [Encoded(**cell, **OWN) for cell in attribute_encoded.cells(errors, artifacts)]
    assert [(cell.network, cell.subject, cell.seeds) for cell in found] == [
        ("trained", "attributes", 1), ("trained", "identity", 1), ("pixels", "attributes", 0),
    ]  # fmt: skip
    first = rates["trained/block4"]
    assert found[0].value == pytest.approx(100 - 50 * (first.fn[0] + first.fp[0]).mean())
    assert found[0].interval[0] <= found[0].value <= found[0].interval[1]
    assert found[1].value == pytest.approx(0.9)


class Readout(dict):
    summary = property(lambda self: {"targets": ["abs_yaw", "yaw"]})


def test_pose_is_the_share_of_signed_yaw_and_rendered_faces_are_left_to_their_chapter():
    rng = np.random.default_rng(1)
    yaw = rng.uniform(-60, 60, 80)
    both = np.stack([np.abs(yaw), yaw], axis=1)
    said = both * [1, 0.5]
    readout = Readout(truth=both, identity=np.repeat(np.arange(16), 5), linear=said, kernel=both, mean=0 * both)
    worlds = {"rendered": {"trained/embedding": [readout]}, "celeba": {"both/embedding": [readout]}}
    found = [Encoded(**cell, **OWN) for cell in pose_encoded.cells(worlds, resamples=30, rng=rng)]
    assert [(cell.data, cell.reading) for cell in found] == [("celeba", "linear"), ("celeba", "non-linear")]
    assert found[0].value == pytest.approx(0.75) and found[1].value == pytest.approx(1)
    assert found[0].n == 16
