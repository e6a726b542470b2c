"""Which digits a chapter reads: MNIST where it can be had, else scikit-learn's, said aloud."""

from __future__ import annotations

import gzip
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepfeatures.data import mnist

# Why the first try to download failed. In the environment, so that the jobs and kernels of one run, which all ask where
# the digits are, do not each wait for the same network.
_TRIED = "DEEPFEATURES_DOWNLOAD_FAILED"
DATASETS = ("auto", "mnist", "digits")


@dataclass(frozen=True)
class Digits:
    """images: (n, 28, 28) uint8, labels: (n,) uint8, for training and for testing."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray


@dataclass(frozen=True)
class DigitSource:
    """A data set found but not yet read. tier: 'original' (MNIST) or 'substitute' (scikit-learn's digits)."""

    name: str
    tier: str
    fingerprint: str
    note: str
    folder: Path | None = None

    @property
    def publishable(self) -> bool:
        """Only pages on the paper's own digits are published."""
        return self.tier == "original"


def resolve_digits(dataset: str, data_root: Path, *, download: bool = True) -> DigitSource:
    """Decide where digits come from: MNIST under `data_root`, then a download, then (auto only) the substitute.

    Raises FileNotFoundError for dataset='mnist' where there is neither a copy nor a network, and mnist.DamagedFile
    where a copy is there but not intact: damage never counts as absence.
    """
    if dataset not in DATASETS:
        raise ValueError(f"dataset={dataset!r}: allowed are {', '.join(DATASETS)}")
    if dataset == "digits":
        return _substitute("scikit-learn's digits, as asked")
    if mnist.present(data_root):
        mnist.verify(data_root)
        return _mnist(data_root, "MNIST from the data root")
    if download:
        reason = os.environ.get(_TRIED) or mnist.fetch(data_root)
        if reason is None:
            return _mnist(data_root, "MNIST, downloaded by torchvision")
        os.environ[_TRIED] = reason
    else:
        reason = "no download was tried"
    if dataset == "mnist":
        raise FileNotFoundError(
            f"MNIST is not under {data_root} and cannot be downloaded ({reason}): put the four idx files in "
            f"{data_root / 'MNIST' / 'raw'}, or set DEEPFEATURES_DATA to a folder that has MNIST/raw"
        )
    return _substitute(
        f"MNIST is neither under the data root nor downloadable ({reason}); scikit-learn's digits instead"
    )


def load_digits(source: DigitSource) -> Digits:
    """Read the arrays. MNIST: 60,000 + 10,000. The substitute: 1,797 digits enlarged, every fifth for testing."""
    if source.name == "mnist":
        assert source.folder is not None
        arrays = mnist.read(source.folder)
        return Digits(**arrays)
    images, labels = _read_scikit_digits()
    test = np.arange(len(labels)) % 5 == 0
    return Digits(images[~test], labels[~test], images[test], labels[test])


def mnist_source_without_files() -> DigitSource:
    """What `resolve_digits` would answer if MNIST were at hand: lets a plan be made where it is not."""
    return DigitSource("mnist", "original", mnist.FINGERPRINT, "MNIST (not read)")


def _mnist(folder: Path, note: str) -> DigitSource:
    return DigitSource("mnist", "original", mnist.FINGERPRINT, note, folder)


def _substitute(note: str) -> DigitSource:
    images, labels = _read_scikit_digits()
    digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return DigitSource("digits", "substitute", f"scikit-learn-digits-{digest[:16]}", note)


def _read_scikit_digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits at MNIST's size: (1797, 28, 28) uint8. 8x8 in 0..16 becomes 20x20 in a 28x28 frame,
    as MNIST itself is a 20x20 digit in a 28x28 frame."""
    from importlib.resources import files

    import torch

    # Read the file itself: sklearn.datasets would import far more than one table needs.
    table = files("sklearn.datasets.data").joinpath("digits.csv.gz").read_bytes()
    rows = np.loadtxt(gzip.decompress(table).decode().splitlines(), delimiter=",", dtype=np.float32)
    small = torch.from_numpy(rows[:, :64].reshape(-1, 1, 8, 8) * (255 / 16))
    large = torch.nn.functional.interpolate(small, size=(20, 20), mode="bilinear", align_corners=False)
    framed = torch.nn.functional.pad(large, (4, 4, 4, 4))
    return framed[:, 0].round().to(torch.uint8).numpy(), rows[:, 64].astype(np.uint8)
