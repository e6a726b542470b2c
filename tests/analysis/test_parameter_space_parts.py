"""Noise ceilings, maps out of fold, and codes, on made-up units whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis import parameter_space_ceiling as ceilings
from deepfeatures.analysis import parameter_space_codes as codes
from deepfeatures.analysis import parameter_space_linear as maps
from deepfeatures.analysis.verification_by_view import auc
from deepfeatures.data.identities import identity_folds
from deepfeatures.probes.verification import Pairs, cosine_of_pairs, pairs, verification


def people(count: int, each: int, signal: float, seed: int = 0, units: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Units of which `signal` belongs to the person and the rest to the image, in standard deviations."""
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(count), each)
    return signal * rng.normal(size=(count, units))[identity] + rng.normal(size=(count * each, units)), identity


@pytest.mark.parametrize("signal", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("each", [2, 5])
def test_the_ceiling_is_the_share_of_the_means_variance_that_belongs_to_people(signal: float, each: int) -> None:
    values, identity = people(400, each, signal)
    found = ceilings.ceiling(values, identity, splits=20, rng=np.random.default_rng(1))
    assert found.mean() == pytest.approx(signal**2 / (signal**2 + 1 / each), abs=0.02)
    # The slow twin: analysis of variance. (mean square between - within) / between
    by_person = values.reshape(400, each, -1)
    within = by_person.var(axis=1, ddof=1).mean(axis=0)
    between = each * by_person.mean(axis=1).var(axis=0, ddof=1)
    np.testing.assert_allclose(found, 1 - within / between, atol=0.06)


def test_the_order_of_images_does_not_matter_to_a_ceiling() -> None:
    values, identity = people(200, 4, 1.0)
    order = np.random.default_rng(3).permutation(len(identity))
    one = ceilings.ceiling(values, identity, splits=30, rng=np.random.default_rng(4))
    other = ceilings.ceiling(values[order], identity[order], splits=30, rng=np.random.default_rng(5))
    np.testing.assert_allclose(one, other, atol=0.03)


def test_ceilings_refuse_what_cannot_be_repeated() -> None:
    with pytest.raises(ValueError, match="3 people with 1 images or more each"):
        ceilings.repeated(np.zeros((4, 2)), np.array([0, 0, 1, 2]), splits=1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="splits is 0"):
        ceilings.repeated(np.zeros((4, 2)), np.array([0, 0, 1, 1]), splits=0, rng=np.random.default_rng(0))
    constant = ceilings.ceiling(np.ones((4, 1)), np.array([0, 0, 1, 1]), splits=1, rng=np.random.default_rng(0))
    assert np.isnan(constant).all()


def fitted(bent: bool) -> tuple[maps.OutOfFold, np.ndarray]:
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (500, 4))
    weights = rng.normal(size=(4, 3))
    target = np.cos(2 * points @ weights[:, :1]) + 0 * weights[0] if bent else points @ weights
    identity = np.arange(500)
    fold = identity_folds(identity, 4, rng=rng)
    return maps.out_of_fold(points, target, identity, fold, centres=200, rng=rng), target


def explained(said: np.ndarray, target: np.ndarray) -> float:
    return float(1 - np.square(target - said).sum() / np.square(target - target.mean(axis=0)).sum())


def test_a_linear_code_is_found_whole_and_a_kernel_adds_nothing() -> None:
    found, target = fitted(bent=False)
    assert explained(found.linear, target) > 0.999
    assert explained(found.kernel, target) > 0.99
    assert len(found.models) == 4


def test_a_bent_code_is_missed_by_the_linear_map_and_found_by_the_kernel() -> None:
    found, target = fitted(bent=True)
    assert explained(found.linear, target) < 0.1
    assert explained(found.kernel, target) > 0.7


def test_nobody_is_predicted_by_a_fit_that_saw_him() -> None:
    """Targets without any rule: a fit that had seen the row would explain some of it."""
    rng = np.random.default_rng(6)
    identity = np.repeat(np.arange(40), 3)
    fold = identity_folds(identity, 4, rng=rng)
    own = rng.normal(size=(40, 2))[identity]  # a number of the person that nothing tells
    inputs = np.eye(40)[identity] + 0.01 * rng.normal(size=(120, 40))  # inputs that name the person
    found = maps.out_of_fold(inputs, own, identity, fold, centres=10, rng=rng)
    for said in (found.linear, found.kernel):
        assert explained(said, own) < 0.05
    for one in range(4):
        np.testing.assert_allclose(found.constant[fold == one], np.tile(own[fold != one].mean(axis=0),
                                                                      (np.sum(fold == one), 1)))  # fmt: skip


def test_wide_layers_are_narrowed_by_the_training_rows_alone() -> None:
    rng = np.random.default_rng(7)
    inputs, fold = rng.normal(size=(55, 500)), np.repeat([0, 1], [5, 50])
    (train, test), (other, _) = maps.narrowed(inputs, fold)
    assert train.shape == (50, 49) and test.shape == (5, 49) and other.shape == (5, 4)
    strangers = inputs.copy()
    strangers[:5] *= 3
    np.testing.assert_allclose(maps.narrowed(strangers, fold)[0][0], train, atol=1e-4)
    distances = np.square(train[:, None] - train[None]).sum(axis=2)
    np.testing.assert_allclose(distances, np.square(inputs[5:, None] - inputs[None, 5:]).sum(axis=2), rtol=1e-3)
    slim = maps.narrowed(inputs[:, :40], fold)[0]
    np.testing.assert_array_equal(slim[1], inputs[:5, :40])


def test_units_that_never_change_are_left_out() -> None:
    values = np.column_stack([np.arange(6.0), np.full(6, 3.0), np.arange(6.0) ** 2])
    scale = maps.scale_of(values)
    assert scale.kept.tolist() == [True, False, True]
    np.testing.assert_allclose([scale(values).mean(axis=0), scale(values).std(axis=0)], [[0, 0], [1, 1]], atol=1e-12)
    with pytest.raises(ValueError, match="none of 2 units varies over 3 rows"):
        maps.scale_of(np.ones((3, 2)))


def test_recognition_is_the_nearest_of_the_same_fold() -> None:
    unit = np.array([[1.0, 0], [0.9, 0.1], [0, 1], [0.1, 1], [1, 0.02]])
    person, fold = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 0, 0, 1])
    gallery, probe = codes.one_each(person)
    assert gallery.tolist() == [0, 2, 4] and probe.tolist() == [1, 3]
    assert codes.rank_1(unit, person, gallery, probe, fold).tolist() == [True, True]
    # without folds row 4 would win row 1: it is nearer, and of someone else
    near = np.array([[0.0, 1], [1, 0.05], [0, 1], [0.1, 1], [1, 0.05]])
    together = codes.rank_1(near, person, gallery, probe, np.zeros(5, int))
    assert not together[0]
    assert codes.rank_1_among(unit, person, fold, unit[[0, 2, 4]], fold[[0, 2, 4]]).tolist() == [True] * 5


def test_pairs_keep_inside_their_fold() -> None:
    person = np.repeat(np.arange(20), 4)
    fold = identity_folds(person, 4, rng=np.random.default_rng(0))
    every = pairs(person)
    found = codes.within_folds(every, fold, 60)
    assert (fold[found.first] == fold[found.second]).all()
    assert found.same.sum() == 60 and (~found.same).sum() == 60


def test_whitening_undoes_what_varies_within_people_and_learns_nothing_of_the_tested() -> None:
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(60), 6)
    noise = rng.normal(size=(360, 8)) * np.array([9.0] + [0.3] * 7)
    values = rng.normal(size=(60, 8))[person] + noise
    train = person < 30
    made = codes.whitened(values[train], person[train], values[~train])
    of = pairs(person[~train])

    def told(rows: np.ndarray) -> float:
        return verification(cosine_of_pairs(rows, of), of.same, fpr=()).auc

    assert told(made) > told(values[~train]) + 0.1
    alone = codes.whitened(values[train], person[train], values[~train][:5])
    np.testing.assert_allclose(alone, made[:5])


def test_aucs_on_shared_draws_are_those_of_verification_and_a_code_never_beats_itself() -> None:
    values, identity = people(25, 4, 0.8, units=6)
    of = pairs(identity)
    good, poor = cosine_of_pairs(values, of), cosine_of_pairs(values[:, :2], of)
    single, less = codes.auc_of_codes(
        {"good": good, "poor": poor, "same": good}, of, identity, resamples=100, rng=np.random.default_rng(0)
    )
    for name, similarity in (("good", good), ("poor", poor)):
        assert single[name].value == pytest.approx(verification(similarity, of.same, fpr=()).auc)
    plain = auc(good, of, identity, resamples=100, rng=np.random.default_rng(0))
    assert (plain.lo, plain.hi) == pytest.approx((single["good"].lo, single["good"].hi), abs=0.02)
    assert less["good", "poor"].value == pytest.approx(single["good"].value - single["poor"].value)
    assert less["good", "poor"].value == -less["poor", "good"].value
    assert (less["good", "same"].lo, less["good", "same"].hi) == (0, 0)
    assert isinstance(of, Pairs)
