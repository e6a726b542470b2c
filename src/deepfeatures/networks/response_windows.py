"""From the response maps of a localiser to the window it points at. No box is used anywhere: only the maps decide.

Three ways to make one map of many channels: `mean`, all maps alike; `selected`, the quarter of them on which the tags
lean most; `evidence`, how strongly a position speaks for or against tags. Then the window whose inside differs most
from its outside: with shares p and q = 1 - p of the positions and means m_in, m_out,

    contrast = p q (m_in - m_out)^2,  m_in > m_out        (the variance between two classes: Otsu 1979)

over windows of all allowed sizes at all places. Its size is thus found together with its place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from deepfeatures.data.crops import crop
from deepfeatures.networks.lnet_anet import LNET_SIDE, LNet, as_pixels

READINGS = ("mean", "selected", "evidence")
ASPECT = 0.8  # width of a head over its height: all that is said of heads beforehand
FINE = 24  # positions a side to which maps are enlarged
WHOLE_SCENE = (0.2, 0.7)  # heights of windows, of the side of what is read, for LNet_o
CLOSE_UP = (0.35, 0.85)  # the same for LNet_s
BATCH = 256


def response(network: LNet, maps: torch.Tensor, reading: str) -> torch.Tensor:
    """One map of many: (n, h, w), each from its own scene alone. maps: (n, channels, h, w) of `network`."""
    if reading not in READINGS:
        raise ValueError(f"reading={reading!r}: allowed are {', '.join(READINGS)}")
    if reading == "mean":
        return maps.mean(1)
    weight = network.head.weight  # (outputs, channels)
    if reading == "selected":
        chosen = weight.norm(dim=0).topk(max(maps.shape[1] // 4, 1)).indices
        return maps[:, chosen].mean(1)
    said = torch.einsum("oc,nchw->nohw", weight, maps)
    return (said - said.mean((2, 3), keepdim=True)).norm(dim=1)


def best_windows(response: np.ndarray, heights: Sequence[int], aspect: float = ASPECT) -> np.ndarray:
    """(n, 4) left, top, right, bottom, positions: the window of most contrast.

    response: (n, h, w); heights: allowed.
    """
    maps = torch.from_numpy(np.ascontiguousarray(response, np.float64))[:, None]
    n, _, high, wide = maps.shape
    total, area = maps.sum((1, 2, 3)), high * wide
    best, found = torch.full((n,), -1.0, dtype=torch.float64), torch.zeros((n, 4), dtype=torch.float64)
    for height in heights:
        width = max(round(aspect * height), 1)
        if not (1 <= height <= high and width <= wide):
            raise ValueError(f"a window of {height} x {width} does not fit into a map of {high} x {wide}")
        inside = F.avg_pool2d(maps, (height, width), stride=1)[:, 0]
        share = height * width / area
        outside = (total[:, None, None] / area - share * inside) / max(1 - share, 1e-12)
        contrast = torch.where(inside > outside, share * (1 - share) * (inside - outside) ** 2, 0.0)
        value, place = contrast.flatten(1).max(1)
        top, left = place // contrast.shape[2], place % contrast.shape[2]
        window = torch.stack([left, top, left + width, top + height], 1).to(torch.float64)
        better = value > best
        best, found = torch.where(better, value, best), torch.where(better[:, None], window, found)
    return found.numpy()


def locate(network: LNet, views: np.ndarray, reading: str, share: tuple[float, float]) -> np.ndarray:
    """(n, 4) windows in parts of the view's side, 0..1. views: (n, 48, 48, 3) uint8; share: heights, of the side."""
    made = []
    with torch.inference_mode():
        for start in range(0, len(views), BATCH):
            made.append(network.maps(as_pixels(network, views[start : start + BATCH])).cpu())
        one = response(network.cpu(), torch.cat(made), reading)
        fine = F.interpolate(one[:, None], size=(FINE, FINE), mode="bilinear", align_corners=False)[:, 0]
    low, high = (round(FINE * part) for part in share)
    return best_windows(fine.numpy(), range(low, high + 1)) / FINE


def shrunk(scenes: np.ndarray) -> np.ndarray:
    """Whole scenes at the localiser's size: (n, 48, 48, 3) uint8."""
    side = scenes.shape[1]
    whole = np.tile([0.0, 0.0, side, side], (len(scenes), 1))
    return cut(scenes, whole, LNET_SIDE)


def cut(scenes: np.ndarray, squares: np.ndarray, side_px: int) -> np.ndarray:
    """Squares of scenes at another size: (n, side_px, side_px, 3) uint8. squares: (n, 4) pixels of the scene."""
    step = (squares[:, 2] - squares[:, 0]) / side_px  # pixels of the scene per pixel of the cut
    crops = np.zeros((len(squares), 2, 3))
    crops[:, 0, 0] = crops[:, 1, 1] = step
    crops[:, 0, 2] = squares[:, 0] + step / 2 - 0.5
    crops[:, 1, 2] = squares[:, 1] + step / 2 - 0.5
    parts = [
        crop(np.asarray(scenes[start : start + BATCH]), crops[start : start + BATCH], (side_px, side_px))
        for start in range(0, len(squares), BATCH)
    ]
    return np.concatenate(parts)


def squares_round(boxes: np.ndarray, times: float, *, rise: float = 0.0) -> np.ndarray:
    """(n, 4) squares `times` the height of each box, round its middle, shifted down by `rise` heights.

    boxes: (n, 4).
    """
    height = boxes[:, 3] - boxes[:, 1]
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2 + rise * height
    half = times * height / 2
    return np.stack([x - half, y - half, x + half, y + half], axis=1)


def in_scene(windows: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """(n, 4) pixels of the scene. windows: (n, 4) parts of the side of `squares`, (n, 4) pixels of the scene."""
    corner, side = squares[:, [0, 1, 0, 1]], squares[:, 2:3] - squares[:, 0:1]
    return corner + windows * side
