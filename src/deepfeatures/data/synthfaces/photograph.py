"""What a camera does to a picture: blur, shake, few pixels, noise, JPEG. (n, 3, side, side) display values 0 to 1."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]
Values = Mapping[str, Array]
SPACINGS_PX = (1, 2, 4, 8)  # of the three taps of each pass; together a variance of up to 42 px^2 an axis


def smeared(pictures: torch.Tensor, variance_px: Array, axis: int) -> torch.Tensor:
    """Nearly Gaussian blur along one axis. pictures: (k, 3, side, side); variance_px: (k,) pixels^2.

    Passes of three taps (w, 1 - 2w, w) at growing spacing d add a variance of 2 w d^2 each, w at most 1/4; the edge
    pixel repeats outward.
    """
    left = variance_px.copy()
    side = pictures.shape[axis]
    for spacing in SPACINGS_PX:
        weight = np.minimum(left / (2 * spacing**2), 0.25)
        left = left - weight * (2 * spacing**2)
        if not weight.any():
            break
        w = torch.from_numpy(weight.astype(np.float32)).to(pictures.device)[:, None, None, None]
        first, last = pictures.narrow(axis, 0, 1), pictures.narrow(axis, side - 1, 1)
        before = torch.cat([first] * spacing + [pictures.narrow(axis, 0, side - spacing)], axis)
        after = torch.cat([pictures.narrow(axis, spacing, side - spacing)] + [last] * spacing, axis)
        pictures = pictures + ((before - pictures) + (after - pictures)) * w
    return pictures


def enlarged(pictures: torch.Tensor, pixels: NDArray[np.int64], axis: int) -> torch.Tensor:
    """Sampled at `pixels` ((k,), fewer than side) even places along an axis, and joined by straight lines."""
    side = pictures.shape[axis]
    column = torch.arange(side, device=pictures.device).to(torch.float32)[None, :]
    count = torch.from_numpy(pixels.astype(np.float32)).to(pictures.device)[:, None]
    place = ((column + 0.5) * count / side - 0.5).clamp(min=0)
    place = torch.minimum(place, count - 1)
    first = torch.minimum(place.floor(), (count - 2).clamp(min=0))
    share = place - first
    shape = [len(pixels), 1, 1, 1]
    shape[axis] = side
    found = []
    for number in (first, first + 1):
        source = ((number + 0.5) * side / count).floor().clamp(max=side - 1).to(torch.int64)
        found.append(pictures.gather(axis, source.view(shape).expand(pictures.shape)))
    return found[0] + (found[1] - found[0]) * share.view(shape)


def taken(rgb: Sequence[torch.Tensor], f: Values, noise_keys: Sequence[Sequence[int]]) -> NDArray[np.uint8]:
    """(n, side, side, 3) uint8 from linear light. noise_keys: what seeds each image's noise."""
    pictures = torch.stack(list(rgb), dim=1).clamp_(0, 1).sqrt_()  # display gamma 2: exactly rounded, unlike 2.2
    side = pictures.shape[-1]
    video = f["video"] > 0
    out_of_focus = np.where(f["blurred"] > 0, f["blur_percent"] * side / 100, 0.0)
    small = video | (f["low_resolution"] > 0)
    pixels = np.where(small, np.maximum(np.round(f["resolution_percent"] * side / 100), 2), side).astype(np.int64)
    # what a small sensor averages over
    merged = np.where(pixels < side, 0.08 * (side / pixels) * (side / pixels), 0.0)
    shake = np.where(video, f["motion_percent"] * side / 100, 0.0)
    upwards = f["video_shakes_up"] > 0
    for axis, moved in ((3, np.where(upwards, 0.0, shake)), (2, np.where(upwards, shake, 0.0))):
        variance = out_of_focus * out_of_focus + merged + moved * moved
        rows = np.flatnonzero(variance > 0)
        _replace(pictures, rows, smeared(_some(pictures, rows), variance[rows], axis))
    rows = np.flatnonzero(pixels < side)
    for axis in (3, 2):
        _replace(pictures, rows, enlarged(_some(pictures, rows), pixels[rows], axis))
    noise = np.zeros((len(video), side, side), np.float32)
    for row in np.flatnonzero(f["noise_percent"] > 0).tolist():
        drawn = np.random.Generator(np.random.SFC64(list(noise_keys[row])))
        noise[row] = drawn.standard_normal((side, side), np.float32) * np.float32(f["noise_percent"][row] / 100)
    pictures = pictures + torch.from_numpy(noise).to(pictures.device)[:, None]
    grey = (pictures.clamp_(0, 1) * 255 + 0.5).to(torch.uint8)
    images = grey.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    for row in np.flatnonzero(video | (f["compressed"] > 0)).tolist():
        images[row] = jpeg(images[row], round(float(f["jpeg_quality"][row])))
    return images


def _some(pictures: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
    return pictures.index_select(0, torch.from_numpy(rows).to(pictures.device))


def _replace(pictures: torch.Tensor, rows: NDArray[np.int64], changed: torch.Tensor) -> None:
    """In place, one by one: each is one block of memory, which indexing would copy number by number."""
    for row, picture in zip(rows.tolist(), changed, strict=True):
        pictures[row] = picture


def jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """As Pillow writes and reads it."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))
