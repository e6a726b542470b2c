"""A head's place from coarse to fine: LNet_o over the whole scene, LNet_s over what LNet_o points at."""

from __future__ import annotations

import numpy as np

from deepfeatures.networks.lnet_anet import LNET_SIDE, LNet
from deepfeatures.networks.response_windows import (
    CLOSE_UP,
    WHOLE_SCENE,
    cut,
    in_scene,
    locate,
    shrunk,
    squares_round,
)

SHOULDERS = 1.8  # side of the square that LNet_s sees, in heights of LNet_o's window: head and shoulders


def coarse_windows(network: LNet, scenes: np.ndarray, reading: str) -> np.ndarray:
    """(n, 4) pixels of the scene: LNet_o's windows. scenes: (n, side, side, 3) uint8."""
    return in_scene(locate(network, shrunk(scenes), reading, WHOLE_SCENE), whole(scenes))


def fine_windows(network: LNet, scenes: np.ndarray, coarse: np.ndarray, reading: str) -> np.ndarray:
    """(n, 4) pixels of the scene: LNet_s's windows inside the squares round LNet_o's, `coarse`."""
    squares = squares_round(coarse, SHOULDERS)
    return in_scene(locate(network, cut(scenes, squares, LNET_SIDE), reading, CLOSE_UP), squares)


def squares_of(network: LNet, scenes: np.ndarray, reading: str, times: float) -> np.ndarray:
    """(n, 4) squares round LNet_o's windows, pixels of the scene."""
    return squares_round(coarse_windows(network, scenes, reading), times)


def whole(scenes: np.ndarray) -> np.ndarray:
    """(n, 4): the whole of each scene as a square."""
    side = scenes.shape[1]
    return np.tile([0.0, 0.0, side, side], (len(scenes), 1))
