"""Rotated digits made by other means: are a paper's figures those of another way of turning?

Rudd et al. 2017 do not say how digits were turned (deviation D1). Here are other ways than those of data.rotation; the
last one turns nothing, for networks that are trained on upright digits and asked about turned ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy import ndimage

WAYS = ("cubic", "whole", "upright")


def turned(images: np.ndarray, angle_deg: float, way: str) -> np.ndarray:
    """Each image turned about its centre, counter-clockwise. images: (n, height, width) uint8; returns the same shape.

    'cubic': splines of order 3, the default of scipy.ndimage.rotate; values are cut to 0..255.
    'whole': bilinear, and scaled so that the turned square just fits: nothing is cut off at the corners, and a digit is
    smaller the further it is turned, as where a canvas grows with the turn and is then scaled back.
    'upright': not turned.
    """
    if way not in WAYS:
        raise ValueError(f"way {way!r} is not one of {list(WAYS)}")
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(f"expected (n, height, width) uint8 images, got {images.shape} {images.dtype}")
    if angle_deg == 0 or way == "upright":
        return images.copy()
    if way == "cubic":
        found: np.ndarray = ndimage.rotate(images, angle_deg, axes=(2, 1), reshape=False, order=3)
        return found
    import torch
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional as transforms

    radians = np.radians(angle_deg)
    scale = float(1 / (np.cos(radians) + abs(np.sin(radians))))
    # Positive angles turn clockwise there.
    turned = transforms.affine(
        torch.tensor(images)[:, None], angle=-float(angle_deg), translate=[0, 0], scale=scale, shear=[0, 0],
        interpolation=InterpolationMode.BILINEAR,
    )  # fmt: skip
    return turned[:, 0].numpy()


def make(out: Path, inputs: dict[str, Path], *, way: str) -> None:
    """Write what data.rotated writes, of the same digits and angles.

    inputs: 'rotated', whose upright copies are turned: it must have them.
    """
    rotated = inputs["rotated"]
    meta = json.loads((rotated / "meta.json").read_text())
    angles_deg = meta["angles_deg"]
    if 0 not in angles_deg:
        raise ValueError(f"no upright copies to turn: the angles are {angles_deg}")
    for part in ("train", "test"):
        copies = np.load(rotated / f"{part}_images.npy", mmap_mode="r")
        _write(out / f"{part}_images.npy", copies[:, angles_deg.index(0)], angles_deg, way)
        np.save(out / f"{part}_labels.npy", np.load(rotated / f"{part}_labels.npy"))
    (out / "meta.json").write_text(json.dumps({**meta, "way": way}, sort_keys=True) + "\n")


def _write(path: Path, upright: np.ndarray, angles_deg: list[int], way: str, chunk: int = 4096) -> None:
    # Written, not memory-mapped: a disk that fills up under a memory map kills the process without a word.
    shape = (len(upright), len(angles_deg), *upright.shape[1:])
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for start in range(0, len(upright), chunk):
            some = np.asarray(upright[start : start + chunk])
            file.write(np.stack([turned(some, angle, way) for angle in angles_deg], axis=1).tobytes())
