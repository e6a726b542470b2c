"""A network, or images, of one's own put to the book's questions: what is made for it, and the tables that come out.

Everything slow is an artifact: asked again, nothing is computed twice. Sizes and settings are those of chapters
attributes and pose at a profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.data.face_source import FaceSource, resolve_faces
from deepfeatures.networks.own_network import Reading
from deepfeatures.study import catalogue, paths
from deepfeatures.study.devices import pick_device
from deepfeatures.study.face_plans import PUBLISHED, FaceBench, layers_of
from deepfeatures.study.network_names import MORE_LAYERS, TWIN, WEIGHT_FILES
from deepfeatures.study.recipes import Recipe

WORLDS = ("rendered", "celeba", "pointing04")
OWN, SHUFFLED = "own", "own-shuffled"
SEED = 0
LABELS = {
    OWN: "your network", SHUFFLED: "your network, shuffled", "pixels": "pixels",
    "trained": "identity network", "untrained": "identity network with random weights",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """network: an ONNX file, read as `reading` says; None for the networks that are at hand. images: a folder, or a
    name of WORLDS. middle: the share of one's own images that is read."""

    network: Path | None
    reading: Reading | None
    images: Path | str
    middle: float = 1.0
    profile: str = "default"

    @property
    def dataset(self) -> str:
        return self.images if isinstance(self.images, str) else OWN


@dataclass(frozen=True)
class Plan:
    """faces: the artifact of labels. features: its network by name. about: what page and results.json say of both."""

    asked: Asked
    params: Mapping[str, Any]
    faces: Recipe
    features: Mapping[str, Recipe]
    labels: tuple[str, ...]
    about: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """Tables of analysis.own_readings; None, with a reason in `not_asked`, where a question cannot be asked.

    unread: images that could not be read, and why. layers: by network as a reader knows it, those read with their
    widths, the embedding last.
    """

    plan: Plan
    verification: pd.DataFrame | None
    attributes: pd.DataFrame | None
    single: pd.DataFrame | None
    pose: pd.DataFrame | None
    ranges: pd.DataFrame | None
    not_asked: Mapping[str, str]
    unread: tuple[str, ...]
    layers: Mapping[str, Mapping[str, int]]


class NothingToAsk(ValueError):
    """Too few people, or nothing known of them, for every question."""


def plan(asked: Asked) -> Plan:
    """What would be made. Opens the network and lists the images, so what is wrong with either is said here."""
    params = catalogue.resolve("attributes", asked.profile, {"photographs": "none"})
    source = _source(asked)
    bench = FaceBench(source, params, pick_device("auto"))
    if asked.dataset == OWN:
        from deepfeatures.data import own_images

        images = own_images.read(Path(asked.images).resolve())
        faces = Recipe("own-faces", {"folder": str(images.folder), "fingerprint": images.fingerprint})
        labels = images.labels
        about = {"what": str(asked.images), "images": len(images), "people": len(images.people), "alone": images.alone,
                 "left_out": images.left_out, "fingerprint": images.fingerprint, "middle": asked.middle}  # fmt: skip
    else:
        from deepfeatures.data.attributes import NAMES

        faces, labels = bench.faces(asked.dataset), NAMES
        about = {"what": asked.dataset, "fingerprint": source.fingerprint, "left_out": {}, "alone": ()}
    features, network = _features(asked, bench, faces)
    return Plan(asked, params, faces, features, labels, {"faces": about, "network": network})


def run(planned: Plan) -> Found:
    """Make what is missing and read it out. Raises NothingToAsk where no question can be asked."""
    from deepfeatures.analysis import own_readings
    from deepfeatures.study import artifacts
    from deepfeatures.study.opened import Described, Readout

    faces = Described(artifacts.ensure(planned.faces))
    identity, known, pose = (np.asarray(faces[name]) for name in ("identity", "attributes", "pose"))
    _ask_something(planned, own_readings.too_few(identity, known, pose))
    made = {name: Described(artifacts.ensure(recipe)) for name, recipe in planned.features.items()}
    unread = tuple(dict.fromkeys(line for one in made.values() for line in one.meta["left_out"]))
    seen = np.logical_and.reduce([np.isin(faces["ids"], one["ids"]) for one in made.values()])
    not_asked = own_readings.too_few(identity[seen], known[seen], pose[seen])
    _ask_something(planned, not_asked)

    keys = [(network, layer) for network in made for layer in _layers(planned, network)]
    rng = np.random.default_rng(SEED)
    resamples = int(planned.params["resamples"])
    names = {network: label_of(network) for network in made}
    verification = attributes = single = turned = ranges = None
    if "verification" not in not_asked:
        rows = {name: _rows(one, np.asarray(faces["ids"])[seen]) for name, one in made.items()}
        values = {(names[n], layer): np.asarray(made[n][layer])[rows[n]] for n, layer in keys}
        verification = own_readings.telling_apart(
            values, identity[seen], resamples=resamples, permutations=min(resamples, 200), rng=rng
        )
    if "attributes" not in not_asked:
        readouts = {(names[n], layer): Described(artifacts.ensure(_attributes(planned, n, layer))) for n, layer in keys}
        attributes, single = own_readings.attributes(
            faces, readouts, planned.labels, resamples=resamples, permutations=min(resamples, 200), rng=rng
        )
    if "pose" not in not_asked:
        said = {(names[n], layer): Readout(artifacts.ensure(_pose(planned, n, layer))) for n, layer in keys}
        turned, ranges = own_readings.pose(said, resamples=resamples, rng=rng)
    layers = {names[name]: {layer: int(one.meta["layers"][layer]) for layer in _layers(planned, name)}
              for name, one in made.items()}  # fmt: skip
    return Found(planned, verification, attributes, single, turned, ranges, not_asked, unread, layers)


def label_of(network: str) -> str:
    """What a reader calls it."""
    base = network.removesuffix(TWIN)
    if network in LABELS or base == network:
        return LABELS.get(network, network)
    order = WEIGHT_FILES.get(base, "").endswith(".onnx")
    return f"{base} with {'its weights in random order' if order else 'random weights'}"


def _source(asked: Asked) -> FaceSource:
    if asked.dataset == "rendered":
        return resolve_faces("none", paths.data_root())
    if asked.dataset == OWN:
        return FaceSource(None, None, "images of one's own", asked=False)
    if asked.dataset == "celeba":
        return resolve_faces("celeba", paths.data_root())
    from deepfeatures.data import pointing04

    heads = pointing04.read(paths.data_root())
    return FaceSource(None, heads.fingerprint, heads.report(), paths.data_root())


def _features(asked: Asked, bench: FaceBench, faces: Recipe) -> tuple[dict[str, Recipe], dict[str, Any]]:
    """Features by network, the one that is asked about first; and what is said of it."""
    if asked.network is not None:
        return _of_own_network(asked, asked.network, faces)
    from deepfeatures.networks import face_catalogue

    there = [name for name in (*PUBLISHED, *MORE_LAYERS) if name in face_catalogue.available(paths.data_root())]
    if asked.dataset == "rendered" or not there:
        names, note = ["trained", "untrained", "pixels"], ""
        if asked.dataset != "rendered":
            note = ("No published weights are at hand (deepfeatures data status says which are known): the network "
                    "read here learnt rendered faces alone, and is asked about photographs.")  # fmt: skip
    else:
        names, note = [*there, f"{there[0]}-untrained", "pixels"], ""
    known = asked.dataset != OWN
    made = {}
    for name in names:
        if known and (asked.dataset == "rendered" or name not in ("trained", "untrained")):
            made[name] = bench.features(asked.dataset, name, int(bench.params["first_seed"]))
        else:
            made[name] = _own_features(asked, name, faces, bench)
    return made, {"what": "networks at hand", "names": [label_of(name) for name in names], "note": note}


def _of_own_network(asked: Asked, file: Path, faces: Recipe) -> tuple[dict[str, Recipe], dict[str, Any]]:
    from deepfeatures.networks import own_network

    if asked.reading is None:
        raise ValueError(f"how {file.name} reads images is not said: give a mean and a standard deviation")
    network = own_network.load(file, asked.reading)
    reading = {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(asked.reading).items()}
    settings = {"file": str(file.resolve()), "reading": reading, "fingerprint": network.fingerprint}
    made = {OWN: _own_features(asked, OWN, faces, settings=settings)}
    about: dict[str, Any] = {"what": file.name, "fingerprint": network.fingerprint, "input": asdict(network.input),
                             "outputs": dict(network.called), "note": ""}  # fmt: skip
    try:
        twin = own_network.load(file, asked.reading, shuffled=SEED)
    except own_network.NothingShuffled as why:
        about["note"] = f"{why}: the control of shuffled weights is left out."
    else:
        if own_network.steady(twin, rng=np.random.default_rng(SEED)):
            made[SHUFFLED] = _own_features(asked, SHUFFLED, faces, settings=settings | {"seed": SEED})
        else:
            about["note"] = "With its weights shuffled its features are not finite: that control is left out."
    made["pixels"] = _own_features(asked, "pixels", faces)
    return made, about


def _own_features(
    asked: Asked, network: str, faces: Recipe, bench: FaceBench | None = None, settings: Mapping[str, Any] | None = None
) -> Recipe:
    inputs = {"faces": faces}
    said: dict[str, Any] = {"dataset": asked.dataset, "network": network, "fingerprint": "", **(settings or {})}
    if network in ("trained", "untrained") and bench is not None:
        inputs["network"] = bench.identity_network(int(bench.params["first_seed"]))
    if asked.dataset == OWN:
        said |= {"folder": faces.params["folder"], "middle": asked.middle}
    return Recipe("own-features", said, inputs)


def _layers(planned: Plan, network: str) -> tuple[str, ...]:
    """Those that are read, in order: all of one's own network, of others those that the book reads; of controls the
    last.
    """
    if network in (OWN, SHUFFLED):
        return tuple(planned.about["network"]["outputs"])
    layers = layers_of("pixels" if network == "pixels" else network)
    return layers if network in ("trained", *PUBLISHED, *MORE_LAYERS) else layers[-1:]


def _attributes(planned: Plan, network: str, layer: str) -> Recipe:
    p = planned.params
    settings = {"parts": [["features0", layer]], "embedding": "none", "dimensions": 0, "folds": p["folds"],
                "penalties": p["penalties"], "seed": SEED}  # fmt: skip
    return Recipe("attribute-readout", settings, {"faces": planned.faces, "features0": planned.features[network]})


def _pose(planned: Plan, network: str, layer: str) -> Recipe:
    p = catalogue.resolve("pose", planned.asked.profile, {"photographs": "none"})
    settings: dict[str, Any] = {
        "parts": [["features", layer]], "dimensions": [], "seed": SEED, "kernel_centres": p["kernel_centres"],
        # Pointing'04 has few people: one is left out at a time.
        "folds": 0 if planned.asked.dataset == "pointing04" else p["folds"],
    }  # fmt: skip
    return Recipe("pose-readout", settings, {"faces": planned.faces, "features": planned.features[network]})


def _rows(features: Any, ids: np.ndarray) -> np.ndarray:
    place = {name: row for row, name in enumerate(np.asarray(features["ids"]).tolist())}
    return np.array([place[name] for name in ids.tolist()])


def _ask_something(planned: Plan, reasons: Mapping[str, str]) -> None:
    if len(reasons) == 3:
        told = "; ".join(f"{question}: {reason}" for question, reason in reasons.items())
        what = planned.about["faces"]["what"]
        raise NothingToAsk(f"{what}: nothing can be asked of these images. {told}")


