"""The world's promises: any picture alone or in company, truth exact, factors independent or tied as asked."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

import deepfeatures as df
from deepfeatures.data.synthfaces import (
    ATTRIBUTES,
    FACTORS,
    IDENTITY_FACTORS,
    IMAGE_FACTORS,
    NOT_MODELLED,
    TIES,
    SynthFaces,
    attribute_table,
)
from deepfeatures.data.synthfaces.draws import normal

SMALL = SynthFaces(seed=3, identities=50, images_per_identity=10, side_px=32)


def test_the_package_offers_the_world() -> None:
    assert df.data.synthfaces.SynthFaces is SynthFaces


def test_shapes_and_types() -> None:
    images = SMALL.render([0, 499])
    assert images.shape == (2, 32, 32, 3) and images.dtype == np.uint8
    assert len(SMALL) == 500 and len(SMALL.truth()) == 500
    assert images.std() > 20


@settings(max_examples=5)
@given(st.lists(st.integers(0, 499), min_size=1, max_size=9), st.integers(0, 8))
def test_a_picture_is_the_same_bytes_alone_and_in_any_company(indices: list[int], chosen: int) -> None:
    one = indices[chosen % len(indices)]
    together = SMALL.render(indices)[chosen % len(indices)]
    np.testing.assert_array_equal(SMALL.render([one])[0], together)
    pd.testing.assert_frame_equal(
        SMALL.truth([one]), SMALL.truth(indices).iloc[[chosen % len(indices)]].reset_index(drop=True)
    )


@pytest.mark.parametrize("side_px", [33, 64])
def test_neither_batches_nor_threads_nor_chunks_change_a_byte(side_px, monkeypatch) -> None:
    faces = SynthFaces(
        seed=1, identities=20, images_per_identity=1, side_px=side_px, chances={"video": 0.3, "hat": 0.5}
    )
    together = faces.render(np.arange(20))
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        np.testing.assert_array_equal(faces.render(np.arange(20)), together)
    finally:
        torch.set_num_threads(threads)
    monkeypatch.setattr("deepfeatures.data.synthfaces.world.CHUNK_PX", 7 * side_px**2)
    np.testing.assert_array_equal(faces.render(np.arange(20)), together)


def test_pictures_depend_on_seed_person_and_number_only() -> None:
    more = SynthFaces(seed=3, identities=500, images_per_identity=10, side_px=32)
    np.testing.assert_array_equal(more.render([123]), SMALL.render([123]))
    wider = SynthFaces(seed=3, identities=50, images_per_identity=20, side_px=32)
    np.testing.assert_array_equal(wider.render([12 * 20 + 3]), SMALL.render([123]))
    other = SynthFaces(seed=4, identities=50, images_per_identity=10, side_px=32)
    assert (other.render([123]) != SMALL.render([123])).mean() > 0.5


def test_identity_factors_are_one_value_a_person() -> None:
    by_person = SMALL.truth().groupby("identity")
    assert (by_person[list(IDENTITY_FACTORS)].nunique() == 1).all(axis=None)
    assert (by_person["yaw_deg"].nunique() == 10).all()
    assert len(IDENTITY_FACTORS) >= 30
    assert by_person[list(IDENTITY_FACTORS)].first().nunique().min() == 50


def test_a_factor_keeps_its_stream_whatever_else_exists() -> None:
    numbers = np.arange(5)
    np.testing.assert_array_equal(normal(7, "yaw_deg", numbers)[2:3], normal(7, "yaw_deg", numbers[2:3]))
    assert not np.allclose(normal(7, "yaw_deg", numbers), normal(7, "smile", numbers))


BIG = SynthFaces(seed=11, identities=4000, images_per_identity=1).truth()


def test_values_fill_their_ranges_evenly_and_switches_have_their_chance() -> None:
    for name, one in FACTORS.items():
        values = BIG[name].to_numpy()
        if one.chance is not None:
            spread = 4 * math.sqrt(one.chance * (1 - one.chance) / len(values))
            assert abs(values.mean() - one.chance) < spread and set(values) <= {0.0, 1.0}
        else:
            share = (values - one.low) / (one.high - one.low)
            assert share.min() >= 0 and share.max() <= 1
            assert np.abs(np.quantile(share, [0.25, 0.5, 0.75]) - [0.25, 0.5, 0.75]).max() < 0.04, name


def test_factors_are_independent_but_for_the_stated_ties() -> None:
    found = np.corrcoef(BIG[list(FACTORS)].to_numpy(), rowvar=False)
    names = list(FACTORS)
    for pair, value in TIES.items():
        i, j = map(names.index, pair)
        assert found[i, j] == pytest.approx(6 / math.pi * math.asin(value / 2), abs=0.02)
        found[i, j] = found[j, i] = 0
    np.fill_diagonal(found, 0)
    assert np.abs(found).max() < 5 / math.sqrt(len(BIG))  # about 7,000 pairs


@settings(max_examples=4)
@given(st.floats(-0.9, 0.9))
def test_a_correlation_that_is_set_is_found_and_moves_nothing_else(value: float) -> None:
    faces = SynthFaces(seed=2, identities=3000, images_per_identity=1, correlations={("yaw_deg", "smile"): value})
    truth, plain = faces.truth(), SynthFaces(seed=2, identities=3000, images_per_identity=1).truth()
    score = norm.ppf(np.stack([(truth.yaw_deg + 90) / 180, truth.smile]))
    assert np.corrcoef(score)[0, 1] == pytest.approx(value, abs=0.06)
    same = [name for name in FACTORS if name not in ("yaw_deg", "smile")]
    pd.testing.assert_frame_equal(truth[same], plain[same])


def test_attributes_can_be_correlated_by_name_and_sign() -> None:
    faces = SynthFaces(
        seed=2,
        identities=3000,
        images_per_identity=1,
        correlations={("Smiling", "yaw_deg"): 0.5, ("Narrow_Eyes", "Wearing_Hat"): 0.6},
    )
    truth = faces.truth()
    assert truth.yaw_deg[truth.Smiling].mean() > 15 > -15 > truth.yaw_deg[~truth.Smiling].mean()
    assert truth.Wearing_Hat[truth.Narrow_Eyes].mean() > 2 * truth.Wearing_Hat[~truth.Narrow_Eyes].mean()


def test_identity_may_be_tied_to_images_and_stays_one_value_a_person() -> None:
    faces = SynthFaces(seed=2, identities=400, images_per_identity=8, correlations={("nose_width", "yaw_deg"): 0.7})
    truth = faces.truth()
    assert (truth.groupby("identity").nose_width.nunique() == 1).all()
    assert truth.nose_width.corr(truth.yaw_deg) == pytest.approx(6 / math.pi * math.asin(0.35), abs=0.05)


@pytest.mark.parametrize(
    ("correlations", "message"),
    [
        ({("Smiling", "yaw_deg"): 1.2}, r"\('Smiling', 'yaw_deg'\) is 1.2, expected above -1 and below 1"),
        ({("Smiling", "smile"): 0.5}, "both are the factor 'smile'"),
        ({("smile", "yaw_deg"): 0.5, ("yaw_deg", "Smiling"): 0.4}, "same pair is also given"),
        ({("smile", "yaw"): 0.5}, "no factor 'yaw'; near: yaw_deg"),
        ({("Blurry", "yaw_deg"): 0.5}, "Blurry is not decided by one factor"),
        ({("Male", "yaw_deg"): 0.5}, "no factor 'Male'"),
        (
            {("smile", "yaw_deg"): 0.9, ("yaw_deg", "zoom"): 0.9, ("smile", "zoom"): -0.9},
            r"not a correlation matrix .*\('smile', 'zoom'\) is -0.9",
        ),
        (
            {("beard", "smile"): 0.9, ("hat", "zoom"): 0.1},
            r"\('beard', 'smile'\) is 0.9 beside the default ties .*tends_beard",
        ),
    ],
)
def test_impossible_correlations_are_refused_by_name_and_value(correlations, message) -> None:
    with pytest.raises(ValueError, match=message):
        SynthFaces(correlations=correlations)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SynthFaces(side_px=31), "side_px is 31, expected 32..128"),
        (lambda: SynthFaces(side_px=129), "side_px is 129"),
        (lambda: SynthFaces(identities=0), "identities is 0"),
        (lambda: SynthFaces(images_per_identity=-1), "images_per_identity is -1"),
        (lambda: SynthFaces(seed=-1), "seed is -1"),
        (lambda: SynthFaces(ranges={"yaw_deg": (-91, 0)}), r"range of yaw_deg is \(-91, 0\), expected inside -90..90"),
        (lambda: SynthFaces(ranges={"yaw_deg": (10, 0)}), "range of yaw_deg"),
        (lambda: SynthFaces(ranges={"hat": (0, 1)}), "hat is a switch"),
        (lambda: SynthFaces(chances={"smile": 0.5}), "smile is no switch"),
        (lambda: SynthFaces(chances={"hat": 1.5}), "chance of hat is 1.5"),
        (lambda: SMALL.render([500]), "1 indices outside 0..499"),
        (lambda: SMALL.render([-1, 3]), "the first is -1"),
        (lambda: SMALL.render([0.5]), "whole numbers"),
        (lambda: SMALL.vary(0, "yaw", [0]), "no factor 'yaw'; near: yaw_deg"),
        (lambda: SMALL.vary(0, "yaw_deg", [0, 100]), "yaw_deg ranges over 0..100, expected inside -90..90"),
        (lambda: SMALL.vary(0, "yaw_deg", []), "no values"),
        (lambda: SMALL.vary(0, "smile", [math.nan]), "smile ranges over nan"),
        (lambda: SMALL.render_truth(SMALL.truth([0]).drop(columns="smile")), "lacks 1 columns, the first is 'smile'"),
    ],
)
def test_wrong_arguments_are_refused_with_their_numbers(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_ranges_and_chances_are_kept() -> None:
    faces = SynthFaces(identities=50, ranges={"yaw_deg": (-10, 20)}, chances={"hat": 1, "glasses": 0})
    truth = faces.truth()
    assert truth.yaw_deg.min() >= -10 and truth.yaw_deg.max() <= 20
    assert truth.Wearing_Hat.all() and not truth.glasses.any()


def test_forty_attributes_are_modelled_or_explained() -> None:
    table = attribute_table()
    assert len(table) == 40 == len(ATTRIBUTES) + len(NOT_MODELLED)
    assert table.modelled.sum() >= 20 and table.how.str.len().min() > 0
    assert set(table.belongs) == {"identity", "correlated", "independent", "not modelled"}
    assert {"Male", "Attractive", "Young"} == set(NOT_MODELLED)
    assert all(BIG[name].dtype == bool and 0.02 < BIG[name].mean() < 0.8 for name in ATTRIBUTES)


def test_what_belongs_to_the_identity_is_constant_and_the_rest_is_not() -> None:
    steady = SMALL.truth().groupby("identity")[list(ATTRIBUTES)].nunique() == 1
    for name, one in ATTRIBUTES.items():
        assert steady[name].all() == (one.belongs == "identity"), name


def test_sweeps_change_one_factor_and_its_attributes_only() -> None:
    sweep = SMALL.vary(17, "smile", [0.0, 0.49, 0.51, 1.0])
    assert list(sweep.truth.smile) == [0.0, 0.49, 0.51, 1.0]
    assert list(sweep.truth.Smiling) == [False, False, True, True]
    rest = [name for name in (*FACTORS, *ATTRIBUTES, "index", "identity") if name not in ("smile", "Smiling")]
    assert (sweep.truth[rest].nunique() == 1).all()
    own = float(SMALL.truth([17]).nose_width.iloc[0])
    np.testing.assert_array_equal(SMALL.vary(17, "nose_width", [own]).images, SMALL.render([17]))


def test_units_stand_in_the_names_of_what_has_one() -> None:
    for name in IMAGE_FACTORS:
        if FACTORS[name].high > 1.5:
            assert name.endswith(("_deg", "_percent", "_quality")), name
