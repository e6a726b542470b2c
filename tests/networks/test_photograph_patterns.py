"""Local binary patterns of photographs: those of the crop that face networks read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import celeba, crops
from deepfeatures.data.decoding import decode
from deepfeatures.data.lbp import lbp
from deepfeatures.networks import photograph_patterns
from deepfeatures.networks.photograph_patterns import CELLS, SIDE_PX
from tests.data.made_up_faces import write_celeba


def test_each_photograph_has_the_patterns_of_its_own_crop(tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2], [0] * 3)
    faces = celeba.read(tmp_path)
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    out.mkdir()
    scratch.mkdir()
    photograph_patterns.make(out, {}, scratch, tmp_path, fingerprint=faces.fingerprint, scikit_image="x")
    assert np.load(out / "ids.npy").tolist() == faces.ids.tolist()
    size = (SIDE_PX, SIDE_PX)
    face = crops.crop(decode(faces.paths()[1])[None], crops.celeba_crop(size), size)
    np.testing.assert_array_equal(np.load(out / "lbp.npy")[1], lbp(face, cells=CELLS)[0])
    assert json.loads((out / "meta.json").read_text())["left_out"] == []
    assert {path.suffix for path in out.iterdir()} == {".npy", ".json"}  # no photograph
    with pytest.raises(ValueError, match="plan again"):
        photograph_patterns.make(out, {}, scratch, tmp_path, fingerprint="celeba-0")
