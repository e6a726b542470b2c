"""CelebA in the official layout, whole or partial: which images are there and what their labels say.

    <data root>/celeba/  img_align_celeba/000001.jpg ...
                         list_attr_celeba.txt  identity_CelebA.txt  list_eval_partition.txt

Landmark and box files are not needed. Images are decoded elsewhere (`decoding`); nothing here opens one.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

import numpy as np
import pandas as pd

from deepfeatures.data.attributes import NAMES
from deepfeatures.data.identities import draw_identities

# MD5 of the official label files, as torchvision.datasets.CelebA holds them (torchvision/datasets/celeba.py).
MD5: dict[str, str] = {
    "list_attr_celeba.txt": "75e246fa4810816ffd6ee81facbd244c",
    "identity_CelebA.txt": "32bd1bd63d3c78cd57e08160ec5ed1e2",
    "list_eval_partition.txt": "d32c9cbf5e040fd4025c592c306e6668",
}
TRAIN, VALIDATION, TEST = 0, 1, 2
VALIDATION_SHARE = 19_867 / (162_770 + 19_867)  # of the official training and validation images


class BadLabels(ValueError):
    """A label file cannot be believed: no row of it is used."""


@dataclass(frozen=True)
class LabelFile:
    """What was found. official: whether the MD5 is the one that torchvision publishes."""

    name: str
    rows: int
    md5: str
    official: bool


@dataclass(frozen=True)
class CelebA:
    """The images that are there, in file order.

    ids: (n,) str; identity, partition: (n,) int64; attributes: (n, 40) bool.
    missing: labelled images without a file; unlabelled: files without a label. Both are left out of the arrays.
    """

    images: Path
    ids: np.ndarray
    identity: np.ndarray
    partition: np.ndarray
    attributes: np.ndarray
    label_files: tuple[LabelFile, ...]
    missing: tuple[str, ...]
    unlabelled: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def complete(self) -> bool:
        """Every labelled image is there and every label file is the official one."""
        return not self.missing and all(file.official for file in self.label_files)

    @property
    def fingerprint(self) -> str:
        """Which images and labels these are; pixels are not read."""
        digest = hashlib.sha256("\n".join(self.ids).encode())
        for file in self.label_files:
            digest.update(f"\n{file.name} {file.md5}".encode())
        return f"celeba-{digest.hexdigest()[:16]}"

    def paths(self) -> list[Path]:
        """Where each image lies, in the order of `ids`."""
        return [self.images / name for name in self.ids]

    def attribute(self, name: str) -> np.ndarray:
        """One attribute, (n,) bool. Raises KeyError naming what there is."""
        if name not in NAMES:
            raise KeyError(f"{name!r} is not one of CelebA's attributes: {', '.join(NAMES)}")
        return self.attributes[:, NAMES.index(name)]

    def report(self) -> str:
        """One line a page can print: what is there, what is missing, which label files are not the official ones."""
        odd = [file.name for file in self.label_files if not file.official]
        parts = [
            f"{len(self):,} of {len(self) + len(self.missing):,} labelled images, {len(set(self.identity)):,} people"
        ]
        if self.missing:
            parts.append(f"{len(self.missing):,} missing (the first: {self.missing[0]})")
        if self.unlabelled:
            parts.append(f"{len(self.unlabelled):,} files without a label left out (the first: {self.unlabelled[0]})")
        parts.append(f"not the official label files: {', '.join(odd)}" if odd else "label files official (MD5)")
        return "CelebA: " + "; ".join(parts)


@dataclass(frozen=True)
class Partitions:
    """Rows of each part, ascending. validation_from: "official", or "drawn" from training by identity with `seed`."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    validation_from: Literal["official", "drawn"]
    seed: int | None
    note: str


def present(data_root: Path) -> bool:
    """True where CelebA's folder of images is there."""
    return (data_root / "celeba" / "img_align_celeba").is_dir()


def read(data_root: Path) -> CelebA:
    """Labels of all images that are there. Raises BadLabels on label files that are damaged or do not agree.

    A label file with another checksum than the official one is reported in `label_files`, not refused: a subset may
    come with its own. FileNotFoundError names the folder that is not there.
    """
    folder = data_root / "celeba"
    images = folder / "img_align_celeba"
    if not images.is_dir():
        raise FileNotFoundError(f"{images} is missing: put CelebA's aligned images there, or set DEEPFEATURES_DATA")
    attributes = _attributes(folder / "list_attr_celeba.txt")
    identity = _pairs(folder / "identity_CelebA.txt")
    partition = _pairs(folder / "list_eval_partition.txt")
    tables = {"list_attr_celeba.txt": attributes, "identity_CelebA.txt": identity, "list_eval_partition.txt": partition}
    _agree(folder, tables)
    wrong = sorted(set(partition.iloc[:, 0]) - {TRAIN, VALIDATION, TEST})
    if wrong:
        raise BadLabels(f"{folder / 'list_eval_partition.txt'}: partitions {wrong[:5]} are not 0, 1 or 2")

    found = {entry.name for entry in os.scandir(images)}
    names = attributes.index.to_numpy(str)
    here = np.fromiter((name in found for name in names), bool, len(names))
    return CelebA(
        images=images,
        ids=names[here],
        identity=identity.iloc[:, 0].to_numpy(np.int64)[here],
        partition=partition.iloc[:, 0].to_numpy(np.int64)[here],
        attributes=attributes.to_numpy()[here] == 1,
        label_files=tuple(_found(folder / name, len(table)) for name, table in tables.items()),
        missing=tuple(str(name) for name in names[~here]),
        unlabelled=tuple(sorted(found.difference(names.tolist()))),
    )


def partitions(faces: CelebA, *, seed: int = 0, share: float = VALIDATION_SHARE) -> Partitions:
    """Training, validation and test rows; where no validation image is there, persons of training are drawn for it.

    share: of training images that the drawn validation takes, by default the official proportion.
    """
    train, validation, test = (np.flatnonzero(faces.partition == part) for part in (TRAIN, VALIDATION, TEST))
    if len(validation):
        return Partitions(train, validation, test, "official", None, "validation: CelebA's own partition")
    drawn = draw_identities(faces.identity[train], share, rng=np.random.default_rng(seed))
    people = len(set(faces.identity[train[drawn]]))
    note = (
        f"no image of CelebA's validation partition is here: {drawn.sum():,} images of {people} people were drawn from "
        f"training, nobody on both sides (seed {seed})"
    )
    return Partitions(train[~drawn], train[drawn], test, "drawn", seed, note)


def _attributes(path: Path) -> pd.DataFrame:
    # First line: the number of rows; second: the names; then one row per image, each value -1 or 1.
    with _open(path) as file:
        count, header = file.readline().strip(), file.readline().split()
    if not count.isdigit() or tuple(header) != NAMES:
        raise BadLabels(
            f"{path}: expected a count and CelebA's 40 attribute names, found {count!r} and {len(header)} names"
        )
    table = _table(path, ["image", *NAMES], skip=2)
    if len(table) != int(count):
        raise BadLabels(f"{path} announces {int(count):,} rows and has {len(table):,}: it is truncated; fetch it again")
    odd = np.flatnonzero((np.abs(table.to_numpy()) != 1).any(1))
    if len(odd):
        raise BadLabels(f"{path}: {table.index[odd[0]]} has a value that is neither -1 nor 1 ({len(odd)} such rows)")
    return table


def _pairs(path: Path) -> pd.DataFrame:
    _open(path).close()
    return _table(path, ["image", "value"], skip=0)


def _table(path: Path, columns: list[str], skip: int) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, sep=r"\s+", header=None, skiprows=skip, dtype={0: object}, index_col=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as damage:
        raise BadLabels(f"{path} cannot be read ({str(damage).strip()}): fetch it again") from damage
    if table.shape[1] != len(columns):
        raise BadLabels(f"{path} has {table.shape[1]} columns, {len(columns)} are expected")
    table.columns = pd.Index(columns)
    table = table.set_index("image")
    short = table.index[table.isna().any(axis=1)]
    if len(short):
        raise BadLabels(f"{path}: the row of {short[0]} is cut short ({len(short)} such rows): fetch it again")
    kinds = set(table.dtypes.astype(str))
    if kinds != {"int64"}:
        raise BadLabels(f"{path} holds something other than whole numbers")
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise BadLabels(f"{path} lists {twice} twice")
    return table


def _agree(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    (first, reference), *others = tables.items()
    for name, table in others:
        if len(table) != len(reference):
            raise BadLabels(
                f"{folder}: {name} has {len(table):,} rows, {first} has {len(reference):,}: fetch both again"
            )
        different = np.flatnonzero(table.index.to_numpy() != reference.index.to_numpy())
        if len(different):
            row = int(different[0])
            raise BadLabels(
                f"{folder}: row {row + 1} is {table.index[row]} in {name}, {reference.index[row]} in {first} "
                f"({len(different):,} rows differ)"
            )


def _open(path: Path) -> TextIO:
    try:
        return path.open(encoding="ascii", errors="replace")
    except FileNotFoundError as absence:
        message = f"{path} is missing: CelebA's attributes, identities and partition are all needed"
        raise FileNotFoundError(message) from absence


def _found(path: Path, rows: int) -> LabelFile:
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return LabelFile(path.name, rows, md5, md5 == MD5[path.name])
