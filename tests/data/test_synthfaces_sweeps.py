"""Every factor swept alone: none left out, each seen to change its picture, and nothing else changed with it."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.data.synthfaces import ATTRIBUTES, FACTORS, SynthFaces, sweeps

SEEN_GREY, SEEN_SHARE = 10, 0.002  # a change that can be seen: of the full scale of 255, and of a picture's pixels


@pytest.fixture(scope="module")
def swept():
    return sweeps.sweeps(list(FACTORS))


def test_every_factor_stands_in_one_group(monkeypatch):
    shown = [name for group in sweeps.groups() for name in group.names]
    assert sorted(shown) == sorted(FACTORS) and len(shown) == len(set(shown))
    monkeypatch.setattr(sweeps, "FACTORS", {**FACTORS, "left_out": FACTORS["smile"]})
    with pytest.raises(ValueError, match="not so: left_out"):
        sweeps.groups()


@pytest.mark.parametrize("name", FACTORS)
def test_a_sweep_changes_what_is_seen_and_nothing_else(swept, name):
    one = swept[name]
    wanted = sweeps.values(name)
    assert wanted[0] == FACTORS[name].low and wanted[-1] == FACTORS[name].high
    np.testing.assert_array_equal(one.truth[name], wanted)
    assert one.images.shape == (len(wanted), 64, 64, 3)
    moved = np.abs(one.images.astype(int) - one.images[0]).max(axis=3) > SEEN_GREY
    assert moved.mean(axis=(1, 2)).max() >= SEEN_SHARE
    changed = {other for other in FACTORS if one.truth[other].nunique() > 1}
    tied = sweeps.led_to(name)
    assert changed == ({name} if tied is None else {name, tied[0]})
    followed = {other for other in ATTRIBUTES if one.truth[other].nunique() > 1}
    assert followed <= set(sweeps.attributes_of(name))


@pytest.mark.parametrize("name", ["yaw_deg", "hat_hue", "noise_percent", "jpeg_quality"])
def test_a_sweep_is_what_vary_gives(swept, name):
    at = sweeps.neutral(name)
    world = SynthFaces(
        *(0, 1, 1),
        ranges={one: (at[one], at[one]) for one in FACTORS if not FACTORS[one].is_switch},
        chances={one: at[one] for one in FACTORS if FACTORS[one].is_switch},
    )
    np.testing.assert_array_equal(world.vary(0, name, sweeps.values(name)).images, swept[name].images)


def test_a_tendency_leads_to_what_such_a_persons_images_have():
    """The middle of the range is the middle; near the top, the median over many images of such people."""
    found = sweeps.sweeps(["tends_long_hair"], side_px=32)["tends_long_hair"].truth
    drawn = SynthFaces(3, 4000, 5, 32).truth()
    like = drawn[(drawn["tends_long_hair"] - 0.5).abs() < 0.05]["hair_length"]
    np.testing.assert_allclose(found["hair_length"].to_numpy()[[0, 2, 4]], [0, 0.5, 1])
    assert found["hair_length"][3] == pytest.approx(like.median(), abs=0.03)


def test_attributes_are_those_whose_rule_reads_the_factor():
    assert sweeps.attributes_of("jaw_width") == ["Oval_Face"]
    assert sweeps.attributes_of("makeup") == ["Heavy_Makeup", "Wearing_Lipstick"]
    assert sweeps.attributes_of("tends_goatee") == sweeps.attributes_of("goatee") == ["Goatee", "No_Beard"]
    assert sweeps.attributes_of("yaw_deg") == []
    assert {one for name in FACTORS for one in sweeps.attributes_of(name)} == set(ATTRIBUTES)
