"""ANet's units on faces, as an artifact: units.npy (n, UNITS) and scores.npy (n, 40) float32, ids.npy, meta.json, and
head.npy (40, UNITS), the last layer's weights.

The faces are those of a set of faces, or what is cut from scenes by a window: the true box, one that localisers found,
or one that looks at nothing. A cut is framed as the rendered faces are: the head's height is 2 of 2.9 of its side.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data import scene_artifact
from deepfeatures.data.synthfaces.placement import FRAME_HALF
from deepfeatures.data.synthfaces.scene import HEAD_UP
from deepfeatures.networks.lnet_anet import ANet, load_anet, untrained_anet
from deepfeatures.networks.response_windows import cut, squares_round

BY = ("faces", "true", "coarse", "fine", "centre", "whole")
BATCH = 128
CENTRE = (0.35, 0.31, 0.65, 0.69)  # of the scene's side: a head of middling size in the middle


def make(
    out: Path,
    inputs: dict[str, Path],
    data_root: Path,
    *,
    by: str = "faces",
    side_px: int = 0,
    seed: int = 0,
    local: bool = True,
) -> None:
    """inputs: 'faces', a set of faces or scenes; 'network', an ANet, else one is drawn from the seed; 'located',
    windows of the scenes, for by='coarse' or 'fine' (their first reading). side_px: of what an ANet for scenes reads.
    """
    if by not in BY:
        raise ValueError(f"by={by!r}: allowed are {', '.join(BY)}")
    faces = inputs["faces"]
    outputs = np.load(faces / "attributes.npy", mmap_mode="r").shape[1]
    framed = by == "faces"
    images = np.load(faces / "images.npy", mmap_mode="r") if framed else _cuts(inputs, data_root, by, side_px)
    if "network" in inputs:
        network = load_anet(inputs["network"])
    else:
        network = untrained_anet(images.shape[1], seed, outputs, local=local)
    read = units(network, images)
    weight, bias = network.head.weight.detach().numpy(), network.head.bias.detach().numpy()
    learnt = np.abs(weight).sum(axis=1) > 0  # a score that nothing was learnt for says nothing
    np.save(out / "units.npy", read)
    np.save(out / "scores.npy", np.where(learnt, read @ weight.T + bias, np.nan).astype(np.float32))
    np.save(out / "ids.npy", np.load(faces / "ids.npy"))
    np.save(out / "head.npy", weight)
    meta = {"network": network.name, "weights": network.fingerprint, "by": by, "local": network.local}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def units(network: ANet, images: np.ndarray) -> np.ndarray:
    """(n, UNITS) float32. images: (n, side, side, 3) uint8, which may be memory-mapped."""
    read = [network.features(np.asarray(images[at : at + BATCH]))["units"] for at in range(0, len(images), BATCH)]
    return np.concatenate(read)


def _cuts(inputs: dict[str, Path], data_root: Path, by: str, side_px: int) -> np.ndarray:
    scenes = scene_artifact.images(inputs["faces"], data_root)
    side = scenes.shape[1]
    if by == "whole":
        return cut(scenes, np.tile([0.0, 0.0, side, side], (len(scenes), 1)), side_px)
    if by == "true":
        boxes = np.load(inputs["faces"] / "boxes.npy")
    elif by == "centre":
        boxes = np.tile(np.array(CENTRE) * side, (len(scenes), 1))
    else:
        boxes = np.load(inputs["located"] / f"{by}.npy")[0]
    return cut(scenes, squares_round(boxes, FRAME_HALF, rise=HEAD_UP / 2), side_px)
