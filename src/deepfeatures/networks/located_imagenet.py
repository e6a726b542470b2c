"""What localisers on ImageNet's weights say of some scenes, as an artifact: the arrays of `networks.located`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data import scene_artifact
from deepfeatures.networks.lnet_imagenet import brought, load, with_drawn_head
from deepfeatures.networks.localise import coarse_windows, fine_windows
from deepfeatures.networks.located import SHOWN, shown


def make(
    out: Path,
    inputs: dict[str, Path],
    data_root: Path,
    *,
    readings: list[str],
    weights: str = "",
    seed: int = 0,
) -> None:
    """inputs: 'scenes'; 'coarse' and 'fine', localisers. Without 'coarse', LNet_o is the file `weights` that a user
    brought, with a last layer drawn from the seed, and there is no LNet_s.
    """
    scenes = scene_artifact.images(inputs["scenes"], data_root)
    if "coarse" in inputs:
        coarse = load(inputs["coarse"])
    else:
        outputs = np.load(inputs["scenes"] / "attributes.npy", mmap_mode="r").shape[1]
        coarse = with_drawn_head(brought(weights, data_root, outputs), seed)
    found = np.stack([coarse_windows(coarse, scenes, reading) for reading in readings])
    np.save(out / "coarse.npy", found)
    if "fine" in inputs:
        fine = load(inputs["fine"])
        closer = [fine_windows(fine, scenes, found[at], reading) for at, reading in enumerate(readings)]
        np.save(out / "fine.npy", np.stack(closer))
    np.save(out / "response.npy", shown(coarse, scenes[:SHOWN], readings[0]))
    meta = {"readings": list(readings), "network": coarse.name}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
