"""Photographs from files to arrays, a batch at a time, damaged ones named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
_TAIL = 1024  # some writers leave bytes behind a JPEG's end


class DamagedImage(ValueError):
    """A file is not a whole image."""


@dataclass(frozen=True)
class Batch:
    """rows: (n,) positions in the list of paths; images: n arrays (height, width, 3) uint8, RGB."""

    rows: np.ndarray
    images: list[np.ndarray]


def decode(path: Path) -> np.ndarray:
    """(height, width, 3) uint8, RGB. Raises DamagedImage naming the file where it is truncated or no image.

    A JPEG must reach its end marker: a decoder fills up what is missing with grey when only a few bytes are.
    """
    try:
        content = path.read_bytes()
        if content.startswith(JPEG_START) and JPEG_END not in content[-_TAIL:]:
            raise DamagedImage(f"{path.name} is truncated: {len(content):,} bytes and no end marker")
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as damage:
        raise DamagedImage(f"{path.name} cannot be decoded: {damage}") from damage


class ImageStream:
    """Decoded images batch by batch: memory holds one batch. `damaged` fills up with the messages of files left out.

    paths: files; batch: images at a time. Iterating again starts over.
    """

    def __init__(self, paths: Sequence[Path], batch: int = 64) -> None:
        if batch < 1:
            raise ValueError(f"batch={batch}: at least 1")
        self.paths = list(paths)
        self.batch = batch
        self.damaged: list[str] = []

    def __iter__(self) -> Iterator[Batch]:
        self.damaged.clear()
        for start in range(0, len(self.paths), self.batch):
            rows, images = [], []
            for row in range(start, min(start + self.batch, len(self.paths))):
                try:
                    images.append(decode(self.paths[row]))
                    rows.append(row)
                except DamagedImage as damage:
                    self.damaged.append(str(damage))
            if rows:
                yield Batch(np.array(rows), images)
