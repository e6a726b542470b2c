"""The exact p of a rank correlation over a few layers, against every permutation; layers drawn anew."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from deepfeatures.analysis import pose_width


@pytest.mark.parametrize(
    ("width", "errors"),
    [
        ([48, 96, 128, 128, 512, 512], [9.0, 7.0, 8.0, 7.5, 3.0, 4.0]),
        ([48, 96, 128, 128, 512, 512], [9.0, 7.0, 7.0, 7.5, 3.0, 9.0]),
        ([64, 64, 64, 128, 128], [1.0, 2.0, 3.0, 4.0, 5.0]),
        ([1, 2, 3, 4, 5], [5.0, 4.0, 3.0, 2.0, 1.0]),
    ],
)
def test_every_way_to_deal_the_errors_is_counted(width: list[int], errors: list[float]) -> None:
    ways = [spearmanr(width, dealt).statistic for dealt in permutations(errors)]
    observed = spearmanr(width, errors).statistic
    slow = np.mean(np.array(ways) <= observed + 1e-12)
    assert pose_width.exact_p(np.array(width), np.array(errors)) == pytest.approx(slow)


def test_many_layers_take_no_enumeration_and_what_does_not_vary_has_no_p() -> None:
    width = np.array([48, 96, 1152, 128, 64, 128, 512, 128, 64, 128, 512, 128, 1024, 256])
    falling = pose_width.exact_p(width, -width + np.linspace(0, 0.1, len(width)))
    rising = pose_width.exact_p(width, width + np.linspace(0, 0.1, len(width)))
    assert falling < 1e-6 and rising == pytest.approx(1, abs=1e-6)
    assert np.isnan(pose_width.exact_p(np.full(4, 8), np.arange(4.0)))
    assert np.isnan(pose_width.exact_p(np.arange(4), np.ones(4)))


def test_layers_are_drawn_with_their_errors() -> None:
    width, errors = np.array([1.0, 2, 3, 4, 5]), np.tile([5.0, 4, 3, 2, 1], (60, 1)).T
    found = pose_width.over_layers(width, errors, rng=np.random.default_rng(0))
    assert found.shape == (60,)
    np.testing.assert_allclose(found[np.isfinite(found)], -1)  # a perfect order stays one, whichever layers are drawn
    mixed = errors.copy()
    mixed[0], mixed[4] = 2.5, 6.0
    found = pose_width.over_layers(width, mixed, rng=np.random.default_rng(0))
    assert found[0] == pytest.approx(spearmanr(width, mixed[:, 0]).statistic) and np.nanstd(found) > 0.1
