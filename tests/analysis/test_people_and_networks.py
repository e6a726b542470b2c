"""Intervals over people and networks: of networks alone by their scatter, of one network the people's."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis.people_and_networks import over_networks, resampled
from deepfeatures.analysis.person_bootstrap import draw_people

PEOPLE = draw_people(np.arange(40), resamples=4000, rng=np.random.default_rng(0))


def test_networks_that_differ_on_the_same_people_are_as_wide_as_their_scatter() -> None:
    """Where people do not matter, the mean of three has the spread s / sqrt(3), s with n - 1: no less and no more."""
    values = np.array([0.2, 0.5, 0.7])[:, None] * np.ones(len(PEOPLE.times))
    found = over_networks(PEOPLE, values)
    chosen = np.random.default_rng(9).integers(3, size=(100_000, 3))
    drawn = np.array([0.2, 0.5, 0.7])[chosen].mean(axis=1)
    expected = np.quantile(drawn - drawn.mean(), [0.025, 0.975]) * np.sqrt(3 / 2)
    assert (found.lo - found.value, found.hi - found.value) == pytest.approx(tuple(expected), rel=0.15)
    assert found.seed_sd == pytest.approx(np.std([0.2, 0.5, 0.7], ddof=1)) and found.seeds == 3


def test_of_one_network_it_is_the_interval_over_people() -> None:
    values = PEOPLE.mean(np.random.default_rng(1).random(40))
    assert over_networks(PEOPLE, values[None]) == PEOPLE.interval(values)


def test_draws_without_a_number_are_left_out_and_too_few_people_give_no_interval() -> None:
    values = np.random.default_rng(2).random((2, len(PEOPLE.times)))
    values[1, 5] = np.nan
    assert over_networks(PEOPLE, values).resamples == 3999
    alone = draw_people(np.zeros(3, int), resamples=5, rng=np.random.default_rng(0))
    assert over_networks(alone, np.ones((2, 6))).interval is None
    with pytest.raises(ValueError, match="one a draw of people, got"):
        over_networks(PEOPLE, values[:, 1:])


def test_captions_say_what_was_drawn() -> None:
    assert (resampled(1), resampled(3)) == ("people", "people and networks")
