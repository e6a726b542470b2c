"""Features of rendered faces by DeepID2+ or by local binary patterns, as an artifact.

<layer>.npy (n, width) float32   ids.npy (n,)   meta.json
with `activity` also, for n = 1..4: by-face-maps<n>.npy (faces,), by-unit-maps<n>.npy (units,): the share of active
units of the maps that FC-n is connected to, in every face, and of faces in which a unit is active; before-fc4.npy
(n, units): FC-4 before its ReLU
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from tqdm import tqdm

from deepfeatures.data.lbp import lbp
from deepfeatures.data.regions import as_seen
from deepfeatures.networks.deepid2plus import DeepID2Plus, load

BATCH = 64
CELLS = 4  # of LBP's grid: 12 pixels of a face of 48, 6 at the smallest scale


class Reader(Protocol):
    """What turns whole faces (n, side, side, 3) uint8 into layers (n, width)."""

    def read(self, images: np.ndarray) -> dict[str, np.ndarray]: ...


class OfNetwork:
    """A trained network, which sees its own region at its own size, and left for right where `mirrored`."""

    def __init__(self, folder: Path, *, mirrored: bool = False) -> None:
        self.network: DeepID2Plus = load(folder)
        self.region = str(json.loads((folder / "meta.json").read_text())["region"])
        self.mirrored = mirrored

    def seen(self, images: np.ndarray) -> np.ndarray:
        whole = np.ascontiguousarray(images[:, :, ::-1]) if self.mirrored else images
        return as_seen(whole, self.region, self.network.side_px)

    def read(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return self.network.features(self.seen(images))


class OfPatterns:
    """Local binary patterns of the whole image."""

    def read(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return {"lbp": lbp(images, cells=CELLS)}


def reader(how: str, folder: Path | None, *, mirrored: bool = False) -> Reader:
    """how: 'network', of `folder`, or 'lbp'."""
    if how == "network" and folder is not None:
        return OfNetwork(folder, mirrored=mirrored)
    if how == "lbp" and folder is None and not mirrored:
        return OfPatterns()
    raise ValueError(f"how={how!r} with {'a' if folder else 'no'} network: a network with one, or lbp without")


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    how: str,
    mirrored: bool = False,
    activity: bool = False,
    scikit_image: str = "",
) -> None:
    """Write features of inputs['faces'], a rendered artifact. how: 'network', of inputs['network'], or 'lbp'.

    activity: also how active the maps are. scikit_image: its version, which LBP depends on; part of the recipe only.
    """
    images = np.load(inputs["faces"] / "images.npy", mmap_mode="r")
    asked = reader(how, inputs.get("network"), mirrored=mirrored)
    found = read_all(asked, images)
    for layer, values in found.items():
        np.save(out / f"{layer}.npy", values)
    if activity:
        if not isinstance(asked, OfNetwork):
            raise ValueError("activity=True: only a network has maps")
        for name, values in activity_of_maps(asked, images).items():
            np.save(out / f"{name}.npy", values)
    np.save(out / "ids.npy", np.load(inputs["faces"] / "ids.npy"))
    meta = {"how": how, "layers": {layer: values.shape[1] for layer, values in found.items()}, "mirrored": mirrored}
    meta |= {"scikit_image": scikit_image} if scikit_image else {}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def read_all(asked: Reader, images: np.ndarray) -> dict[str, np.ndarray]:
    """Layer to (n, width) float32. images: (n, side, side, 3) uint8, a batch at a time."""
    parts = [
        asked.read(np.asarray(images[start : start + BATCH]))
        for start in tqdm(range(0, len(images), BATCH), desc="features", unit="batch", mininterval=1)
    ]
    return {layer: np.concatenate([part[layer] for part in parts]) for layer in parts[0]}


def activity_of_maps(asked: OfNetwork, images: np.ndarray) -> dict[str, np.ndarray]:
    """by-face-maps<n>, by-unit-maps<n>: shares of values above 0, a unit being one map at one place; and before-fc4."""
    by_face: list[list[np.ndarray]] = [[] for _ in range(4)]
    by_unit: list[np.ndarray | int] = [0] * 4
    before: list[np.ndarray] = []
    for start in range(0, len(images), BATCH):
        pixels = asked.network.as_pixels(asked.seen(np.asarray(images[start : start + BATCH])))
        with torch.inference_mode():
            for number, maps in enumerate(asked.network.maps_of(pixels)):
                active = (maps.flatten(1) > 0).cpu().numpy()
                by_face[number].append(active.mean(axis=1))
                by_unit[number] = by_unit[number] + active.sum(axis=0)
            before.append(asked.network.before_relu(pixels).cpu().numpy())
    found = {f"by-face-maps{n + 1}": np.concatenate(shares).astype(np.float32) for n, shares in enumerate(by_face)}
    found["before-fc4"] = np.concatenate(before).astype(np.float32)
    return found | {
        f"by-unit-maps{n + 1}": (np.asarray(count) / len(images)).astype(np.float32) for n, count in enumerate(by_unit)
    }
