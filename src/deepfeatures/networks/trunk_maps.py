"""What the frozen trunk of MobileFaceNet says of photographs, as an artifact that networks of all folds train on.

    maps.npy (n, 7, 7, 128) float16   ids.npy (n,) str   meta.json
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.data import celeba
from deepfeatures.networks.attribute_tail import MAPS, trunk_maps
from deepfeatures.networks.face_catalogue import load_face_network
from deepfeatures.networks.face_features import CroppedFaces, celeba_photographs
from deepfeatures.networks.mobilefacenet import MS1M, MobileFaceNet

BATCH = 64


def make(out: Path, inputs: dict[str, Path], scratch: Path, data_root: Path, *, fingerprint: str) -> None:
    """Write the maps of CelebA's photographs. Those that cannot be decoded are left out and named in meta.json.

    fingerprint: of the photographs. Raises ValueError where they are not those planned for.
    """
    photographs = celeba_photographs(celeba.read(data_root))
    if photographs.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
    network = load_face_network(MS1M.name, data_root)
    assert isinstance(network, MobileFaceNet)
    faces = CroppedFaces(photographs, range(len(photographs.ids)), network.input.size, BATCH)
    shape = (len(photographs.ids), *MAPS)
    whole = np.lib.format.open_memmap(scratch / "maps.npy", mode="w+", dtype=np.float16, shape=shape)
    read: list[int] = []
    for rows, images in tqdm(faces, desc="maps", unit="batch", mininterval=1):
        whole[len(read) : len(read) + len(rows)] = trunk_maps(network, images)
        read.extend(rows.tolist())
    np.save(out / "maps.npy", whole[: len(read)])
    np.save(out / "ids.npy", photographs.ids[read])
    meta = {"network": network.name, "weights": network.fingerprint, "left_out": list(faces.left_out)}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
