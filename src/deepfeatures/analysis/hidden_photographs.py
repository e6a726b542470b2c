"""Photographs partly hidden: as analysis.hidden_faces, for published networks and local binary patterns.

Their numbers are signed, so a unit is active where it is above its median on the background's photographs, and the
pattern is that of the representations of kind `medians`. A photograph is cropped to the square that the network's
template stands in, hidden there, and then cut to the network's width. Hidden photographs are never kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from deepfeatures.analysis.face_pairs import folded_pairs
from deepfeatures.analysis.hidden_faces import conditions, hide, keep, parts_of, score
from deepfeatures.analysis.joint_bayesian import MEDIANS
from deepfeatures.data import celeba
from deepfeatures.networks import face_catalogue
from deepfeatures.networks.face_features import CroppedFaces, Photographs, celeba_photographs
from deepfeatures.networks.face_network import FaceNetwork
from deepfeatures.networks.photograph_patterns import Patterns

BATCH = 64
PATTERNS, UNTRAINED = "lbp", "-untrained"


def make(
    out: Path,
    inputs: dict[str, Path],
    data_root: Path,
    *,
    networks: Sequence[str],
    shares: Mapping[str, Sequence[float]],
    folds: int,
    fingerprint: str,
    untrained_seed: int = 0,
    seed: int = 0,
) -> None:
    """Write the arrays of analysis.hidden_faces, `hidden` being rows of the models' faces.

    inputs: 'faces', the photographs' artifact; 'models', a joint Bayesian artifact of them. networks: 'lbp', names of
    the catalogue, and those with '-untrained' (untrained_seed: of weights).

    Raises ValueError where the photographs found are not those planned for, or one of them cannot be read.
    """
    photographs = celeba_photographs(celeba.read(data_root))
    if photographs.fingerprint != fingerprint:
        raise ValueError(f"planned for {fingerprint}, found {photographs.fingerprint}: plan again")
    models = inputs["models"]
    ids = np.load(inputs["faces"] / "ids.npy")[np.load(models / "rows.npy")]
    of = folded_pairs(np.load(models / "identity.npy"), folds=folds, rng=np.random.default_rng([seed, 5]))
    needed = np.unique(of.pairs.second)
    wanted = parts_of(models, networks)
    squares: dict[int, np.ndarray] = {}
    for network in networks:
        own = {name: layer for name, (of_network, layer) in wanted.items() if of_network == network}
        reader = network_of(network, data_root, untrained_seed)
        height, _ = reader.input.size
        if height not in squares:
            squares = {height: cropped(photographs, ids, height)}

        def seen(
            hider: str, share: float, reader: FaceNetwork = reader, images: np.ndarray = squares[height]
        ) -> dict[str, np.ndarray]:
            return read(reader, hide(images[needed], hider, share, seed=seed) if hider else images)

        pattern = "" if network == PATTERNS else MEDIANS
        score(out, models, of, own, seen, conditions(shares), pattern=pattern, description=network)
    keep(out, of, needed, networks, shares, list(wanted))


def network_of(name: str, data_root: Path, seed: int) -> FaceNetwork:
    """'lbp', a name of the catalogue, or that name and '-untrained'. Raises as networks.face_catalogue does."""
    if name == PATTERNS:
        return Patterns()
    if name.endswith(UNTRAINED):
        return face_catalogue.untrained_twin(name.removesuffix(UNTRAINED), seed)
    return face_catalogue.load_face_network(name, data_root)


def cropped(photographs: Photographs, ids: np.ndarray, side: int) -> np.ndarray:
    """(n, side, side, 3) uint8: the squares of the photographs named `ids`, in that order.

    Raises KeyError for a name that there is no photograph of, ValueError where one cannot be read.
    """
    place = {name: row for row, name in enumerate(photographs.ids.tolist())}
    rows = np.array([place[name] for name in ids.tolist()])
    faces = CroppedFaces(photographs, rows.tolist(), (side, side), BATCH)
    at = {int(row): number for number, row in enumerate(rows)}
    images = np.empty((len(rows), side, side, 3), np.uint8)
    for found, crops in faces:
        images[[at[int(row)] for row in found]] = crops
    if faces.left_out:
        raise ValueError(f"photographs that were read before cannot be now: {', '.join(faces.left_out[:3])}")
    return images


def read(reader: FaceNetwork, squares: np.ndarray) -> dict[str, np.ndarray]:
    """Layer to (n, width) float32. squares: (n, height, height, 3) uint8, cut to the network's width a batch at a time.

    Raises ValueError for a network that reads images wider than high.
    """
    height, width = reader.input.size
    if width > height:
        raise ValueError(f"{reader.name} reads {height} x {width}: crops wider than high are not made here")
    left = (height - width) // 2
    parts = [
        reader.features(np.ascontiguousarray(squares[start : start + BATCH, :, left : left + width]))
        for start in range(0, len(squares), BATCH)
    ]
    return {layer: np.concatenate([part[layer] for part in parts]).astype(np.float32) for layer in reader.layers}
