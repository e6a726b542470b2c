"""The grid behind the explorer of units: means by hand, AUC by pairs, its error against drawing people anew."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis import unit_explorer, unit_semantics
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.data.attributes import NAMES

PEOPLE, EACH, UNITS = 60, 4, 5


@pytest.fixture(scope="module")
def world() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    identity = np.repeat(np.arange(PEOPLE), EACH)
    labels = (rng.random((PEOPLE, len(NAMES))) < 0.4)[identity].astype(np.int8)  # a person's own, in every image
    labels[:, 30:] = -1
    units = rng.normal(size=(PEOPLE * EACH, UNITS)) + rng.normal(size=(PEOPLE, UNITS))[identity]
    units[:, 2] += 2 * labels[:, 7]
    images = rng.integers(0, 256, (PEOPLE * EACH, 6, 6, 3), np.uint8)
    return {"identity": identity, "labels": labels, "units": units, "images": images}


def grid(world: dict[str, np.ndarray], permutations: int = 50):  # type: ignore[no-untyped-def]
    units, labels, identity = world["units"], world["labels"], world["identity"]
    tested = unit_semantics.test(units, labels, identity, permutations=permutations, rng=np.random.default_rng(0))
    return unit_explorer.grid(world["images"], {"mine": units}, {"mine": tested}, labels, identity)


def test_every_unit_has_its_faces_and_its_five_attributes(world: dict[str, np.ndarray]) -> None:
    table = grid(world)
    assert len(table) == UNITS * unit_explorer.MOST and table["place"].iloc[0] == "1 of 5"
    first = table.iloc[0]
    assert (first["unit"], first["attribute"]) == ("2", NAMES[7].replace("_", " "))
    response, shows = world["units"][:, 2], world["labels"][:, 7] > 0
    pairs = [(a > b) + 0.5 * (a == b) for a in response[shows] for b in response[~shows]]
    assert first["auc"] == pytest.approx(np.mean(pairs))
    assert first["auc_lo"] < first["auc"] < first["auc_hi"] and first["p"].startswith("0.020 (the least possible)")
    order = np.argsort(response)
    assert unit_explorer.faces_in_a_mean(len(response)) == 50
    np.testing.assert_array_equal(first["strong"], np.round(world["images"][order[-50:]].mean(axis=0)).astype(np.uint8))
    np.testing.assert_array_equal(first["weak"], np.round(world["images"][order[:50]].mean(axis=0)).astype(np.uint8))
    away = table.groupby("place", sort=False)["auc"].apply(lambda auc: np.abs(auc - 0.5).tolist())
    assert all(one == sorted(one, reverse=True) for one in away) and [one[0] for one in away] == sorted(
        (one[0] for one in away), reverse=True
    )


def test_the_error_is_that_of_drawing_people_anew(world: dict[str, np.ndarray]) -> None:
    identity = world["identity"]
    people = draw_people(identity, resamples=3000, rng=np.random.default_rng(1))
    for unit, column in ((2, 7), (0, 3)):
        response, shows = world["units"][:, unit], world["labels"][:, column] > 0
        times = people.times[:, people.of_image].astype(np.float32)
        drawn = unit_semantics.weighted_auc(response[:, None], shows[:, None], times)[1:, 0]
        assert unit_explorer.auc_error(response, shows, identity) == pytest.approx(drawn.std(), rel=0.15)
    single = unit_explorer.auc_error(response, shows, np.arange(len(identity)))
    assert single < 0.8 * unit_explorer.auc_error(response, shows, identity)  # images of one person are not independent


def test_what_nobody_shows_has_no_error() -> None:
    assert np.isnan(unit_explorer.auc_error(np.arange(4.0), np.zeros(4, bool), np.arange(4)))
