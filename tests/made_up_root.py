"""A data root in which everything that a chapter on faces reads is made up: photographs, poses, weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepfeatures.data import celeba, faces, pose_table
from deepfeatures.networks.mobilefacenet import CASIA, MS1M
from tests.data.made_up_faces import write_celeba, write_pointing04
from tests.networks.test_mobilefacenet import FILES, made_up_state, save
from tests.networks.test_more_networks import ARCFACE, write_arcface

PEOPLE, EACH = 24, 6
SEVERAL = 9  # every so many photographs one holds two faces


def write(root: Path) -> Path:
    """CelebA of noise, one photograph cut short; estimated poses to both sides; Pointing'04; three networks."""
    count = PEOPLE * EACH
    write_celeba(root, [person for person in range(1, PEOPLE + 1) for _ in range(EACH)], [0] * count)
    write_pointing04(root, people=4)
    rng = np.random.default_rng(0)
    angles = rng.uniform([-80, -20, -20], [80, 20, 20], (count, 3)).round(1)
    rows = [
        f"{number:06d}.jpg,{yaw},{pitch},{roll},90,{2 if number % SEVERAL == 0 else 1}"
        for number, (yaw, pitch, roll) in enumerate(angles.tolist(), 1)
    ]
    table = root / "celeba" / faces.POSE_FILE
    table.write_text("\n".join([",".join(pose_table.COLUMNS), *rows]) + "\n")
    broken = celeba.read(root).paths()[4]
    broken.write_bytes(broken.read_bytes()[:-3])
    (root / "weights").mkdir()
    for variant in (MS1M, CASIA):
        save(made_up_state(variant), variant, root / "weights" / FILES[variant.name])
    write_arcface(ARCFACE.path(root), width=512)
    return root
