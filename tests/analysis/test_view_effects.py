"""View effects: no bias where there is nothing, the planted size where there is something."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis.view_effects import design, effects, frontal_twice, halves
from tests.analysis.made_up_views import world

PEOPLE, WIDTH = 40, 25


def test_energy_is_zero_on_average_where_view_changes_nothing_and_the_square_of_what_was_planted() -> None:
    values, of, _ = world(np.zeros((PEOPLE, WIDTH)))
    assert abs(effects(values, of).energy.mean()) < 0.02  # without its noise taken off it would be 0.25
    assert effects(values, of).noise.mean() == pytest.approx(0.25, rel=0.05)
    values, of, _ = world(np.full((PEOPLE, WIDTH), 2.0))
    assert effects(values, of).energy.mean() == pytest.approx(4.0, rel=0.05)
    assert abs(effects(values, frontal_twice(of)).energy.mean()) < 0.05


def test_the_unit_is_the_spread_of_one_persons_images_in_one_view() -> None:
    values, of, _ = world(np.full((PEOPLE, WIDTH), 1.0), person=50.0)
    scaled = values * np.geomspace(1e-3, 1e3, WIDTH)
    np.testing.assert_allclose(effects(scaled, of).shift, effects(values, of).shift, rtol=1e-7)
    dead = np.concatenate([values, np.ones((len(values), 1))], axis=1)
    assert effects(dead, of).shift.shape == (PEOPLE, 2, WIDTH)


def test_a_shift_is_the_difference_of_means_by_hand() -> None:
    values, of, identity = world(np.ones((3, 4)), seed=3)
    found, rows = effects(values, of), np.arange(24)
    cells = [values[(identity == 1)][part] for part in (rows < 8, (rows >= 8) & (rows < 16), rows >= 16)]
    everything = [values[identity == one][part] for one in range(3) for part in (rows < 8, (rows >= 8) & (rows < 16),
                                                                                rows >= 16)]  # fmt: skip
    sd = np.sqrt(np.mean([cell.var(axis=0, ddof=1) for cell in everything], axis=0))
    np.testing.assert_allclose(found.shift[1, 0], (cells[1].mean(0) - cells[0].mean(0)) / sd)
    np.testing.assert_allclose(found.shift[1, 1], (cells[2].mean(0) - cells[0].mean(0)) / sd)


def test_halves_share_no_image() -> None:
    values, of, _ = world(np.zeros((PEOPLE, WIDTH)), person=0.0)
    one, other = halves(values, of, rng=np.random.default_rng(0))
    assert abs(np.corrcoef(one.shift.ravel(), other.shift.ravel())[0, 1]) < 0.06
    assert one.noise.mean() == pytest.approx(0.5, rel=0.1)


def test_people_without_enough_images_of_a_view_are_left_out() -> None:
    identity = np.repeat(np.arange(5), 12)
    yaw = np.tile([0.0] * 4 + [70.0] * 4 + [-70.0] * 4, 5)
    yaw[2] = 40.0
    assert design(identity, yaw, frontal_deg=15, turned_deg=60).people.tolist() == [1, 2, 3, 4]
    one_side = design(identity, np.abs(yaw), frontal_deg=15, turned_deg=60, sides=False)
    assert len(one_side.turned) == 1 and len(one_side.turned[0][0]) == 8
    assert design(identity, yaw, frontal_deg=15, turned_deg=60).yaw_gap_deg == pytest.approx(70)
    with pytest.raises(ValueError, match="0 of 5 people have 5 images within 15 degrees and 5 beyond 60 to"):
        design(identity, yaw, frontal_deg=15, turned_deg=60, least=5)
