"""Permutation tests on planted worlds: their size where there is nothing, their power where there is something."""

from __future__ import annotations

import numpy as np

from deepfeatures.analysis.view_effects import Effects, effects
from deepfeatures.analysis.view_permutation import common_to_people, people, single_features
from tests.analysis.made_up_views import world

PEOPLE, WIDTH = 40, 30


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def test_nobody_depends_on_view_where_nothing_does() -> None:
    values, of, _ = world(np.zeros((PEOPLE, WIDTH)))
    tested, null = people(values, of, permutations=300, rng=rng())
    assert tested.share() <= 0.05 and 0.3 < tested.raw.mean() < 0.7
    assert (tested.corrected >= tested.raw).all()
    assert abs(null.mean() / WIDTH - 2 * 0.25) < 0.02  # two sides, a quarter of a variance each
    for features in (
        common_to_people(effects(values, of), permutations=300, rng=rng()),
        single_features(values, of, permutations=300, rng=rng()),
    ):
        assert features.share() <= 1 / WIDTH and 0.3 < features.raw.mean() < 0.7


def test_those_who_depend_on_view_are_found_and_the_others_are_not() -> None:
    size = np.zeros((PEOPLE, WIDTH))
    size[::2] = 1.0
    values, of, _ = world(size)
    tested, _ = people(values, of, permutations=600, rng=rng())
    assert (tested.corrected[::2] <= 0.05).all() and (tested.corrected[1::2] <= 0.05).sum() <= 2
    # their shifts have no direction in common, so no feature is moved for everybody
    assert common_to_people(effects(values, of), permutations=300, rng=rng()).share() <= 2 / WIDTH


def test_features_that_view_moves_in_any_direction_are_found_and_the_others_are_not() -> None:
    size = np.zeros((PEOPLE, WIDTH))
    size[:, :10] = 0.8
    values, of, _ = world(size)
    tested = single_features(values, of, permutations=600, rng=rng())
    assert (tested.corrected[:10] <= 0.05).all() and (tested.corrected[10:] <= 0.05).sum() <= 2
    # a sign of its own for each person: nothing is common to them
    assert common_to_people(effects(values, of), permutations=300, rng=rng()).share() <= 2 / WIDTH


def test_the_test_of_features_deals_the_images_that_the_test_of_people_deals() -> None:
    """Both sum one table of squared shifts: of one person, over features; of one feature, over people."""
    values, of, _ = world(np.full((3, 5), 0.5))
    scaled = values / np.sqrt(np.mean([values[rows].var(axis=0, ddof=1) for rows in
                                       (*of.frontal, *of.turned[0], *of.turned[1])], axis=0))  # fmt: skip
    dice, squares = rng(), np.zeros((51, 5))
    for person in range(3):
        own = scaled[np.concatenate([of.frontal[person], of.turned[0][person], of.turned[1][person]])]
        cell = np.repeat([0, 1, 2], 8)
        for draw, w in enumerate((cell, *dice.permuted(np.tile(cell, (50, 1)), axis=1))):
            squares[draw] += sum(np.square(own[w == s].mean(0) - own[w == 0].mean(0)) for s in (1, 2))
    by_hand = (1 + (squares[1:] >= squares[0] * (1 - 1e-9)).sum(axis=0)) / 51
    tested = single_features(values, of, permutations=50, rng=rng())
    np.testing.assert_allclose(tested.raw, by_hand)
    assert (tested.corrected >= tested.raw).all()


def test_features_that_view_moves_for_everybody_are_found_and_the_others_are_not() -> None:
    common = np.zeros(WIDTH)
    common[:10] = 0.6
    values, of, _ = world(np.zeros((PEOPLE, WIDTH)), common=common)
    tested = common_to_people(effects(values, of), permutations=400, rng=rng())
    assert (tested.corrected[:10] <= 0.05).all() and (tested.corrected[10:] <= 0.05).sum() <= 1


def test_the_fast_sums_are_those_of_each_permutation_done_by_hand() -> None:
    values, of, _ = world(np.full((3, 5), 0.5))
    tested, null = people(values, of, permutations=50, rng=rng())
    scaled = values / np.sqrt(np.mean([values[rows].var(axis=0, ddof=1) for rows in
                                       (*of.frontal, *of.turned[0], *of.turned[1])], axis=0))  # fmt: skip
    dice, by_hand, p = rng(), [], []
    for person in range(3):
        cells = [of.frontal[person], of.turned[0][person], of.turned[1][person]]
        own, cell = scaled[np.concatenate(cells)], np.repeat([0, 1, 2], 8)
        drawn = dice.permuted(np.tile(cell, (50, 1)), axis=1)
        sizes = [sum(float(np.square(own[w == s].mean(0) - own[w == 0].mean(0)).sum()) for s in (1, 2))
                 for w in (cell, *drawn)]  # fmt: skip
        by_hand.append(np.mean(sizes[1:]))
        p.append((1 + sum(size >= sizes[0] * (1 - 1e-9) for size in sizes[1:])) / 51)
    np.testing.assert_allclose(null, by_hand)
    np.testing.assert_allclose(tested.raw, p)


def test_a_feature_is_tested_by_its_t_over_people() -> None:
    shift = np.random.default_rng(1).standard_normal((20, 1, 3)) + np.array([0.0, 5.0, 0.0])
    tested = common_to_people(Effects(shift, np.zeros_like(shift)), permutations=200, rng=rng())
    assert tested.raw[1] == 1 / 201 and (tested.raw[[0, 2]] > 0.05).all()
