"""Networks that a reader may add to the chapters on faces, under the layer names that these chapters know.

Their weights are no part of the book (networks.face_catalogue says where each file is to be had). The last layer of
every network is called 'embedding': of VGG-Face that is fc7 after its ReLU, as in Rudd et al. 2017, table 1; of an ONNX
file the last output that it declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from deepfeatures.networks import face_catalogue, own_network, vggface
from deepfeatures.networks.face_network import FaceNetwork
from deepfeatures.networks.own_network import Reading

LAST = "embedding"
VGG = {"pool5": "pool5", "fc6": "fc6", LAST: "fc7"}  # what the chapters call a layer: what the network does
LAYERS: Mapping[str, tuple[str, ...]] = {  # networks that may be added, and the layers that are read
    "vgg-face": tuple(VGG),
    "facenet-vggface2": (LAST,),
    "arcface-r50": (LAST,),
    "arcface-r100": (LAST,),
}


class Renamed:
    """A network some of whose layers are read, under other names. Implements FaceNetwork."""

    def __init__(self, network: FaceNetwork, name: str, called: Mapping[str, str]) -> None:
        self.name, self.fingerprint, self.input = name, network.fingerprint, network.input
        self._network, self._called = network, dict(called)
        self.layers: Mapping[str, int] = {new: network.layers[old] for new, old in called.items()}

    def features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Layer to (n, width) float32. images: (n, height, width, 3) uint8, RGB."""
        found = self._network.features(images)
        return {new: found[old] for new, old in self._called.items()}


def load(name: str, data_root: Path, *, twin: int | None = None) -> FaceNetwork:
    """A network of the catalogue whose layers are renamed. twin: a seed; then with weights that know nothing.

    The twin of VGG-Face has random weights and needs no file. That of an ONNX file has the file's own weights, each
    array of them in random order: its architecture is in the file alone; normalisation and biases stay as trained.
    Raises KeyError on a name that is not in LAYERS, MissingWeights with one line on what to do, ForeignWeights on a
    wrong file.
    """
    if name not in LAYERS:
        raise KeyError(f"{name!r} cannot be added: allowed are {', '.join(LAYERS)}")
    entry = face_catalogue.CATALOGUE[name]
    if entry.road == "vggface":
        network = face_catalogue.load_face_network(name, data_root) if twin is None else vggface.untrained(twin)
        return Renamed(network, name, VGG)
    path = entry.path(data_root)
    if not path.is_file():
        raise face_catalogue.MissingWeights(entry.how_to_get(data_root))
    size = (entry.input.height, entry.input.width)
    reading = Reading(entry.input.mean, entry.input.std, entry.input.channels, size, outputs=entry.outputs)
    inner = own_network.load(path, reading, shuffled=twin)
    if twin is not None and not own_network.steady(inner, rng=np.random.default_rng(twin)):
        raise ValueError(f"{name} with its weights in random order grows without bound: it has no twin")
    return Renamed(inner, name, {LAST: list(inner.layers)[-1]})
