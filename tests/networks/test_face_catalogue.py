from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from deepfeatures.networks import face_catalogue, mobilefacenet, vggface
from deepfeatures.networks.face_catalogue import CATALOGUE, MissingWeights, load_face_network, untrained_twin
from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.weights import ForeignWeights
from tests.networks.test_onnx import write_network
from tests.real_faces import weights


@pytest.mark.parametrize("name", CATALOGUE)
def test_absent_weights_are_one_line_that_says_what_to_do(name: str, tmp_path: Path) -> None:
    entry = CATALOGUE[name]
    with pytest.raises(MissingWeights) as raised:
        load_face_network(name, tmp_path)
    line = str(raised.value)
    assert "\n" not in line and str(tmp_path / "weights" / entry.file) in line and entry.source in line
    assert ("no checksum is published" in line) == (entry.sha256 is None)


def test_no_checksum_is_invented() -> None:
    # A published one is 64 hexadecimal digits and its source is named in the entry's text; there is none today.
    for entry in CATALOGUE.values():
        assert entry.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.sha256)
        assert entry.licence and entry.trained_on and entry.embedding


def test_entries_agree_with_the_networks_they_load() -> None:
    assert CATALOGUE["mobilefacenet-ms1m"].input == mobilefacenet.MS1M.input
    assert CATALOGUE["mobilefacenet-casia"].input == mobilefacenet.CASIA.input
    assert CATALOGUE["vgg-face"].input.size == (224, 224) and CATALOGUE["vgg-face"].input.mean == vggface.MEAN
    for name in ("mobilefacenet-ms1m", "mobilefacenet-casia"):
        twin = untrained_twin(name, 0)
        assert twin.name == name and list(twin.layers.items())[-1] == ("embedding", CATALOGUE[name].embedding)


def test_an_onnx_entry_is_loaded_from_the_data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").mkdir()
    path = write_network(tmp_path / "weights" / "toy.onnx")
    entry = replace(
        CATALOGUE["arcface-r50"], name="toy", file="toy.onnx", input=FaceInput(6, 4, (0.0,) * 3, (1.0,) * 3),
        outputs=("embedding",),
    )  # fmt: skip
    monkeypatch.setattr(face_catalogue, "CATALOGUE", MappingProxyType({"toy": entry}))
    assert face_catalogue.available(tmp_path) == ("toy",)
    network = load_face_network("toy", tmp_path)
    assert network.features(np.zeros((1, 6, 4, 3), np.uint8))["embedding"].shape == (1, 2)
    published = hashlib.sha256(path.read_bytes()).hexdigest()
    assert network.fingerprint == f"sha256-{published}"

    wrong = MappingProxyType({"toy": replace(entry, sha256="0" * 64)})
    monkeypatch.setattr(face_catalogue, "CATALOGUE", wrong)
    with pytest.raises(ForeignWeights, match=f"has SHA-256 {published}; its publisher gives 0000"):
        load_face_network("toy", tmp_path)


def test_unknown_names_and_twins_of_onnx_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="'hyperface' is not in the catalogue: mobilefacenet-ms1m"):
        load_face_network("hyperface", tmp_path)
    with pytest.raises(ValueError, match="comes as ONNX"):
        untrained_twin("arcface-r50", 0)


def test_the_real_files_load_by_name() -> None:
    root = weights("mobilefacenet_casia_xiaoccer.ckpt").parent.parent
    for name in face_catalogue.available(root):
        if name.startswith("mobilefacenet"):
            assert load_face_network(name, root).name == name
