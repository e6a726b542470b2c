"""The head-on question on worlds whose answer is planted: people differ, features differ, or neither does."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis.view_components import (
    Halves,
    components,
    energies_of_halves,
    energy_of_people,
    in_order,
    jackknife,
    shares,
    shares_of,
    within,
)
from deepfeatures.analysis.view_effects import effects
from tests.analysis.made_up_views import world

PEOPLE, WIDTH = 60, 40
RNG = np.random.default_rng(5)
OF_PEOPLE = np.repeat(np.linspace(0, 3, PEOPLE)[:, None], WIDTH, axis=1)
OF_FEATURES = np.repeat(np.linspace(0, 3, WIDTH)[None], PEOPLE, axis=0)
OF_PAIRS = RNG.permuted(OF_PEOPLE.ravel()).reshape(PEOPLE, WIDTH)
EVEN = np.full((PEOPLE, WIDTH), 1.5)


def halved(size: np.ndarray, **given: float) -> Halves:
    values, of, _ = world(size, **given)  # type: ignore[arg-type]
    return energies_of_halves(values, of, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("size", "largest"), [(OF_PEOPLE, "people"), (OF_FEATURES, "features"), (OF_PAIRS, "pairs")]
)
def test_what_was_planted_is_found(size: np.ndarray, largest: str) -> None:
    found = components(halved(size))
    assert found.share(largest) > 0.85
    if largest != "pairs":
        assert (found.advantage > 0.8) == (largest == "people") and (found.advantage < -0.8) == (largest == "features")
    else:
        assert abs(found.advantage) < 0.1
    planted = np.square(size)
    assert getattr(found, largest) == pytest.approx(planted.var(), rel=0.15)


def test_the_order_rises_where_it_was_planted_and_is_flat_where_there_is_only_noise() -> None:
    people, features = in_order(halved(OF_PEOPLE)).values()
    assert people[0] < 0.1 and people[-1] > 2.3 and len(people) == 10
    assert np.ptp(features) < 0.35
    even = in_order(halved(EVEN))
    assert max(np.ptp(even["people"]), np.ptp(even["features"])) < 0.35


def test_people_who_differ_agree_with_themselves_and_people_who_do_not_have_nothing_to_agree_on() -> None:
    assert components(halved(OF_PEOPLE)).agreement > 0.95
    even = components(halved(EVEN))
    assert abs(even.agreement) < 0.4 and abs(even.total) < 0.05 * components(halved(OF_PEOPLE)).total


def test_noise_that_all_features_of_an_image_share_is_no_difference_between_people() -> None:
    """An image that is odd in every feature at once would look like a person who depends on view."""
    found, naive = [], []
    for seed in range(12):
        values, of, _ = world(EVEN, seed=seed)
        values = values + np.random.default_rng(100 + seed).standard_normal((len(values), 1)) * 2
        found.append(components(energies_of_halves(values, of, rng=np.random.default_rng(seed), splits=4)).people)
        naive.append((effects(values, of).shift ** 2).mean(axis=(1, 2)).var())
    assert np.mean(naive) > 0.03  # people do look different
    assert abs(np.mean(found)) < 0.2 * np.mean(naive)


@pytest.mark.parametrize("common", [0.0, 2.0])
def test_shares_of_variance(common: float) -> None:
    values, of, _ = world(np.full((200, WIDTH), 1.0), common=common, person=1.5)
    expected = np.array([1.5**2 + 0.25 * 0.0, common**2 / 4, 1.0 / 4, 1.0])
    got = shares_of(shares(values, of))
    assert got.sum() == pytest.approx(1)
    # the person's part is of the middle of the two views: half of an own shift lies in it too
    middle = expected.copy()
    middle[0] += 1.0 / 4
    np.testing.assert_allclose(got, middle / middle.sum(), atol=0.02)


def test_the_jackknife_of_a_mean_is_students_interval() -> None:
    sample = RNG.standard_normal(12)
    got, other = jackknife(lambda rows: [float(sample[rows].mean()), 1.0], 12)
    assert (other.value, other.lo, other.hi) == (1, 1, 1)
    reach = 2.200985 * sample.std(ddof=1) / np.sqrt(12)  # t of 11 degrees of freedom
    assert (got.value, got.lo, got.hi) == pytest.approx((sample.mean(), sample.mean() - reach, sample.mean() + reach))
    assert (got.n, got.unit) == (12, "identity")


def test_an_interval_ends_where_the_statistic_does() -> None:
    [found] = jackknife(lambda rows: [0.2 if len(rows) == 4 else 0.2 * (1 + 9 * (0 in rows))], 4)
    assert found.lo < -1 and found.hi > 1
    assert (within(found, -1, 1).lo, within(found, -1, 1).hi, within(found, -1, 1).value) == (-1, 1, 0.2)
    assert within(found, 0.5, 1).lo == 0.2  # never beyond the value itself


def test_the_jackknife_covers_what_was_planted() -> None:
    inside = 0
    for seed in range(12):
        values, of, _ = world(OF_PEOPLE[::2], seed=seed)
        halved = energies_of_halves(values, of, rng=np.random.default_rng(seed), splits=2)
        [got] = jackknife(lambda rows, halved=halved: [components(halved, rows).people], len(of.people))
        inside += got.lo <= np.square(OF_PEOPLE[::2, 0]).var(ddof=1) <= got.hi
    assert inside >= 10


def test_energy_of_people_is_in_their_order() -> None:
    values, of, _ = world(OF_PEOPLE)
    assert np.corrcoef(energy_of_people(effects(values, of)), OF_PEOPLE[:, 0] ** 2)[0, 1] > 0.97
