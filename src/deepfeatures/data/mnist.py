"""MNIST's four idx files, verified before they are believed."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
from filelock import FileLock

# MD5 of the uncompressed files. The first is published with the data here; torchvision holds those of the .gz files.
FILES: dict[str, tuple[str, int, str]] = {
    # name: (md5, bytes, array it holds)
    "train-images-idx3-ubyte": ("6bbc9ace898e44ae57da46a324031adb", 47_040_016, "train_images"),
    "train-labels-idx1-ubyte": ("a25bea736e30d166cdddb491f175f624", 60_008, "train_labels"),
    "t10k-images-idx3-ubyte": ("2646ac647ad5339dbf082846283269ea", 7_840_016, "test_images"),
    "t10k-labels-idx1-ubyte": ("27ae3e4e09519cfbb04c329615203637", 10_008, "test_labels"),
}
FINGERPRINT = "mnist-" + hashlib.sha256("".join(md5 for md5, _, _ in FILES.values()).encode()).hexdigest()[:16]

_WAY_OUT = "`deepfeatures data fetch mnist`"


class DamagedFile(ValueError):
    """A data file is there but is not what it should be."""


def folder(data_root: Path) -> Path:
    """Where torchvision.datasets.MNIST(root=data_root) keeps the uncompressed files."""
    return data_root / "MNIST" / "raw"


def present(data_root: Path) -> bool:
    """True where any of the four files is there. Raises PermissionError where the folder cannot be read."""
    return any(_exists(folder(data_root) / name) for name in FILES)


def verify(data_root: Path) -> None:
    """Raise unless all four files are there with the right size and MD5. Names the file and what was found."""
    for name, (md5, size, _) in FILES.items():
        path = folder(data_root) / name
        if not _exists(path):
            raise DamagedFile(f"{path} is missing while others of MNIST are there: {_WAY_OUT}, or remove the folder")
        content = _read(path)
        if len(content) != size:
            told = f"{path} has {len(content):,} bytes, {size:,} are expected: it is truncated or not MNIST"
            raise DamagedFile(f"{told}; {_WAY_OUT}")
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != md5:
            raise DamagedFile(f"{path} has MD5 {found}, {md5} is expected: it is damaged; {_WAY_OUT}")


def read(data_root: Path) -> dict[str, np.ndarray]:
    """The four arrays: images (n, 28, 28) uint8, labels (n,) uint8."""
    arrays = {}
    for name, (_, _, array) in FILES.items():
        content = _read(folder(data_root) / name)
        dimensions = content[3]
        shape = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
        arrays[array] = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    return arrays


def fetch(data_root: Path) -> str | None:
    """Download by torchvision (it verifies checksums) into `data_root`. Returns None, or why it could not be done.

    Into a folder of its own first: torchvision takes whatever lies there under the right names for MNIST, and a killed
    download must leave no part of it behind. What was there, damaged or incomplete, is replaced at the end.
    """
    from torchvision.datasets import MNIST

    beside = data_root / f".mnist-{os.getpid()}"
    try:
        data_root.mkdir(parents=True, exist_ok=True)
        with FileLock(data_root / ".mnist.lock"):
            for left in data_root.glob(".mnist-*"):  # of killed ones: the lock says that no other is at work
                shutil.rmtree(left, ignore_errors=True)
            MNIST(root=str(beside), train=True, download=True)
            _put_in_place(beside, data_root)
    except DamagedFile as damage:
        told = str(damage).removeprefix(f"{folder(beside)}{os.sep}").removesuffix(f"; {_WAY_OUT}")
        raise DamagedFile(f"what was downloaded is not MNIST: {told}") from damage
    except Exception as failure:  # torchvision raises RuntimeError, URLError, OSError: all mean "not to be had"
        lines = [line.strip() for line in str(failure).splitlines() if line.strip()] or ["no reason given"]
        told = lines[0] if len(lines) == 1 else f"{lines[0].rstrip(':')}: {lines[-1]}"  # between: mirror by mirror
        return f"{type(failure).__name__}: {told}"
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return None


def _put_in_place(beside: Path, data_root: Path) -> None:
    verify(beside)
    folder(data_root).mkdir(parents=True, exist_ok=True)
    for path in folder(beside).iterdir():
        path.replace(folder(data_root) / path.name)


def _exists(path: Path) -> bool:
    # Path.exists() hides a folder that may not be entered: absent and forbidden are different answers.
    try:
        path.stat()
    except FileNotFoundError:
        return False
    except PermissionError as failure:
        raise PermissionError(f"no permission to read {path}: check the rights of the data root") from failure
    return True


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise DamagedFile(f"{path} is a folder; {_WAY_OUT}") from None
    except PermissionError as failure:
        raise PermissionError(f"no permission to read {path}: check the rights of the data root") from failure
