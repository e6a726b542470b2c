"""The bound on the error of estimated angles, on made-up read-outs whose errors are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deepfeatures.analysis import estimated_pose
from deepfeatures.analysis.person_bootstrap import draw_people

PAN = np.repeat([-90.0, -45.0, -15.0, 0.0, 15.0, 30.0, 60.0], 4)
PEOPLE = np.tile(np.arange(4), 7)


class MadeUp(dict[str, np.ndarray]):
    summary: dict[str, list[str]]


def readout(**arrays: np.ndarray) -> MadeUp:
    found = MadeUp(arrays)
    found.summary = {"targets": ["abs_yaw", "yaw"]}
    return found


def worlds(bias_deg: float, own_deg: float) -> dict[str, dict[str, list[Any]]]:
    said, truth = np.stack([np.abs(PAN), 0.5 * PAN + bias_deg], axis=1), np.stack([np.abs(PAN), PAN], axis=1)
    learnt = readout(**{"to-pointing04": said, "truth-pointing04": truth, "identity-pointing04": PEOPLE})
    own = readout(linear=truth + own_deg, truth=truth, identity=PEOPLE)
    return {"celeba": {"one/block12": [learnt], "one/gdc": [learnt]},
            "pointing04": {"one/block12": [own], "one/gdc": [own]}}  # fmt: skip


def test_errors_and_slope_are_those_that_were_put_in() -> None:
    rows = estimated_pose.against_measured(worlds(3.0, 5.0), resamples=50, rng=np.random.default_rng(0))
    assert [row[:3] for row in rows] == [
        ["one, block12", "0–15", 12], ["one, block12", "30–45", 8], ["one, block12", "60–90", 8],
        ["one, block12", "all", 28],
    ]  # fmt: skip
    for row in rows:
        assert row[4].value == pytest.approx(5.0) and row[8] == pytest.approx(0.5)
    everywhere = np.abs(0.5 * PAN + 3 - PAN).mean()
    assert rows[-1][3].value == pytest.approx(everywhere)
    assert rows[-1][3].lo <= everywhere <= rows[-1][3].hi


def test_what_looks_at_no_face_and_what_believes_its_features_by_half() -> None:
    rows = estimated_pose.against_measured(worlds(3.0, 5.0), resamples=50, rng=np.random.default_rng(0))
    near = np.abs(PAN) <= 15
    for row, where in ((rows[0], near), (rows[-1], np.ones(len(PAN), bool))):
        truth = PAN[where]
        slow = [np.abs(truth), np.abs((0.5 * truth + 3) / 2 - truth), np.abs((truth + 5) / 2 - truth)]
        assert [one.value for one in row[5:8]] == [pytest.approx(errors.mean()) for errors in slow]
    front = estimated_pose.near_front(rows)
    assert (front.estimated, front.ahead) == (rows[0][3].value, pytest.approx(10.0))
    assert front.gain == pytest.approx(10.0 - rows[0][3].value)
    better = [["two, block12", *rows[0][1:3], draw_people(PEOPLE, resamples=0, rng=np.random.default_rng(0)).interval(
        np.array([1.0])), *rows[0][4:]]]  # fmt: skip
    assert estimated_pose.near_front([*rows, *better]).estimated == 1.0
    assert np.isnan(estimated_pose.near_front([]).gain)


def test_without_photographs_there_is_nothing_to_compare() -> None:
    rng = np.random.default_rng(0)
    assert estimated_pose.against_measured({"rendered": {}}, resamples=10, rng=rng) == []
    assert estimated_pose.against_measured({"celeba": worlds(0, 0)["celeba"]}, resamples=10, rng=rng) == []


def test_other_images_are_refused() -> None:
    given = worlds(0.0, 0.0)
    given["pointing04"]["one/block12"][0]["truth"] = np.zeros((28, 2))
    with pytest.raises(ValueError, match="one/block12: the images asked about"):
        estimated_pose.against_measured(given, resamples=10, rng=np.random.default_rng(0))
