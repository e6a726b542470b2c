"""Figure 3 and its two errors."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures import figures

ANGLES = np.arange(-45.0, 46.0, 15.0)
READ = {"lenet": (0.9 * ANGLES, np.arange(7.0)), "mu-lenet": (0.5 * ANGLES + 1, np.full(7, 9.0))}


def test_means_and_deviations_are_drawn_as_given_beside_the_true_angle() -> None:
    ax = figures.angle_prediction(READ, ANGLES, step_deg=2.0)
    bars = ax.containers
    assert [bar.get_label() for bar in bars] == ["LeNet", "μ-LeNet"]
    for bar, (means, sds), offset in zip(bars, READ.values(), (-1.0, 1.0), strict=True):
        line, _, (whiskers,) = bar
        np.testing.assert_allclose(line.get_xdata(), ANGLES + offset)
        np.testing.assert_allclose(line.get_ydata(), means)
        ends = np.array([segment[:, 1] for segment in whiskers.get_segments()])
        np.testing.assert_allclose(ends, np.stack([means - sds, means + sds], axis=1))


def test_a_source_that_is_far_off_does_not_squeeze_the_others() -> None:
    ax = figures.angle_prediction({"lenet": (ANGLES, np.full(7, 9.0)), "pixels": (ANGLES, np.full(7, 300.0))}, ANGLES)
    assert ax.get_ylim() == (-82.5, 82.5)
    assert "bars that leave the frame go on" in [text.get_text() for text in ax.texts]
    near = figures.angle_prediction({"lenet": (ANGLES, np.full(7, 20.0))}, ANGLES)
    assert near.get_ylim() == (-67.0, 67.0) and not near.texts


def test_the_diagonal_and_the_constant_predictor_are_references() -> None:
    ax = figures.angle_prediction(READ, ANGLES)
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_allclose(lines["perfect prediction"].get_xdata(), lines["perfect prediction"].get_ydata())
    np.testing.assert_allclose(lines["constant predictor"].get_ydata(), 0)
    assert ax.get_aspect() == 1
    assert len(ax.get_legend().get_texts()) == 4


def test_bias_and_spread_are_mean_minus_truth_and_deviation() -> None:
    bias, spread = figures.bias_and_spread(READ, ANGLES)
    np.testing.assert_allclose(bias.lines[1].get_ydata(), -0.1 * ANGLES, atol=1e-12)
    np.testing.assert_allclose(spread.lines[0].get_ydata(), np.arange(7.0))
    assert spread.get_ylim()[0] == 0


@pytest.mark.parametrize("draw", [figures.angle_prediction, figures.bias_and_spread])
def test_wrong_input_is_refused(draw: object) -> None:
    assert callable(draw)
    with pytest.raises(ValueError, match=r"means of lenet has shape \(6,\), expected \(7\)"):
        draw({"lenet": (np.zeros(6), np.zeros(7))}, ANGLES)
    with pytest.raises(ValueError, match="standard deviations of lenet: lowest is -1 degrees, below 0"):
        draw({"lenet": (np.zeros(7), np.full(7, -1.0))}, ANGLES)
    with pytest.raises(ValueError, match="holds no network"):
        draw({}, ANGLES)
