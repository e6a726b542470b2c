"""Features of damaged photographs: those of the damaged square crop, cut to the network's width."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import celeba, crops
from deepfeatures.data.damage import KINDS, damaged, draw
from deepfeatures.data.decoding import decode
from deepfeatures.networks import damaged_features
from deepfeatures.networks.damaged_features import extract
from deepfeatures.networks.face_artifact import Pixels
from deepfeatures.networks.face_features import celeba_photographs
from tests.data.made_up_faces import write_celeba
from tests.networks.test_face_features import Toy


@pytest.fixture
def faces(tmp_path: Path) -> celeba.CelebA:
    write_celeba(tmp_path, [1, 1, 2, 2, 3], [0] * 5)
    return celeba.read(tmp_path)


def by_hand(faces: celeba.CelebA, row: int, kinds: tuple[str, ...], seed: int, side: int) -> np.ndarray:
    face = crops.crop(decode(faces.paths()[row])[None], crops.celeba_crop((side, side)), (side, side))
    drawn = draw(len(faces.ids), kinds, rng=np.random.default_rng(seed))
    return damaged(face, drawn.taken(np.array([row])))


def test_a_narrow_network_sees_the_middle_of_the_damaged_square(faces: celeba.CelebA) -> None:
    drawn = draw(len(faces.ids), KINDS, rng=np.random.default_rng(4))
    got = extract(range(1, 4), celeba_photographs(faces), Toy(), drawn)
    assert got.rows.tolist() == [1, 2, 3]
    for at, row in enumerate(got.rows.tolist()):
        worse = by_hand(faces, row, KINDS, 4, 16)[:, :, 2:14]
        for layer, values in Toy().features(worse).items():
            np.testing.assert_allclose(got.layers[layer][at], values[0], rtol=1e-5)


def test_the_artifact_holds_features_and_what_was_done(faces: celeba.CelebA, tmp_path: Path) -> None:
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    out.mkdir()
    scratch.mkdir()
    given = {"network": "pixels", "damage": ["video", "occluded"], "fingerprint": faces.fingerprint, "damage_seed": 9}
    damaged_features.make(out, {}, scratch, tmp_path, **given)  # type: ignore[arg-type]
    assert np.load(out / "ids.npy").tolist() == faces.ids.tolist()
    expected = np.concatenate([by_hand(faces, row, ("video", "occluded"), 9, 64) for row in range(5)])
    np.testing.assert_allclose(np.load(out / "pixels.npy"), Pixels((64, 64)).features(expected)["pixels"], rtol=1e-5)
    kinds = {KINDS[number] for number in np.load(out / "kind.npy").tolist()}
    assert kinds == {"video", "occluded"}
    meta = json.loads((out / "meta.json").read_text())
    assert meta["damage"] == ["video", "occluded"] and meta["left_out"] == []
    assert {path.suffix for path in out.iterdir()} == {".npy", ".json"}  # no photograph
    with pytest.raises(ValueError, match="plan again"):
        damaged_features.make(out, {}, scratch, tmp_path, **{**given, "fingerprint": "celeba-0"})  # type: ignore[arg-type]
