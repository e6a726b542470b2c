"""Features of a set of faces by one network, as an artifact: <layer>.npy (n, width) float32, ids.npy, meta.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.data import celeba, features, pointing04
from deepfeatures.networks import face_catalogue, face_cnn
from deepfeatures.networks.face_features import (
    Photographs,
    celeba_photographs,
    face_features,
    plan_features,
    pointing_photographs,
)
from deepfeatures.networks.face_network import FaceInput, FaceNetwork

BATCH = 64


class Pixels:
    """No network at all: the image at half its side, scaled as a network would be fed it. Implements FaceNetwork."""

    def __init__(self, size: tuple[int, int]) -> None:
        if size[0] % 2 or size[1] % 2:
            raise ValueError(f"images of {size[0]} x {size[1]} pixels cannot be halved")
        self.name, self.fingerprint = "pixels", f"pixels-{size[0]}x{size[1]}"
        self.layers = {"pixels": 3 * size[0] * size[1] // 4}
        self.input = FaceInput(*size, (127.5,) * 3, (127.5,) * 3)

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """(n, 3 * height * width / 4) float32: means of squares of four. images: (n, height, width, 3) uint8."""
        values = self.input.pixels(images)
        n, height, width, _ = values.shape
        halved = values.reshape(n, height // 2, 2, width // 2, 2, 3).mean(axis=(2, 4))
        return {"pixels": halved.reshape(n, -1)}


class Mirrored:
    """A network that sees every image left for right. Implements FaceNetwork."""

    def __init__(self, network: FaceNetwork) -> None:
        self.network, self.name = network, f"{network.name}-mirrored"
        self.input, self.layers, self.fingerprint = network.input, network.layers, f"{network.fingerprint}-mirrored"

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) of the mirrored images (n, height, width, 3)."""
        return self.network.features(np.ascontiguousarray(images[:, :, ::-1]))


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    data_root: Path,
    *,
    dataset: str,
    network: str,
    seed: int = 0,
    fingerprint: str = "",
    mirrored: bool = False,
) -> None:
    """Write features of the faces in inputs['faces'].

    network: 'pixels'; 'trained', the one in inputs['network']; 'untrained', of the same kind; a name of the
    catalogue; or that name and '-untrained'. seed: of random weights. Photographs are read anew, shard by shard; those
    that cannot be decoded are left out and named in meta.json. mirrored: of the faces turned left for right.
    """
    ids = np.load(inputs["faces"] / "ids.npy")
    if dataset == "rendered":
        images = np.load(inputs["faces"] / "images.npy", mmap_mode="r")
        reader = _network(network, images.shape[1:3], inputs, data_root, seed, mirrored)
        layers, left_out = _rendered(images, reader), []
    else:
        photographs = _photographs(dataset, data_root)
        if photographs.fingerprint != fingerprint:
            raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
        reader = _network(network, (64, 64), inputs, data_root, seed, mirrored)
        plan = plan_features(photographs, reader)
        face_features(scratch, plan, photographs, reader, progress=tqdm.write)
        stored = features.open_features(scratch, plan)
        ids, left_out = stored.ids, list(stored.left_out)
        layers = {name: np.concatenate(list(stored.blocks(name))) for name in reader.layers}
    for name, values in layers.items():
        np.save(out / f"{name}.npy", values)
    np.save(out / "ids.npy", ids)
    meta = {
        "network": reader.name,
        "weights": reader.fingerprint,
        "layers": dict(reader.layers),
        "left_out": left_out,
        "input": str(reader.input),
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def _network(
    name: str, size: tuple[int, int], inputs: dict[str, Path], data_root: Path, seed: int, mirrored: bool
) -> FaceNetwork:
    reader = _unmirrored(name, size, inputs, data_root, seed)
    return Mirrored(reader) if mirrored else reader


def _unmirrored(name: str, size: tuple[int, int], inputs: dict[str, Path], data_root: Path, seed: int) -> FaceNetwork:
    if name == "pixels":
        return Pixels(size)
    if name == "trained":
        return face_cnn.load(inputs["network"])
    if name == "untrained":
        return face_cnn.untrained(size[0], seed)
    if name.endswith("-untrained"):
        return face_catalogue.untrained_twin(name.removesuffix("-untrained"), seed)
    return face_catalogue.load_face_network(name, data_root)


def _photographs(dataset: str, data_root: Path) -> Photographs:
    if dataset == "celeba":
        return celeba_photographs(celeba.read(data_root))
    if dataset == "pointing04":
        return pointing_photographs(pointing04.read(data_root))
    raise ValueError(f"dataset={dataset!r}: allowed are rendered, celeba, pointing04")


def _rendered(images: np.ndarray, reader: FaceNetwork) -> dict[str, np.ndarray]:
    """Rendered faces fill their frame as crops do, so they are only brought to the size that the network reads."""
    found = {name: np.empty((len(images), width), np.float32) for name, width in reader.layers.items()}
    for start, batch in _batches(images, reader.input.size):
        for name, values in reader.features(batch).items():
            found[name][start : start + len(batch)] = values
    return found


def _batches(images: np.ndarray, size: tuple[int, int]) -> Iterator[tuple[int, np.ndarray]]:
    from deepfeatures.data.crops import crop

    side_y, side_x = images.shape[1] / size[0], images.shape[2] / size[1]
    to_image = np.array([[side_x, 0, (side_x - 1) / 2], [0, side_y, (side_y - 1) / 2]])
    for start in tqdm(range(0, len(images), BATCH), desc="features", unit="batch", mininterval=1):
        batch = np.asarray(images[start : start + BATCH])
        yield start, batch if batch.shape[1:3] == size else crop(batch, to_image, size)
