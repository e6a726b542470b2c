"""The attribute network of rendered faces: it learns, begins from its trunk, and never saw whom it is asked about."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfeatures.data import faces
from deepfeatures.networks.face_cnn import FaceCNN, load, save, untrained
from deepfeatures.training import attributes
from deepfeatures.training.attributes import begun, jittered, train
from deepfeatures.training.balanced import asked_in_fold


def patterned(n: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise; attribute 0 reddens the top (one in four), 1 brightens the bottom, 2 is unknown."""
    rng = np.random.default_rng(seed)
    known = np.full((n, 3), -1, np.int8)
    known[:, 0], known[:, 1] = rng.random(n) < 0.25, rng.random(n) < 0.5
    images = rng.integers(60, 160, (n, 32, 32, 3))
    images[:, :16, :, 0] += 60 * known[:, 0, None, None]
    images[:, 16:] += 60 * known[:, 1, None, None, None]
    return images.astype(np.uint8), known


def fitted(
    images: np.ndarray, known: np.ndarray, trunk: FaceCNN | None = None, **how: int
) -> tuple[FaceCNN, np.ndarray]:
    network = begun(trunk or untrained(32, 5), known.shape[1], 0)
    return network, train(network, images, known, seed=0, **how)


def test_it_learns_what_is_known_and_nothing_else() -> None:
    images, known = patterned()
    network, losses = fitted(images, known, steps=40, batch=32)
    assert losses[-5:].mean() < 0.6 * losses[:5].mean()
    fresh, truth = patterned(seed=1)
    scores = network.features(fresh)["scores"]
    for column in (0, 1):
        present = truth[:, column] == 1
        assert np.mean([(scores[present, column] > 0).mean(), (scores[~present, column] < 0).mean()]) > 0.85
    assert network.head is not None
    assert (network.head.weight[2] == 0).all() and network.head.bias[2] == 0


def test_two_runs_are_one_and_the_trunk_is_where_it_begins() -> None:
    images, known = patterned(24)
    trunk = untrained(32, 5)
    network, _ = fitted(images, known, trunk, steps=0)
    for name, value in trunk.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name
    assert (network.features(images)["scores"] == 0).all()
    one, two = (fitted(images, known, trunk, steps=3, batch=8)[1] for _ in range(2))
    assert one.tobytes() == two.tobytes()
    assert one.tobytes() != fitted(images, known, untrained(32, 6), steps=3, batch=8)[1].tobytes()
    with pytest.raises(ValueError, match="23 rows of attributes for 24 images"):
        fitted(images, known[:23], steps=1)


def test_a_resumed_training_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shifts, mirrors and dropout too: what chance does is not carried in memory from step to step."""
    images, known = patterned(24)
    whole = fitted(images, known, steps=6, batch=8)
    from deepfeatures.training import adam_loop

    network = begun(untrained(32, 5), 3, 0)
    keep = adam_loop._Checkpoint.keep

    def killed(self: adam_loop._Checkpoint, losses: np.ndarray) -> None:
        keep(self, losses)
        raise KeyboardInterrupt

    real = adam_loop.train
    monkeypatch.setattr("deepfeatures.training.balanced.train", lambda *a, **k: real(*a, **k, checkpoint_every=3))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(adam_loop._Checkpoint, "keep", killed)
        train(network, images, known, seed=0, steps=6, batch=8, scratch=tmp_path)
    again = begun(untrained(32, 5), 3, 0)
    losses = train(again, images, known, seed=0, steps=6, batch=8, scratch=tmp_path)
    assert losses.tobytes() == whole[1].tobytes()
    for name, value in whole[0].state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_a_jitter_is_a_shift_and_perhaps_a_mirror() -> None:
    side, most = 48, 4
    images = np.random.default_rng(0).integers(0, 256, (40, side, side, 3), np.uint8)
    got, kinds = jittered(images, np.random.default_rng(1)), []
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    for number, image in enumerate(got):  # the slow twin: which of all shifts and mirrors is it?
        found = [
            (down - most, right - most, mirrored)
            for down in range(2 * most + 1)
            for right in range(2 * most + 1)
            for mirrored in (False, True)
            if (padded[number, down : down + side, right : right + side][:, :: -1 if mirrored else 1] == image).all()
        ]
        assert len(found) == 1, number
        kinds += found
    downs, rights, mirrors = map(set, zip(*kinds, strict=True))
    assert min(downs) < 0 < max(downs) and min(rights) < 0 < max(rights) and mirrors == {False, True}


def test_the_artifact_of_a_fold(tmp_path: Path) -> None:
    folder, trunk, out, scratch = (tmp_path / name for name in ("faces", "trunk", "out", "scratch"))
    for one in (folder, trunk, out, scratch):
        one.mkdir()
    faces.make(folder, {}, tmp_path, dataset="rendered", seed=2, identities=6, images_per_identity=4, side_px=32)
    save(untrained(32, 5), trunk)
    inputs = {"faces": folder, "network": trunk}
    attributes.make(out, inputs, scratch, seed=0, steps=2, batch=8, fold=1, folds=3, fold_seed=4)
    images, known = np.load(folder / "images.npy"), np.load(folder / "attributes.npy")
    kept = ~asked_in_fold(np.load(folder / "identity.npy"), 1, 3, 4)
    assert kept.sum() == 16
    expected = begun(load(trunk), 40, 0)
    losses = train(expected, images[kept], known[kept], seed=0, steps=2, batch=8)
    assert np.load(out / "losses.npy").tobytes() == losses.tobytes()
    for name, value in expected.state_dict().items():
        assert torch.equal(load(out).state_dict()[name], value), name
    meta = json.loads((out / "meta.json").read_text())
    assert (meta["learnt_from"], meta["fold"], meta["folds"], meta["fold_seed"], meta["outputs"]) == (16, 1, 3, 4, 40)
    read, scores = expected.features(images), np.load(out / "scores.npy")
    np.testing.assert_allclose(np.load(out / "embedding.npy"), read["embedding"], rtol=1e-4, atol=1e-5)
    told = np.isfinite(scores).all(axis=0)
    assert told.tolist() == [{0, 1} <= set(column) for column in known[kept].T]
    np.testing.assert_allclose(scores[:, told], read["scores"][:, told], rtol=1e-4, atol=1e-5)
    assert np.load(out / "ids.npy").tolist() == np.load(folder / "ids.npy").tolist()
