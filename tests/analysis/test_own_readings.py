from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis import own_readings
from deepfeatures.analysis.attribute_labels import LEAST_PEOPLE

RNG = np.random.default_rng(0)
IDENTITY = np.repeat(np.arange(20) * 7, 4)
UNKNOWN = np.full((len(IDENTITY), 3), np.nan)
WHO = RNG.normal(size=(20, 6))[np.repeat(np.arange(20), 4)]


def test_people_are_told_apart_by_what_holds_them_and_not_by_noise() -> None:
    features = {
        ("mine", "embedding"): WHO + 0.01 * RNG.normal(size=WHO.shape),
        ("noise", "embedding"): RNG.normal(size=WHO.shape),
    }
    table = own_readings.telling_apart(
        features, IDENTITY, resamples=50, permutations=99, rng=np.random.default_rng(0)
    ).set_index("network")
    assert table.loc["mine", "auc"] > 0.99 and table.loc["mine", "p"] == pytest.approx(0.01)
    assert table.loc["noise", "p"] > 0.05
    assert table.loc["noise", "dealt_lo"] < table.loc["noise", "auc"] < table.loc["noise", "dealt_hi"]
    for name in features:
        row = table.loc[name[0]]
        assert row["lo"] <= row["auc"] <= row["hi"] and abs(row["dealt"] - 0.5) < 0.03
    whole = own_readings.telling_apart(features, IDENTITY, resamples=5, permutations=5, rng=np.random.default_rng(0))
    assert whole.attrs["people"] == 20 and whole.attrs["same"] == 20 * 6


def test_auc_is_that_of_every_pair_by_loops() -> None:
    rows = WHO + RNG.normal(size=WHO.shape)
    found = own_readings.telling_apart(
        {("mine", "all"): rows}, IDENTITY, resamples=5, permutations=5, rng=np.random.default_rng(0)
    )
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    pairs = [(unit[i] @ unit[j], IDENTITY[i] == IDENTITY[j]) for i in range(len(rows)) for j in range(i)]
    same, other = (np.array([value for value, one in pairs if one == which]) for which in (True, False))
    assert found["auc"][0] == pytest.approx((same[:, None] > other).mean())


def test_too_few_of_anything_is_said_with_its_numbers() -> None:
    known = np.full((len(IDENTITY), 40), -1, np.int8)
    reasons = own_readings.too_few(IDENTITY, known, UNKNOWN)
    assert set(reasons) == {"attributes", "pose"} and "yaw is known of 0 people" in reasons["pose"]
    known[:, 3] = np.arange(len(IDENTITY)) // 4 < LEAST_PEOPLE - 1
    told = own_readings.too_few(IDENTITY, known, UNKNOWN)["attributes"]
    assert f"{LEAST_PEOPLE} people who show it and {LEAST_PEOPLE} who lack it; the best has {LEAST_PEOPLE - 1}" in told
    known[:, 3] = np.arange(len(IDENTITY)) // 4 < LEAST_PEOPLE
    pose = UNKNOWN.copy()
    pose[:, 0] = 12
    assert "turned differently" in own_readings.too_few(IDENTITY, known, pose)["pose"]  # all looking one way
    pose[::2, 0] = 30
    assert own_readings.too_few(IDENTITY, known, pose) == {}
    one_each = np.arange(len(IDENTITY))
    one_each[1] = 0
    told = own_readings.too_few(one_each, known, pose)
    assert set(told) == {"verification", "attributes"} and told["attributes"].endswith(", for this too")
    assert told["verification"].startswith("1 of 79 people have two images or more")


def test_attributes_are_named_as_their_table_names_them() -> None:
    known = np.full((len(IDENTITY), 40), -1, np.int8)
    known[:, 0] = np.arange(len(IDENTITY)) // 4 % 2  # a free-named label, of half the people
    known[:5, 1] = 1  # one of too few people
    scores = np.full(known.shape, np.nan, np.float32)
    scores[:, 0] = np.where(known[:, 0] == 1, 1.0, -1.0)
    scores[:4, 0] *= -1  # one person is wrong throughout: 4 of 80
    faces = {"attributes": known, "identity": IDENTITY}
    whole, single = own_readings.attributes(
        faces, {("mine", "last"): {"scores": scores}}, ("Left handed", "Rare"), resamples=50, permutations=99,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert single["attribute"].tolist() == ["Left handed"] and whole["better"].tolist() == [1]
    assert single["error"][0] == whole["error"][0] == pytest.approx(4 / 80)
    assert single["lo"][0] <= 4 / 80 <= single["hi"][0]
    known[:, 0] = -1
    with pytest.raises(ValueError, match=r"no attribute of enough people is left: Rare \(2 show it, 0 lack it\)"):
        own_readings.attributes(
            faces, {("mine", "last"): {"scores": scores}}, ("Left handed", "Rare"), resamples=5, permutations=5,
            rng=np.random.default_rng(0),
        )  # fmt: skip


def test_errors_of_pose_are_those_of_each_predictor() -> None:
    yaw = np.tile([-40.0, -10.0, 10.0, 40.0], 20)
    truth = np.stack([np.abs(yaw), yaw], axis=1)
    said = {"linear": truth + 2, "kernel": truth - 3, "mean": np.zeros_like(truth) + 25, "median": truth * 0 + 10}
    arrays = {"truth": truth, "identity": IDENTITY, **said}

    class Made:
        def __init__(self) -> None:
            self.summary = {"targets": ["abs_yaw", "yaw"]}

        def __getitem__(self, name: str) -> np.ndarray:
            return arrays[name]

    whole, ranges = own_readings.pose({("mine", "last"): Made()}, resamples=20, rng=np.random.default_rng(0))
    found = whole.set_index(["angle", "predictor"])["error_deg"]
    assert found["abs_yaw", "linear"] == pytest.approx(2) and found["yaw", "kernel"] == pytest.approx(3)
    assert found["abs_yaw", "constant: training mean"] == pytest.approx(15)
    assert set(ranges["predictor"]) == set(own_readings.READERS) and (ranges["images"] == 40).all()
