"""Features by a network, or of images, of one's own: as networks.face_artifact writes those of the book's.

    <layer>.npy (n, width) float32   ids.npy   meta.json: what was read, and which images could not be
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from deepfeatures.data import celeba, features, pointing04
from deepfeatures.data.decoding import DamagedImage
from deepfeatures.data.features import Extracted, FeaturePlan, Json
from deepfeatures.data.own_images import framed, upright
from deepfeatures.networks import face_catalogue, face_cnn, more_networks, own_network
from deepfeatures.networks.face_artifact import Mirrored, Pixels
from deepfeatures.networks.face_features import celeba_photographs, face_features, plan_features, pointing_photographs
from deepfeatures.networks.face_network import FaceNetwork
from deepfeatures.networks.own_network import Reading

OWN, SHUFFLED = "own", "own-shuffled"
BATCH, SHARD = 64, 1024
PIXELS_SIZE = (64, 64)


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    data_root: Path,
    *,
    dataset: str,
    network: str,
    fingerprint: str,
    file: str = "",
    reading: Mapping[str, Any] | None = None,
    seed: int = 0,
    folder: str = "",
    middle: float = 1.0,
    mirrored: bool = False,
) -> None:
    """Write features of inputs['faces'], image by image; a run that was stopped goes on at the shard it was at.

    dataset: 'own' (images under `folder`, of which the middle is read), rendered, celeba or pointing04. network: 'own'
    (the ONNX `file`, whose SHA-256 is `fingerprint`, as `reading` says), 'own-shuffled' (its weights in random order),
    or a name of networks.face_artifact or networks.more_networks; of these `fingerprint` is that of the photographs,
    '' to take what is there. seed: of random weights and order. mirrored: of the faces turned left for right.
    """
    ids = np.load(inputs["faces"] / "ids.npy")
    reader = network_of(network, data_root, file=file, reading=reading or {}, seed=seed, trained=inputs.get("network"))
    if network == OWN and reader.fingerprint != fingerprint:
        raise ValueError(f"{file} changed since this was planned: start again")
    if mirrored:
        reader = Mirrored(reader)
    if dataset in ("celeba", "pointing04"):
        whole = celeba_photographs(celeba.read(data_root)) if dataset == "celeba" else pointing_photographs(
            pointing04.read(data_root)
        )  # fmt: skip
        if network not in (OWN, SHUFFLED) and fingerprint not in ("", whole.fingerprint):
            raise ValueError(f"planned for {fingerprint}, found {whole.fingerprint}: plan again")
        plan = plan_features(whole, reader)
        face_features(scratch, plan, whole, reader, progress=tqdm.write)
    else:
        if dataset == "rendered":
            images = np.load(inputs["faces"] / "images.npy", mmap_mode="r")
            image_of: Callable[[int], np.ndarray] = lambda row: np.asarray(images[row])  # noqa: E731
        else:
            image_of = lambda row: upright(Path(folder) / str(ids[row]))  # noqa: E731
        facts: dict[str, Json] = {"weights": reader.fingerprint, "input": str(reader.input)}
        facts |= {"middle": middle, "batch": BATCH}
        plan = FeaturePlan(dataset, network, dict(reader.layers), tuple(ids.tolist()), facts, SHARD)
        features.make(scratch, plan, _extract(image_of, ids, reader, middle), progress=_told(plan))
    stored = features.open_features(scratch, plan)
    if not len(stored.ids):
        raise ValueError(f"none of {len(ids)} images could be read; the first: {stored.left_out[0]}")
    for layer in reader.layers:
        np.save(out / f"{layer}.npy", np.concatenate(list(stored.blocks(layer))))
    np.save(out / "ids.npy", stored.ids)
    meta = {"network": network, "weights": reader.fingerprint, "layers": dict(reader.layers),
            "left_out": list(stored.left_out), "input": str(reader.input)}  # fmt: skip
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def network_of(
    name: str,
    data_root: Path,
    *,
    file: str = "",
    reading: Mapping[str, Any],
    seed: int = 0,
    trained: Path | None = None,
) -> FaceNetwork:
    """The network of that name, as `make` takes it. trained: the folder of the book's own identity network."""
    if name in (OWN, SHUFFLED):
        told: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in reading.items()}  # JSON: no tuple
        return own_network.load(Path(file), Reading(**told), shuffled=seed if name == SHUFFLED else None)
    if name == "pixels":
        return Pixels(PIXELS_SIZE)
    if name in ("trained", "untrained"):
        if trained is None:
            raise ValueError(f"network={name}: the folder of the identity network is needed")
        network = face_cnn.load(trained)
        return network if name == "trained" else face_cnn.untrained(network.side_px, seed)
    published = name.removesuffix("-untrained")
    twin = seed if published != name else None
    if published in more_networks.LAYERS:
        return more_networks.load(published, data_root, twin=twin)
    if twin is not None:
        return face_catalogue.untrained_twin(published, twin)
    return face_catalogue.load_face_network(name, data_root)


def _extract(
    image_of: Callable[[int], np.ndarray], ids: Sequence[str] | np.ndarray, reader: FaceNetwork, middle: float
) -> Callable[[range], Extracted]:
    def extract(rows: range) -> Extracted:
        kept: list[int] = []
        left_out: list[str] = []
        values: dict[str, list[np.ndarray]] = {
            layer: [np.empty((0, width), np.float32)] for layer, width in reader.layers.items()
        }
        batch: list[np.ndarray] = []
        for row in rows:
            try:
                # Framed at once: a batch of whole photographs would take gigabytes.
                batch.append(framed(image_of(row), reader.input.size, middle))
                kept.append(row)
            except DamagedImage as damage:
                left_out.append(f"{ids[row]}: {damage}")
            if len(batch) == BATCH:
                _add(values, reader, batch)
        if batch:
            _add(values, reader, batch)
        return Extracted(np.array(kept, np.int64), {k: np.concatenate(v) for k, v in values.items()}, tuple(left_out))

    return extract


def _add(values: dict[str, list[np.ndarray]], reader: FaceNetwork, batch: list[np.ndarray]) -> None:
    for layer, rows in reader.features(np.stack(batch)).items():
        values[layer].append(rows)
    batch.clear()


def _told(plan: FeaturePlan) -> Callable[[str], None] | None:
    return tqdm.write if plan.shards > 1 else None
