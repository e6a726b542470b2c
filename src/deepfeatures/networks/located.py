"""What localisers say of some scenes, as an artifact: a window a scene, by every reading, coarse and fine.

    coarse.npy (readings, n, 4) and, with an LNet_s, fine.npy (readings, n, 4): left, top, right, bottom, pixels of the
    scene; response.npy (SHOWN, 24, 24) float32: LNet_o's map by the first reading, of the first scenes; meta.json
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from deepfeatures.data import scene_artifact
from deepfeatures.networks import response_windows
from deepfeatures.networks.lnet_anet import LNet, as_pixels, load_lnet, untrained_lnet
from deepfeatures.networks.localise import coarse_windows, fine_windows

SHOWN = 24


def make(
    out: Path,
    inputs: dict[str, Path],
    data_root: Path,
    *,
    readings: list[str],
    seed: int = 0,
) -> None:
    """inputs: 'scenes'; 'coarse' and 'fine', localisers. Without 'coarse', both are drawn from the seed, untrained.

    The fine window of a reading lies in the square round the coarse window of the same reading.
    """
    scenes = scene_artifact.images(inputs["scenes"], data_root)
    outputs = np.load(inputs["scenes"] / "attributes.npy", mmap_mode="r").shape[1]
    coarse = load_lnet(inputs["coarse"]) if "coarse" in inputs else drawn(seed, outputs)
    found = np.stack([coarse_windows(coarse, scenes, reading) for reading in readings])
    np.save(out / "coarse.npy", found)
    if "fine" in inputs or "coarse" not in inputs:
        fine = load_lnet(inputs["fine"]) if "fine" in inputs else drawn(seed + 1, outputs)
        closer = [fine_windows(fine, scenes, found[at], reading) for at, reading in enumerate(readings)]
        np.save(out / "fine.npy", np.stack(closer))
    np.save(out / "response.npy", shown(coarse, scenes[:SHOWN], readings[0]))
    meta = {"readings": list(readings), "network": coarse.name}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def drawn(seed: int, outputs: int) -> LNet:
    """Untrained, with a last layer that is drawn too: scores of 0 would leave nothing to read."""
    network = untrained_lnet(seed, outputs)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        network.head.weight.normal_(0, network.head.weight.shape[1] ** -0.5, generator=generator)
    return network


def shown(network: LNet, scenes: np.ndarray, reading: str) -> np.ndarray:
    """(n, FINE, FINE) float32: the map of LNet_o, enlarged as it is read."""
    with torch.inference_mode():
        maps = network.maps(as_pixels(network, response_windows.shrunk(scenes)))
        one = response_windows.response(network, maps, reading)[:, None]
        side = response_windows.FINE
        return F.interpolate(one, size=(side, side), mode="bilinear", align_corners=False)[:, 0].numpy()
