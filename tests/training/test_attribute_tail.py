"""The attribute network of photographs: its two parts are the published network, and only the last part learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfeatures.data import celeba, faces
from deepfeatures.data.crops import celeba_crop, crop
from deepfeatures.data.decoding import decode
from deepfeatures.networks import attribute_tail as network_tail
from deepfeatures.networks import trunk_maps
from deepfeatures.networks.attribute_tail import AttributeTail
from deepfeatures.networks.mobilefacenet import MS1M, MobileFaceNet, load, untrained
from deepfeatures.training import attribute_tail
from deepfeatures.training.balanced import asked_in_fold
from tests.data.made_up_faces import write_celeba
from tests.networks.test_mobilefacenet import FILES, made_up_state, save


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with 7 photographs of 4 people, one of them cut short, and made-up weights."""
    write_celeba(tmp_path, [1, 1, 2, 2, 3, 4, 4], [0] * 7)
    broken = celeba.read(tmp_path).paths()[1]
    broken.write_bytes(broken.read_bytes()[:-3])
    (tmp_path / "weights").mkdir()
    save(made_up_state(MS1M), MS1M, tmp_path / "weights" / FILES["mobilefacenet-ms1m"])
    for name in ("faces", "maps", "scratch", "out"):
        (tmp_path / name).mkdir()
    fingerprint = celeba.read(tmp_path).fingerprint
    faces.make(tmp_path / "faces", {}, tmp_path, dataset="celeba", fingerprint=fingerprint)
    trunk_maps.make(tmp_path / "maps", {}, tmp_path / "scratch", tmp_path, fingerprint=fingerprint)
    return tmp_path


def read_by_trunk(network: MobileFaceNet, images: np.ndarray) -> np.ndarray:
    return network_tail.Trunk(network).features(images)["maps"].reshape(-1, *network_tail.MAPS)


def test_trunk_and_tail_are_the_network() -> None:
    network = untrained(MS1M, 0)
    images = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    tail = AttributeTail(40).begin_from(network).eval()
    maps = read_by_trunk(network, images)
    assert maps.dtype == np.float32
    got = tail.features(maps)
    expected = network.features(images)["embedding"] / np.sqrt(1 + tail.normalise.eps)  # normalised by 0 and 1
    np.testing.assert_allclose(got["embedding"], expected, rtol=1e-3, atol=1e-4)
    assert (got["scores"] == 0).all() and {name: value.shape[1] for name, value in got.items()} == dict(tail.layers)


def test_maps_are_of_the_photographs_that_can_be_read(root: Path) -> None:
    read, kept = celeba.read(root), [0, 2, 3, 4, 5, 6]
    whole = crop(np.stack([decode(read.paths()[row]) for row in kept]), celeba_crop((112, 112)), (112, 112))
    network = load(root / "weights" / FILES["mobilefacenet-ms1m"], MS1M)
    got = np.load(root / "maps" / "maps.npy")
    assert got.dtype == np.float16
    np.testing.assert_allclose(got, read_by_trunk(network, whole), rtol=2e-2, atol=2e-3)
    assert np.load(root / "maps" / "ids.npy").tolist() == read.ids[kept].tolist()
    assert "000002.jpg is truncated" in json.loads((root / "maps" / "meta.json").read_text())["left_out"][0]
    with pytest.raises(ValueError, match="^planned for celeba-0, found celeba-"):
        trunk_maps.make(root / "out", {}, root / "scratch", root, fingerprint="celeba-0")


def test_the_artifact_of_a_fold(root: Path) -> None:
    inputs = {"faces": root / "faces", "maps": root / "maps"}
    out = root / "out"
    attribute_tail.make(out, inputs, root / "scratch", root, seed=0, steps=2, batch=4, fold=0, folds=2, fold_seed=0)
    maps, kept = np.load(root / "maps" / "maps.npy"), [0, 2, 3, 4, 5, 6]
    identity, known = (np.load(root / "faces" / f"{name}.npy") for name in ("identity", "attributes"))
    learnt = ~asked_in_fold(identity, 0, 2, 0)[kept]
    assert 0 < learnt.sum() < 6
    expected = AttributeTail(40).begin_from(load(root / "weights" / FILES["mobilefacenet-ms1m"], MS1M))
    losses = attribute_tail.train(expected, maps[learnt], known[kept][learnt], seed=0, steps=2, batch=4)
    assert np.load(out / "losses.npy").tobytes() == losses.tobytes()
    again = network_tail.load(out)
    for name, value in expected.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
    np.testing.assert_allclose(np.load(out / "embedding.npy"), again.features(maps)["embedding"], rtol=1e-3, atol=1e-4)
    scores = np.load(out / "scores.npy")
    assert np.isfinite(scores).all(axis=0).tolist() == [{0, 1} <= set(c) for c in known[kept][learnt].T]
    assert np.load(out / "ids.npy").tolist() == np.load(root / "faces" / "ids.npy")[kept].tolist()
    assert json.loads((out / "meta.json").read_text())["learnt_from"] == learnt.sum()


def test_photographs_that_were_left_out_are_not_learnt_from(root: Path) -> None:
    """As where several faces were counted: the trunk has seen them all the same."""
    some = root / "some"
    some.mkdir()
    for name in ("ids", "identity", "attributes"):
        np.save(some / f"{name}.npy", np.load(root / "faces" / f"{name}.npy")[[0, 1, 3, 4, 5]])  # not of 2 and 6
    inputs, settings = {"faces": some, "maps": root / "maps"}, {"steps": 2, "batch": 4, "folds": 2, "fold_seed": 0}
    attribute_tail.make(root / "out", inputs, root / "scratch", root, seed=0, fold=0, **settings)
    kept = [0, 3, 4, 5]  # the second photograph is cut short
    assert np.load(root / "out" / "ids.npy").tolist() == celeba.read(root).ids[kept].tolist()
    identity, known = (np.load(some / f"{name}.npy") for name in ("identity", "attributes"))
    learnt = ~asked_in_fold(identity, 0, 2, 0)[[0, 2, 3, 4]]
    maps = np.load(root / "maps" / "maps.npy")[[0, 2, 3, 4]]  # of 0, 3, 4, 5: the maps of 1 were never made
    expected = AttributeTail(40).begin_from(load(root / "weights" / FILES["mobilefacenet-ms1m"], MS1M))
    attribute_tail.train(expected, maps[learnt], known[[0, 2, 3, 4]][learnt], seed=0, steps=2, batch=4)
    said = expected.eval().features(maps)["embedding"]
    np.testing.assert_allclose(np.load(root / "out" / "embedding.npy"), said, rtol=1e-4, atol=1e-5)


def test_it_learns() -> None:
    rng = np.random.default_rng(0)

    def drawn() -> tuple[np.ndarray, np.ndarray]:
        known = rng.integers(0, 2, (48, 2)).astype(np.int8)
        maps = rng.standard_normal((48, *network_tail.MAPS))
        maps[..., :32] += 1.5 * known[:, :1, None, None] * np.ones(32)
        return maps.astype(np.float16), known

    maps, known = drawn()
    tail = AttributeTail(2).begin_from(untrained(MS1M, 0))
    attribute_tail.train(tail, maps, known, seed=0, steps=25, batch=24)
    fresh, truth = drawn()
    said = tail.features(fresh)["scores"] > 0
    assert (said[:, 0] == truth[:, 0]).mean() > 0.85
    assert 0.25 < (said[:, 1] == truth[:, 1]).mean() < 0.75  # in no map
    with pytest.raises(ValueError, match="47 rows of attributes for 48 faces"):
        attribute_tail.train(tail, maps, known[:47], seed=0, steps=1)
