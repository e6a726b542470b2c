"""Pairs whose folds share nobody, thresholds that never saw the pair, and people drawn with their images."""

import numpy as np
import pytest

from deepfeatures.analysis.face_pairs import best_threshold, decided, draw_pairs, folded_pairs

IDENTITY = np.repeat(np.arange(12) + 100, 4)


def test_folds_share_no_person_and_hold_as_many_pairs_of_one_as_of_two():
    of = folded_pairs(IDENTITY, folds=3, rng=np.random.default_rng(0))
    people = {
        number: set(of.person[of.pairs.first[of.fold == number]]) | set(of.person[of.pairs.second[of.fold == number]])
        for number in range(3)
    }
    assert not people[0] & people[1] and not people[1] & people[2] and not people[0] & people[2]
    for number in range(3):
        assert of.pairs.same[of.fold == number].mean() == 0.5
    assert (of.pairs.same == (of.person[of.pairs.first] == of.person[of.pairs.second])).all()
    assert len(np.unique(np.stack([of.pairs.first, of.pairs.second]), axis=1).T) == len(of.fold)


def test_at_most_as_many_as_asked_for():
    of = folded_pairs(IDENTITY, folds=3, each=6, rng=np.random.default_rng(0))
    assert of.pairs.same.sum() == 6 and len(of.fold) == 12


def test_the_best_threshold_is_that_of_trying_all():
    rng = np.random.default_rng(0)
    for _ in range(30):
        similarity, same = rng.integers(0, 8, 15).astype(float), rng.random(15) > 0.5
        tried = [((similarity > t) == same).mean() for t in np.arange(-1, 9, 0.5)]
        assert ((similarity > best_threshold(similarity, same)) == same).mean() == max(tried)


def test_a_fold_is_judged_by_the_threshold_of_the_others():
    # Fold 1 alone would be cut at 5 and be wholly right; the other fold says 0.
    similarity = np.array([-1.0, 1.0, 4.0, 6.0])
    same, fold = np.array([False, True, False, True]), np.array([0, 0, 1, 1])
    assert decided(similarity, same, fold).tolist() == [True, False, False, True]


def test_noise_is_judged_by_half():
    rng = np.random.default_rng(0)
    same, fold = np.arange(8000) % 2 == 0, np.arange(8000) // 2 % 4
    assert decided(rng.standard_normal(8000), same, fold).mean() == pytest.approx(0.5, abs=0.02)


def test_a_drawn_person_brings_all_pairs_and_two_people_as_often_as_both():
    of = folded_pairs(IDENTITY, folds=2, rng=np.random.default_rng(0))
    draws = draw_pairs(of, resamples=50, rng=np.random.default_rng(1))
    right = np.random.default_rng(2).random(len(of.fold)) > 0.3
    values = draws.accuracy(right)
    assert values[0] == pytest.approx((right[of.pairs.same].mean() + right[~of.pairs.same].mean()) / 2)
    # The same, a copy of each person at a time.
    times = np.zeros(12)
    own = of.pairs.same
    times[of.person[of.pairs.first[own]]] = draws.weight[7, own]
    weight = [
        times[a] if s else times[a] * times[b]
        for a, b, s in zip(of.person[of.pairs.first], of.person[of.pairs.second], own, strict=True)
    ]
    np.testing.assert_allclose(draws.weight[7], weight)
    found = draws.interval(values)
    assert found.lo <= found.value <= found.hi and (found.n, found.unit) == (12, "identity")
