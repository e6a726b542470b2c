"""Rank correlations and areas against scipy and scikit-learn, in the sample and in a draw done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr
from sklearn.metrics import roc_auc_score

from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.analysis.quality_rank import area, means_along, parts_of, rank_correlation, smallest_fall

RNG = np.random.default_rng(0)
IDENTITY = RNG.integers(0, 15, 120)
ONE = RNG.standard_normal(120).round(1)  # with ties
OTHER = (ONE + RNG.standard_normal(120)).round(1)
PEOPLE = draw_people(IDENTITY, resamples=6, rng=RNG)


def drawn(people: People, draw: int) -> np.ndarray:
    return np.repeat(np.arange(120), people.times[draw, people.of_image].astype(int))


def test_rank_correlation() -> None:
    got = rank_correlation(PEOPLE, ONE, OTHER)
    assert got[0] == pytest.approx(spearmanr(ONE, OTHER).statistic)
    for draw in (1, 5):
        rows = drawn(PEOPLE, draw)
        assert got[draw] == pytest.approx(np.corrcoef(rankdata(ONE)[rows], rankdata(OTHER)[rows])[0, 1])
    assert np.isnan(rank_correlation(PEOPLE, ONE, np.ones(120))).all()
    np.testing.assert_allclose(rank_correlation(PEOPLE, ONE, -OTHER), -got)


def test_area_under_the_curve() -> None:
    positive = OTHER > 0.5
    got = area(PEOPLE, ONE, positive)
    assert got[0] == pytest.approx(roc_auc_score(positive, ONE))
    for draw in (2, 6):
        rows = drawn(PEOPLE, draw)
        assert got[draw] == pytest.approx(roc_auc_score(positive[rows], ONE[rows]))
    assert np.isnan(area(PEOPLE, ONE, np.ones(120, bool))).all()
    np.testing.assert_allclose(area(PEOPLE, np.zeros(120), positive), 0.5)


def test_parts_are_equally_large_and_in_order() -> None:
    part = parts_of(ONE, 5)
    assert np.bincount(part).tolist() == [24] * 5
    assert all(ONE[part == low].max() <= ONE[part == low + 1].min() for low in range(4))


def test_means_along_the_distance_and_their_smallest_fall() -> None:
    far = np.arange(120.0)
    means = means_along(PEOPLE, far, -far, 4)
    np.testing.assert_allclose(means[0], [-14.5, -44.5, -74.5, -104.5])
    assert means.shape == (7, 4) and smallest_fall(means)[0] == pytest.approx(30)
    assert smallest_fall(np.array([[3.0, 1.0, 2.0, 0.0], [3.0, 2.0, 1.0, 0.5]])).tolist() == [-1.0, 0.5]
