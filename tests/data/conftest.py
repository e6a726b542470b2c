"""A small MNIST of our own, and no way out to the network."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import mnist


def idx(array: np.ndarray) -> bytes:
    """uint8 array as an idx file: two zero bytes, type 8, number of dimensions, sizes, values (LeCun's MNIST page)."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_files(root: Path, arrays: dict[str, np.ndarray]) -> None:
    """The four files of `arrays`, by the names that mnist.FILES has for them."""
    folder = mnist.folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, _, array) in mnist.FILES.items():
        (folder / name).write_bytes(idx(arrays[array]))


@pytest.fixture
def small_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(0, 256, (30, 28, 28), np.uint8),
        "train_labels": np.arange(30, dtype=np.uint8) % 10,
        "test_images": rng.integers(0, 256, (20, 28, 28), np.uint8),
        "test_labels": np.arange(20, dtype=np.uint8) % 10,
    }


@pytest.fixture
def small_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_arrays: dict[str, np.ndarray]) -> Path:
    """A data root with 30 + 20 made-up digits that pass for MNIST."""
    files = {}
    for name, (_, _, array) in mnist.FILES.items():
        content = idx(small_arrays[array])
        files[name] = (hashlib.md5(content, usedforsecurity=False).hexdigest(), len(content), array)
    monkeypatch.setattr(mnist, "FILES", files)
    root = tmp_path / "data"
    write_files(root, small_arrays)
    return root


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise OSError(f"no test may connect to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
