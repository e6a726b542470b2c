"""Local binary patterns of photographs, as an artifact: lbp.npy (n, width) float32, ids.npy (n,), meta.json.

The patterns are of the square that the published face networks' template stands in; a network that reads less than
the square sees its middle.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.data import celeba, features, lbp
from deepfeatures.networks.face_features import celeba_photographs, face_features, plan_features
from deepfeatures.networks.face_network import FaceInput

SIDE_PX = 112  # as MobileFaceNet's crop
CELLS = 6  # across: 18 or 19 pixels each, 9 or 10 at the smaller scale


class Patterns:
    """High-dimensional LBP in the place of a network. Implements FaceNetwork."""

    def __init__(self) -> None:
        self.name, self.fingerprint = "lbp", f"lbp-{SIDE_PX}-{CELLS}"
        self.layers = {"lbp": lbp.width(CELLS)}
        self.input = FaceInput(SIDE_PX, SIDE_PX, (0.0,) * 3, (1.0,) * 3)

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """(n, width) float32. images: (n, 112, 112, 3) uint8, RGB."""
        return {"lbp": lbp.lbp(images, cells=CELLS)}


def make(
    out: Path, inputs: dict[str, Path], scratch: Path, data_root: Path, *, fingerprint: str, scikit_image: str = ""
) -> None:
    """Write the patterns of CelebA's images. scikit_image: its version, which they depend on; part of the recipe only.

    Raises ValueError where the photographs found are not those planned for.
    """
    photographs = celeba_photographs(celeba.read(data_root))
    if photographs.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
    reader = Patterns()
    plan = plan_features(photographs, reader, provenance={"scikit-image": scikit_image})
    face_features(scratch, plan, photographs, reader, progress=tqdm.write)
    stored = features.open_features(scratch, plan)
    np.save(out / "lbp.npy", np.concatenate(list(stored.blocks("lbp"))))
    np.save(out / "ids.npy", stored.ids)
    meta = {"network": reader.name, "layers": reader.layers, "left_out": list(stored.left_out)}
    meta |= {"input": str(reader.input), "scikit_image": scikit_image}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
