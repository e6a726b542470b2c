"""Photographs that hold one face, as an artifact: the arrays of `data.faces` without those in which several were found.

Where a photograph holds several faces, which of them a label speaks of is not certain. Faces were counted in the
original photograph, by the detector behind the table of pose estimates (`data.pose_table`); what it says nothing of is
kept.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data.faces import pose_estimates

ARRAYS = ("ids", "identity", "pose", "attributes")


def make(out: Path, inputs: dict[str, Path], data_root: Path, *, poses: str) -> None:
    """Write ARRAYS and meta.json, which has one line more: `faces_report`. inputs: 'faces'; poses: of the table.

    Raises ValueError where the table is not the one planned for, or leaves nobody.
    """
    table = pose_estimates(data_root)
    if table is None or table.fingerprint != poses:
        raise ValueError(f"planned for {poses}, found {table.fingerprint if table is not None else 'none'}: plan again")
    faces = inputs["faces"]
    count = table.of(np.load(faces / "ids.npy")).n_faces
    several, unsaid = count > 1, count < 1
    if several.all():
        raise ValueError(f"several faces were counted in each of {len(several):,} photographs: none is left")
    for name in ARRAYS:
        np.save(out / f"{name}.npy", np.load(faces / f"{name}.npy")[~several])
    left, whole = int(several.sum()), len(several)
    report = f"{whole - left:,} of {whole:,} images kept; left out: {left:,} with several faces"
    if unsaid.any():
        report += f"; kept though no face was counted: {int(unsaid.sum()):,}"
    meta = json.loads((faces / "meta.json").read_text()) | {"faces_report": report}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
