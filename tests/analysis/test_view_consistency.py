"""Whether a person's features agree on how view-dependent he is, and what belongs to pairs, where it was planted."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis import view_claims
from deepfeatures.analysis.view_components import energies_of_halves
from deepfeatures.analysis.view_worlds import Seen
from tests.analysis.made_up_views import world

PEOPLE, WIDTH = 40, 30
OF_PEOPLE = np.repeat(np.linspace(0, 3, PEOPLE)[:, None], WIDTH, axis=1)
OF_FEATURES = np.repeat(np.linspace(0, 3, WIDTH)[None], PEOPLE, axis=0)
OF_PAIRS = np.random.default_rng(5).permuted(OF_PEOPLE.ravel()).reshape(PEOPLE, WIDTH)
TWO_KINDS = np.where(np.arange(WIDTH) < WIDTH // 2, OF_PEOPLE, OF_PEOPLE[::-1])  # half of the features, the other way


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def agreement(size: np.ndarray, order: np.ndarray) -> float:
    values, of, _ = world(size)
    halved = [energies_of_halves(values, of, rng=rng())]
    return view_claims.agreement_over_features(halved, order, np.arange(PEOPLE))


def test_features_agree_where_people_differ_and_have_nothing_to_agree_on_where_features_do() -> None:
    order = rng().permutation(WIDTH)
    assert agreement(OF_PEOPLE, order) > 0.95
    assert abs(agreement(OF_FEATURES, order)) < 0.4


def test_features_that_disagree_about_people_are_told_from_those_that_agree() -> None:
    """Over images every half repeats; over features one half says the opposite of the other."""
    planted = np.square(TWO_KINDS)
    expected = np.corrcoef(planted[:, 0], planted[:, -1])[0, 1]
    assert expected < -0.8 and agreement(TWO_KINDS, np.arange(WIDTH)) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("size", "pairs"), [(OF_PAIRS, True), (OF_FEATURES, False)])
def test_sets_of_features_that_differ_from_person_to_person_are_found(size: np.ndarray, pairs: bool) -> None:
    values, of, _ = world(size)
    seen = [Seen(world="views", network="trained", features=[values], design=of)]
    found = view_claims.said_by_rudd(seen, rng=rng())["pose-features-differ-by-person"]
    assert (found.lo > 0.7) if pairs else (found.hi < -0.7)  # type: ignore[union-attr]
