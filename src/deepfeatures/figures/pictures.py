"""Small pictures for explorers: PNG in base64, few colours and a plain rim of one pixel, so that each is a few hundred
bytes and cannot be taken for a photograph (tests/test_no_photographs.py looks at every one).
"""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

RIM = 1  # pixels on each side, of one colour
GREYS = 16
COLOURS = 31  # of a colour picture; the rim has one of its own


def grey(image: np.ndarray) -> str:
    """PNG of (height, width) shares 0..1, black to white, in sixteen steps, with a black rim."""
    values = np.asarray(image, np.float64)
    if values.ndim != 2 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"a grey picture is (height, width) shares of 0..1, got {values.shape}")
    steps = np.pad(np.rint(values * (GREYS - 1)).astype(np.uint8), RIM)
    made = Image.fromarray(steps, "P")
    made.putpalette([level * 255 // (GREYS - 1) for level in range(GREYS) for _ in range(3)])
    return _png(made, bits=4)


def colour(image: np.ndarray) -> str:
    """PNG of (height, width, 3) uint8 in 31 colours of its own, with a grey rim."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"a colour picture is (height, width, 3) uint8, got {image.shape} {image.dtype}")
    few = Image.fromarray(np.ascontiguousarray(image)).quantize(COLOURS, dither=Image.Dither.NONE)
    palette = (few.getpalette() or [])[: 3 * COLOURS]
    palette += [0] * (3 * COLOURS - len(palette))
    made = Image.fromarray(np.pad(np.asarray(few), RIM, constant_values=COLOURS), "P")
    made.putpalette([*palette, 128, 128, 128])
    return _png(made, bits=8)


def _png(picture: Image.Image, bits: int) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, bits=bits)
    return base64.b64encode(file.getvalue()).decode("ascii")
