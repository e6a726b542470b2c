"""The figure of what can be read: every share at its layer, controls beside it, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from deepfeatures import figures

LAYERS = ("block2", "embedding")
SHARES = pd.DataFrame(
    [(subject, network, layer, reading, value + at / 10, value + at / 10 - 0.02, value + at / 10 + 0.02)
     for subject in ("pose", "light")
     for network, value, layers in (("trained", 0.5, LAYERS), ("untrained", 0.3, LAYERS), ("pixels", 0.2, ("pixels",)))
     for at, layer in enumerate(layers) for reading in ("linear", "single unit")],
    columns=["subject", "network", "layer", "reading", "share", "lo", "hi"],
)  # fmt: skip


def test_shares_stand_at_their_layers_and_pixels_are_level() -> None:
    axes = figures.factors_by_layer(SHARES)
    assert [ax.get_title(loc="left") for ax in axes] == ["pose", "light"]
    for ax in axes:
        assert [text.get_text() for text in ax.get_xticklabels()] == list(LAYERS)
        drawn = [container[0] for container in ax.containers]
        np.testing.assert_allclose([line.get_ydata() for line in drawn], [[50, 60], [50, 60], [30, 40]])
        level = [line for line in ax.lines if np.allclose(line.get_ydata(), 20)]
        assert len(level) == 1
        assert ax.get_ylim()[0] <= 0 and ax.get_ylim()[1] >= 62
    (legend,) = axes[0].figure.legends
    assert {text.get_text() for text in legend.get_texts()} == {
        "trained, linear", "trained, best single unit", "random weights, linear", "pixels, linear",
    }  # fmt: skip


def test_a_table_without_the_trained_network_or_with_a_row_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="'trained' is needed, whose layers the axis names"):
        figures.factors_by_layer(SHARES[SHARES["network"] == "pixels"])
    with pytest.raises(ValueError, match="shares"):
        figures.factors_by_layer(pd.concat([SHARES, SHARES]))
