"""Weight files with code in them, and ONNX files that point elsewhere: refused, and nothing of them was run or read."""

from __future__ import annotations

import json
import os
import pickle
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from safetensors import SafetensorError
from safetensors.torch import load_file

from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.onnx import OnnxFaceNetwork
from deepfeatures.networks.pose_network import PoseNetwork
from deepfeatures.networks.weights import ForeignWeights, read_state


class Code:
    """Pickled, it is a call of os.mkdir: where the file was run, the folder is there."""

    def __init__(self, ran: Path) -> None:
        self.ran = ran

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.ran),)


def pickled(path: Path, ran: Path) -> None:
    path.write_bytes(pickle.dumps({"weight": Code(ran)}, protocol=2))


def zipped(path: Path, ran: Path) -> None:
    torch.save({"weight": torch.zeros(2), "more": Code(ran)}, path)


def legacy(path: Path, ran: Path) -> None:
    torch.save({"weight": Code(ran)}, path, _use_new_zipfile_serialization=False)


def module(path: Path, ran: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), path)  # a whole module: its class would be imported and called


def archive(path: Path, ran: Path) -> None:
    with tarfile.open(path, "w") as tar:
        tar.addfile(tarfile.TarInfo("../../storages"))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("make", [pickled, zipped, legacy, module, archive], ids=lambda make: make.__name__)
def test_code_in_a_weight_file_is_refused_and_not_run(make: Callable[[Path, Path], None], tmp_path: Path) -> None:
    path, ran = tmp_path / "weights.pt", tmp_path / "ran"
    make(path, ran)
    with pytest.raises(ForeignWeights) as refused:
        read_state(path)
    assert str(refused.value).startswith("weights.pt cannot be read as weights: ")
    assert not ran.exists()


def test_the_same_file_would_have_run_its_code(tmp_path: Path) -> None:
    """The test above can fail: this is what loading without weights_only does."""
    zipped(tmp_path / "weights.pt", tmp_path / "ran")
    torch.load(tmp_path / "weights.pt", weights_only=False)
    assert (tmp_path / "ran").is_dir()


def tensors(header: dict[str, object], content: bytes = b"\0" * 16, announced: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if announced is None else announced) + text + content


LYING = {
    "offsets beyond the end": tensors({"w": {"dtype": "F32", "shape": [1 << 20], "data_offsets": [0, 1 << 22]}}),
    "a shape of other bytes": tensors({"w": {"dtype": "F32", "shape": [1000, 1000], "data_offsets": [0, 16]}}),
    "offsets that run back": tensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}}),
    "two tensors on one place": tensors(
        {name: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} for name in ("a", "b")}
    ),
    "a header longer than the file": tensors({}, announced=1 << 50),
    "a product that overflows": tensors({"w": {"dtype": "F32", "shape": [1 << 62, 4], "data_offsets": [0, 16]}}),
}


@pytest.mark.parametrize("how", LYING)
def test_a_lying_header_of_tensors_is_refused(how: str, tmp_path: Path) -> None:
    (tmp_path / "network.safetensors").write_bytes(LYING[how])
    with pytest.raises(SafetensorError, match="(?i)header|offset|tensor|overflow"):
        load_file(tmp_path / "network.safetensors")


def outside(path: Path, location: str, *, constant: bool = False, **facts: int) -> Path:
    """An ONNX network of images (n, 3, 4, 4) whose matrix (3, 3) lies in another file."""
    matrix = TensorProto(name="matrix", data_type=TensorProto.FLOAT, dims=[3, 3])
    matrix.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **facts}.items():
        matrix.external_data.add(key=key, value=str(value))
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["angles"]),
    ]
    if constant:
        nodes.insert(0, helper.make_node("Constant", [], ["matrix"], value=matrix))
    graph = helper.make_graph(
        nodes, "toy",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 4, 4])],
        [helper.make_tensor_value_info("angles", TensorProto.FLOAT, ["n", 3])],
        [] if constant else [matrix],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of networks, a file beside them that they may read, and one above that they may not."""
    folder = tmp_path / "models"
    folder.mkdir()
    for file in (folder / "inside.bin", tmp_path / "secret.bin"):
        file.write_bytes(np.eye(3, dtype=np.float32).tobytes())
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "device.bin").symlink_to("/dev/zero")
    return folder


ELSEWHERE: dict[str, tuple[str, dict[str, int]]] = {
    "a path above": ("../secret.bin", {}),
    "above, by a detour": ("../models/../secret.bin", {}),
    "an absolute path": ("{above}/secret.bin", {}),
    "a link to outside": ("link.bin", {}),
    "a device": ("/dev/zero", {}),
    "a link to a device": ("device.bin", {}),
    "a password file": ("/etc/passwd", {}),
    "a length beyond the tensor's": ("inside.bin", {"length": 10**12}),
    "an offset beyond the end": ("inside.bin", {"offset": 10**9}),
    "memory of the process": ("*/_ORT_MEM_ADDR_/*", {"offset": 4096, "length": 36}),
}


@pytest.mark.parametrize("constant", [False, True], ids=["initializer", "constant"])
@pytest.mark.parametrize("how", ELSEWHERE)
def test_an_onnx_file_reads_nothing_outside_its_folder(how: str, constant: bool, models: Path) -> None:
    location, facts = ELSEWHERE[how]
    path = outside(models / "n.onnx", location.format(above=models.parent), constant=constant, **facts)
    with pytest.raises(ForeignWeights, match="^n.onnx cannot be opened as ONNX: "):
        PoseNetwork(path, ("right", "up", "clockwise"))
    with pytest.raises(ForeignWeights, match="^n.onnx cannot be opened as ONNX: "):
        OnnxFaceNetwork(path, "toy", FaceInput(4, 4, (0.0,) * 3, (1.0,) * 3))


def test_a_file_beside_it_may_be_read(models: Path) -> None:
    """The test above refuses the place, not the way of writing."""
    network = PoseNetwork(outside(models / "n.onnx", "inside.bin"), ("right", "up", "clockwise"))
    assert network.form == "angles"


@pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x07:" + b"\xff" * 9 + b"\x01", b"\x0a" * 5000])
def test_what_is_no_onnx_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "n.onnx").write_bytes(content)
    with pytest.raises(ForeignWeights, match="^n.onnx "):
        PoseNetwork(tmp_path / "n.onnx", ("right", "up", "clockwise"))
