from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.data.identities import draw_identities, identity_folds

PEOPLE = st.lists(st.integers(0, 30), min_size=12, max_size=200).map(np.array).filter(lambda ids: len(set(ids)) >= 5)


@given(PEOPLE, st.integers(2, 5), st.integers(0, 99))
def test_folds_share_no_person_and_hold_equally_many(identity: np.ndarray, folds: int, seed: int) -> None:
    fold = identity_folds(identity, folds, rng=np.random.default_rng(seed))
    assert fold.shape == identity.shape
    people = [set(identity[fold == number]) for number in range(folds)]
    assert sum(map(len, people)) == len(set(identity))  # nobody twice
    assert max(map(len, people)) - min(map(len, people)) <= 1
    again = identity_folds(identity, folds, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(fold, again)


def test_folds_hold_about_equally_many_images() -> None:
    rng = np.random.default_rng(0)
    identity = np.repeat(np.arange(100), rng.integers(1, 31, 100))
    counts = np.bincount(identity_folds(identity, 5, rng=rng))
    assert counts.max() - counts.min() < 0.08 * counts.mean()


def test_another_seed_deals_otherwise() -> None:
    identity = np.arange(40)
    one, two = (identity_folds(identity, 4, rng=np.random.default_rng(seed)) for seed in (0, 1))
    assert (one != two).any()


@pytest.mark.parametrize("folds", [1, 4])
def test_an_impossible_number_of_folds_is_refused(folds: int) -> None:
    with pytest.raises(ValueError, match="between 2 and 3 are possible"):
        identity_folds(np.array([1, 2, 3, 3]), folds, rng=np.random.default_rng(0))


@given(PEOPLE, st.floats(0.01, 0.9), st.integers(0, 99))
def test_a_drawn_part_takes_whole_people_and_about_its_share(identity: np.ndarray, share: float, seed: int) -> None:
    drawn = draw_identities(identity, share, rng=np.random.default_rng(seed))
    inside, outside = set(identity[drawn]), set(identity[~drawn])
    assert inside and outside and not inside & outside
    largest = np.unique(identity, return_counts=True)[1].max()
    assert drawn.sum() <= share * len(identity) + largest
    if len(outside) > 1:
        assert drawn.sum() >= share * len(identity)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="outside 0..1"):
        draw_identities(np.array([1, 2]), share, rng=np.random.default_rng(0))


def test_one_person_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="1 person"):
        draw_identities(np.array([7, 7]), 0.5, rng=np.random.default_rng(0))
