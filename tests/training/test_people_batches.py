"""Which people and which of their images a step sees."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.training.people_batches import PeopleBatches

PERSON = np.random.default_rng(0).permutation(np.repeat([2, 5, 7, 8, 30, 31], 6))


def test_people_are_distinct_and_their_images_side_by_side() -> None:
    batches = PeopleBatches(PERSON, 4, 3, seed=1)
    for step in range(30):
        rows = batches(step)
        assert rows.shape == (12,) and len(set(rows.tolist())) == 12
        people = PERSON[rows].reshape(4, 3)
        assert (people == people[:, :1]).all() and len(set(people[:, 0].tolist())) == 4
    assert str(batches) == "batches of 4 x 3 of 36, seed 1"


def test_everybody_is_seen_about_as_often() -> None:
    batches = PeopleBatches(PERSON, 4, 3, seed=1)
    seen = np.bincount(np.concatenate([batches(step) for step in range(600)]), minlength=36)
    assert seen.sum() == 7200 and abs(seen - 200).max() < 6 * np.sqrt(200)


def test_a_step_depends_on_seed_and_number_alone() -> None:
    one, two = PeopleBatches(PERSON, 4, 3, seed=1), PeopleBatches(PERSON, 4, 3, seed=1)
    one(0), one(1)
    np.testing.assert_array_equal(one(7), two(7))
    assert one(7).tolist() != one(8).tolist() != PeopleBatches(PERSON, 4, 3, seed=2)(8).tolist()


def test_small_worlds() -> None:
    everyone = PeopleBatches(PERSON, 32, 4, seed=0)(0)
    assert everyone.shape == (24,) and set(PERSON[everyone]) == set(PERSON)
    again = PeopleBatches(PERSON, 2, 9, seed=0)(0)  # six images each: some twice
    assert again.shape == (18,) and (PERSON[again].reshape(2, 9) == PERSON[again[[0, 9]], None]).all()
    for person in ([1, 1, 2], [1, 1, 1]):
        with pytest.raises(ValueError, match="people with . images or more each: 2 of both are needed"):
            PeopleBatches(np.array(person), 2, 2, seed=0)
