"""The networks drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

from deepfeatures import figures
from deepfeatures.figures.topology import LENET, STACK


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_lenet_has_its_layers_and_431080_parameters() -> None:
    ax = figures.lenet()
    assert [patch.get_label() for patch in ax.patches if patch.get_label() in LENET] == list(LENET)
    assert any("431,080 parameters in all" in text for text in words(ax))
    assert sum(parameters for *_, parameters in LENET.values()) == 431_080


def test_two_columns_share_one_stack_and_only_the_first_has_a_softmax_loss() -> None:
    text = words(figures.pair_topology(weights={"ip1": 0.01, "ip2": 0.0}))
    assert all(text.count(layer) == 2 for layer in STACK)
    assert text.count("softmax loss, weight 1") == 1
    assert [word for word in text if word.startswith("Euclidean")] == [
        "Euclidean loss, weight 0.01",
        "Euclidean loss, weight 0",
    ]


def test_images_are_drawn_when_given() -> None:
    ax = figures.pair_topology(images=(np.zeros((28, 28)), np.full((28, 28), 255)))
    assert [image.get_array().shape for image in ax.images] == [(28, 28)] * 2


def test_what_is_no_pair_network_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Euclidean losses at \['fc7'\], which are not among the layers"):
        figures.pair_topology(weights={"fc7": 1})
    with pytest.raises(ValueError, match="3 images given; a pair has 2"):
        figures.pair_topology(images=np.zeros((3, 28, 28)))
    with pytest.raises(ValueError, match="one or more different names"):
        figures.pair_topology(["ip1", "ip1"])
