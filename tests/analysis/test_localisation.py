"""Places, units and planes on made-up cases with known answers; fast paths against slow ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from deepfeatures.analysis import hyperplanes, lnets_claims, localisation, unit_semantics
from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.data.attribute_parts import part_of
from deepfeatures.data.attributes import NAMES
from deepfeatures.study import claims

NUMBER = st.integers(0, 12)


@given(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER), st.tuples(NUMBER, NUMBER, NUMBER, NUMBER))
def test_overlap_against_counted_squares(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    masks = []
    boxes = [np.array([x, y, x + w + 1, y + h + 1]) for x, y, w, h in (one, other)]
    for left, top, right, bottom in boxes:
        mask = np.zeros((26, 26), bool)
        mask[top:bottom, left:right] = True
        masks.append(mask)
    expected = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
    assert localisation.iou(*(box.astype(float) for box in boxes)) == pytest.approx(expected)


def test_metrics_by_hand() -> None:
    boxes = np.array([[10.0, 10, 20, 30], [0, 0, 10, 10]])
    answers = np.array([[[10.0, 10, 20, 30], [5, 0, 15, 10]], [[30, 30, 40, 50], [0, 0, 10, 10]]])
    found = localisation.measure(answers, boxes)
    np.testing.assert_allclose(found["iou"], [[1, 1 / 3], [0, 1]])  # a row an answer
    np.testing.assert_allclose(found["recall"], [[1, 0], [0, 1]])
    np.testing.assert_allclose(found["in_head"], [[1, 1], [0, 1]])  # a centre on the edge is inside
    np.testing.assert_allclose(found["centre_error"], [[0, 0.5], [np.hypot(20, 20) / 20, 0]])
    np.testing.assert_allclose(found.averaged()["iou"], [[0.5, 2 / 3]])


def test_answers_that_look_at_nothing_are_as_good_as_they_must_be() -> None:
    rng = np.random.default_rng(0)
    middle = np.tile(np.array(localisation.CENTRE) * 100, (50, 1))
    assert localisation.blind(middle, 100, rng=rng)["centre box"]["iou"].min() == pytest.approx(1)
    corner = np.tile([0.0, 0, 20, 25], (400, 1))
    blind = localisation.blind(corner, 100, rng=rng)
    assert blind["centre box"]["recall"].max() == 0
    assert 0 < blind["random window"]["iou"].mean() < 0.1


def test_a_difference_pairs_the_same_scenes() -> None:
    rng = np.random.default_rng(1)
    base = rng.random(60)
    found = {name: localisation.Found({"recall": base[None] + add}) for name, add in (("a", 0.25), ("b", 0.0))}
    world = localisation.World(found, draw_people(np.repeat(np.arange(20), 3), resamples=50, rng=rng), "", "")
    gap = world.difference("a", "b", "recall")
    assert (gap.value, gap.lo, gap.hi) == pytest.approx((0.25, 0.25, 0.25)) and gap.n == 20
    assert world.interval("a", "recall").hi - world.interval("a", "recall").lo > 0.05


def test_a_difference_over_networks_against_drawing_people_and_networks_one_by_one() -> None:
    """The slow way: list the scenes of every person drawn and the networks drawn, and average what is in the list."""
    rng = np.random.default_rng(3)
    identity, networks, draws = np.repeat(np.arange(15), 4), 3, 400
    people = draw_people(identity, resamples=draws, rng=rng)
    shares = np.array([0.3, 0.6, 0.75])[:, None]
    found = {
        "a": localisation.Found({"recall": (rng.random((networks, 60)) < shares).astype(float)}),
        "b": localisation.Found({"recall": (rng.random((networks, 60)) < 0.4).astype(float)}),
        "blind": localisation.Found({"recall": (rng.random((1, 60)) < 0.1).astype(float)}),
    }
    world = localisation.World(found, people, "", "")
    chosen = np.random.default_rng(0).multinomial(networks, np.full(networks, 1 / networks), size=draws)
    for other in ("b", "blind"):
        slow = []
        for draw in range(draws):
            scenes = [scene for scene in range(60) for _ in range(int(people.times[1 + draw, identity[scene]]))]
            gaps = [
                np.mean([found["a"]["recall"][n, s] - found[other]["recall"][n % len(found[other]["recall"]), s]
                         for s in scenes])
                for n in range(networks)
            ]  # fmt: skip
            listed = [n for n in range(networks) for _ in range(chosen[draw, n])]
            mean = np.mean(gaps)
            slow.append(mean + np.sqrt(networks / (networks - 1)) * (np.mean([gaps[n] for n in listed]) - mean))
        gap = world.difference("a", other, "recall")
        assert gap.value == pytest.approx((found["a"]["recall"] - found[other]["recall"]).mean())
        assert (gap.lo, gap.hi) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])))
        assert (gap.seeds, gap.unit, gap.n) == (3, "identity and seed", 15)
    one = localisation.World({name: localisation.Found({"recall": each["recall"][:1]}) for name, each in found.items()},
                             people, "", "")  # fmt: skip
    alone = one.difference("a", "b", "recall")
    assert (alone.seeds, alone.unit) == (1, "identity")
    assert world.difference("a", "b", "recall").hi - world.difference("a", "b", "recall").lo > alone.hi - alone.lo


def test_no_interval_of_a_share_reaches_beyond_it() -> None:
    people = draw_people(np.arange(30), resamples=100, rng=np.random.default_rng(0))
    rare = np.zeros((3, 30))
    rare[2] = 0.5
    found = {"low": localisation.Found({"recall": rare, "centre_error": 1 + rare}),
             "high": localisation.Found({"recall": 1 - rare})}  # fmt: skip
    world = localisation.World(found, people, "", "")
    assert world.interval("low", "recall").lo == 0 and world.interval("high", "recall").hi == 1
    assert world.interval("low", "centre_error").hi > 1.2
    assert world.difference("low", "high", "recall").hi > -0.4  # a difference is not a share


def made_up_units(seed: int = 0, people: int = 60, each: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit 0 tells of Smiling, unit 1 of the absence of Bald, the rest of nothing. Bald belongs to a person."""
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(people), each)
    labels = np.full((len(identity), len(NAMES)), -1, np.int8)
    labels[:, NAMES.index("Smiling")] = rng.random(len(identity)) < 0.5
    labels[:, NAMES.index("Bald")] = (rng.random(people) < 0.4)[identity]
    labels[:, NAMES.index("Wearing_Hat")] = rng.random(len(identity)) < 0.3
    units = rng.standard_normal((len(identity), 6))
    units[:, 0] += 2 * labels[:, NAMES.index("Smiling")]
    units[:, 1] -= 3 * labels[:, NAMES.index("Bald")]
    units[:, 2] += 1.5 * rng.standard_normal(people)[identity]  # a person's own, and nothing to do with any label
    return units, labels, identity


def test_auc_against_scikit_learn_with_ties() -> None:
    rng = np.random.default_rng(2)
    units, shows = rng.integers(0, 5, (80, 4)).astype(float), rng.random((80, 3)) < 0.4
    shows = np.column_stack([shows, np.ones(80, bool)])
    found = unit_semantics.auc(units, shows)
    for unit in range(4):
        for column in range(3):
            assert found[unit, column] == pytest.approx(roc_auc_score(shows[:, column], units[:, unit]))
    assert np.isnan(found[:, 3]).all()


def test_weighted_auc_against_rows_written_out() -> None:
    rng = np.random.default_rng(3)
    units, shows = rng.standard_normal((30, 3)), rng.random((30, 3)) < 0.5
    times = rng.multinomial(30, np.full(30, 1 / 30), size=4).astype(float)
    found = unit_semantics.weighted_auc(units, shows, times)
    for draw in range(4):
        rows = np.repeat(np.arange(30), times[draw].astype(int))
        for unit in range(3):
            expected = roc_auc_score(shows[rows, unit], units[rows, unit])
            assert found[draw, unit] == pytest.approx(expected, abs=1e-9)


def test_units_that_tell_are_found_and_others_are_not() -> None:
    units, labels, identity = made_up_units()
    tested = unit_semantics.test(units, labels, identity, permutations=200, rng=np.random.default_rng(0))
    assert tested.significant().tolist() == [True, True, False, False, False, False]
    assert [tested.names[column] for column in tested.best()[:2]] == ["Smiling", "Bald"]
    assert unit_semantics.tells_of({"a": tested}, most=3) == [["a", "Bald", 1], ["a", "Smiling", 1]]
    assert len(unit_semantics.tells_of({"a": tested}, most=1)) == 1
    shuffled = np.random.default_rng(5).permutation(len(identity))  # the order of images says nothing
    again = unit_semantics.test(
        units[shuffled], labels[shuffled], identity[shuffled], permutations=200, rng=np.random.default_rng(0)
    )
    np.testing.assert_allclose(again.auc, tested.auc)
    assert again.significant().tolist() == tested.significant().tolist()


def test_false_alarms_of_the_corrected_test_are_rare() -> None:
    alarms = 0
    for seed in range(100):
        units, labels, identity = made_up_units(seed + 1000, people=30, each=4)
        rng = np.random.default_rng(seed + 5000)
        tested = unit_semantics.test(units[:, 2:], labels, identity, permutations=60, rng=rng)
        alarms += bool(tested.significant().any())
    assert alarms <= 12  # five in a hundred are expected, more than twelve in one of five hundred runs


def test_held_out_strength_does_not_reward_picking_the_best_of_many() -> None:
    units, labels, identity = made_up_units()
    found = unit_semantics.strength([units], labels, identity, resamples=100, rng=np.random.default_rng(0))
    assert found.auc[0, 0, :2].min() > 0.85 and abs(found.auc[0, 0, 2:].mean() - 0.5) < 0.06
    assert found.telling().value == pytest.approx(2 / 6) and found.telling().lo <= 2 / 6 <= found.telling().hi
    noise = replace(found, auc=found.auc - 0.1)
    assert found.above(noise).value == pytest.approx(0.1)


def test_units_of_several_networks_are_averaged_network_by_network() -> None:
    units, labels, identity = made_up_units()
    deaf = np.random.default_rng(8).standard_normal(units.shape)
    both, first, second = (
        unit_semantics.strength(group, labels, identity, resamples=80, rng=np.random.default_rng(0))
        for group in ([units, deaf], [units], [deaf])
    )
    np.testing.assert_array_equal(both.auc, np.concatenate([first.auc, second.auc]))
    assert both.telling().value == pytest.approx((first.telling().value + second.telling().value) / 2)
    assert (both.mean().seeds, both.mean().unit, first.mean().seeds) == (2, "identity and seed", 1)
    # One network tells and the other does not: which of them is drawn moves the mean more than who is drawn.
    widths = [one.mean().hi - one.mean().lo for one in (both, first, second)]
    assert widths[0] > 1.5 * max(widths[1:])
    assert both.above(both).value == both.above(both).hi == 0
    places = both.by_place()
    best = [np.sort(one.auc[0, 0])[::-1] for one in (first, second)]
    np.testing.assert_allclose(places, np.mean(best, axis=0))
    rows, strengths, tests = unit_semantics.as_rows(
        {"two": [units, deaf]}, labels, identity, resamples=100, rng=np.random.default_rng(0)
    )
    assert rows[0][:3] == ["two", 6, 2] and tests["two"].auc.shape[0] == 6 and len(strengths["two"].auc) == 2


def test_mean_faces_hold_fifty_faces_or_more() -> None:
    images = np.zeros((120, 4, 4, 3), np.uint8)
    images[:60] = 200
    response = np.concatenate([np.arange(60), 1000 + np.arange(60.0)])
    weak, medium, strong = unit_semantics.mean_faces(images, response)
    assert (weak == 200).all() and (strong == 0).all() and (medium == 100).all()
    with pytest.raises(ValueError, match="49 faces: a mean shows 50"):
        unit_semantics.mean_faces(images[:49], response[:49])


def made_up_planes(seed: int = 0) -> hyperplanes.Hyperplanes:
    """Attributes of one part of the face share a direction, exactly but for a little noise."""
    rng = np.random.default_rng(seed)
    names = tuple(name for name in NAMES if part_of(name))
    parts = sorted({part_of(name) for name in names})
    axes = np.eye(20)[[parts.index(part_of(name)) for name in names]]
    vectors = np.stack([hyperplanes.unit_length(axes + 0.1 * rng.standard_normal(axes.shape)) for _ in range(4)])
    labels = np.corrcoef(rng.standard_normal((len(names), 60)))
    return hyperplanes.Hyperplanes(names, vectors, labels[None].repeat(4, 0), 50)


def test_planes_that_are_groups_are_found_to_be() -> None:
    planes = made_up_planes()
    found = hyperplanes.together(planes, 8, permutations=200, rng=np.random.default_rng(0))
    assert found.agreement.value == pytest.approx(1) and found.cohesion.value > 0.7
    assert max(found.p) == pytest.approx(1 / 201) and abs(found.shuffled[1]) < 0.05 and found.stability > 0.8
    assert found.agreement.lo <= found.agreement.value <= found.agreement.hi


def test_planes_of_no_kind_are_not() -> None:
    planes = made_up_planes()
    rng = np.random.default_rng(3)
    noise = hyperplanes.unit_length(rng.standard_normal(planes.vectors[0].shape))[None].repeat(4, 0)
    found = hyperplanes.together(replace(planes, vectors=noise), 8, permutations=200, rng=rng)
    assert min(found.p) > 0.02 and abs(found.agreement.value) < 0.2 and abs(found.cohesion.value) < 0.1


def test_cohesion_by_hand_leaves_out_what_has_no_group() -> None:
    cosines = np.array([[1, 0.8, 0.1, 9], [0.8, 1, 0.3, 9], [0.1, 0.3, 1, 9], [9, 9, 9, 1.0]])
    groups = np.array(["a", "a", "b", ""])
    assert hyperplanes.cohesion(cosines, groups) == pytest.approx(0.8 - 0.2)
    assert np.isnan(hyperplanes.cohesion(cosines, np.array(["a", "b", "c", ""])))


def test_machines_point_along_what_decides_their_label() -> None:
    rng = np.random.default_rng(1)
    identity = np.repeat(np.arange(80), 4)
    units = rng.standard_normal((320, 5))
    labels = np.full((320, len(NAMES)), -1, np.int8)
    for name, column in (("Smiling", 0), ("Mouth_Slightly_Open", 0), ("Wearing_Hat", 3)):
        labels[:, NAMES.index(name)] = units[:, column] + 0.3 * rng.standard_normal(320) > 0
    planes = hyperplanes.fit(units, labels, identity, rng=rng, refits=3)
    assert planes.names == ("Mouth_Slightly_Open", "Smiling", "Wearing_Hat") and planes.vectors.shape == (4, 3, 5)
    cosine = planes.cosines[0]
    assert cosine[0, 1] > 0.95 and abs(cosine[0, 2]) < 0.3
    assert planes.labels[0, 0, 1] > 0.6
    np.testing.assert_allclose(np.linalg.norm(planes.vectors, axis=2), 1, rtol=1e-5)
    joined, order = hyperplanes.tree(planes)
    assert joined.shape == (2, 4) and set(joined[0, :2].astype(int)) == {0, 1} and sorted(order) == [0, 1, 2]
    correlations = np.corrcoef(2.0 * labels[:, [NAMES.index(name) for name in planes.names]].T - 1)
    np.testing.assert_allclose(planes.labels[0], correlations, atol=1e-6)


def test_stability_is_the_mean_over_pairs_of_runs() -> None:
    assert hyperplanes.stability(np.array([[0, 0, 1, 1], [1, 1, 0, 0], [2, 2, 0, 0]])) == pytest.approx(1)
    assert hyperplanes.stability(np.array([[0, 0, 1, 1], [0, 1, 0, 1]])) < 0.01


def test_every_claim_of_the_ledger_is_measured_by_one_function() -> None:
    rng = np.random.default_rng(0)
    ledger = claims.load_all(known_chapters=None)
    mine = {name.partition("/")[2] for name, one in ledger.items() if one.chapter == "localize-then-describe"}
    people = draw_people(np.arange(30), resamples=20, rng=rng)
    answers = {label for parts in localisation.ANSWERS.values() for label, _ in parts} | set(localisation.BLIND)
    metrics = localisation.METRICS
    found = {name: localisation.Found({metric: rng.random((1, 30)) for metric in metrics}) for name in answers}
    world = localisation.World(found, people, "", "")
    measured = set(lnets_claims.of_localisation(world))
    windows = np.tile([10.0, 10.0, 26.0, 30.0], (1, 30, 1))  # a square 36 high round (18, 20) goes to LNet_s
    held = np.array([[1, 3, 30, 36], [-1, 3, 30, 36], [1, 3, 30, 39]])[np.arange(30) % 3]
    cuts = lnets_claims.of_cuts([{"coarse": windows}], held, world)
    assert cuts["coarse-holds-face"].value == pytest.approx(1 / 3)
    measured |= set(cuts)
    measured |= {"place-costs", "local-keeps-place"}  # of_description: differences of balanced errors
    strength = unit_semantics.Strength(rng.random((1, 21, 5)), people)
    measured |= set(lnets_claims.of_units(strength, strength))
    measured |= set(lnets_claims.of_hyperplanes(NotApplicable("too few")))
    assert measured == mine


SHARES = {  # of every answer, another one: so that no two can be taken for each other
    "centre box": 0.02, "random window": 0.01, "untrained LNet_o": 0.11, "untrained LNet_o, LNet_s": 0.07,
    "LNet_o, objects alone": 0.23, "LNet_o of rendered scenes": 0.29, "LNet_o, LNet_s of rendered scenes": 0.31,
    "LNet_o, no pre-training": 0.43, "LNet_o, no pre-training, as many steps": 0.53, "LNet_o, pre-trained": 0.61,
    "LNet_o, then LNet_s": 0.79, "then LNet_s, no pre-training": 0.66,
    "then LNet_s, no pre-training, as many steps": 0.72, "LNet_o, ImageNet alone": 0.17,
    "LNet_o, ResNet-18, no pre-training": 0.37, "LNet_o, ImageNet": 0.83, "LNet_o, then LNet_s, ImageNet": 0.92,
}  # fmt: skip


def planted() -> localisation.World:
    """Recall as in SHARES; the centre is in the head in a tenth of that."""
    people = draw_people(np.arange(30), resamples=20, rng=np.random.default_rng(0))
    found = {
        name: localisation.Found({"recall": np.full((1, 30), share), "in_head": np.full((1, 30), share / 10)})
        for name, share in SHARES.items()
    }
    return localisation.World(found, people, "", "")


def test_each_claim_subtracts_what_it_says_from_what_it_says() -> None:
    assert set(SHARES) == {label for parts in localisation.ANSWERS.values() for label, _ in parts} | set(
        localisation.BLIND
    )
    found = {name: one.value for name, one in lnets_claims.of_localisation(planted()).items()}
    assert found == {
        "coarse-gets-head": pytest.approx(0.061),
        "fine-gets-face": pytest.approx(0.79),
        "fine-beyond-coarse": pytest.approx(0.79 - 0.61),
        "tags-locate": pytest.approx(0.79 - 0.11),
        "objects-know-faces": pytest.approx(0.023 - 0.011),
        "pre-training-locates": pytest.approx(0.61 - 0.53),
        "pre-training-locates-face": pytest.approx(0.79 - 0.72),
    }


def test_what_pre_training_gives_is_the_first_named_less_the_second() -> None:
    rows = localisation.comparisons({"rendered": planted()})
    gains = [0.61 - 0.43, 0.61 - 0.53, 0.23 - 0.11, 0.79 - 0.61, 0.66 - 0.61, 0.72 - 0.61, 0.79 - 0.07]
    gains += [0.79 - 0.66, 0.79 - 0.72]
    gains += [0.83 - 0.37, 0.83 - 0.61, 0.92 - 0.79, 0.17 - 0.23]
    assert [row[0] for row in rows] == ["rendered"] * 13
    np.testing.assert_allclose([(row[2].value, row[3].value) for row in rows], [(one, one / 10) for one in gains])
    assert [row[1].partition(", less ")[0] for row in rows] == [
        "pre-trained", "pre-trained", "objects alone", "LNet_o then LNet_s",
        "LNet_o then LNet_s without pre-training", "LNet_o then LNet_s without pre-training, as many steps",
        "LNet_o then LNet_s",
        "LNet_s pre-trained", "LNet_s pre-trained", "LNet_o of ImageNet", "LNet_o of ImageNet",
        "LNet_o then LNet_s, of ImageNet", "ImageNet alone",
    ]  # fmt: skip
    world = planted()
    objects = {name: one for name, one in world.found.items() if "ImageNet" not in name and "ResNet" not in name}
    assert len(localisation.comparisons({"rendered": replace(world, found=objects)})) == 9


class Opened(dict):
    """Arrays of an artifact, and its meta."""

    def __init__(self, arrays: dict, meta: dict) -> None:
        super().__init__(arrays)
        self.meta = meta


def test_worlds_take_each_answer_from_its_own_artifact_window_and_reading() -> None:
    """Boxes drawn aside by so much for each artifact, window and reading: the overlap tells which of them was taken."""
    boxes = np.tile([20.0, 20.0, 60.0, 70.0], (12, 1))
    scenes = Opened({"boxes": boxes, "identity": np.arange(12)}, {"side_px": 96, "report": "", "boxes": ""})
    artifacts, expected = {"scenes/rendered": [scenes]}, {}
    readings = ("mean", "selected")
    for place, (name, parts) in enumerate(localisation.ANSWERS.items()):
        windows = {}
        for label, which in parts:
            aside = np.array([1 + place, 8 + place], float) + (14 if which == "fine" else 0)  # a reading each
            windows[which] = boxes + aside[:, None, None]
            expected[label] = aside
        artifacts[f"located/rendered/{name}"] = [Opened(windows, {"readings": readings})] * 2
    for reading in range(2):
        rng = np.random.default_rng(0)
        world = localisation.by_world(artifacts, resamples=10, rng=rng, reading=reading)["rendered"]
        for label, aside in expected.items():
            away = np.sqrt(2) * aside[reading] / 50
            error = world.interval(label, "centre_error")
            assert error.value == pytest.approx(away) and error.seeds == 2, (label, reading)
    rows = localisation.readings(artifacts, resamples=10, rng=np.random.default_rng(0))
    assert [row[1] for row in rows] == list(readings)
    moved = [expected[localisation.COARSE], expected[localisation.HEADLINE]]
    for reading, row in enumerate(rows):
        for value, aside in zip((row[2], row[4]), moved, strict=True):
            hit = localisation.iou(boxes[0], boxes[0] + aside[reading]) >= localisation.HIT
            assert value.value == hit


def test_the_best_control_is_the_one_to_beat() -> None:
    rng = np.random.default_rng(0)
    people = draw_people(np.arange(30), resamples=20, rng=rng)
    shares = {"centre box": 0.1, "random window": 0.05, "untrained LNet_o": 0.3, "untrained LNet_o, LNet_s": 0.2}
    shares |= {label: 0.6 for parts in localisation.ANSWERS.values() for label, _ in parts if label not in shares}
    found = {
        name: localisation.Found({metric: np.full((1, 30), share) for metric in localisation.METRICS})
        for name, share in shares.items()
    }
    world = localisation.World(found, people, "", "")
    assert lnets_claims.of_localisation(world)["tags-locate"].value == pytest.approx(0.3)
