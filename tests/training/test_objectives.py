"""What training minimises, by hand."""

import json

import numpy as np
import pytest
import torch

from deepfeatures.networks.lenet import as_pixels, save, untrained
from deepfeatures.training.class_means import FeatureSpace, describe, nearest_mean, scaling, targets
from deepfeatures.training.objective_of import objective_of
from deepfeatures.training.objectives import PAIR_LAYERS, ClassMeans, Pair, Softmax, euclidean


@pytest.fixture(scope="module")
def layers():
    """Activations of 6 random images: three pairs."""
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)
    return {name: values.detach() for name, values in untrained(0)(as_pixels(images)).items()}


LABELS = torch.tensor([3, 0, 9])


def test_caffes_euclidean_loss_by_hand():
    a, b = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[0.0, 4.0], [3.0, 7.0]])
    assert float(euclidean(a, b)) == (1 + 4 + 0 + 9) / (2 * 2)
    # maps count value by value, and the batch is the first axis alone
    assert float(euclidean(torch.ones(2, 3, 4, 4), torch.zeros(2, 3, 4, 4))) == 96 / 4


def test_softmax_by_hand():
    logits = torch.tensor([[0.0, np.log(3.0)], [0.0, 0.0]])
    expected = (-np.log(3 / 4) - np.log(1 / 2)) / 2
    assert float(Softmax()({"ip2": logits}, torch.tensor([1, 0]))) == pytest.approx(expected)


def test_a_pairs_loss_is_softmax_of_the_first_and_distances_by_layer(layers):
    logits = layers["ip2"][:3].double()
    softmax = float((logits.logsumexp(1) - logits[range(3), LABELS]).mean())
    distance = sum(float((layers[name][:3] - layers[name][3:]).double().square().sum()) for name in PAIR_LAYERS) / 6
    assert PAIR_LAYERS == ("pool1", "pool2", "ip1", "ip2")
    assert float(Pair(0.25)(layers, LABELS)) == pytest.approx(softmax + 0.25 * distance, rel=1e-5)


def test_a_pairs_loss_at_weight_0_is_softmax(layers):
    first = {name: values[:3] for name, values in layers.items()}
    assert float(Pair(0.0)(layers, LABELS)) == float(Softmax()(first, LABELS))


def test_regression_to_class_means_reads_ip1(layers):
    goals = torch.arange(5000.0).reshape(10, 500) / 5000
    first = {"ip1": layers["ip1"][:3]}
    expected = (first["ip1"] - goals[[3, 0, 9]]).double().square().sum() / 6
    assert float(ClassMeans(goals, torch.tensor(1.0))(first, LABELS)) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("span", [torch.tensor(8.0), torch.linspace(1, 9, 500)])
def test_regression_begins_with_ip1_divided_by_the_span(span, layers):
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)
    network = untrained(0, has_ip2=False)
    ClassMeans(torch.zeros(10, 500), span).begin(network)
    found = network.features(images)  # biases are 0 and ReLU is linear above 0, so the outputs are divided too
    np.testing.assert_allclose(found["ip1"], layers["ip1"] / span, atol=1e-6)
    assert torch.equal(found["pool2"], layers["pool2"].flatten(1))


@pytest.fixture
def space():
    """Two units that vary, one always 4, one always 0 (dead)."""
    means = np.zeros((10, 4))
    means[:, 0] = np.arange(10)  # values from 0 to 10
    means[:, 1] = 5 + np.arange(10) / 2  # values from 5 to 10
    means[:, 2] = 4
    return FeatureSpace(means, low=np.array([0.0, 5, 4, 0]), high=np.array([10.0, 10, 4, 0]))


def test_global_targets_share_one_range(space):
    found = targets(space, "global")
    assert found.dtype == np.float32 and [float(part) for part in scaling(space, "global")] == [0, 10]
    np.testing.assert_allclose(found, space.means / 10, rtol=1e-6)


def test_per_feature_targets_have_each_their_own_and_dead_units_are_0(space):
    found = targets(space, "per-feature")
    np.testing.assert_allclose(found[:, 0], np.arange(10) / 10, rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], np.arange(10) / 10, rtol=1e-6)
    assert not found[:, 2:].any()  # never changing, at 4 or at 0
    assert scaling(space, "per-feature")[1].tolist() == [10, 5, 1, 1]


def test_global_targets_of_a_network_that_says_nothing_are_0():
    dead = FeatureSpace(np.full((10, 3), 2.0), np.full(3, 2.0), np.full(3, 2.0))
    assert not targets(dead, "global").any()


def test_targets_without_normalisation_are_the_means(space):
    np.testing.assert_array_equal(targets(space, "none"), space.means.astype(np.float32))
    assert [float(part) for part in scaling(space, "none")] == [0, 1]


def test_an_unknown_normalisation_is_refused(space):
    with pytest.raises(ValueError, match="^normalise='unit': allowed are global, per-feature, none$"):
        targets(space, "unit")


def test_a_feature_space_against_a_loop():
    images = np.random.default_rng(1).integers(0, 256, (300, 28, 28), np.uint8)  # more than one piece of the stream
    labels = np.random.default_rng(2).permutation(np.arange(300) % 10).astype(np.uint8)
    network = untrained(0)
    found = describe(network, images, labels)
    features = network.features(images)["ip1"].double().numpy()
    for label in range(10):
        np.testing.assert_allclose(found.means[label], features[labels == label].mean(0), atol=1e-6)
    np.testing.assert_allclose(found.low, features.min(0), atol=1e-6)
    np.testing.assert_allclose(found.high, features.max(0), atol=1e-6)


def test_a_label_without_images_is_named():
    images, labels = np.zeros((16, 28, 28), np.uint8), np.arange(16, dtype=np.uint8) % 8
    with pytest.raises(ValueError, match=r"^no image of label \[8, 9\]: a class mean cannot be formed$"):
        describe(untrained(0), images, labels)


def test_the_nearest_mean_is_by_angle_not_by_distance():
    means = np.array([[10.0, 0.0], [0.0, 1.0]])
    found = nearest_mean(torch.tensor([[1.0, 0.2], [0.2, 1.0], [30.0, 40.0]]), means)
    assert found.tolist() == [0, 1, 1]


def test_ties_go_to_the_lowest_label():
    means = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    assert nearest_mean(torch.tensor([[5.0, 0.0], [0.0, 0.0]]), means).tolist() == [1, 0]


def objective(name, teacher=None, **settings):
    images = np.random.default_rng(3).integers(0, 256, (20, 2, 28, 28), np.uint8)
    given = {"normalise": "global", "pair_weight": 0.5, "device": "cpu", **settings}
    return objective_of(name, teacher=teacher, images=images, labels=np.arange(20, dtype=np.uint8) % 10, **given)


def test_words_become_objectives(tmp_path):
    assert objective("softmax") == Softmax()
    assert objective("pair") == Pair(0.5)
    save(untrained(4), tmp_path)
    found = objective("class-means", teacher=tmp_path)
    assert json.loads((tmp_path / "meta.json").read_text())["has_ip2"]
    images = np.random.default_rng(3).integers(0, 256, (20, 2, 28, 28), np.uint8)
    features = untrained(4).features(images.reshape(-1, 28, 28))["ip1"].numpy()
    label_3 = features[[6, 7, 26, 27]].mean(0)  # digits 3 and 13, two angles each
    expected = (label_3 - features.min()) / (features.max() - features.min())
    np.testing.assert_allclose(found.targets[3], expected, atol=1e-5)
    assert float(found.span) == pytest.approx(features.max() - features.min(), rel=1e-5)


def test_an_unknown_objective_and_a_missing_teacher_are_refused():
    with pytest.raises(ValueError, match="^objective 'mu': allowed are softmax, class-means, pair$"):
        objective("mu")
    with pytest.raises(ValueError, match="^regression to class means needs a teacher"):
        objective("class-means")
