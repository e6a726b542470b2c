"""Cluttered scenes with a rendered head at a known place: what a localiser is shown.

    scenes = Scenes(seed=0, people=200, each=10, side_px=96)
    scenes.render([0, 1])     # (2, 96, 96, 3) uint8
    scenes.boxes([0, 1])      # (2, 4) left, top, right, bottom of the bare head, pixels, to a fraction of a pixel
    scenes.attributes([0, 1]) # (2, 40): 1, 0, or -1 where the rendered world does not say

One picture of one renderer: head, shoulders and objects are cast by the same rays, lit by the same light and taken by
the same camera, so no seam and no difference in sharpness tells where the head is. A scene depends on (seed, index)
alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from . import attributes
from .scene_objects import NAMES, kinds_of, put_objects, uniform
from .synthfaces import ATTRIBUTES, FACTORS, SynthFaces
from .synthfaces.anatomy import Landmarks, skin
from .synthfaces.light import behind, lit
from .synthfaces.photograph import taken
from .synthfaces.placement import FRAME_HALF, seen
from .synthfaces.render import dress, frames, paint_skin, solid
from .synthfaces.scene import Scene, camera

Values = Mapping[str, NDArray[np.float64]]

HEAD_HEIGHTS = (0.26, 0.5)  # of a head, of the scene's side
YAW_DEG = (-60.0, 60.0)  # beyond, in profile, too few tags can be seen at this size
CHUNK_PX = 2**19  # pixels drawn at once
SMALLEST_PX, LARGEST_PX = 32, 256


class Scenes:
    """Scenes 0 to people * each - 1; the first `each` show person 0.

    heads=False: the same clutter with nobody in it.
    """

    def __init__(self, seed: int, people: int, each: int, side_px: int, *, heads: bool = True) -> None:
        if not SMALLEST_PX <= side_px <= LARGEST_PX:
            raise ValueError(f"side_px is {side_px}, expected {SMALLEST_PX}..{LARGEST_PX}")
        self.seed, self.people, self.each, self.side_px, self.heads = seed, people, each, side_px, heads
        # An occluder stands in the middle of the picture, where the head need not be: scenes have none.
        self._world = SynthFaces(seed, people, each, ranges={"yaw_deg": YAW_DEG}, chances={"occluder": 0.0})

    def __len__(self) -> int:
        return self.people * self.each

    def truth(self, indices: ArrayLike | None = None) -> pd.DataFrame:
        """Factors and attributes as SynthFaces.truth gives them, with zoom and shifts of the scene."""
        found = self._world.truth(indices)
        index = found["index"].to_numpy(np.int64)
        height = uniform(self.seed, "head height", index, *HEAD_HEIGHTS)
        across = uniform(self.seed, "head across", index)
        down = uniform(self.seed, "head down", index)
        # The whole head is inside, with a little room for hair above and the neck below.
        x = 0.45 * height + across * (1 - 0.9 * height)
        y = 0.62 * height + down * (1 - 1.22 * height)
        zoom = FRAME_HALF * height
        # The camera of the faces looks 0.1 head units below the head's middle: taken back here.
        lifted = 100 * 0.1 * height / 2
        return found.assign(zoom=zoom, shift_right_percent=100 * (x - 0.5), shift_up_percent=100 * (0.5 - y) - lifted)

    def boxes(self, indices: ArrayLike | None = None) -> NDArray[np.float64]:
        """(n, 4): see `head_boxes`."""
        return head_boxes(_values(self.truth(indices)), self.side_px)

    def identity(self, indices: ArrayLike | None = None) -> NDArray[np.int64]:
        return self.truth(indices)["identity"].to_numpy(np.int64)

    def attributes(self, indices: ArrayLike | None = None) -> NDArray[np.int8]:
        """(n, 40) int8 in CelebA's order: 1, 0, or -1 where this world does not say."""
        truth = self.truth(indices)
        known = np.full((len(truth), len(attributes.NAMES)), -1, np.int8)
        for name in ATTRIBUTES:
            known[:, attributes.NAMES.index(name)] = truth[name].to_numpy()
        return known

    def objects(self, indices: ArrayLike | None = None) -> NDArray[np.int8]:
        """(n, kinds) int8: which kinds of scene_objects.NAMES are in each scene, seen or hidden."""
        index = self._index(indices)
        drawn = kinds_of(self.seed, index)
        return (drawn[:, :, None] == np.arange(len(NAMES))).any(axis=1).astype(np.int8)

    def render(self, indices: ArrayLike | None = None) -> NDArray[np.uint8]:
        """(n, side_px, side_px, 3) uint8 RGB; a scene is the same bytes in any company."""
        truth = self.truth(indices)
        images = np.empty((len(truth), self.side_px, self.side_px, 3), np.uint8)
        together = max(CHUNK_PX // self.side_px**2, 1)
        with torch.no_grad():
            for start in range(0, len(truth), together):
                rows = slice(start, start + together)
                images[rows] = self._pictures(truth.iloc[rows])
        return images

    def _pictures(self, truth: pd.DataFrame) -> NDArray[np.uint8]:
        f, index = _values(truth), truth["index"].to_numpy(np.int64)
        if self.heads:
            scene, turned = solid(f, self.side_px)
            paint_skin(scene, turned["head"], f)
            dress(scene, f, turned)
        else:
            scene = Scene(camera(self.side_px, f["zoom"], f["shift_right_percent"], f["shift_up_percent"]))
        put_objects(scene, self.seed, index)
        rgb = lit(scene, f)
        cover = scene.cover.view(rgb[0].shape)
        rgb = [back + (front - back) * cover for front, back in zip(rgb, behind(scene, f), strict=True)]
        keys = [(self.seed, int(one) // self.each, int(one) % self.each) for one in index]
        return taken(rgb, f, keys)

    def _index(self, indices: ArrayLike | None) -> NDArray[np.int64]:
        return self._world.truth(indices)["index"].to_numpy(np.int64)


def head_boxes(f: Values, side_px: int) -> NDArray[np.float64]:
    """(n, 4) left, top, right, bottom in pixels, 0 at the picture's upper left corner: crown to chin, ear to ear.

    The outlines of the bare head's ellipsoids, exact; neck and hair do not count.
    """
    view = camera(side_px, f["zoom"], f["shift_right_percent"], f["shift_up_percent"])
    one = seen(skin(f, Landmarks(f)), frames(f)["head"])
    left, right = (one.x - one.half_width).min(axis=0), (one.x + one.half_width).max(axis=0)
    top, bottom = (one.y + one.half_height).max(axis=0), (one.y - one.half_height).min(axis=0)
    return np.stack(
        [
            (left + view.right) / view.pixel + side_px / 2,
            side_px / 2 - (top + view.up) / view.pixel,
            (right + view.right) / view.pixel + side_px / 2,
            side_px / 2 - (bottom + view.up) / view.pixel,
        ],
        axis=1,
    )


def _values(truth: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    return {name: truth[name].to_numpy(np.float64) for name in FACTORS}
