"""How far seeds lie apart: against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis.seeds_apart import MEASURES, seeds_apart


class MadeUp(dict[str, np.ndarray]):
    """Arrays by name, of twenty digits at two angles."""

    @property
    def summary(self) -> dict[str, list[float]]:
        return {"angles_deg": [0.0, 15.0]}


def network(wrong_digits: int, spread: float) -> MadeUp:
    label = np.repeat(np.arange(10, dtype=np.uint8), 4)
    labels = np.where(np.arange(40) < 2 * wrong_digits, 99, label)
    angle = np.tile([0.0, 15.0], 20) + spread * np.tile([1.0, 1.0, -1.0, -1.0], 10)  # a label's two digits, +- spread
    return MadeUp(label=label, angle_by_true_label=angle, **{name: labels for name in MEASURES if "pred" in name})


PAPER = {name: 70.0 if "pred" in name else 11.0 for name in MEASURES}


def test_mean_and_scatter_over_seeds() -> None:
    table = seeds_apart([network(1, 2.0), network(2, 3.0), network(3, 4.0)], PAPER)
    assert list(table["measure"]) == list(MEASURES.values()) and (table["seeds"] == 3).all()
    accuracy, spread = table.iloc[0], table.iloc[-1]  # 95, 90, 85 %; 2, 3, 4 degrees
    assert accuracy[["mean", "sd", "lowest", "highest"]].tolist() == pytest.approx([90, 5, 85, 95])
    away = [row["paper_less_mean_in_sd"] for row in (accuracy, spread)]
    assert away == pytest.approx([-4, 8])
    assert spread[["mean", "sd", "lowest", "highest"]].tolist() == pytest.approx([3, 1, 2, 4])


def test_one_network_has_no_scatter() -> None:
    assert seeds_apart([network(1, 2.0)], PAPER).empty and seeds_apart([], PAPER).empty
