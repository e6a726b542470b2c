"""Choosing how long to train on a split, and the final training that follows it."""

import json

import numpy as np
import pytest
import torch

from deepfeatures.data.split import split_digits
from deepfeatures.networks.lenet import load
from deepfeatures.training import final, selection
from deepfeatures.training.loop import Diverged, Run
from deepfeatures.training.objectives import Softmax
from deepfeatures.training.stopping import converged_at

DIGITS, ANGLES = 60, 2
SETTINGS = {"seed": 0, "batch": 8}
SELECTION = {**SETTINGS, "cap": 12, "evaluate_every": 4, "patience": 4, "tolerance_pp": 0.0, "validation_digits": 10}


@pytest.fixture(scope="module")
def rotated(tmp_path_factory):
    """Digits that can be told apart: a bright square in another place for each label."""
    folder = tmp_path_factory.mktemp("rotated")
    rng = np.random.default_rng(0)
    labels = (np.arange(DIGITS) % 10).astype(np.uint8)
    images = rng.integers(0, 60, (DIGITS, ANGLES, 28, 28), np.uint8)
    for digit, label in enumerate(labels):
        row, column = divmod(int(label), 4)
        images[digit, :, 2 + 8 * row : 8 + 8 * row, 1 + 7 * column : 6 + 7 * column] = 255
    np.save(folder / "train_images.npy", images)
    np.save(folder / "train_labels.npy", labels)
    return folder


def folders(base):
    out, scratch = base / "out", base / "scratch"
    out.mkdir(parents=True)
    scratch.mkdir()
    return out, scratch


@pytest.fixture(scope="module")
def selected(rotated, tmp_path_factory):
    out, scratch = folders(tmp_path_factory.mktemp("selection"))
    selection.make(out, {"rotated": rotated}, scratch, objective="softmax", **SELECTION)
    return out


def curve_of(folder):
    return json.loads((folder / "curve.json").read_text())


def test_the_curve_and_the_choice(selected):
    curve = curve_of(selected)
    assert curve["iterations"] == [4, 8, 12]
    assert (curve["validation_digits"], curve["training_digits"], curve["diverged"]) == (10, 50, None)
    assert curve["decided_by"] == "softmax"
    found = converged_at(curve["iterations"], curve["accuracy"]["softmax"], patience=4, tolerance_pp=0.0)
    assert (curve["chosen"], curve["capped"]) == (found.iteration, found.capped)
    for score in ("mav", "softmax"):
        counts = np.load(selected / f"{score}_correct.npy")
        assert counts.shape == (3, 10) and counts.dtype == np.uint8 and counts.max() <= ANGLES
        np.testing.assert_allclose(counts.mean(1) / ANGLES, curve["accuracy"][score])
    assert np.load(selected / "losses.npy").shape == (12,)


def test_validation_digits_are_never_trained_on(selected, rotated):
    """The same training by hand on the training side alone: the same losses and, at the choice, the same network."""
    images, labels = np.load(rotated / "train_images.npy"), np.load(rotated / "train_labels.npy")
    train, validation = split_digits(labels, 10, seed=0)
    run = Run(images[train], labels[train], Softmax(), seed=0, batch=8)
    _, losses = run.train(12)
    np.testing.assert_array_equal(np.load(selected / "losses.npy"), losses)
    chosen = curve_of(selected)["chosen"]
    network, _ = run.train(chosen)
    kept = load(selected)
    assert torch.equal(kept.ip1.weight, network.ip1.weight)
    predicted = kept.features(images[validation].reshape(-1, 28, 28))["ip2"].argmax(1).numpy().reshape(-1, ANGLES)
    row = [4, 8, 12].index(chosen)
    right = (predicted == labels[validation][:, None]).sum(1)
    np.testing.assert_array_equal(np.load(selected / "softmax_correct.npy")[row], right)


def test_an_interrupted_selection_ends_the_same(selected, rotated, tmp_path, monkeypatch):
    judge = selection._Judge.__call__

    def killed(self, iteration, network):
        judge(self, iteration, network)
        if iteration == 8:
            raise KeyboardInterrupt

    out, scratch = folders(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(selection._Judge, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            selection.make(out, {"rotated": rotated}, scratch, objective="softmax", **SELECTION)
    assert not list(out.iterdir())
    selection.make(out, {"rotated": rotated}, scratch, objective="softmax", **SELECTION)
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in selected.iterdir())
    for path in selected.iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name


def test_class_means_are_decided_by_their_own_score_and_have_no_softmax(selected, rotated, tmp_path):
    out, scratch = folders(tmp_path)
    inputs = {"rotated": rotated, "teacher": selected}
    selection.make(out, inputs, scratch, objective="class-means", **{**SELECTION, "cap": 4})
    curve = curve_of(out)
    assert curve["decided_by"] == "mav" and curve["accuracy"]["softmax"] is None
    assert not (out / "softmax_correct.npy").exists() and not load(out).has_ip2


def test_divergence_is_recorded_and_leaves_no_network(rotated, tmp_path):
    out, scratch = folders(tmp_path)
    selection.make(out, {"rotated": rotated}, scratch, objective="pair", pair_weight=1e9, **SELECTION)
    curve = curve_of(out)
    assert (curve["chosen"], curve["capped"]) == (0, True)
    assert curve["diverged"].startswith("the loss is ")
    assert not (out / "network.safetensors").exists()
    with pytest.raises(Diverged, match="^no number of iterations could be selected for pair: the loss is "):
        final.make(tmp_path, {"rotated": rotated, "selection": out}, scratch, objective="pair", **SETTINGS)


def test_the_final_training_takes_the_chosen_iterations_and_all_digits(selected, rotated, tmp_path):
    out, scratch = folders(tmp_path)
    final.make(out, {"rotated": rotated, "selection": selected}, scratch, objective="softmax", **SETTINGS)
    chosen = curve_of(selected)["chosen"]
    images, labels = np.load(rotated / "train_images.npy"), np.load(rotated / "train_labels.npy")
    run = Run(images, labels, Softmax(), seed=0, batch=8)
    network, losses = run.train(chosen)
    np.testing.assert_array_equal(np.load(out / "losses.npy"), losses)
    assert torch.equal(load(out).ip2.weight, network.ip2.weight)
    assert json.loads((out / "meta.json").read_text()) == {
        "has_ip2": True, "iterations": chosen, "objective": "softmax", "seed": 0
    }  # fmt: skip


def test_iterations_can_be_given_instead(rotated, tmp_path):
    out, scratch = folders(tmp_path)
    settings = {**SETTINGS, "momentum": "torch", "iterations": 3}
    final.make(out, {"rotated": rotated}, scratch, objective="pair", pair_weight=0.01, pair_kind="class", **settings)
    assert np.load(out / "losses.npy").shape == (3,)


def test_the_start_of_mu_lenet_and_its_learning_rate_reach_training(rotated, selected, tmp_path):
    losses = {}
    for name, changed in {"usual": {}, "caffe": {"start": "caffe"}, "slow": {"base_lr": 0.001}}.items():
        out, scratch = folders(tmp_path / name)
        given = {"rotated": rotated, "teacher": selected}
        selection.make(out, given, scratch, objective="class-means", **{**SELECTION, "cap": 4}, **changed)
        losses[name] = np.load(out / "losses.npy")
    assert losses["slow"][0] == losses["usual"][0] and losses["slow"][1] != losses["usual"][1]
    assert losses["caffe"][0] != losses["usual"][0]


def test_an_unknown_start_is_refused(rotated, selected, tmp_path):
    out, scratch = folders(tmp_path)
    with pytest.raises(ValueError, match=r"^start 'xavier': allowed are normalised, caffe$"):
        given = {"rotated": rotated, "teacher": selected}
        selection.make(out, given, scratch, objective="class-means", start="xavier", **SELECTION)
