"""Features as artifacts: those of the network itself, on rendered faces and on photographs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import celeba, crops, faces, pointing04
from deepfeatures.data.decoding import decode
from deepfeatures.networks import face_artifact
from deepfeatures.networks.face_artifact import Mirrored, Pixels
from deepfeatures.networks.face_cnn import save, untrained
from tests.data.made_up_faces import write_celeba, write_pointing04

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (5, 32, 32, 3), np.uint8)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_artifact, "BATCH", 2)


@pytest.fixture
def rendered(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "faces"
    folder.mkdir()
    np.save(folder / "images.npy", IMAGES)
    np.save(folder / "ids.npy", np.array([f"0-{number}" for number in range(5)]))
    return {"faces": folder}


def made(inputs: dict[str, Path], root: Path, dataset: str, network: str, **given: object) -> dict[str, np.ndarray]:
    out = root / f"{network}{len(list(root.iterdir()))}"
    scratch = root / "scratch"
    out.mkdir()
    scratch.mkdir(exist_ok=True)
    face_artifact.make(out, inputs, scratch, root, dataset=dataset, network=network, **given)  # type: ignore[arg-type]
    meta = json.loads((out / "meta.json").read_text())
    found = {path.stem: np.load(path) for path in out.glob("*.npy")}
    assert set(found) == {"ids", *meta["layers"]}
    return found | {"meta": meta}


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    for layer, values in expected.items():
        assert found[layer].dtype == np.float32
        np.testing.assert_allclose(found[layer], values, rtol=1e-4, atol=1e-5, err_msg=layer)


def test_rendered_faces_through_a_network(rendered: dict[str, Path], tmp_path: Path) -> None:
    network = untrained(32, 7)
    got = made(rendered, tmp_path, "rendered", "untrained", seed=7)
    same(got, network.features(IMAGES))
    assert got["ids"].tolist() == [f"0-{number}" for number in range(5)]
    assert got["meta"]["left_out"] == [] and got["meta"]["weights"] == network.fingerprint
    same(made(rendered, tmp_path, "rendered", "untrained", seed=8), untrained(32, 8).features(IMAGES))


@pytest.mark.parametrize("outputs", [0, 40])
def test_a_trained_network_is_read_from_its_artifact(outputs: int, rendered: dict[str, Path], tmp_path: Path) -> None:
    trained = tmp_path / "network"
    trained.mkdir()
    network = untrained(32, 9, outputs=outputs)
    save(network, trained)
    got = made({**rendered, "network": trained}, tmp_path, "rendered", "trained")
    same(got, network.features(IMAGES))
    assert ("scores" in got) == bool(outputs) and got["meta"]["weights"] == "network"


def test_pixels_are_means_of_four(rendered: dict[str, Path], tmp_path: Path) -> None:
    got = made(rendered, tmp_path, "rendered", "pixels")["pixels"].reshape(5, 16, 16, 3)
    for n, y, x, c in [(0, 0, 0, 0), (3, 15, 4, 1), (4, 7, 15, 2)]:
        four = IMAGES[n, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, c].astype(float)
        assert got[n, y, x, c] == pytest.approx(four.mean() / 127.5 - 1, abs=1e-6)
    with pytest.raises(ValueError, match="images of 33 x 32 pixels cannot be halved"):
        Pixels((33, 32))


@pytest.mark.parametrize("network", ["untrained", "pixels"])
def test_mirrored_is_the_network_on_mirrored_faces(network: str, rendered: dict[str, Path], tmp_path: Path) -> None:
    reader = untrained(32, 7) if network == "untrained" else Pixels((32, 32))
    got = made(rendered, tmp_path, "rendered", network, seed=7, mirrored=True)
    same(got, reader.features(IMAGES[:, :, ::-1].copy()))
    first = next(iter(reader.layers))
    assert not np.allclose(got[first], reader.features(IMAGES)[first])
    assert got["meta"]["network"].endswith("-mirrored") and Mirrored(reader).fingerprint != reader.fingerprint


def test_a_network_of_another_size_reads_the_whole_frame(rendered: dict[str, Path], tmp_path: Path) -> None:
    trained = tmp_path / "network"
    trained.mkdir()
    network = untrained(64, 9)
    save(network, trained)
    flat = np.broadcast_to(np.arange(32, dtype=np.uint8)[:, None, None] * 8, (5, 32, 32, 3))  # a ramp downwards
    np.save(rendered["faces"] / "images.npy", flat)
    enlarged = np.clip((np.arange(64) + 0.5) / 2 - 0.5, 0, 31) * 8  # as every resizing by centres has it
    large = np.broadcast_to(enlarged.round().astype(np.uint8)[:, None, None], (5, 64, 64, 3))
    got = made({**rendered, "network": trained}, tmp_path, "rendered", "trained")
    same(got, network.features(np.ascontiguousarray(large)))


def test_photographs_are_cropped_each_and_the_damaged_left_out(tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2, 3], [0] * 4)
    read = celeba.read(tmp_path)
    broken = read.paths()[2]
    broken.write_bytes(broken.read_bytes()[:-3])
    folder = tmp_path / "faces"
    folder.mkdir()
    faces.make(folder, {}, tmp_path, dataset="celeba", fingerprint=read.fingerprint)
    inputs, kept = {"faces": folder}, [0, 1, 3]
    for mirrored in (False, True):
        pixels = Pixels((64, 64))
        got = made(inputs, tmp_path, "celeba", "pixels", fingerprint=read.fingerprint, mirrored=mirrored)
        images = [decode(read.paths()[row]) for row in kept]
        cropped = crops.crop(np.stack(images), crops.celeba_crop((64, 64)), (64, 64))
        same(got, pixels.features(cropped[:, :, ::-1] if mirrored else cropped))
        assert got["ids"].tolist() == ["000001.jpg", "000002.jpg", "000004.jpg"]
        assert len(got["meta"]["left_out"]) == 1 and "000003.jpg is truncated" in got["meta"]["left_out"][0]
    with pytest.raises(ValueError, match="^planned for celeba-0, found celeba-.*: plan again$"):
        made(inputs, tmp_path, "celeba", "pixels", fingerprint="celeba-0")


def test_pointing04_is_cropped_by_its_boxes(tmp_path: Path) -> None:
    write_pointing04(tmp_path, people=1)
    heads = pointing04.read(tmp_path)
    folder = tmp_path / "faces"
    folder.mkdir()
    faces.make(folder, {}, tmp_path, dataset="pointing04", fingerprint=heads.fingerprint)
    got = made({"faces": folder}, tmp_path, "pointing04", "pixels", fingerprint=heads.fingerprint)
    images = np.stack([decode(path) for path in heads.paths()])
    same(got, Pixels((64, 64)).features(crops.crop(images, crops.pointing_crops(heads.boxes, (64, 64)), (64, 64))))
    np.save(folder / "ids.npy", np.array(["x"]))
    with pytest.raises(ValueError, match="dataset='lfw': allowed are rendered, celeba, pointing04"):
        made({"faces": folder}, tmp_path, "lfw", "pixels")
