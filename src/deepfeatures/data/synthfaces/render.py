"""From factor values to pictures: the whole way of one chunk of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from . import hair, wear
from .anatomy import Landmarks, neck, skin
from .dressing import Wearers
from .light import behind, block, lit
from .paint import Gathered, face, numbers
from .photograph import taken
from .placement import Matrix, rotation
from .scene import Scene, camera, own_frame

Array = NDArray[np.float64]
Values = Mapping[str, Array]

CHUNK_PX = 2**19  # pixels at once: fields small enough for a cache, many enough that calls cost little
SKIN_SOFTNESS = 0.15  # how widely neighbouring parts of a face melt together, head units
SHARPER = {"nose_wing": 0.05, "nose_tip": 0.06, "nose_bridge": 0.07, "upper_lip": 0.04, "lower_lip": 0.04, "ear": 0.03}


def frames(f: Values) -> dict[str, Matrix]:
    """Rotations to the view: the body follows a little, the neck half way."""
    yaw, pitch, roll = f["yaw_deg"], f["pitch_deg"], f["roll_deg"]
    return {
        "head": rotation(yaw, pitch, roll),
        "neck": rotation(0.7 * yaw, 0.45 * pitch, 0.5 * roll),
        "body": rotation(0.45 * yaw, 0.0 * pitch, 0.1 * roll),
    }


def solid(f: Values, side_px: int, device: torch.device | str = "cpu") -> tuple[Scene, dict[str, Matrix]]:
    """The bare head and neck: depths and slopes, no colour yet."""
    scene = Scene(camera(side_px, f["zoom"], f["shift_right_percent"], f["shift_up_percent"]), device)
    turned = frames(f)
    at = Landmarks(f)
    parts = skin(f, at)
    for part, patch in zip(parts, scene.cast(parts, turned["head"]), strict=True):
        scene.merge(patch, SHARPER.get(part.name, SKIN_SOFTNESS))
    for patch in scene.cast(neck(f, at), turned["neck"]):
        scene.merge(patch, 0.05)
    return scene, turned


def paint_skin(scene: Scene, head: Matrix, f: Values) -> None:
    """Colour the bare head: every point that has skin, by its place on the face."""
    side = scene.side_px
    known = {
        name: torch.from_numpy(values.astype(np.float32)).to(scene.device)
        for name, values in numbers(f, Landmarks(f), scene.view.pixel).items()
    }
    chosen = (scene.cover > 0).nonzero()[:, 0]
    image = torch.div(chosen, side * side, rounding_mode="floor")
    column, line = chosen % side, torch.div(chosen, side, rounding_mode="floor") % side

    def gathered(values: Array) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(scene.device).index_select(0, image)

    half_pixel = gathered(scene.view.pixel / 2)
    x = (2 * column - (side - 1)).to(torch.float32) * half_pixel - gathered(scene.view.right)
    y = ((side - 1) - 2 * line).to(torch.float32) * half_pixel - gathered(scene.view.up)
    points = own_frame(x, y, scene.depth.index_select(0, chosen), head, gathered)
    paint = face(*points, Gathered(known, image))
    for field, values in zip(scene.colour, paint.rgb, strict=True):
        field.scatter_(0, chosen, values)
    scene.gloss.scatter_(0, chosen, paint.gloss)


def dress(scene: Scene, f: Values, turned: Mapping[str, Matrix]) -> None:
    """Clothes, hair and what is worn, on those who have it."""
    for put_on, frame, wearing in (
        (wear.clothes, "body", np.ones(scene.n, bool)),
        (wear.necktie, "body", f["necktie"] > 0),
        (wear.necklace, "neck", f["necklace"] > 0),
        (hair.grow, "head", np.ones(scene.n, bool)),
        (wear.earrings, "head", f["earrings"] > 0),
        (wear.glasses, "head", (f["glasses"] > 0) | (f["sunglasses"] > 0)),
        (wear.hat, "head", f["hat"] > 0),
    ):
        if wearing.any():
            put_on(Wearers(scene, f, turned[frame], wearing))


def pictures(
    f: Values, side_px: int, noise_keys: Sequence[Sequence[int]], device: torch.device | str = "cpu"
) -> NDArray[np.uint8]:
    """(n, side_px, side_px, 3) uint8 of n faces. f: {factor: (n,)} of every factor; noise_keys: see photograph.py."""
    scene, turned = solid(f, side_px, device)
    paint_skin(scene, turned["head"], f)
    dress(scene, f, turned)
    rgb = lit(scene, f)
    cover = scene.cover.view(rgb[0].shape)
    rgb = [back + (front - back) * cover for front, back in zip(rgb, behind(scene, f), strict=True)]
    block(scene, f, rgb)
    return taken(rgb, f, noise_keys)
