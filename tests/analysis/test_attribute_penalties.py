"""Errors at every C: those of the read-out where a C was chosen, and the values that nobody chose beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import attribute_explorer, attribute_penalties, attribute_readout
from tests.analysis.test_attribute_explorer import measured as measured
from tests.analysis.test_attribute_readout import BALD, HAT, MALE, SETTINGS, SMILING
from tests.analysis.test_attribute_readout import faces as faces


def at_every(faces: dict[str, Path], folder: Path, **changed: object) -> dict[str, np.ndarray]:
    folder.mkdir()
    attribute_penalties.make(folder, faces, **{**SETTINGS, **changed})  # type: ignore[arg-type]
    return {path.stem: np.load(path) for path in folder.glob("*.npy")}


@pytest.mark.parametrize("embedding", ["none", "random", "triplet"])
def test_where_every_fold_must_choose_one_c_the_errors_are_the_read_outs(
    faces: dict[str, Path], tmp_path: Path, embedding: str
) -> None:
    settings = {**SETTINGS, "penalties": [0.05], "embedding": embedding, "triplet_steps": 20}
    found = at_every(faces, tmp_path / "at", **settings)
    (tmp_path / "read").mkdir()
    attribute_readout.make(tmp_path / "read", faces, **settings)  # type: ignore[arg-type]
    scores, labels = np.load(tmp_path / "read" / "scores.npy"), np.load(faces["faces"] / "attributes.npy")
    for a in (MALE, SMILING, HAT):
        shows = labels[:, a] == 1
        assert found["fn"][0, a] == pytest.approx((scores[shows, a] <= 0).mean())
        assert found["fp"][0, a] == pytest.approx((scores[~shows, a] > 0).mean())
    assert np.isnan(found["fn"][:, BALD]).all() and np.isnan(found["fp"][:, BALD]).all()  # too few people


def test_every_c_has_its_own_errors_in_ascending_order(faces: dict[str, Path], tmp_path: Path) -> None:
    several = at_every(faces, tmp_path / "several", penalties=[1.0, 1e-7, 0.01])
    assert several["C"].tolist() == [1e-7, 0.01, 1.0] and several["fn"].shape == (3, 40)
    for at, value in enumerate(several["C"]):
        alone = at_every(faces, tmp_path / f"alone{at}", penalties=[float(value)])
        np.testing.assert_allclose(several["fn"][at], alone["fn"][0], atol=0.02)
        np.testing.assert_allclose(several["fp"][at], alone["fp"][0], atol=0.02)
    assert several["fn"][0, HAT] != several["fn"][2, HAT]


def test_an_unknown_embedding_and_no_penalty_are_refused(faces: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="embedding='lda': allowed are none, triplet"):
        at_every(faces, tmp_path / "a", embedding="lda")
    with pytest.raises(ValueError, match="penalties is empty"):
        at_every(faces, tmp_path / "b", penalties=[])


def test_the_explorer_s_rows_at_a_fixed_c(measured) -> None:
    errors, kept = measured
    before = attribute_explorer.grid({"celeba": errors}, kept)
    assert set(before["C"]) == {attribute_explorer.CHOSEN}
    one = {"C": np.array([0.5, 2.0]), "fn": np.linspace(0, 1, 80).reshape(2, 40), "fp": np.full((2, 40), 0.25)}
    grid = attribute_explorer.grid({"celeba": errors}, {**kept, "penalties/celeba/deep/embedding": [one]})
    assert list(dict.fromkeys(grid["C"])) == [attribute_explorer.CHOSEN, "0.5", "2"]
    assert grid.iloc[: len(before)].equals(before)
    fixed = grid[grid["C"] == "2"].set_index("attribute")
    assert len(fixed) == len(errors.names) and set(fixed["features"]) == {"both MobileFaceNets, embedding"}
    assert fixed["misses"]["Smiling"] == pytest.approx(100 * one["fn"][1, SMILING]) and fixed["alarms"]["Bald"] == 25
    assert fixed["error"]["Smiling"] == pytest.approx((fixed["misses"]["Smiling"] + 25) / 2)
    assert fixed[["misses_lo", "alarms_hi", "error_lo"]].isna().all(axis=None)
    assert not grid.duplicated(["data", "attribute", "features", "C"]).any()
