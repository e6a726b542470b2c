"""Shape and shape-free appearance: faces brought to one shape, triangle by triangle (Cootes, Edwards, Taylor 2001).

Points are (n, p, 2) pixels, x to the right and y down; images (n, h, w, 3) uint8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial import Delaunay
from sklearn.decomposition import PCA
from torch.nn import functional as F

from deepfeatures.data.crops import similarity

ROUNDS = 5  # of fitting every shape to the mean and taking the mean again: it no longer moves after two or three


@dataclass(frozen=True)
class Aligned:
    """shapes: (n, p, 2) after each shape's shift, turn and size are taken out; mean: (p, 2), in the pixels of the
    first mean."""

    shapes: np.ndarray
    mean: np.ndarray


def align(points: np.ndarray) -> Aligned:
    """Generalised Procrustes alignment (Gower 1975): what is left of a shape is neither place, turn nor size."""
    points = np.asarray(points, np.float64)
    first = points.mean(axis=0)
    mean, shapes = first, points
    for _ in range(ROUNDS):
        shapes = np.stack([moved(one, similarity(one, mean)) for one in points])
        mean = shapes.mean(axis=0)
        mean = moved(mean, similarity(mean, first))  # or the mean would shrink a little every round
    return Aligned(shapes, mean)


def moved(points: np.ndarray, by: np.ndarray) -> np.ndarray:
    """(p, 2) points after a similarity (2, 3), as data.crops.similarity gives it."""
    return points @ by[:, :2].T + by[:, 2]


class Warp:
    """Reads every face at the pixels of one mean shape. mean: (p, 2) pixels of a picture of side side_px."""

    def __init__(self, mean: np.ndarray, side_px: int) -> None:
        x, y = np.meshgrid(np.arange(side_px), np.arange(side_px))
        places = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
        triangles = Delaunay(mean)
        number = triangles.find_simplex(places)
        self.inside = number >= 0  # (side_px^2,) bool: pixels inside the outline of the mean shape
        self.side_px = side_px
        affine = triangles.transform[number[self.inside]]
        two = np.einsum("nij,nj->ni", affine[:, :2], places[self.inside] - affine[:, 2])
        self._corners = triangles.simplices[number[self.inside]]  # (m, 3)
        self._shares = np.column_stack([two, 1 - two.sum(axis=1)])  # barycentric: each corner's part of a pixel

    def places(self, points: np.ndarray) -> np.ndarray:
        """(n, m, 2): where each pixel of the mean shape lies in faces whose landmarks are points (n, p, 2)."""
        return np.einsum("nmcd,mc->nmd", points[:, self._corners], self._shares)

    def __call__(self, images: np.ndarray, points: np.ndarray) -> np.ndarray:
        """(n, m, 3) float32, 0..255: the faces' colours at the m pixels inside the mean shape, read bilinearly."""
        height, width = images.shape[1:3]
        grid = self.places(points) * [2 / (width - 1), 2 / (height - 1)] - 1
        pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).to(torch.float32)
        where = torch.from_numpy(grid[:, None].astype(np.float32))
        read = F.grid_sample(pixels, where, mode="bilinear", padding_mode="border", align_corners=True)
        return read[:, :, 0].permute(0, 2, 1).numpy()

    def picture(self, colours: np.ndarray) -> np.ndarray:
        """(n, side_px, side_px, 3) uint8 of colours (n, m, 3); grey outside the mean shape."""
        found = np.full((len(colours), self.side_px**2, 3), 128, np.uint8)
        found[:, self.inside] = np.clip(np.round(colours), 0, 255).astype(np.uint8)
        return found.reshape(len(colours), self.side_px, self.side_px, 3)


@dataclass(frozen=True)
class Components:
    """scores: (n, k), each over the deviation of the first, so that lengths keep their order; explained: (k,) shares of
    the variance."""

    scores: np.ndarray
    explained: np.ndarray


def components(values: np.ndarray, count: int, *, seed: int) -> Components:
    """Principal components of values (n, ...), at most `count`."""
    flat = np.asarray(values, np.float64).reshape(len(values), -1)
    size = min(count, len(flat) - 1, flat.shape[1])
    map_ = PCA(size, svd_solver="randomized", random_state=seed).fit(flat)
    scores = map_.transform(flat)
    return Components(scores / (scores[:, 0].std() or 1.0), map_.explained_variance_ratio_)
