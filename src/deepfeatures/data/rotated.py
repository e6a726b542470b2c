"""The rotated set as an artifact: every chapter reads the same bytes, memory-mapped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepfeatures.data.digits import load_digits, resolve_digits
from deepfeatures.data.rotation import rotated_copies


def make(
    out: Path,
    inputs: dict[str, Path],
    data_root: Path,
    *,
    dataset: str,
    fingerprint: str,
    train_digits: int,
    test_digits: int,
    interpolation: str,
    angles_deg: list[int],
) -> None:
    """Write {train,test}_images.npy (digits, angles, 28, 28) uint8, {train,test}_labels.npy (digits,) uint8, meta.json.

    train_digits, test_digits: how many of the first digits; 0 takes all. Raises ValueError where more are asked for
    than there are, or where the data found is not the data planned for.
    """
    source = resolve_digits(dataset, data_root)
    if source.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {source.fingerprint}: plan again")
    digits = load_digits(source)
    parts = {
        "train": (digits.train_images, digits.train_labels, train_digits),
        "test": (digits.test_images, digits.test_labels, test_digits),
    }
    for part, (images, labels, wanted) in parts.items():
        if wanted > len(labels):
            raise ValueError(f"{part}_digits={wanted}: {source.name} has {len(labels)}")
        count = wanted or len(labels)
        _write(out / f"{part}_images.npy", images[:count], angles_deg, interpolation)
        np.save(out / f"{part}_labels.npy", labels[:count])
    meta = {"dataset": source.name, "tier": source.tier, "angles_deg": angles_deg, "interpolation": interpolation}
    (out / "meta.json").write_text(json.dumps(meta, sort_keys=True) + "\n")


def _write(path: Path, images: np.ndarray, angles_deg: list[int], interpolation: str, chunk: int = 4096) -> None:
    # Written, not memory-mapped: a disk that fills up under a memory map kills the process without a word.
    shape = (len(images), len(angles_deg), *images.shape[1:])
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for start in range(0, len(images), chunk):
            file.write(rotated_copies(images[start : start + chunk], angles_deg, interpolation).tobytes())
