"""Figure 7."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures import figures
from deepfeatures.figures import heatmap

RNG = np.random.default_rng(1)
LABELS = np.repeat([2, 0, 1], 4)
ANGLES = np.tile([15.0, -15.0, 0.0, 0.0], 3)
HEAT = RNG.random((12, 5))


def test_columns_are_sorted_by_digit_then_angle_and_keep_ties_in_order() -> None:
    assert heatmap.column_order(LABELS, ANGLES).tolist() == [5, 6, 7, 4, 9, 10, 11, 8, 1, 2, 3, 0]


def test_rows_are_units_and_columns_are_sorted_samples() -> None:
    (ax,) = figures.heat_maps({"lenet": HEAT}, LABELS, ANGLES)
    shown = ax.images[0].get_array()
    assert shown.shape == (5, 12)
    np.testing.assert_allclose(shown, HEAT[heatmap.column_order(LABELS, ANGLES)].T)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "1", "2"]
    assert [line.get_xdata()[0] for line in ax.lines] == [3.5, 7.5]
    assert ax.get_xlabel().endswith("from −15° to 15°")


def test_every_network_has_its_own_colour_scale_from_zero() -> None:
    axes = figures.heat_maps({"lenet": HEAT, "mu-lenet": HEAT / 10}, LABELS, ANGLES)
    (low, high), (mu_low, mu_high) = (ax.images[0].get_clim() for ax in axes)
    assert low == mu_low == 0 and high == pytest.approx(10 * mu_high)
    assert len(axes[0].figure.axes) == 4  # two panels, two colour bars


def test_the_brightest_colour_is_a_quantile_of_what_is_not_zero() -> None:
    sparse = np.zeros((100, 10))
    sparse[0] = np.arange(1, 11)
    assert heatmap.colour_limit(sparse, 1.0) == 10
    assert heatmap.colour_limit(sparse, 0.5) == 5.5
    assert heatmap.colour_limit(np.zeros((3, 3)), 0.5) == 1


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"heat of lenet has shape \(5, 12\), expected \(12, any\)"):
        figures.heat_maps({"lenet": HEAT.T}, LABELS, ANGLES)
    with pytest.raises(ValueError, match=r"heat_angle has shape \(11,\), expected \(12\)"):
        figures.heat_maps({"lenet": HEAT}, LABELS, ANGLES[1:])
    with pytest.raises(ValueError, match="reach down to -"):
        figures.heat_maps({"lenet": HEAT - 1}, LABELS, ANGLES)
    with pytest.raises(ValueError, match="quantile is 0, expected above 0"):
        figures.heat_maps({"lenet": HEAT}, LABELS, ANGLES, quantile=0)
