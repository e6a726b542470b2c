from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfeatures.data import celeba, crops, pointing04
from deepfeatures.data.decoding import decode
from deepfeatures.data.features import open_features
from deepfeatures.networks.face_features import (
    CroppedFaces,
    celeba_photographs,
    face_features,
    plan_features,
    pointing_photographs,
)
from deepfeatures.networks.face_network import FaceInput
from tests.data.made_up_faces import write_celeba, write_pointing04


class Toy:
    """A network whose features can be had by hand: the mean of each colour, and the image in 4 x 4."""

    name = "toy"
    input = FaceInput(16, 12, (0.0,) * 3, (1.0,) * 3)
    layers: Mapping[str, int] = {"colours": 3, "small": 12}
    fingerprint = "by hand"

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        pixels = self.input.pixels(images)
        return {"colours": pixels.mean((1, 2)), "small": pixels[:, ::8, ::6].reshape(len(images), -1)}


@pytest.fixture
def faces(tmp_path: Path) -> celeba.CelebA:
    write_celeba(tmp_path, [1, 1, 2, 2, 3, 3, 4], [0] * 7)
    return celeba.read(tmp_path)


def test_features_in_the_store_are_those_of_each_cropped_photograph(faces: celeba.CelebA, tmp_path: Path) -> None:
    network, photographs = Toy(), celeba_photographs(faces)
    plan = plan_features(photographs, network, shard_size=3, batch=2)
    face_features(tmp_path / "store", plan, photographs, network)
    stored = open_features(tmp_path / "store", plan)
    assert stored.ids.tolist() == faces.ids.tolist()
    for row, path in enumerate(faces.paths()):
        face = crops.crop(decode(path)[None], crops.celeba_crop((16, 12)), (16, 12))
        for layer, values in network.features(face).items():
            np.testing.assert_array_equal(stored.layer(layer)[row], values[0].astype(np.float32))


def test_damaged_and_odd_sized_photographs_are_left_out_and_named(faces: celeba.CelebA, tmp_path: Path) -> None:
    paths = faces.paths()
    paths[1].write_bytes(paths[1].read_bytes()[:-3])
    Image.fromarray(np.zeros((50, 40, 3), np.uint8)).save(paths[4])
    network, photographs = Toy(), celeba_photographs(faces)
    plan = plan_features(photographs, network, layers=["colours"], shard_size=3, batch=2)
    face_features(tmp_path / "store", plan, photographs, network)
    stored = open_features(tmp_path / "store", plan)
    assert stored.ids.tolist() == [faces.ids[row] for row in (0, 2, 3, 5, 6)]
    assert len(stored.left_out) == 2
    assert "000002.jpg is truncated" in stored.left_out[0]
    assert "000005.jpg is 50 x 40 pixels, 218 x 178 are expected" in stored.left_out[1]
    assert list(plan.layers) == ["colours"]


def test_every_photograph_of_pointing04_gets_the_crop_of_its_own_box(tmp_path: Path) -> None:
    write_pointing04(tmp_path)
    heads = pointing04.read(tmp_path)
    heads.boxes[:, 0] += np.arange(len(heads))
    photographs = pointing_photographs(heads)
    got = {
        int(row): face
        for rows, faces in CroppedFaces(photographs, [4, 0, 17], (16, 12), 2)
        for row, face in zip(rows, faces, strict=True)
    }
    assert sorted(got) == [0, 4, 17]
    for row, face in got.items():
        matrix = crops.pointing_crops(heads.boxes, (16, 12))[row]
        np.testing.assert_array_equal(face, crops.crop(decode(heads.paths()[row])[None], matrix, (16, 12))[0])


def test_a_plan_depends_on_data_weights_crop_and_batch(faces: celeba.CelebA) -> None:
    network, photographs = Toy(), celeba_photographs(faces)
    plan = plan_features(photographs, network)
    other = Toy()
    other.fingerprint = "other weights"
    keys = {
        plan.key,
        plan_features(photographs, other).key,
        plan_features(photographs, network, batch=3).key,
        plan_features(photographs, network, provenance={"torch": "0"}).key,
    }
    assert len(keys) == 4 and plan.provenance["weights"] == "by hand"
