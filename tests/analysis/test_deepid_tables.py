"""Sparsity, verification, identification and hidden faces as tables, on arrays whose answers are known."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from deepfeatures.analysis import deepid_claims, deepid_hidden, sparsity
from deepfeatures.analysis.deepid_verification import (
    NETWORKS,
    by_layer,
    gain,
    gains,
    identification,
    identified,
    judges,
    memory,
    of_representations,
    without_models,
)
from deepfeatures.analysis.seed_counts import seeds_of

PEOPLE, EACH = 40, 5
PERSON = np.repeat(np.arange(PEOPLE), EACH)
RNG = np.random.default_rng


def coordinates(noise, seed=0):
    rng = RNG(seed)
    return rng.standard_normal((PEOPLE, 6))[PERSON] * 3 + noise * rng.standard_normal((len(PERSON), 6))


def models(**noise):
    """A joint Bayesian artifact: names to how noisy their coordinates are."""
    found = {"identity": PERSON, "rows": np.arange(len(PERSON))}
    for name, size in noise.items():
        found |= {
            name.replace("_", " "): coordinates(size).astype(np.float32),
            f"{name.replace('_', ' ')}.person": np.full(6, 9.0),
        }
    return found


@pytest.fixture
def judged():
    return judges(models(), folds=4, resamples=60, rng=RNG(0))


def test_clear_coordinates_are_judged_rightly_and_noise_by_half(judged):
    made = models(clear=1.0, noise=200.0)
    clear, noise = (judged.of_model(made, name) for name in ("clear", "noise"))
    assert clear[0] > 95 and noise[0] == pytest.approx(50, abs=6)
    found = judged.interval(clear - noise)
    assert found.lo > 30 and found.n == PEOPLE


def test_figure_3_has_a_row_a_layer_and_differences_are_paired(judged):
    layers = {
        f"{network}_fc{n}": noise
        for n in (1, 2, 3, 4)
        for network, noise in (("proposed", 1.0), ("no-layerwise", 1.0), ("less-data", 3.0), ("smaller", 6.0))
    }
    made = models(**layers, lbp=20.0)
    networks = {name: [made] for name in ("proposed", "no-layerwise", "less-data", "smaller", "lbp")}
    table = by_layer(networks, judged)
    assert len(table) == 17 and table["network"].nunique() == 5
    assert table["layer"].tolist()[:4] == ["FC-1", "FC-2", "FC-3", "FC-4"] and table["layer"].iloc[-1] == ""
    differences = gains(networks, judged).set_index(["ablation", "layer"])
    same = differences.loc[("without layer-wise signals", "mean")]
    assert (same["gain"], same["lo"], same["hi"]) == (0, 0, 0)  # the same coordinates, pair by pair
    assert differences.loc[("fewer maps and units", "mean"), "lo"] > 0


def test_several_networks_of_a_kind_are_averaged_and_widen_the_interval(judged):
    """A kind whose networks differ among themselves: the mean stays, and what is known of it is less."""

    def of_noise(proposed, smaller):
        return models(**{f"{name}_fc{n}": noise for n in (1, 2, 3, 4)
                         for name, noise in (("proposed", proposed), ("smaller", smaller))})  # fmt: skip

    clear, middle, noisy = of_noise(1.0, 6.0), of_noise(4.0, 6.0), of_noise(12.0, 6.0)
    one = gain({"proposed": [middle], "smaller": [middle]}, "smaller", judged).mean(axis=0)
    three = gain({name: [clear, middle, noisy] for name in ("proposed", "smaller")}, "smaller", judged).mean(axis=0)
    assert one.shape == (1, 61) and three.shape == (3, 61)
    np.testing.assert_array_equal(three[1], one[0])
    of_people, of_both = judged.over_seeds(one), judged.over_seeds(three)
    assert of_both.value == pytest.approx(three[:, 0].mean())
    assert (of_people.seeds, of_people.unit) == (1, "identity")
    assert (of_both.seeds, of_both.unit) == (3, "identity and seed")
    assert of_both.hi - of_both.lo > 1.5 * (of_people.hi - of_people.lo)
    with pytest.raises(ValueError, match="2 whole networks beside 1 of smaller"):
        gain({"proposed": [clear, noisy], "smaller": [clear]}, "smaller", judged)
    coin = judged.over_seeds(np.full((3, 61), 50.0))
    assert coin.lo == coin.value == coin.hi == 50  # no rounding puts a value outside of its interval
    same = judged.over_seeds(three)
    assert (same.lo, same.hi) == (of_both.lo, of_both.hi)  # the draws of networks are the page's own


def test_claims_of_improvements_rest_on_all_networks_and_are_the_table_s_means(judged):
    names = ("proposed", "no-layerwise", "less-data", "smaller")
    seeds = [models(**{f"{name}_fc{n}": noise * more for n in (1, 2, 3, 4)
                       for more, name in enumerate(names, start=1)}) for noise in (1.0, 2.0)]  # fmt: skip
    networks = dict.fromkeys(names, seeds)
    means = gains(networks, judged).set_index(["ablation", "layer"])["gain"]
    for claim, network in deepid_claims.IMPROVEMENTS.items():
        found = judged.over_seeds(gain(networks, network, judged).mean(axis=0))
        assert found.value == means[NETWORKS[network], "mean"]
        assert seeds_of({claim: found, "of one network": judged.interval(np.full(61, 50.0))}) == {
            claim: 2, "of one network": 1,
        }  # fmt: skip


def test_representations_keep_their_order(judged):
    table = of_representations(models(one=1.0, other=9.0), {"other": "noisy", "one": "clear"}, judged)
    assert table["representation"].tolist() == ["noisy", "clear"] and table["coordinates"].tolist() == [6, 6]


def test_everybody_is_identified_where_coordinates_are_clear_and_hardly_anybody_in_noise():
    made = models(clear=0.3, noise=300.0)
    yaw = RNG(1).uniform(-90, 90, len(PERSON))
    clear = identified(made, "clear", yaw, resamples=50, rng=RNG(0))
    assert clear.closed.value > 98 and clear.found.value > 90 and clear.alarms <= 1
    noise = identified(made, "noise", yaw, resamples=50, rng=RNG(0))
    assert noise.closed.value < 15 and noise.found.value < 15
    rows = identification([("a", made, "clear"), ("b", made, "clear")], yaw, resamples=50, rng=RNG(0))
    assert rows[0][1:] == rows[1][1:]  # all are asked of the same half of the people


def test_cosine_and_hamming_need_no_model(judged):
    features = np.maximum(coordinates(1.0), 0)
    cosine, distance = without_models(features, judged)
    assert cosine[0] > 80 and distance[0] > 65
    assert memory(512) == {"float32": 2048, "bits": 64} and memory(100) == {"float32": 400, "bits": 16}


def test_shares_by_face_and_by_unit_by_hand():
    features = {"fc1": np.array([[0.0, 1.0, 2.0], [0.0, 0.0, 5.0]])}
    of_face, of_unit = sparsity.shares(features, "fc1")
    assert of_face.tolist() == pytest.approx([2 / 3, 1 / 3]) and of_unit.tolist() == [0, 0.5, 1]
    table = sparsity.histograms({"net": features}, layers=["fc1"], bins=2)
    assert table[table["of"] == "unit"]["share"].tolist() == pytest.approx([1 / 3, 2 / 3])


def test_units_always_on_and_always_off_are_not_moderate_though_half_are_active():
    always = np.tile([1.0, 0.0], (len(PERSON), 10))
    mixed = (RNG(0).random((len(PERSON), 20)) > 0.5).astype(float)
    one, other = (sparsity.activity(values, PERSON, resamples=50, rng=RNG(0)) for values in (always, mixed))
    assert one["face"].value == pytest.approx(0.5) and one["moderate"].value == 0
    assert other["face"].value == pytest.approx(0.5, abs=0.03) and other["moderate"].value == 1


def test_codes_of_every_level_are_as_active_as_they_should_be(judged):
    values = coordinates(1.0)
    table, drawn = sparsity.by_level(values, values, judged)
    np.testing.assert_allclose(table["active"], table["level"], atol=0.01)
    assert table["differ"].max() == table.loc[table["level"] == 0.5, "differ"].item()
    assert drawn[0.5][0] > drawn[0.95][0]


def test_a_person_s_images_agree_more_than_two_people_s(judged):
    assert sparsity.agreement(np.maximum(coordinates(1.0), 0), judged)[0] > 0.2
    assert sparsity.agreement(np.maximum(RNG(0).standard_normal((len(PERSON), 200)), 0), judged)[0] == pytest.approx(
        0, abs=0.02
    )


class Hidden(dict):
    meta: ClassVar = {
        "conditions": [["whole 0", "", 0.0], ["block 0.4", "block", 0.4], ["band 0.6", "band", 0.6]],
        "representations": ["robust", "fragile"],
    }


@pytest.fixture
def hidden(judged):
    pairs = judged.of.pairs
    found = Hidden(
        first=pairs.first,
        second=pairs.second,
        same=pairs.same,
        fold=judged.of.fold,
        person=judged.of.person,
        hidden=np.unique(pairs.second),
    )
    rng = RNG(0)
    for name, spoilt in (("robust", 0.05), ("fragile", 0.9)):
        for condition in ("whole 0", "block 0.4", "band 0.6"):
            wrong = rng.random(len(pairs.same)) < (0.0 if condition == "whole 0" else spoilt / 2)
            found[f"{condition}, {name}"] = (pairs.same ^ wrong).astype(np.float32)
        found[f"agree, {name}"] = np.array([0.6, 0.8])
        for condition in ("block 0.4", "band 0.6"):
            found[f"unchanged, {condition}, {name}"] = np.full(len(found["hidden"]), 0.9 if name == "robust" else 0.6)
    return found


def test_what_is_left_of_the_lead(hidden):
    own = deepid_hidden.judges_of(hidden, resamples=40, rng=RNG(0))
    left = {name: deepid_hidden.retained(deepid_hidden.accuracy(hidden, name, own)) for name in ("robust", "fragile")}
    assert left["robust"][0] == pytest.approx(0.95, abs=0.03) and left["fragile"][0] == pytest.approx(0.1, abs=0.06)
    assert own.interval(left["robust"] - left["fragile"]).lo > 0.5
    rows = deepid_hidden.table(hidden, own, {"robust": "the robust one"})
    assert (
        rows[0][0] == "the robust one" and rows[0][1].value == 100 and rows[0][2].value == pytest.approx(97.5, abs=1.5)
    )


def test_a_pattern_that_is_another_person_s_is_lost_and_one_that_stays_is_kept(hidden):
    own = deepid_hidden.judges_of(hidden, resamples=40, rng=RNG(0))
    assert deepid_hidden.kept_pattern(hidden, "robust", own)[0] == pytest.approx(0.75)
    assert deepid_hidden.kept_pattern(hidden, "fragile", own)[0] == pytest.approx(0.0, abs=1e-9)
    found = deepid_hidden.stability(hidden).set_index(["hider", "name"])
    assert found.loc[("block", "robust"), "unchanged"] == pytest.approx(0.9)


def test_whole_faces_stand_in_every_panel(hidden):
    own = deepid_hidden.judges_of(hidden, resamples=40, rng=RNG(0))
    table = deepid_hidden.by_share(hidden, own)
    assert sorted(set(zip(table["hider"], table["share"], strict=True))) == [
        ("band", 0),
        ("band", 0.6),
        ("block", 0),
        ("block", 0.4),
    ]


def test_photographs_that_are_not_there_give_no_rows():
    from deepfeatures.analysis import deepid_photographs

    assert deepid_photographs.binarised(folds=4, resamples=50, rng=RNG(0)) == []
    assert deepid_photographs.machines(resamples=50, rng=RNG(0)) == []
    headings, rows = deepid_photographs.hidden(resamples=50, rng=RNG(0))
    assert headings[0] == "features" and rows == []


def test_hidden_photographs_have_a_column_a_cover_and_lbp_no_pattern(hidden):
    from deepfeatures.analysis import deepid_photographs

    class Found(dict):
        meta: ClassVar = {**Hidden.meta, "representations": ["robust", "robust bits", "robust signs", "lbp"]}

    found = Found(hidden)
    for condition in ("whole 0", "block 0.4", "band 0.6"):
        for name, like in (("lbp", "fragile"), ("robust bits", "robust")):
            found[f"{condition}, {name}"] = hidden[f"{condition}, {like}"]
        if f"unchanged, {condition}, robust" in hidden:
            found[f"unchanged, {condition}, robust bits"] = hidden[f"unchanged, {condition}, robust"]
    found["agree, robust bits"] = hidden["agree, robust"]
    headings, rows = deepid_photographs.hidden(found, resamples=40, rng=RNG(0))
    assert headings == ["features", "whole, %", "block 40 %", "band 60 %", "lead left", "pattern left"]
    robust, lbp = rows
    assert (robust[0], lbp[0]) == ("robust", "lbp") and robust[1].value == lbp[1].value == 100
    assert min(robust[2:4]) > 90 > max(lbp[2:4]) and robust[4].value > lbp[4].value
    assert robust[5].value == pytest.approx(0.75) and np.isnan(lbp[5])


def test_photographs_lose_by_bits_what_the_pairs_say():
    from deepfeatures.analysis import deepid_photographs

    made = models(**{"net": 1.0, "net_bits": 8.0, "net_signs": 30.0})
    opened = SimpleNamespace(meta={"representations": ["net", "net bits", "net signs"]}, __getitem__=None)
    artifact = type("A", (dict,), {"meta": opened.meta})(made)
    [[name, real, bits, signs, lost]] = deepid_photographs.binarised(artifact, folds=4, resamples=50, rng=RNG(0))
    assert name == "net" and signs.value < bits.value
    assert lost.value == pytest.approx(real.value - bits.value) and lost.lo > 0


def test_lbp_has_bits_at_the_median_alone():
    from deepfeatures.analysis import deepid_photographs

    made = models(**{"lbp": 4.0, "lbp_bits": 8.0})
    artifact = type("A", (dict,), {"meta": {"representations": ["lbp", "lbp bits"]}})(made)
    [[name, real, bits, signs, lost]] = deepid_photographs.binarised(artifact, folds=4, resamples=50, rng=RNG(0))
    assert name == "lbp" and np.isnan(signs) and lost.value == pytest.approx(real.value - bits.value)


def test_signed_numbers_have_no_activity():
    from deepfeatures.analysis import deepid_photographs

    one = {"signed": np.array([[1.0, -1.0]]), "relu": np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]])}
    signed, relu = deepid_photographs.activity({"net": one}, ("signed", "relu"))
    assert np.isnan(signed[3]) and np.isnan(signed[4])
    assert relu == ["net", "relu", 3, 0.5, pytest.approx(1 / 3)]
