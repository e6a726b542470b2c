"""A small rotated set in the form of the artifact, and networks to read it with."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data.rotation import ANGLES_DEG, rotated_copies
from deepfeatures.networks.lenet import save, untrained

TRAIN, TEST = 60, 40


def network_folder(folder: Path, *, has_ip2: bool) -> Path:
    folder.mkdir()
    save(untrained(3, has_ip2), folder)
    return folder


@pytest.fixture(scope="session")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten blob patterns with noise, turned: easy to tell apart, their angle readable."""
    return blobs(tmp_path_factory.mktemp("rotated"), noise=15)


def blobs(folder: Path, *, noise: float) -> Path:
    """Ten patterns of values up to 200, as the artifact holds digits. noise: standard deviation of each pixel's own."""
    rng = np.random.default_rng(0)
    patterns = np.zeros((10, 28, 28))
    patterns[:, 8:20, 8:20] = np.kron(rng.random((10, 4, 4)), np.ones((3, 3))) * 200
    for part, digits in (("train", TRAIN), ("test", TEST)):
        labels = (np.arange(digits) % 10).astype(np.uint8)
        images = np.clip(patterns[labels] + rng.normal(0, noise, (digits, 28, 28)), 0, 255).astype(np.uint8)
        np.save(folder / f"{part}_images.npy", rotated_copies(images))
        np.save(folder / f"{part}_labels.npy", labels)
    (folder / "meta.json").write_text(json.dumps({"angles_deg": list(ANGLES_DEG)}))
    return folder
