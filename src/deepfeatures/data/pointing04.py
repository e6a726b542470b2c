"""Pointing'04 (Gourier, Hall, Crowley 2004): the head poses that were measured, not estimated.

    <data root>/pointing04/Person01/person01146+0+0.jpg    person, series, number, tilt, pan (nominal, degrees)
                                    person01146+0+0.txt    the face box: centre x, centre y, width, height, pixels

**The book's one sign convention**: positive yaw, the nose points to larger image x (the viewer's right); positive
pitch, looking up; positive roll, clockwise in the image. Looked at (person01120-30+0 looks down, person01142+0-60
points its nose to the right): pan has the other sign and tilt the same, so yaw = -pan and pitch = +tilt.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

NAME = re.compile(r"person(\d{2})([12])(\d{2})([+-]\d+)([+-]\d+)\.jpg")
YAW_OF_PAN, PITCH_OF_TILT = -1, 1
IMAGE_SIZE = (288, 384)  # height, width


@dataclass(frozen=True)
class View:
    """What a file name says. yaw_deg, pitch_deg: in the book's convention."""

    person: int
    series: int
    number: int
    tilt_deg: int
    pan_deg: int

    @property
    def yaw_deg(self) -> int:
        return YAW_OF_PAN * self.pan_deg

    @property
    def pitch_deg(self) -> int:
        return PITCH_OF_TILT * self.tilt_deg


@dataclass(frozen=True)
class Pointing04:
    """All images with a face box, by name. ids: (n,) str; person, series: (n,) int; yaw_deg, pitch_deg: (n,) degrees.

    boxes: (n, 4) float64 centre x, centre y, width, height in pixels; without_box, foreign: names left out.
    """

    folder: Path
    ids: np.ndarray
    person: np.ndarray
    series: np.ndarray
    yaw_deg: np.ndarray
    pitch_deg: np.ndarray
    boxes: np.ndarray
    without_box: tuple[str, ...]
    foreign: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def fingerprint(self) -> str:
        """Which images and boxes these are; pixels are not read."""
        digest = hashlib.sha256("\n".join(self.ids).encode() + self.boxes.tobytes())
        return f"pointing04-{digest.hexdigest()[:16]}"

    def paths(self) -> list[Path]:
        """Where each image lies, in the order of `ids`."""
        return [self.folder / f"Person{person:02d}" / name for person, name in zip(self.person, self.ids, strict=True)]

    def report(self) -> str:
        """One line a page can print."""
        line = f"Pointing'04: {len(self):,} images of {len(set(self.person))} people, pose measured"
        if self.without_box:
            line += f"; {len(self.without_box)} without a face box left out (the first: {self.without_box[0]})"
        if self.foreign:
            line += f"; {len(self.foreign)} other files left out (the first: {self.foreign[0]})"
        return line


def parse(name: str) -> View:
    """person01146+0+0.jpg as person 1, series 1, number 46, tilt 0, pan 0. Raises ValueError on another pattern."""
    match = NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not a Pointing'04 name: personPPSNN, then signed tilt and pan, then .jpg")
    return View(*(int(part) for part in match.groups()))


def present(data_root: Path) -> bool:
    """True where the folder is there."""
    return (data_root / "pointing04").is_dir()


def read(data_root: Path) -> Pointing04:
    """Names and boxes of all images. FileNotFoundError where the folder is missing or holds no image."""
    folder = data_root / "pointing04"
    views: dict[str, View] = {}
    boxes: list[np.ndarray] = []
    without_box: list[str] = []
    foreign: list[str] = []
    for path in sorted(folder.glob("Person*/*.jpg"), key=lambda found: found.name):
        try:
            view = parse(path.name)
        except ValueError:
            foreign.append(path.name)
            continue
        box = _box(path.with_suffix(".txt"))
        if box is None or path.parent.name != f"Person{view.person:02d}":
            without_box.append(path.name)
            continue
        views[path.name] = view
        boxes.append(box)
    if not views:
        raise FileNotFoundError(
            f"no Pointing'04 image with a face box under {folder}: put Person01, Person02 ... there"
        )
    seen = list(views.values())
    return Pointing04(
        folder=folder,
        ids=np.array(list(views)),
        person=np.array([view.person for view in seen]),
        series=np.array([view.series for view in seen]),
        yaw_deg=np.array([view.yaw_deg for view in seen], float),
        pitch_deg=np.array([view.pitch_deg for view in seen], float),
        boxes=np.stack(boxes),
        without_box=tuple(without_box),
        foreign=tuple(foreign),
    )


def _box(path: Path) -> np.ndarray | None:
    # The image's name, an empty line, "Face", then four numbers. None where the file is missing or says something else.
    try:
        words = path.read_text().split()
        label, numbers = words[1], [float(word) for word in words[2:6]]
    except (FileNotFoundError, IndexError, ValueError):
        return None
    if label != "Face" or len(numbers) != 4 or min(numbers[2:]) <= 0:
        return None
    return np.array(numbers)
