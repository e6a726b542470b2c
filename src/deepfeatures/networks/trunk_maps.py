"""What the frozen trunk of MobileFaceNet says of photographs, as an artifact that networks of all folds train on.

maps.npy (n, 7, 7, 128) float16   ids.npy (n,) str   meta.json
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.data import celeba, features
from deepfeatures.networks.attribute_tail import MAPS, Trunk
from deepfeatures.networks.face_catalogue import load_face_network
from deepfeatures.networks.face_features import celeba_photographs, face_features, plan_features
from deepfeatures.networks.mobilefacenet import MS1M, MobileFaceNet


def make(out: Path, inputs: dict[str, Path], scratch: Path, data_root: Path, *, fingerprint: str) -> None:
    """Write the maps of CelebA's photographs. Those that cannot be decoded are left out and named in meta.json.

    fingerprint: of the photographs. Shards lie in `scratch`, where a killed run goes on. Raises ValueError where the
    photographs are not those planned for.
    """
    photographs = celeba_photographs(celeba.read(data_root))
    if photographs.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
    network = load_face_network(MS1M.name, data_root)
    assert isinstance(network, MobileFaceNet)
    trunk = Trunk(network)
    plan = plan_features(photographs, trunk)
    face_features(scratch, plan, photographs, trunk, progress=tqdm.write)
    stored = features.open_features(scratch, plan)
    shape = (len(stored.ids), *MAPS)
    maps = np.lib.format.open_memmap(out / "maps.npy", mode="w+", dtype=np.float16, shape=shape)
    done = 0
    for block in stored.blocks("maps"):
        maps[done : done + len(block)] = block.reshape(-1, *MAPS)  # half precision: of the trunk's numbers 0.05 %
        done += len(block)
    maps.flush()
    np.save(out / "ids.npy", stored.ids)
    meta = {"network": trunk.name, "weights": trunk.fingerprint, "left_out": list(stored.left_out)}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
