"""The attribute network: MOON's balance by hand, unknown attributes without a say, and that it learns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepfeatures.data import celeba, faces
from deepfeatures.data.crops import celeba_crop, crop
from deepfeatures.data.decoding import decode
from deepfeatures.networks.face_cnn import load, save, untrained
from deepfeatures.training import attributes
from deepfeatures.training.attribute_faces import labelled_faces, unseen_in_fold
from deepfeatures.training.attributes import balance, balanced_loss, fit
from tests.data.made_up_faces import write_celeba

#                   rare  half  absent  unknown  some known
KNOWN = np.array([[1, 1, 0, -1, 1],
                  [0, 0, 0, -1, -1],
                  [0, 1, 0, -1, 0],
                  [0, 0, 0, -1, 1]], np.int8)  # fmt: skip


def test_the_balance_against_numbers_by_hand() -> None:
    absent, present = balance(KNOWN)
    assert balance(KNOWN).dtype == np.float32
    assert present.tolist() == [1, 1, 0, 0, 0.5]  # column 4: one absent, two present
    assert absent.tolist() == [np.float32(1 / 3), 1, 0, 0, 1]


@given(arrays(np.int8, (30, 3), elements=st.sampled_from([-1, 0, 1])))
def test_both_sides_weigh_the_same_and_the_rarer_one_counts_fully(known: np.ndarray) -> None:
    weights = balance(known)
    for column in range(3):
        counts = [(known[:, column] == side).sum() for side in (0, 1)]
        totals = weights[:, column] * counts
        np.testing.assert_allclose(totals[0], totals[1], rtol=1e-6)
        assert weights[:, column].max() == (1 if min(counts) else 0)


def test_the_loss_against_one_written_out() -> None:
    scores = torch.from_numpy(np.random.default_rng(0).standard_normal((4, 5)).astype(np.float32))
    weights = balance(KNOWN)
    total = 0.0
    for row in range(4):
        for column in range(5):
            if (side := int(KNOWN[row, column])) >= 0:
                target = 2 * side - 1
                total += weights[side, column] * (scores[row, column].item() - target) ** 2
    got = balanced_loss(scores, torch.from_numpy(KNOWN), torch.from_numpy(weights))
    assert got.item() == pytest.approx(total / (4 * 3), rel=1e-6)  # three columns have both sides


def test_what_is_unknown_has_no_gradient() -> None:
    scores = torch.randn(4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    balanced_loss(scores, torch.from_numpy(KNOWN), torch.from_numpy(balance(KNOWN))).backward()
    gradient = scores.grad
    assert gradient is not None
    both = (KNOWN >= 0) & np.array([True, True, False, False, True])
    np.testing.assert_array_equal(gradient.numpy() != 0, both)


def patterned(n: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise; attribute 0 reddens the top (one in four), 1 brightens the bottom, 2 is unknown."""
    rng = np.random.default_rng(seed)
    known = np.full((n, 3), -1, np.int8)
    known[:, 0], known[:, 1] = rng.random(n) < 0.25, rng.random(n) < 0.5
    images = rng.integers(60, 160, (n, 32, 32, 3))
    images[:, :16, :, 0] += 60 * known[:, 0, None, None]
    images[:, 16:] += 60 * known[:, 1, None, None, None]
    return images.astype(np.uint8), known


def test_it_learns_what_is_known_and_nothing_else() -> None:
    images, known = patterned()
    network, losses = fit(images, known, seed=0, steps=25, batch=32)
    assert losses[0] == pytest.approx(balanced_loss(
        torch.zeros(64, 3), torch.from_numpy(known), torch.from_numpy(balance(known))).item(), rel=0.5)  # fmt: skip
    assert losses[-5:].mean() < 0.4 * losses[:5].mean()
    fresh, truth = patterned(seed=1)
    scores = network.features(fresh)["scores"]
    for column in (0, 1):
        present = truth[:, column] == 1
        assert np.mean([(scores[present, column] > 0).mean(), (scores[~present, column] < 0).mean()]) > 0.85
    assert (network.head.weight[2] == 0).all() and network.head.bias[2] == 0


def test_two_runs_are_one_and_the_trunk_is_where_it_begins(tmp_path: Path) -> None:
    images, known = patterned(24)
    trunk = untrained(32, 5)
    begun, _ = fit(images, known, seed=0, steps=0, trunk=trunk)
    for name, value in trunk.state_dict().items():
        assert torch.equal(begun.state_dict()[name], value), name
    one, two = (fit(images, known, seed=0, steps=3, batch=8, trunk=trunk) for _ in range(2))
    assert one[1].tobytes() == two[1].tobytes()
    assert one[1].tobytes() != fit(images, known, seed=0, steps=3, batch=8)[1].tobytes()
    with pytest.raises(ValueError, match="a trunk for 48 px cannot begin a network for 32 px"):
        fit(images, known, seed=0, steps=1, trunk=untrained(48, 0))
    with pytest.raises(ValueError, match="23 rows of attributes for 24 images"):
        fit(images, known[:23], seed=0, steps=1)
    with pytest.raises(ValueError, match="of 1 attributes none is both present and absent in 24 images"):
        fit(images, known[:, 2:], seed=0, steps=1)


def test_the_artifact_on_rendered_faces(tmp_path: Path) -> None:
    folder, trunk, out, scratch = (tmp_path / name for name in ("faces", "trunk", "out", "scratch"))
    for one in (folder, trunk, out, scratch):
        one.mkdir()
    faces.make(folder, {}, tmp_path, dataset="rendered", seed=2, identities=6, images_per_identity=4, side_px=32)
    save(untrained(32, 5), trunk)
    inputs = {"faces": folder, "network": trunk}
    attributes.make(out, inputs, scratch, tmp_path, seed=0, steps=2, start="network", batch=8, fold=1, folds=3)
    images, known = np.load(folder / "images.npy"), np.load(folder / "attributes.npy")
    kept = ~unseen_in_fold(np.load(folder / "identity.npy"), 1, 3)
    assert kept.sum() == 16
    expected, losses = fit(images[kept], known[kept], seed=0, steps=2, batch=8, trunk=load(trunk))
    assert np.load(out / "losses.npy").tobytes() == losses.tobytes()
    for name, value in expected.state_dict().items():
        assert torch.equal(load(out).state_dict()[name], value), name
    meta = json.loads((out / "meta.json").read_text())
    assert (meta["rows"], meta["start"], meta["outputs"]) == (16, "network", 40)
    with pytest.raises(ValueError, match="start='imagenet': allowed are random, network"):
        attributes.make(out, inputs, scratch, tmp_path, seed=0, steps=2, start="imagenet")


def test_photographs_are_cropped_for_this_training_alone(tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2, 2, 3, 4], [0] * 6)
    read = celeba.read(tmp_path)
    folder, scratch = tmp_path / "faces", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    faces.make(folder, {}, tmp_path, dataset="celeba", fingerprint=read.fingerprint)
    broken = read.paths()[1]
    broken.write_bytes(broken.read_bytes()[:-3])
    got = labelled_faces(folder, scratch, tmp_path, dataset="celeba", fingerprint=read.fingerprint, side_px=32)
    kept = [0, 2, 3, 4, 5]
    whole = np.stack([decode(read.paths()[row]) for row in kept])
    np.testing.assert_array_equal(got.images, crop(whole, celeba_crop((32, 32)), (32, 32)))
    np.testing.assert_array_equal(got.attributes, read.attributes[kept])
    assert len(got.left_out) == 1 and "000002.jpg is truncated" in got.left_out[0]
    part = labelled_faces(
        folder, scratch, tmp_path, dataset="celeba", fingerprint=read.fingerprint, side_px=32, fold=0, folds=2
    )
    unseen = unseen_in_fold(read.identity, 0, 2)
    assert not set(read.identity[unseen]) & set(read.identity[~unseen]) and unseen.any()
    np.testing.assert_array_equal(part.attributes, read.attributes[[row for row in kept if not unseen[row]]])
    with pytest.raises(ValueError, match="^planned for celeba-0, found celeba-"):
        labelled_faces(folder, scratch, tmp_path, dataset="celeba", fingerprint="celeba-0", side_px=32)
    with pytest.raises(ValueError, match="fold=2 of 2: 0 to 1, or -1 for none"):
        unseen_in_fold(read.identity, 2, 2)
    with pytest.raises(ValueError, match="dataset='pointing04': attributes are known of rendered, celeba"):
        labelled_faces(folder, scratch, tmp_path, dataset="pointing04")
