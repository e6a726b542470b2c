"""Joint Bayesian: covariances that are known in closed form, and ratios against the densities themselves."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from deepfeatures.probes.joint_bayesian import JointBayesian, em, fit, principal_directions, statistics

PERSON = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 0.5]])
VARIATION = np.array([[1.0, -0.3, 0.0], [-0.3, 0.8, 0.1], [0.0, 0.1, 0.4]])


def faces(people, each, *, seed=0):
    """(n, 3) and whose they are. each: images of everybody, or (people,) of each."""
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(people), each)
    mean = rng.multivariate_normal(np.zeros(3), PERSON, people)
    return mean[identity] + rng.multivariate_normal(np.zeros(3), VARIATION, len(identity)), identity


def log_likelihood(values, identity, person, variation):
    total = 0.0
    for one in np.unique(identity):
        rows = values[identity == one]
        m = len(rows)
        covariance = np.kron(np.ones((m, m)), person) + np.kron(np.eye(m), variation)
        total += multivariate_normal.logpdf(rows.ravel(), np.zeros(3 * m), covariance)
    return total


def test_equally_many_images_of_everybody_give_the_answer_known_in_closed_form():
    values, identity = faces(300, 4)
    means = np.stack([values[identity == one].mean(axis=0) for one in range(300)])
    within = values - means[identity]
    expected_variation = within.T @ within / (300 * 3)
    expected_person = means.T @ means / 300 - expected_variation / 4
    person, variation = em(statistics(values, identity), iterations=400)
    np.testing.assert_allclose(variation, expected_variation, atol=1e-6)
    np.testing.assert_allclose(person, expected_person, atol=1e-6)


def test_the_covariances_that_made_the_faces_are_found():
    person, variation = em(statistics(*faces(4000, 3)), iterations=200)
    np.testing.assert_allclose(person, PERSON, atol=0.12)
    np.testing.assert_allclose(variation, VARIATION, atol=0.06)


def test_the_likelihood_rises_with_every_iteration_where_people_have_different_numbers_of_images():
    values, identity = faces(40, np.random.default_rng(1).integers(1, 6, 40))
    seen = statistics(values, identity)
    found = [log_likelihood(values, identity, *em(seen, iterations=number)) for number in (1, 2, 3, 5, 10, 40)]
    assert (np.diff(found) > 0).all(), found


def test_ratios_are_those_of_the_densities():
    values, identity = faces(60, 4)
    model = fit(values, identity, iterations=20)
    at = model.coordinates(values)
    # In coordinates variation is 1 and person diagonal: write both densities down.
    one, zero = np.diag(model.person), np.zeros((3, 3))
    alone = one + np.eye(3)
    same = multivariate_normal(np.zeros(6), np.block([[alone, one], [one, alone]]))
    two = multivariate_normal(np.zeros(6), np.block([[alone, zero], [zero, alone]]))
    pairs = np.concatenate([at[:8], at[1:9]], axis=1)
    np.testing.assert_allclose(model.of_pairs(at[:8], at[1:9]), same.logpdf(pairs) - two.logpdf(pairs), atol=1e-9)
    np.testing.assert_allclose(np.diag(model.of_all(at[:8], at[1:9])), model.of_pairs(at[:8], at[1:9]), atol=1e-9)


def test_the_map_makes_variation_one_and_person_diagonal():
    values, identity = faces(500, 5)
    model = fit(values, identity)
    person, variation = em(statistics(values - values.mean(axis=0), identity), iterations=30)
    np.testing.assert_allclose(model.map.T @ variation @ model.map, np.eye(3), atol=2e-3)  # the floor's share
    np.testing.assert_allclose(model.map.T @ person @ model.map, np.diag(model.person), atol=1e-6)


def test_one_person_scores_above_two():
    values, identity = faces(200, 4)
    model = fit(values[identity < 100], identity[identity < 100])
    at = model.coordinates(values[identity >= 100]).reshape(100, 4, 3)
    assert model.of_pairs(at[:, 0], at[:, 1]).mean() > 0 > model.of_pairs(at[:-1, 0], at[1:, 1]).mean()


def test_fewer_faces_than_numbers_give_the_directions_of_the_large_matrix():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((6, 20)) * np.linspace(1, 3, 20)
    centred = values - values.mean(axis=0)
    few = principal_directions(centred)
    _, _, rows = np.linalg.svd(centred, full_matrices=False)
    assert few.shape == (20, 5)
    np.testing.assert_allclose(few.T @ few, np.eye(5), atol=1e-8)
    np.testing.assert_allclose(np.abs(few.T @ rows[:5].T), np.eye(5), atol=1e-6)


def test_dimensions_are_kept_and_equal_columns_left_out():
    values, identity = faces(50, 3)
    doubled = np.concatenate([values, values[:, :1], np.ones((150, 1))], axis=1)
    assert fit(doubled, identity).map.shape == (5, 3)
    assert fit(doubled, identity, dimensions=2).map.shape == (5, 2)


def test_faces_that_teach_nothing_are_refused():
    with pytest.raises(ValueError, match="3 people, 1 images of one at most"):
        fit(np.eye(3), np.arange(3))
    with pytest.raises(ValueError, match="all 4 faces have the same features"):
        fit(np.ones((4, 2)), np.array([0, 0, 1, 1]))


def test_a_model_without_spread_between_people_says_nothing():
    model = JointBayesian(np.zeros(2), np.eye(2), np.zeros(2))
    assert model.of_pairs(np.ones((1, 2)), -np.ones((1, 2))) == pytest.approx(0)
