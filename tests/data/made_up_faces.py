"""A small CelebA and a small Pointing'04 made of noise and shapes, in the official layouts."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from deepfeatures.data.attributes import NAMES


def jpeg(rng: np.random.Generator, height: int, width: int) -> bytes:
    """A smooth random picture as JPEG bytes."""
    small = rng.integers(0, 256, (7, 6, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def write_celeba(
    root: Path, identity: list[int], partition: list[int], *, without: tuple[int, ...] = (), seed: int = 0
) -> np.ndarray:
    """Images 000001.jpg ... of the given people and parts, those in `without` lacking. Returns attributes (n, 40)."""
    rng = np.random.default_rng(seed)
    folder = root / "celeba"
    images = folder / "img_align_celeba"
    images.mkdir(parents=True)
    names = [f"{number:06d}.jpg" for number in range(1, len(identity) + 1)]
    attributes = np.where(rng.random((len(names), 40)) < 0.3, 1, -1)
    rows = "".join(
        f"{name} {' '.join(f'{value:2d}' for value in row)}\n" for name, row in zip(names, attributes, strict=True)
    )
    (folder / "list_attr_celeba.txt").write_text(f"{len(names)}\n{' '.join(NAMES)} \n{rows}")
    (folder / "identity_CelebA.txt").write_text("".join(f"{n} {i}\n" for n, i in zip(names, identity, strict=True)))
    (folder / "list_eval_partition.txt").write_text(
        "".join(f"{n} {p}\n" for n, p in zip(names, partition, strict=True))
    )
    for number, name in enumerate(names, start=1):
        if number not in without:
            (images / name).write_bytes(jpeg(rng, 218, 178))
    return attributes == 1


def write_pointing04(root: Path, people: int = 2) -> None:
    """One series of `people` at three tilts and three pans, box in the middle."""
    rng = np.random.default_rng(1)
    for person in range(1, people + 1):
        folder = root / "pointing04" / f"Person{person:02d}"
        folder.mkdir(parents=True)
        for number, (tilt, pan) in enumerate((t, p) for t in (-30, 0, 30) for p in (-90, 0, 90)):
            stem = f"person{person:02d}1{number:02d}{tilt:+d}{pan:+d}"
            (folder / f"{stem}.jpg").write_bytes(jpeg(rng, 288, 384))
            (folder / f"{stem}.txt").write_text(f"{stem}.jpg\n\nFace\n190\n140\n90\n100\n")
