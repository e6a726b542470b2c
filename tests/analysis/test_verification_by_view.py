"""Verification by the difference in view: against scikit-learn, and on features whose answer is known."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from deepfeatures.analysis import verification_by_view as verification
from deepfeatures.probes.verification import Pairs, pairs

PEOPLE, EACH = 12, 6


@pytest.fixture(scope="module")
def faces():
    """Features with a person's direction in them, and how far each head is turned."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(PEOPLE), EACH)
    features = rng.normal(size=(PEOPLE, 8))[person] + rng.normal(size=(PEOPLE * EACH, 8))
    return features, person, rng.uniform(-90, 90, PEOPLE * EACH)


@pytest.mark.parametrize("decimals", [12, 1])  # 1: many ties
def test_the_area_is_scikit_learns_with_or_without_ties_and_weights(faces, decimals):
    _, person, _ = faces
    of = pairs(person)
    rng = np.random.default_rng(1)
    similarity = np.round(rng.normal(size=len(of.first)) + of.same, decimals)
    found = verification.auc(similarity, of, person, resamples=20, rng=rng)
    assert found.value == pytest.approx(roc_auc_score(of.same, similarity), abs=1e-12)
    order = np.argsort(similarity, kind="stable")
    weight, same = rng.random(len(order)), of.same[order]
    tied = np.append(np.flatnonzero(np.diff(similarity[order])), len(order) - 1)
    expected = roc_auc_score(same, similarity[order], sample_weight=weight)
    assert verification._weighted(weight, same, tied) == pytest.approx(expected, abs=1e-12)


def test_people_are_drawn_with_all_their_images(faces):
    """One person in twelve whose pairs alone are told apart wrongly: drawn or not, he makes the interval wide."""
    _, person, _ = faces
    of = pairs(person)
    hard = of.same & (person[of.first] == 0)
    similarity = np.where(hard, 0.0, np.where(of.same, 2.0, 1.0))
    found = verification.auc(similarity, of, person, resamples=2000, rng=np.random.default_rng(0))
    assert found.value == pytest.approx(1 - 1 / PEOPLE)
    assert found.hi == 1.0  # he is not drawn in a third of the draws
    assert found.lo < 1 - 2 / PEOPLE and found.n == PEOPLE and found.unit == "identity"


def test_by_view_splits_pairs_by_their_difference_in_yaw(faces):
    features, person, yaw = faces
    given = {"told": features, "noise": np.random.default_rng(2).normal(size=features.shape)}
    table = verification.by_view(given, person, yaw, resamples=50, rng=np.random.default_rng(0))
    assert set(table["views"]) == set(verification.VIEWS_DEG) and len(table) == 2 * len(verification.VIEWS_DEG)
    assert ((table["lo"] <= table["auc"]) & (table["auc"] <= table["hi"])).all()
    by_name = table[table["views"] == "any view"].set_index("network")["auc"]
    every = pairs(person)
    from deepfeatures.probes.verification import cosine_of_pairs

    assert by_name["told"] == pytest.approx(roc_auc_score(every.same, cosine_of_pairs(features, every)))
    assert abs(by_name["noise"] - 0.5) < 0.15 < by_name["told"] - 0.5


def test_views_that_no_pair_of_one_person_has_are_left_out(faces):
    features, person, _ = faces
    rng = np.random.default_rng(0)
    table = verification.by_view({"it": features}, person, np.zeros(len(person)), resamples=10, rng=rng)
    assert set(table["views"]) == {"any view", "within 30 degrees"}


def test_pairs_are_counted_once():
    of = Pairs(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([True, False, False]))
    rng = np.random.default_rng(0)
    found = verification.auc(np.array([0.5, 0.1, 0.9]), of, np.array([0, 0, 1]), resamples=10, rng=rng)
    assert found.value == 0.5
