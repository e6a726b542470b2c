"""The two signals against loops over pairs; which people are left out; that a short training learns something."""

import json
from itertools import combinations

import numpy as np
import pytest
import torch

from deepfeatures.networks.deepid2plus import LAYERS, load
from deepfeatures.training.deepid2plus import WIDTH, _Head, fewer, make, pairwise_mean_square, signals, verification

PERSON = torch.tensor([0, 0, 1, 1, 2, 2])


def test_verification_is_the_paper_s_of_every_pair():
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(0)) * 0.6
    same, two = [], []
    for i, j in combinations(range(6), 2):
        distance = ((features[i] - features[j]) ** 2).mean().sqrt()
        if PERSON[i] == PERSON[j]:
            same.append(0.5 * distance**2)
        else:
            two.append(0.5 * max(0.0, 1.0 - float(distance)) ** 2)
    expected = float(torch.stack(same).mean()) + float(np.mean(two))
    assert float(verification(features, PERSON, margin=1.0)) == pytest.approx(expected, rel=1e-5)


def test_people_apart_by_the_margin_cost_nothing_and_equal_images_no_nan():
    apart = torch.eye(6)[PERSON] * 10
    assert float(verification(apart, PERSON, margin=1.0)) == 0
    together = torch.zeros(6, 4, requires_grad=True)
    loss = verification(together, PERSON, margin=1.0)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0.5, rel=1e-3) and torch.isfinite(together.grad).all()


def test_the_margin_suits_layers_of_any_width():
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    twice = torch.cat([features, features], dim=1)
    torch.testing.assert_close(pairwise_mean_square(features), pairwise_mean_square(twice))


def test_both_signals_are_summed():
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(2))
    head = _Head(5, 3)
    total = signals(features, head(features), PERSON)
    expected = np.log(3) + float(
        verification(features, PERSON, margin=1.0)
    )  # a new head thinks everyone equally likely
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)
    assert head.scale == WIDTH / 5


def test_fewer_people_and_fewer_images_of_each():
    person = np.repeat([7, 3, 9, 5], 6)
    rows = fewer(person, 0.5, 0.5)
    assert sorted(set(person[rows].tolist())) == [3, 5] and len(rows) == 6
    assert rows.tolist() == [6, 7, 8, 18, 19, 20]
    assert (fewer(person, 1.0, 1.0) == np.arange(24)).all()
    assert len(fewer(person, 0.01, 0.01)) == 4  # two people, two images: less cannot be compared
    with pytest.raises(ValueError, match=r"images_share=0\.0"):
        fewer(person, 1.0, 0.0)


@pytest.fixture
def faces(tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(6), 6)
    colour = rng.integers(40, 216, (6, 1, 1, 3))  # a person is a colour
    images = colour[person] + rng.integers(-30, 31, (36, 32, 32, 3))
    np.save(folder / "images.npy", images.astype(np.uint8))
    np.save(folder / "identity.npy", person)
    return folder


def trained(tmp_path, faces, name, **settings):
    out, scratch = tmp_path / name, tmp_path / f"{name}-scratch"
    out.mkdir()
    scratch.mkdir()
    settings = {"seed": 0, "steps": 15, "side_px": 32, "maps": [4, 4, 4, 4], "units": 12, "batch": 16} | settings
    make(out, {"faces": faces}, scratch, **settings)
    return load(out), np.load(out / "losses.npy"), json.loads((out / "meta.json").read_text())


def test_a_short_training_lowers_the_loss_and_is_the_same_again(tmp_path, faces):
    network, losses, meta = trained(tmp_path, faces, "one")
    assert len(losses) == 15 and losses[-3:].mean() < 0.9 * losses[:3].mean()
    assert (meta["people"], meta["images"], meta["region"]) == (6, 36, "face")
    again, same, _ = trained(tmp_path, faces, "again")
    assert (losses == same).all()
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_every_layer_is_taught(tmp_path, faces):
    twin, none, _ = trained(tmp_path, faces, "twin", steps=0)
    network, _, _ = trained(tmp_path, faces, "network")
    assert len(none) == 0
    for number, layer in enumerate(LAYERS):
        assert not torch.equal(network.connected[number].weight, twin.connected[number].weight), layer


def test_ablations_train_what_they_say(tmp_path, faces):
    whole, _, _ = trained(tmp_path, faces, "whole")
    alone, _, meta = trained(tmp_path, faces, "alone", layerwise=False)
    assert meta["layerwise"] is False
    assert not torch.equal(whole.blocks[0][0].weight, alone.blocks[0][0].weight)
    _, _, meta = trained(tmp_path, faces, "less", people_share=0.5, images_share=0.5)
    assert (meta["people"], meta["images"]) == (3, 9)
