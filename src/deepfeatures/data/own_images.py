"""One's own images, a folder per person, and what tables beside them say.

    FOLDER/PERSON/*.jpg    also .jpeg, .png, .webp, .bmp; an image's name is PERSON/FILE, as in the tables
    FOLDER/attributes.csv  image, then up to 40 columns of 1 (shows it), 0 (lacks it) or nothing (not known)
    FOLDER/pose.csv        image, yaw_deg, and pitch_deg, roll_deg where they are known; nothing where an image's is not

Angles are in the book's convention (data.pointing04): positive yaw, the nose points to larger image x. Nothing here
finds a face: `framed` takes the middle of an image.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from deepfeatures.data import attributes
from deepfeatures.data.decoding import DamagedImage, decode

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
LABELS = len(attributes.NAMES)  # columns that read-outs of attributes have room for
ANGLES = ("yaw_deg", "pitch_deg", "roll_deg")
FURTHEST_DEG = 180.0
DEEPEST = 65_535  # of a grey of 16 bits
LONGEST_LINE = 65_536  # characters: a table with longer ones is none
ORIENTATION = 0x0112  # Exif: how the camera was held, as 1 to 8
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


class BadTable(ValueError):
    """A table beside the images cannot be believed: no row of it is used."""


@dataclass(frozen=True)
class OwnImages:
    """Images in order of their names. ids: (n,) str, PERSON/FILE; identity: (n,) int, number in `people`.

    labels: names of the columns of known; known: (n, labels) int8, 1, 0, or -1 where nothing is said; pose: (n, 3)
    float32 degrees, nan where unknown. left_out: why files are not among the images, by reason.
    """

    folder: Path
    ids: np.ndarray
    identity: np.ndarray
    people: tuple[str, ...]
    labels: tuple[str, ...]
    known: np.ndarray
    pose: np.ndarray
    fingerprint: str
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def alone(self) -> tuple[str, ...]:
        """People with one image, who are part of no pair of one person."""
        counts = np.bincount(self.identity, minlength=len(self.people))
        return tuple(self.people[number] for number in np.flatnonzero(counts == 1))


def read(folder: Path) -> OwnImages:
    """Every image there is, each once. Raises FileNotFoundError where there is none, BadTable on a wrong table."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder: give one that holds a folder of images for each person")
    ids: list[str] = []
    person: list[str] = []
    digests: list[str] = []
    left_out: dict[str, list[str]] = {}
    seen: dict[str, str] = {}
    for path in _files(folder, left_out):
        name = f"{path.parent.name}/{path.name}"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest in seen:  # a copy would make a pair that any features match
            left_out.setdefault("copies of another file", []).append(f"{name} = {seen[digest]}")
            continue
        seen[digest] = name
        ids.append(name)
        person.append(path.parent.name)
        digests.append(digest)
    if not ids:
        raise FileNotFoundError(
            f"no image in {folder}: put a folder for each person there, with images of them ({', '.join(ENDINGS)})"
        )
    people, identity = np.unique(person, return_inverse=True)
    whole = hashlib.sha256("\n".join(f"{digest} {name}" for digest, name in zip(digests, ids, strict=True)).encode())
    labels, known = _attributes(folder / "attributes.csv", ids, whole, left_out)
    pose = _pose(folder / "pose.csv", ids, whole, left_out)
    return OwnImages(
        folder, np.array(ids), identity.astype(np.int64), tuple(people.tolist()), labels, known, pose,
        f"own-{whole.hexdigest()[:16]}", left_out,
    )  # fmt: skip


def make(out: Path, inputs: dict[str, Path], *, folder: str, fingerprint: str) -> None:
    """The artifact of these faces, as data.faces writes those of others: labels, and no image."""
    found = read(Path(folder))
    if found.fingerprint != fingerprint:
        raise ValueError(f"{folder} changed while it was read: start again")
    known = np.full((len(found), LABELS), -1, np.int8)
    known[:, : len(found.labels)] = found.known
    np.save(out / "ids.npy", found.ids)
    np.save(out / "identity.npy", found.identity)
    np.save(out / "attributes.npy", known)
    np.save(out / "pose.npy", found.pose)
    about = {"report": f"{len(found):,} images of {len(found.people):,} people", "pose": "given"}
    (out / "meta.json").write_text(json.dumps(about, indent=1, sort_keys=True) + "\n")


def upright(path: Path) -> np.ndarray:
    """(height, width, 3) uint8, turned as the camera says it was held. Raises decoding.DamagedImage."""
    try:
        image = decode(path)
        with Image.open(path) as opened:
            turn = TURNED.get(opened.getexif().get(ORIENTATION, 1))
            if opened.mode.startswith("I") or opened.mode == "F":
                image = _of_deep_greys(np.asarray(opened), path)
    except DamagedImage:
        raise
    except (OSError, ValueError, SyntaxError) as damage:  # a chunk that lies, Exif that is none
        raise DamagedImage(f"{path.name} cannot be decoded: {damage}") from damage
    return image if turn is None else np.asarray(Image.fromarray(image).transpose(turn))


def _of_deep_greys(greys: np.ndarray, path: Path) -> np.ndarray:
    """Greys of 16 bits as colours of 8. Pillow itself cuts them off at 255, and nearly all of an image is white."""
    if greys.dtype.kind == "f" or greys.min() < 0 or greys.max() > DEEPEST:
        raise DamagedImage(f"{path.name} holds greys outside 0 to {DEEPEST:,}: save it with 8 or 16 bits")
    return np.repeat((greys.astype(np.uint32) >> 8).astype(np.uint8)[..., None], 3, axis=2)


def framed(image: np.ndarray, size: tuple[int, int], middle: float = 1.0) -> np.ndarray:
    """(height, width, 3) uint8 of that size: the largest part of an image with these proportions about its centre, or
    `middle` (0 to 1) of its height and width. image: (h, w, 3) uint8.
    """
    if not 0 < middle <= 1:
        raise ValueError(f"middle={middle:g}: the share of an image that is read, above 0 and at most 1")
    side_y, side_x = (middle * min(image.shape[0] / size[0], image.shape[1] / size[1]) * side for side in size)
    side_y, side_x = min(side_y, image.shape[0]), min(side_x, image.shape[1])  # rounding may go beyond the image
    top, left = (image.shape[0] - side_y) / 2, (image.shape[1] - side_x) / 2
    box = (left, top, left + side_x, top + side_y)
    return np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BILINEAR, box=box))


def _files(folder: Path, left_out: dict[str, list[str]]) -> Iterator[Path]:
    """Images in the folders of people, in order; whatever else there is goes into left_out."""
    for place in sorted(folder.iterdir()):
        if place.name.startswith((".", "__")):  # what file managers and archivers leave behind
            continue
        if _strange(place):
            left_out.setdefault("names that are not UTF-8", []).append(_readable(place.name))
            continue
        if not place.is_dir():
            if place.name not in ("attributes.csv", "pose.csv"):
                left_out.setdefault("not in the folder of a person", []).append(place.name)
            continue
        found = [path for path in sorted(place.iterdir()) if not path.name.startswith(".")]
        if strange := [f"{place.name}/{_readable(path.name)}" for path in found if _strange(path)]:
            left_out.setdefault("names that are not UTF-8", []).extend(strange)
        found = [path for path in found if not _strange(path)]
        images = [path for path in found if path.suffix.lower() in ENDINGS and path.is_file()]
        others = [f"{place.name}/{path.name}" for path in found if path not in images]
        if others:
            left_out.setdefault("no image by its name", []).extend(others)
        if not images:
            left_out.setdefault("folders without an image", []).append(place.name)
        yield from images


def _strange(path: Path) -> bool:
    """A name that some other system wrote and that is no text here."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        return True
    return False


def _readable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _attributes(
    path: Path, ids: Sequence[str], whole: hashlib._Hash, left_out: dict[str, list[str]]
) -> tuple[tuple[str, ...], np.ndarray]:
    """(names, (n, names) int8): 1, 0, or -1 where the table is silent."""
    header, rows = _table(path, ids, whole, left_out)
    labels = tuple(header[1:])
    if len(labels) > LABELS:
        raise BadTable(f"{path} has {len(labels)} attributes: at most {LABELS} are read")
    known = np.full((len(ids), len(labels)), -1, np.int8)
    for row, values in rows.items():
        for column, value in enumerate(values):
            if value not in ("", "0", "1"):
                more = "; CelebA's -1 is 0 here" if value == "-1" else ""
                raise BadTable(
                    f"{path}: {labels[column]} of {ids[row]} is {value!r}: 1 shows it, 0 lacks it, "
                    f"nothing where it is not known{more}"
                )
            known[row, column] = int(value or -1)
    return labels, known


def _pose(path: Path, ids: Sequence[str], whole: hashlib._Hash, left_out: dict[str, list[str]]) -> np.ndarray:
    """(n, 3) degrees, nan where the table is silent. Pitch or roll of some images alone would leave no common rows."""
    header, rows = _table(path, ids, whole, left_out)
    pose = np.full((len(ids), 3), np.nan, np.float32)
    if not header:
        return pose
    strange = [name for name in header[1:] if name not in ANGLES]
    if strange or "yaw_deg" not in header:
        raise BadTable(
            f"{path} has the columns {', '.join(header)}: image, yaw_deg, and pitch_deg, roll_deg where known"
        )
    for row, values in rows.items():
        for name, value in zip(header[1:], values, strict=True):
            angle = _number(value)
            if value and (angle is None or abs(angle) > FURTHEST_DEG):
                raise BadTable(f"{path}: {name} of {ids[row]} is {value!r}: degrees from -180 to 180, or nothing")
            pose[row, ANGLES.index(name)] = np.nan if angle is None else angle
    there = np.isfinite(pose[:, 0])
    for column in (1, 2):
        if not np.isfinite(pose[there, column]).all():
            pose[:, column] = np.nan
    return pose


def _table(
    path: Path, ids: Sequence[str], whole: hashlib._Hash, left_out: dict[str, list[str]]
) -> tuple[list[str], dict[int, list[str]]]:
    """(header, row of the image to its values) of a table beside the images; nothing of one that is not there.

    A name may be composed of other characters than the file's, as a table from macOS has them. Rows of no image go
    into left_out.
    """
    if not path.is_file():
        return [], {}
    whole.update(f"\n{path.name}\n".encode() + path.read_bytes())
    row_of = {_composed(name): row for row, name in enumerate(ids)} | {name: row for row, name in enumerate(ids)}
    rows: dict[int, list[str]] = {}
    strangers: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(_lines(file, path), strict=True)
        try:
            header = [name.strip() for name in next(lines, [])]
            if header[:1] != ["image"] or len(set(header)) != len(header) or "" in header:
                raise BadTable(f"{path} begins with {','.join(header)[:80]!r}: image, then a name for each column")
            for number, line in enumerate(lines, start=2):
                if not line:
                    continue
                if len(line) != len(header):
                    raise BadTable(f"{path}, line {number}: {len(line)} values for {len(header)} columns")
                name = line[0].strip()
                row = row_of.get(name, row_of.get(_composed(name)))
                if row is None:
                    strangers.append(name)
                    continue
                if row in rows:
                    raise BadTable(f"{path} lists {name} twice")
                rows[row] = [value.strip() for value in line[1:]]
        except (csv.Error, UnicodeDecodeError) as damage:
            raise BadTable(f"{path} cannot be read as a table: {damage}") from damage
    if strangers and not rows:
        raise BadTable(f"{path}: none of its {len(strangers)} images is there; they are named PERSON/FILE, as {ids[0]}")
    if strangers:
        left_out[f"rows of {path.name} without an image"] = strangers
    return header, rows


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _lines(file: Iterator[str], path: Path) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE + 1):  # type: ignore[attr-defined]
        if len(line) > LONGEST_LINE:
            raise BadTable(f"{path} has a line of more than {LONGEST_LINE:,} characters: it is no such table")
        yield line


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
