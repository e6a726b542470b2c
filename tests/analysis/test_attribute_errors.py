"""Errors of attributes, chance, groups and claims: against slow twins, and on faces whose truth is known."""
from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.analysis import (
    attribute_chance,
    attribute_claims,
    attribute_errors,
    attribute_groups,
    attribute_tables,
    seed_counts,
)
from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.data import attributes
from deepfeatures.study import claims

PEOPLE, EACH = 40, 5
NAMES = attributes.NAMES
ROLES = ("deep/embedding", "deep/embedding+triplet", "deep/embedding+pca")


def made_up(
    *, seed: int = 0, informed: float = 1.5, equal: bool = True
) -> tuple[dict[str, np.ndarray], dict[str, list[dict[str, np.ndarray]]]]:
    """Labels that people tend to, and scores that follow them: `before` more than `after`."""
    rng = np.random.default_rng(seed)
    counts = np.full(PEOPLE, EACH) if equal else rng.integers(2, 9, PEOPLE)
    identity = np.repeat(np.arange(PEOPLE) * 7, counts)
    tends = np.repeat(rng.standard_normal((PEOPLE, 40)), counts, axis=0)
    labels = (tends + rng.standard_normal((len(identity), 40)) > 0).astype(np.int8)
    labels[:, NAMES.index("Male")] = -1
    labels[:, NAMES.index("Young")] = (identity < 14).astype(np.int8)  # two people
    noise = rng.standard_normal(labels.shape)
    readouts = {
        name: [{"scores": (share * informed * (2 * labels - 1) + noise).astype(np.float32)}]
        for name, share in zip(ROLES, (1.0, 0.5, 1.0), strict=True)
    }
    return {"identity": identity, "attributes": labels}, readouts


@pytest.fixture(scope="module")
def errors() -> attribute_errors.Errors:
    return attribute_errors.measure(*made_up(), resamples=300, rng=np.random.default_rng(0))


def test_rates_are_those_of_counting_one_by_one(errors: attribute_errors.Errors) -> None:
    faces, readouts = made_up()
    for name in ("Smiling", "Bald"):
        a = NAMES.index(name)
        label, said = faces["attributes"][:, a], readouts[ROLES[0]][0]["scores"][:, a] > 0
        misses = sum(1 for shows, yes in zip(label, said, strict=True) if shows == 1 and not yes) / sum(label == 1)
        alarms = sum(1 for shows, yes in zip(label, said, strict=True) if shows == 0 and yes) / sum(label == 0)
        (column,) = errors[ROLES[0]].columns([name])
        assert errors[ROLES[0]].fn[0, 0, column] == pytest.approx(misses)
        assert errors[ROLES[0]].fp[0, 0, column] == pytest.approx(alarms)


def test_a_draw_of_people_is_counting_their_images_as_often_as_they_were_drawn() -> None:
    faces, readouts = made_up(equal=False)
    found = attribute_errors.measure(faces, readouts, resamples=3, rng=np.random.default_rng(5))
    persons = np.unique(faces["identity"])
    drawn = np.random.default_rng(5).multinomial(len(persons), np.full(len(persons), 1 / len(persons)), size=3)
    rows = np.concatenate([np.flatnonzero(faces["identity"] == p) for p, times in zip(persons, drawn[1], strict=True)
                           for _ in range(times)])  # fmt: skip
    a = NAMES.index("Smiling")
    label, said = faces["attributes"][rows, a], readouts[ROLES[1]][0]["scores"][rows, a] > 0
    (column,) = found[ROLES[1]].columns(["Smiling"])
    assert found[ROLES[1]].fn[2, 0, column] == pytest.approx((~said[label == 1]).mean())
    assert found[ROLES[1]].fp[2, 0, column] == pytest.approx(said[label == 0].mean())


def test_too_few_people_give_no_number_and_no_verdict(errors: attribute_errors.Errors) -> None:
    assert errors.too_few == {"Young": (38, 2)} and errors.unknown == ("Male",)
    assert not {"Young", "Male"} & set(errors.names) and len(errors.names) == 38
    with pytest.raises(KeyError, match="Young is not measured here"):
        errors[ROLES[0]].columns(["Young"])
    few = errors.of(["Smiling", "Young"], lambda: np.zeros((2, 1)))
    assert isinstance(few, NotApplicable) and "2 show Young and 38 lack it" in few.reason
    assert isinstance(errors.of(["Male"], lambda: np.zeros((2, 1))), NotApplicable)
    assert isinstance(errors.of([], lambda: np.zeros((2, 1))), NotApplicable)


def test_intervals_draw_people_not_images() -> None:
    """A person whose images share everything counts once: the interval is about sqrt(EACH) wider than by images."""
    rng = np.random.default_rng(3)
    identity = np.repeat(np.arange(200), 9)
    labels = np.repeat(rng.integers(0, 2, (200, 40)), 9, axis=0).astype(np.int8)
    scores = np.repeat(rng.standard_normal((200, 40)), 9, axis=0).astype(np.float32)
    found = attribute_errors.measure(
        {"identity": identity, "attributes": labels}, {"x": [{"scores": scores}]}, resamples=400, rng=rng
    )
    widths = [found.interval(found["x"].fn[..., a]).hi - found.interval(found["x"].fn[..., a]).lo for a in range(40)]
    by_people = 2 * 1.96 * 0.5 / np.sqrt(100)
    assert 0.8 * by_people < np.median(widths) < 1.2 * by_people


def test_two_seeds_are_averaged_and_give_a_spread() -> None:
    faces, readouts = made_up()
    other = made_up(seed=1)[1]
    both = {ROLES[0]: [readouts[ROLES[0]][0], other[ROLES[0]][0]]}
    found = attribute_errors.measure(faces, both, resamples=100, rng=np.random.default_rng(0))
    one = found.interval(found[ROLES[0]].error.mean(axis=-1))
    assert one.seeds == 2 and one.seed_sd > 0 and one.unit == "identity and seed" and one.n == PEOPLE


def test_chance_is_found_out_and_knowledge_is_recognised() -> None:
    names = ("Smiling", "Bald", "Wearing_Hat")
    for equal in (True, False):
        faces, readouts = made_up(informed=0.0, equal=equal)
        blind = attribute_chance.against_chance(
            faces, readouts[ROLES[0]], names, permutations=200, rng=np.random.default_rng(0)
        )
        assert not blind.better() and (blind.low < 1).all() and (np.abs(blind.total - 1) < 0.3).all()
        faces, readouts = made_up(informed=1.0, equal=equal)
        read = attribute_chance.against_chance(
            faces, readouts[ROLES[0]], names, permutations=200, rng=np.random.default_rng(0)
        )
        assert read.better() == names and (read.p == 1 / 201).all()


def test_labels_of_a_person_stay_together_so_that_answers_alike_within_people_are_not_called_significant() -> None:
    """Scores and labels of people, unrelated: by images a third would come out significant."""
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(40):
        identity = np.repeat(np.arange(30), 20)
        labels = np.full((600, 40), -1, np.int8)
        labels[:, 0] = np.repeat(rng.permutation(30) < 12, 20)
        scores = np.full((600, 40), np.nan, np.float32)
        scores[:, 0] = np.repeat(rng.standard_normal(30), 20)
        found = attribute_chance.against_chance(
            {"identity": identity, "attributes": labels}, [{"scores": scores}], [NAMES[0]], permutations=99, rng=rng
        )
        alarms += found.p[0] <= 0.05
    assert alarms <= 6  # 2 expected; by images it is about 16


@given(st.lists(st.integers(-320, 320), min_size=1, max_size=6))
def test_flipping_signs_counts_every_flip(sixty_fourths: list[int]) -> None:
    changes = [number / 64 for number in sixty_fourths]  # whose sums are exact: a tie is a tie
    found = attribute_groups.flip_p(np.array(changes), permutations=1, rng=np.random.default_rng(0))
    flips = [sum(c if number >> i & 1 else -c for i, c in enumerate(changes)) for number in range(2 ** len(changes))]
    assert found == pytest.approx(np.mean([abs(f) >= abs(sum(changes)) for f in flips]))


def test_what_is_lost_is_seen_and_what_is_not_is_not(errors: attribute_errors.Errors) -> None:
    rng = np.random.default_rng(0)
    lost = attribute_groups.losses(errors, ROLES[0], ROLES[1], permutations=500, rng=rng)
    assert [one.group for one in lost] == list(attributes.GROUPS)
    for one in lost:
        assert one.points.value > 3 and one.points.lo > 0 and one.p < 0.01
        assert one.attributes == len(errors.in_group(one.group))
    assert all(one.points.value == 0 and one.p == 1 for one in
               attribute_groups.losses(errors, ROLES[0], ROLES[2], permutations=500, rng=rng))  # fmt: skip


def test_groups_that_are_ordered_are_said_to_be() -> None:
    faces, readouts = made_up()
    labels, scores = faces["attributes"], readouts[ROLES[0]][0]["scores"]
    rng = np.random.default_rng(0)
    for share, group in zip((2.0, 1.0, 0.4), attributes.GROUPS, strict=True):
        for name in attributes.in_group(group):
            a = NAMES.index(name)
            scores[:, a] = share * (2 * labels[:, a] - 1) + rng.standard_normal(len(labels))
    found = attribute_errors.measure(faces, readouts, resamples=200, rng=np.random.default_rng(0))
    order = attribute_groups.order_of_groups(found, ROLES[0])
    assert order.lo > 0
    assert attribute_groups.order_p(found, ROLES[0], permutations=199, rng=rng) == pytest.approx(1 / 200)
    unordered = attribute_errors.measure(*made_up(), resamples=200, rng=np.random.default_rng(0))
    assert attribute_groups.order_p(unordered, ROLES[0], permutations=199, rng=rng) > 0.05


def test_two_groups_that_lose_alike_are_not_told_apart() -> None:
    rng = np.random.default_rng(0)
    alike, more = rng.standard_normal((2, 12)), rng.standard_normal(12) + 5
    assert attribute_groups.between_p(alike[0], alike[1], permutations=500, rng=rng) > 0.05
    assert attribute_groups.between_p(alike[0], more, permutations=500, rng=rng) < 0.01
    assert np.isnan(attribute_groups.between_p(alike[0], np.empty(0), permutations=5, rng=rng))


def test_every_claim_of_the_ledger_is_answered_and_no_other(errors: attribute_errors.Errors) -> None:
    found = attribute_claims.measure(attribute_claims.roles_of(errors))
    ledger = {name.partition("/")[2] for name, claim in claims.load_all().items() if claim.chapter == "attributes"}
    assert set(found) == ledger
    for name, measured in found.items():
        if not isinstance(measured, NotApplicable):
            assert measured.lo <= measured.value <= measured.hi, name
    assert "no attribute network" in found["absence-as-affact"].reason
    assert "Male is not known" in found["dependent-well-contained"].reason
    assert found["embedding-costs-independent"].lo > 0


def test_claims_against_an_attribute_network_are_measured_once_there_is_one() -> None:
    faces, readouts = made_up()
    better = made_up(informed=2.2)[1][ROLES[0]]
    readouts |= {"attributes/scores": better, "attributes/embedding": better,
                 "mobilefacenet-ms1m/embedding": readouts[ROLES[0]],
                 "mobilefacenet-ms1m-untrained/embedding": readouts[ROLES[1]]}  # fmt: skip
    found = attribute_errors.measure(faces, readouts, resamples=100, rng=np.random.default_rng(0))
    measured = attribute_claims.measure(attribute_claims.roles_of(found))
    assert measured["correlated-above-affact"].value > 5
    assert measured["independent-far-above-affact"].value > 1.5
    assert measured["identity-training-attenuates"].value < -3  # here the network of random weights reads worse
    (*_, last) = rows = attribute_tables.beside_network({"made up": found})
    assert [row[:2] for row in rows] == [["made up", group] for group in attributes.GROUPS]
    assert last[6].value == pytest.approx(last[3].value - last[4].value) and last[6].lo > 0 and last[4] == last[5]
    assert "attribute network" in attribute_tables.representations({"made up": found})["made up"]


def test_a_statistic_counts_the_networks_behind_it() -> None:
    """Published features are read once; three attribute networks of ours stand beside them."""
    faces, readouts = made_up()
    trained = [made_up(seed=seed, informed=2.2)[1][ROLES[0]][0] for seed in (0, 1, 2)]
    faces, _ = made_up()
    found = attribute_errors.measure(
        faces, readouts | {"attributes/scores": trained}, resamples=50, rng=np.random.default_rng(0)
    )
    measured = attribute_claims.measure(attribute_claims.roles_of(found))
    seeds = seed_counts.seeds_of(measured)
    assert seeds["correlated-harder"] == 1 and seeds["correlated-above-affact"] == 3
    assert set(seeds) == {name for name, one in measured.items() if not isinstance(one, NotApplicable)}
    assert "identity-training-attenuates" not in seeds  # nothing was measured for it here


def test_the_worst_of_several_holds_its_value(errors: attribute_errors.Errors) -> None:
    """In draws the largest is larger than measured: the interval is widened to what was measured."""
    found = errors.interval(100 * errors[ROLES[0]].error.max(axis=-1))
    assert found.lo <= found.value <= found.hi


def test_tables_have_a_row_for_all_that_was_measured(errors: attribute_errors.Errors, tmp_path: Path) -> None:
    data = {"made up": errors}
    chosen = attribute_tables.representations(data, every=True)
    assert chosen["made up"] == {
        "deep features": ROLES[0], "after the triplet embedding": ROLES[1], "after PCA, same size": ROLES[2],
    }  # fmt: skip
    table = attribute_tables.by_attribute(errors, {"deep features": ROLES[0]})
    assert len(table) == 2 * 38 and set(table["group"]) == set(attributes.GROUPS)
    groups = attribute_tables.by_group(data, chosen)
    assert len(groups) == 9
    one = groups.iloc[0]
    assert one["error_percent"] == pytest.approx((one["misses_percent"] + one["alarms_percent"]) / 2)
    young, male = attribute_tables.too_few(data)
    assert young == ["Young", "made up", 2, 38, "too few people of one kind"]
    assert male == ["Male", "made up", "not known", "not known", "no label in this data"]
    lost = attribute_tables.embedding_losses("made up", errors, permutations=20, rng=np.random.default_rng(0))
    assert [row[1] for row in lost] == ["triplet embedding"] * 4 + ["PCA, same size"] * 4
    (tmp_path / "meta.json").write_text(
        json.dumps({"same_person_auc": [0.8, 0.9], "at_grid_end": {"smallest": 0.1, "largest": 0.2}, "dimensions": 4})
    )
    folder = SimpleNamespace(folder=tmp_path)
    (kept,) = attribute_tables.identity_kept({"made up/x": [folder]}, {"made up": {"it": "x"}})
    assert kept[:3] == ["made up", "it", 4] and kept[3].interval == (0.8, 0.9) and kept[4:] == [0.1, 0.2]
    (tmp_path / "meta.json").write_text(json.dumps({"same_person_auc": [0.8], "at_grid_end": {}, "dimensions": 4}))
    (kept,) = attribute_tables.identity_kept({"made up/x": [folder]}, {"made up": {"it": "x"}})
    assert np.isnan(kept[4:]).all()  # a network that answers by itself chooses no C
    assert attribute_tables.beside_network(data) == []


def test_what_was_left_out_is_said(tmp_path: Path) -> None:
    faces, readouts = made_up()
    data = {name: attribute_errors.measure(faces, readouts, resamples=50, rng=np.random.default_rng(0))
            for name in ("made up", "other")}  # fmt: skip
    named = {}
    for name, meta in {
        "made up/faces": {"faces_report": "3 of 4 images kept"}, "made up/x": {"without_features": 2},
        "made up/y": {"without_features": 5}, "other/faces": {}, "other/x": {"without_features": 0},
        "penalties/other/x": {},
    }.items():  # fmt: skip
        (folder := tmp_path / name).mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps(meta))
        named[name] = [SimpleNamespace(folder=folder)]
    first, second = attribute_tables.whose(data, named)
    whole = data["other"]
    assert first[:4] == ["made up", whole.people, whole.images, len(whole.names)]
    assert first[4:] == [5, "3 of 4 images kept"] and second[4:] == [0, "none"]


def test_layers_are_listed_in_order_and_what_is_no_layer_is_left_out() -> None:
    faces, readouts = made_up()
    named = {f"trained/{layer}": readouts[ROLES[0]] for layer in ("block2", "embedding")} | readouts
    named |= {f"vgg-face-untrained/{layer}": readouts[ROLES[0]] for layer in ("fc6", "embedding")}
    found = attribute_errors.measure(faces, named, resamples=50, rng=np.random.default_rng(0))
    table = attribute_tables.by_layer(found)
    assert list(dict.fromkeys(zip(table["network"], table["layer"], strict=True))) == [
        ("trained", "block2"), ("trained", "embedding"), ("vgg-face-untrained", "embedding"),
    ]  # fmt: skip
