"""The page of every factor of the rendered world: each swept alone in a row of faces, a file of pictures a group.

Pictures are rendered when the site is: seconds, the same bytes each time. A row is cut out of its group's file by the
page's style sheet (.df-strip of book.css), so that words stand beside faces on a wide screen and below on a narrow one.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepfeatures.data.synthfaces import ATTRIBUTES, FACTORS, NOT_MODELLED, Factor, Sweep, sweeps

FOLDER = "factors"  # of the site
CHAPTER = "rendered-faces"
SIDE_PX, GAP_PX = 64, 2
WIDTH_PX = sweeps.STEPS * (SIDE_PX + GAP_PX) - GAP_PX
_QUALITY = 90  # of WebP: what the factor `compressed` does still shows


def page(chapters: Collection[str]) -> str:
    """The page's Markdown below its introduction: a section a group, an entry a factor. chapters: slugs to link to."""
    shown = [f"The chapter {{doc}}`/chapters/{CHAPTER}` asks whether it is hard enough."] if CHAPTER in chapters else []
    found = [
        f"The world has {len(FACTORS)} factors: {_count('identity')} of a person, the same in all of a person's "
        f"images, and {_count('image')} of an image. {len(ATTRIBUTES)} of CelebA's "
        f"{len(ATTRIBUTES) + len(NOT_MODELLED)} attributes follow from them.",
        *shown,
    ]
    for group in sweeps.groups():
        entries = [_entry(group, row) for row in range(len(group.names))]
        found += [f"## {group.title}", ":::{container} df-factors", *entries, ":::"]
    return "\n\n".join(found)


def write(site: Path) -> None:
    """Put a WebP of each group under `site`/factors."""
    folder = site / FOLDER
    folder.mkdir(parents=True)
    for name, content in pictures().items():
        (folder / name).write_bytes(content)


@cache
def pictures() -> Mapping[str, bytes]:
    """{file name: WebP} of every group: a row of SIDE_PX a factor, GAP_PX of white below each but the last."""
    swept = sweeps.sweeps(list(FACTORS), SIDE_PX)
    return {f"{group.slug}.webp": _webp(_sheet([swept[name] for name in group.names])) for group in sweeps.groups()}


def _sheet(rows: list[Sweep]) -> NDArray[np.uint8]:
    pitch = SIDE_PX + GAP_PX
    sheet = np.full((len(rows) * pitch - GAP_PX, WIDTH_PX, 3), 255, np.uint8)
    for row, one in enumerate(rows):
        for column, image in enumerate(one.images):
            sheet[row * pitch : row * pitch + SIDE_PX, column * pitch : column * pitch + SIDE_PX] = image
    return sheet


def _webp(sheet: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=_QUALITY, method=4)
    return buffer.getvalue()


def _entry(group: sweeps.Group, row: int) -> str:
    """One factor: its name, its row of pictures, and what it is."""
    one = FACTORS[group.names[row]]
    swept = sweeps.values(one.name)
    words = "off and on" if one.is_switch else f"at {', '.join(map(_number, swept))}"
    alt = f"The same face with {one.name} {words}: {one.meaning}."
    height = len(group.names) * (SIDE_PX + GAP_PX) - GAP_PX
    up = 100 * row * (SIDE_PX + GAP_PX) / WIDTH_PX  # percent of the strip's width, as margins are reckoned
    image = (
        f'<img src="{FOLDER}/{group.slug}.webp" alt="{alt}" width="{WIDTH_PX}" height="{height}" '
        f'style="margin-top: -{up:.4f}%">'
    )
    told = [f"{_range(one)}: {one.meaning}.", *_shown(one), *_attributes(one)]
    return f'**`{one.name}`**\n: <span class="df-strip">{image}</span>\n  [{" ".join(told)}]{{.df-factor}}'


def _range(one: Factor) -> str:
    if one.is_switch:
        return f"Off, on (in {100 * (one.chance or 0):g} % of images)"
    unit = " degrees" if one.name.endswith("_deg") else " %" if one.name.endswith("_percent") else ""
    return f"{_number(one.low)} to {_number(one.high)}{unit}"


def _shown(one: Factor) -> list[str]:
    """On which head, where it is not the plain one."""
    tied = sweeps.led_to(one.name)
    found = []
    if tied is not None:
        found.append(
            f"No picture shows a tendency itself: here `{tied[0]}`, tied to it with correlation {tied[1]:g}, has the "
            "middle value that such a person's images have."
        )
    seen = [
        f"`{name}`" if FACTORS[name].is_switch else f"`{name}` {_number(value)}"
        for name, value in sweeps.SEEN.get(one.name, {}).items()
    ]
    return [*found, f"Shown with {', '.join(seen)}."] if seen else found


def _attributes(one: Factor) -> list[str]:
    names = sweeps.attributes_of(one.name)
    return [f"Decides, or helps to decide: {', '.join(f'`{name}`' for name in names)}."] if names else []


def _count(scope: str) -> int:
    return sum(one.scope == scope for one in FACTORS.values())


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
