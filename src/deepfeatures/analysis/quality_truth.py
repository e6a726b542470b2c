"""What is known of how bad a picture is. Larger is worse in every column, so a good measure of quality falls with it.

Rendered faces: the world's own factors. Photographs: CelebA's pictures, half of them made worse in a known way
(data.damage), and of each what its files say: estimated pose, the side of the face in the original photograph, the
annotators' label Blurry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd

from deepfeatures.data import attributes
from deepfeatures.data.damage import KINDS
from deepfeatures.data.pose_table import PoseTable

EXTREME_DEG = 60.0  # |yaw| of an extreme view; photographs have few beyond 45
EXTREME_IN_PHOTOGRAPHS_DEG = 45.0
DEFECTS = "defects"  # the column that counts them


class Faces(Protocol):
    """A faces artifact, opened: arrays by name, and meta."""

    @property
    def meta(self) -> Mapping[str, Any]: ...
    def __getitem__(self, name: str, /) -> np.ndarray: ...


def rendered(faces: Faces) -> pd.DataFrame:
    """A row an image: blur, resolution lost, video frame, occlusion, |yaw|, |pitch| and the number of defects.

    blur: standard deviation, % of the image's side; resolution lost: 100 less the % kept; occlusion: % of the image's
    area under the block. Defects: out of focus, low resolution, video frame, occluded, |yaw| of EXTREME_DEG or more.
    """
    f = dict(zip(faces.meta["factors"], np.asarray(faces["factors"]).T, strict=True))
    small = np.maximum(f["low_resolution"], f["video"])
    extreme = np.abs(f["yaw_deg"]) >= EXTREME_DEG
    return pd.DataFrame({
        "|yaw|": np.abs(f["yaw_deg"]),
        "|pitch|": np.abs(f["pitch_deg"]),
        "blur": f["blurred"] * f["blur_percent"],
        "resolution lost": small * (100 - f["resolution_percent"]),
        "video frame": f["video"],
        "occlusion": f["occluder"] * f["occluder_size_percent"] ** 2 / 100,
        DEFECTS: f["blurred"] + f["low_resolution"] + f["video"] + f["occluder"] + extreme,
    })  # fmt: skip


def photographs(faces: Faces, poses: PoseTable | None) -> pd.DataFrame:
    """A row an image, as it is: |yaw|, |pitch|, small face (minus its side in the original, pixels), Blurry.

    nan where the pose is not believed or the table is not there.
    """
    pose = np.asarray(faces["pose"], np.float64)
    believed = np.isfinite(pose[:, 0])
    side = np.full(len(pose), np.nan) if poses is None else poses.of(np.asarray(faces["ids"])).face_side_px
    blurry = np.asarray(faces["attributes"])[:, attributes.NAMES.index("Blurry")].astype(float)
    columns = {"|yaw|": np.abs(pose[:, 0]), "|pitch|": np.abs(pose[:, 1]), "small face": -side, "Blurry": blurry}
    return pd.DataFrame({name: np.where(believed, values, np.nan) for name, values in columns.items()})


def with_damage(truth: pd.DataFrame, kind: np.ndarray) -> pd.DataFrame:
    """The same of pictures of which some were made worse: a column for each kind, and the number of known defects.

    kind: (n,) number in data.damage.KINDS, -1 for a picture as it is. Defects: the damage, |yaw| of
    EXTREME_IN_PHOTOGRAPHS_DEG or more, the label Blurry.
    """
    columns = {name: (kind == number).astype(float) for number, name in enumerate(KINDS)}
    found = truth.assign(**columns)
    extreme = (found["|yaw|"] >= EXTREME_IN_PHOTOGRAPHS_DEG).astype(float)
    return found.assign(**{DEFECTS: (kind >= 0) + extreme + found["Blurry"]})
