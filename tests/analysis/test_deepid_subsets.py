"""Subsets of units of an attribute, on people of whom it is known which units the attribute moves."""

import numpy as np
import pytest

from deepfeatures.analysis.deepid_subsets import of_attributes
from deepfeatures.analysis.person_bootstrap import draw_people

PEOPLE, EACH, UNITS = 60, 6, 100
PERSON = np.repeat(np.arange(PEOPLE), EACH)
RNG = np.random.default_rng


def labels_of_people(rng):
    return (rng.permutation(PEOPLE) % 2)[PERSON]


def people(resamples=40):
    return draw_people(PERSON, resamples=resamples, rng=RNG(0))


def test_units_that_an_attribute_excites_and_inhibits_are_found_on_other_people():
    rng = RNG(1)
    shown = labels_of_people(rng)
    active = rng.random((len(PERSON), UNITS)) < 0.5
    active[:, :5] = rng.random((len(PERSON), 5)) < np.where(shown, 0.9, 0.3)[:, None]
    active[:, 5:10] = rng.random((len(PERSON), 5)) < np.where(shown, 0.2, 0.6)[:, None]
    excited, inhibited = of_attributes(active, shown[:, None], people(), rng=RNG(2))
    assert excited[0] == pytest.approx(0.6, abs=0.06) and inhibited[0] == pytest.approx(0.4, abs=0.06)
    assert excited.shape == (41,) and excited[1:].std() > 0


def test_choosing_the_best_of_many_units_of_noise_is_not_rewarded():
    rng = RNG(3)
    own = rng.random((PEOPLE, UNITS))[PERSON]  # units differ between people, which no attribute explains
    found = [
        of_attributes(rng.random((len(PERSON), UNITS)) < own, labels_of_people(rng)[:, None], people(2), rng=RNG(seed))
        for seed in range(12)
    ]
    assert np.abs(np.mean(found, axis=0)[:, 0]).max() < 0.06


def test_images_without_a_label_take_no_part():
    rng = RNG(4)
    shown = labels_of_people(rng)
    active = np.repeat(shown[:, None] == 1, UNITS, axis=1)
    unknown = rng.random(len(shown)) < 0.3
    active[unknown] = ~active[unknown]
    labels = np.stack([np.where(unknown, -1, shown), np.ones(len(shown), int)], axis=1)  # nobody lacks the second
    assert of_attributes(active, labels, people(2), rng=RNG(0))[0, 0] == pytest.approx(1)
    assert np.isnan(of_attributes(active, labels[:, 1:], people(2), rng=RNG(0))).all()


def test_other_images_are_refused():
    with pytest.raises(ValueError, match="360 images have units and 10 have labels"):
        of_attributes(np.ones((360, 4), bool), np.ones((10, 1)), people(2), rng=RNG(0))
