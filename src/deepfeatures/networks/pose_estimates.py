"""A table of pose estimates for a folder of images: what `deepfeatures data pose` writes and data.pose_table reads.

    FILE         image, yaw_deg, pitch_deg, roll_deg, face_side_px, n_faces    signs as in data.pose_table
    FILE.json    the network's SHA-256, its settings, the frame, and which images could not be read
    FILE.part    rows so far, FILE.part.json what they were made with: a run that was stopped goes on from here

No face is detected: each image is taken to show one face (n_faces 1), framed as `FRAME` says; face_side_px is the side
of that frame in the image. Roll is that of the image as it is: of an aligned one, what alignment left.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepfeatures.data import crops, pointing04
from deepfeatures.data.decoding import ImageStream
from deepfeatures.data.pose_table import COLUMNS, PITCH_SIGN, ROLL_SIGN, YAW_SIGN
from deepfeatures.networks.pose_network import ANGLES, PoseNetwork

ENDINGS = (".jpg", ".jpeg", ".png")
TO_FILE = np.array([YAW_SIGN, PITCH_SIGN, ROLL_SIGN])  # the table's signs and the book's are each other's inverse
FURTHEST_DEG = 180.0
FRAME = "of an image of CelebA's size a square as wide as it, about the centre of ArcFace's; else the middle square"


@dataclass(frozen=True)
class Estimated:
    """What was written. rows: in the table; resumed: of them, from an earlier run; left_out: messages on images that
    could not be read; largest_deg: the largest angle, in absolute value.
    """

    rows: int
    resumed: int
    left_out: tuple[str, ...]
    largest_deg: float


@dataclass(frozen=True)
class Check:
    """Against Pointing'04's measured angles: mean absolute error, degrees, and correlation, of yaw and pitch."""

    images: int
    error_deg: tuple[float, float]
    correlation: tuple[float, float]

    def __str__(self) -> str:
        parts = [
            f"{name}: mean error {error:.1f} degrees, correlation {correlation:.2f}"
            for name, error, correlation in zip(ANGLES, self.error_deg, self.correlation, strict=False)
        ]
        return f"against Pointing'04 ({self.images:,} images, angles measured): " + "; ".join(parts)


def estimate(
    folder: Path,
    out: Path,
    network: PoseNetwork,
    *,
    batch: int = 64,
    progress: Callable[[int, int], None] | None = None,
) -> Estimated:
    """Write the table. Raises ValueError where there is nothing to read, where `out` is there already, or where an
    unfinished one was begun with another network or other settings.

    progress: told (images done, images) after each batch. Images that are no images are left out and named.
    """
    names = images_in(folder)
    if out.exists():
        raise ValueError(f"{out} is there already: move it away, or give another --out")
    if not out.parent.is_dir():
        raise ValueError(f"{out.parent} is not a folder: make it first")
    part, facts = out.with_name(out.name + ".part"), out.with_name(out.name + ".part.json")
    made_with = {**network.settings, "frame": FRAME}
    done = _begun(part, facts, made_with)
    resumed, waiting = len(done.keys() & set(names)), [name for name in names if name not in done]
    stream = ImageStream([folder / name for name in waiting], batch)
    read = 0
    with part.open("a", encoding="utf-8", newline="") as file:
        for images in stream:
            lines = list(_rows([waiting[row] for row in images.rows], images.images, network))
            done.update(lines)
            file.write("".join(line for _, line in lines))
            file.flush()
            os.fsync(file.fileno())
            read = int(images.rows[-1]) + 1
            if progress is not None:
                progress(len(names) - len(waiting) + read, len(names))
    left_out = tuple(stream.damaged)
    rows = [done[name] for name in names if name in done]
    if not rows:
        raise ValueError(f"none of {len(names)} images in {folder} could be read; the first: {left_out[0]}")
    angles = np.array([[float(value) for value in line.split(",")[-5:-2]] for line in rows])
    assumed = "1 in every image: no detector was run"
    about = {**made_with, "images": len(rows), "left_out": list(left_out), "n_faces": assumed}
    _replace(out.with_name(out.name + ".json"), json.dumps(about, indent=1, sort_keys=True) + "\n")
    _replace(out, ",".join(COLUMNS) + "\n" + "".join(rows))
    part.unlink()
    facts.unlink()
    return Estimated(len(rows), resumed, left_out, float(np.abs(angles).max()))


def check(network: PoseNetwork, data_root: Path, *, every: int = 1, batch: int = 64) -> Check:
    """Estimates of Pointing'04's images within 60 degrees of tilt and pan, against the angles that were measured.

    every: take each so-many-th image. Raises ValueError where yaw or pitch runs the other way than `positive` says.
    """
    heads = pointing04.read(data_root)
    near = np.flatnonzero((np.abs(heads.yaw_deg) <= 60) & (np.abs(heads.pitch_deg) <= 60))[::every]
    frames = enlarged(crops.pointing_crops(heads.boxes[near], network.input.size), network.input.size)
    said = np.full((len(near), 3), np.nan)
    for images in ImageStream([heads.paths()[row] for row in near], batch):
        faces = [crops.crop(one[None], frames[row], network.input.size)[0]
                 for row, one in zip(images.rows, images.images, strict=True)]  # fmt: skip
        said[images.rows] = network.degrees(np.stack(faces))
    seen = np.isfinite(said).all(axis=1)
    truth = np.stack([heads.yaw_deg, heads.pitch_deg], axis=1)[near][seen]
    said = said[seen, :2]
    correlation = [_correlation(said[:, at], truth[:, at]) for at in range(2)]
    for name, value in zip(ANGLES, correlation, strict=False):
        if value < 0:
            raise ValueError(
                f"{name} runs against Pointing'04's measured {name} (correlation {value:.2f} over {len(said):,} "
                f"images): --positive wants the other word for {name}"
            )
    errors = np.abs(said - truth).mean(axis=0)
    return Check(len(said), (float(errors[0]), float(errors[1])), (correlation[0], correlation[1]))


def images_in(folder: Path) -> list[str]:
    """Names of the images of a folder, sorted. Raises ValueError where there is none."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder: --images is where the images lie, celeba/img_align_celeba say")
    names = sorted(one.name for one in os.scandir(folder) if one.name.lower().endswith(ENDINGS))
    if not names:
        raise ValueError(f"no {', '.join(ENDINGS)} in {folder}")
    odd = [name for name in names if set(name) & set(',"\r\n')]
    if odd:
        raise ValueError(f"{odd[0]!r} in {folder}: no comma, quote or line break may stand in a name of the table")
    return names


def frame_of(shape: Sequence[int], size: tuple[int, int]) -> np.ndarray:
    """(2, 3) crop of an image (height, width, 3), to `size`; see FRAME."""
    height, width = shape[:2]
    if (height, width) == crops.CELEBA_SIZE:
        return enlarged(crops.celeba_crop(size), size)
    step = min(height, width) / size[0]
    offset = [(width - 1) / 2 - step * (size[1] - 1) / 2, (height - 1) / 2 - step * (size[0] - 1) / 2]
    return np.array([[step, 0, offset[0]], [0, step, offset[1]]])


def enlarged(matrices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Crops (..., 2, 3) of `size` enlarged about their centres by what makes CelebA's frame as wide as its images."""
    side = np.linalg.norm(crops.celeba_crop(size)[:, 0]) * size[1]
    factor = crops.CELEBA_SIZE[1] / side
    centre = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])
    about = np.array([[factor, 0, (1 - factor) * centre[0]], [0, factor, (1 - factor) * centre[1]], [0, 0, 1]])
    return matrices @ about


def _rows(names: Sequence[str], images: Sequence[np.ndarray], network: PoseNetwork) -> Iterator[tuple[str, str]]:
    size = network.input.size
    frames = [frame_of(one.shape, size) for one in images]
    faces = [crops.crop(one[None], frame, size)[0] for one, frame in zip(images, frames, strict=True)]
    found = TO_FILE * network.degrees(np.stack(faces))
    odd = np.flatnonzero(~(np.abs(found) <= FURTHEST_DEG).all(axis=1))
    if len(odd):
        raise ValueError(
            f"{network.file} says {found[odd[0]].round(1).tolist()} degrees of {names[odd[0]]}, beyond "
            f"{FURTHEST_DEG:g}: is it a pose network, and are its angles in degrees?"
        )
    for name, angles, frame in zip(names, found, frames, strict=True):
        side = np.linalg.norm(frame[:, 0]) * size[1]
        numbers = ",".join(f"{value:.2f}" for value in (*(angles + 0.0), side))
        yield name, f"{name},{numbers},1\n"


def _begun(part: Path, facts: Path, made_with: dict[str, object]) -> dict[str, str]:
    """Rows of an unfinished table by image; a last line that was cut off is dropped, and the files are made ready."""
    if not part.exists() or not facts.exists():
        _replace(facts, json.dumps(made_with, indent=1, sort_keys=True) + "\n")
        _replace(part, "")
        return {}
    then = json.loads(facts.read_text("utf-8"))
    changed = sorted(name for name in {*then, *made_with} if then.get(name) != made_with.get(name))
    if changed:
        raise ValueError(f"{part} was begun with another {', '.join(changed)}: give the same, or remove it first")
    lines = part.read_text("utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n") and line.count(",") == len(COLUMNS) - 1]
    _replace(part, "".join(whole))
    return {line.partition(",")[0]: line for line in whole}


def _correlation(said: np.ndarray, truth: np.ndarray) -> float:
    if len(said) < 2 or said.std() == 0 or truth.std() == 0:
        raise ValueError(f"{len(said)} images of Pointing'04 with estimates that differ: too few to check anything")
    return float(np.corrcoef(said, truth)[0, 1])


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
