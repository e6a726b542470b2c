"""The grid behind the explorer of pose, against the chapter's own table and against means taken one by one."""

from __future__ import annotations

import numpy as np

from deepfeatures.analysis import pose_error, pose_explorer
from deepfeatures.data.rudd2017_table1 import RANGES, TOTAL

PEOPLE, EACH = 12, 30


class Made:
    """A read-out of pose that is held in memory."""

    def __init__(self, arrays: dict[str, np.ndarray], **summary: object) -> None:
        self.arrays, self.summary = arrays, summary

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays


def readout(seed: int, *, narrow: bool = False) -> Made:
    fixed, rng = np.random.default_rng(3), np.random.default_rng(seed)
    yaw = fixed.uniform(-40 if narrow else -80, 40 if narrow else 80, PEOPLE * EACH)
    truth = np.stack([np.abs(yaw), yaw, fixed.uniform(-20, 20, len(yaw))], axis=1)
    names = ("linear", "kernel", "pca-4", "random-4", "mirror-sum")
    arrays = {name: truth + rng.normal(0, 5 + at, truth.shape) for at, name in enumerate(names)}
    arrays |= {"median": np.broadcast_to(np.median(truth, axis=0), truth.shape), "truth": truth,
               "identity": np.repeat(np.arange(PEOPLE), EACH)}  # fmt: skip
    return Made(arrays, targets=["abs_yaw", "yaw", "pitch"], sizes=[4])


def test_every_number_is_that_of_the_chapters_table() -> None:
    group = [readout(1), readout(2)]
    grid = pose_explorer.grid({"celeba": {"both/gdc": group}}, resamples=200, rng=np.random.default_rng(5))
    ways = {"linear": "linear", "kernel": "Gaussian kernel", "pca-4": "linear, 4 by PCA"}
    answers = {words: pose_error.answer(group, way) for way, words in {**ways, "median": "c"}.items()}
    table = pose_error.by_range(answers, group[0], resamples=200, rng=np.random.default_rng(5))
    constant = table[table["predictor"] == "c"].set_index("range")["error_deg"]
    own = grid[grid["angle"] == "|yaw|"]
    for words in ways.values():
        ours = own[own["way"] == words].set_index("range")
        theirs = table[table["predictor"] == words].set_index("range")
        for label in (*RANGES, TOTAL):
            row, other = ours.loc[label if label == TOTAL else f"{label} degrees"], theirs.loc[label]
            numbers = [row["error"], row["error_lo"], row["error_hi"], row["images"], row["people"], row["constant"]]
            expected = [*other[["error_deg", "lo", "hi", "images", "people"]], constant[label]]
            np.testing.assert_allclose(np.array(numbers, float), np.array(expected, float), rtol=1e-12)


def test_other_angles_are_read_by_the_linear_read_out_alone() -> None:
    group = [readout(1)]
    grid = pose_explorer.grid({"mine": {"pixels/pixels": group}}, resamples=100, rng=np.random.default_rng(5))
    assert set(grid["world"]) == {"mine"} and set(grid["features"]) == {"pixels"}
    counts = grid.groupby("angle")["way"].nunique().to_dict()
    assert counts == {"|yaw|": 5, "yaw with its sign": 1, "pitch": 1}
    pitch = grid[(grid["angle"] == "pitch") & (grid["range"] == TOTAL)].iloc[0]
    error = np.abs(group[0]["linear"][:, 2] - group[0]["truth"][:, 2])
    np.testing.assert_allclose(pitch["error"], error.mean())
    inside = np.abs(group[0]["truth"][:, 1]) < 15
    first = grid[(grid["angle"] == "pitch") & (grid["range"] == "0–15 degrees")].iloc[0]
    np.testing.assert_allclose(first["error"], error[inside].mean())


def test_ranges_stand_in_the_papers_order_and_an_empty_one_is_left_out() -> None:
    groups = {"trained/embedding": [readout(1)], "pixels/pixels": [readout(2, narrow=True)]}
    grid = pose_explorer.grid({"rendered": groups}, resamples=100, rng=np.random.default_rng(5))
    assert list(dict.fromkeys(grid["range"])) == [*(f"{one} degrees" for one in RANGES), TOTAL]
    assert not ((grid["features"] == "pixels") & (grid["range"] == ">45 degrees")).any()
    assert not grid.duplicated(["world", "angle", "range", "features", "way"]).any()
