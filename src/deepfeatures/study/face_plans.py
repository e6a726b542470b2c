"""What the chapters on faces need: the rendered world always, photographs beside it where they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deepfeatures.data.face_source import FaceSource
from deepfeatures.study.network_names import MORE_LAYERS, TWIN, WEIGHT_FILES
from deepfeatures.study.recipes import Recipe

Named = dict[str, list[Recipe]]

TRAINING_SEED, PROBE_SEED = 1_000, 2_000  # of the rendered worlds: nobody is in both; settings were tried on seed 0
WALKED = 2  # people walked through yaw, light and glasses: each more adds 0.25 MB to the page
PUBLISHED = ("mobilefacenet-ms1m", "mobilefacenet-casia")  # networks whose weights others trained
LAYERS = {  # layers that are probed, by kind of network; the last is its embedding
    "pixels": ("pixels",),
    "own": ("block2", "block3", "block4", "embedding"),
    "published": ("block5", "block12", "gdc", "embedding"),
}


@dataclass(frozen=True)
class FaceBench:
    """Builds the recipes that chapters share. source: the faces; params: a chapter's; device: 'cpu' or 'cuda'."""

    source: FaceSource
    params: Mapping[str, Any]
    device: str = "cpu"

    @property
    def seeds(self) -> range:
        return range(self.params["first_seed"], self.params["first_seed"] + self.params["seeds"])

    @property
    def datasets(self) -> tuple[str, ...]:
        """Those that are probed."""
        there = {"celeba": self.source.celeba, "pointing04": self.source.pointing04}
        return ("rendered", *(name for name, found in there.items() if found))

    @property
    def more(self) -> tuple[str, ...]:
        """Networks that a reader adds, by parameter more_networks, where photographs are read.

        Raises ValueError where they are not asked for, MissingWeights with one line on what to do.
        """
        asked = tuple(self.params.get("more_networks", ()))
        if asked and not self.source.asked:
            raise ValueError(f"more_networks={','.join(asked)}: they read photographs; give photographs=celeba or auto")
        if asked and self.source.folder is not None:
            weights = self.source.folder / "weights"
            if absent := [name for name in asked if not (weights / WEIGHT_FILES[name]).is_file()]:
                from deepfeatures.networks.face_catalogue import CATALOGUE, MissingWeights  # torch: only to say this

                raise MissingWeights("; ".join(CATALOGUE[name].how_to_get(self.source.folder) for name in absent))
        return asked if self.source.celeba else ()

    def faces(self, dataset: str) -> Recipe:
        p = self.params
        if dataset == "rendered":
            return self._world(PROBE_SEED, p["people"], p["images_each"])
        photographs = {"dataset": dataset, "fingerprint": self._fingerprint(dataset)}
        if dataset == "celeba" and self.source.poses is not None:
            photographs["poses"] = self.source.poses
        return Recipe("faces", photographs)

    def training_faces(self) -> Recipe:
        return self._world(TRAINING_SEED, self.params["train_people"], self.params["train_images_each"])

    def identity_network(self, seed: int) -> Recipe:
        settings = {"seed": seed, "steps": self.params["steps"], "device": self.device}
        return Recipe("identity-network", settings, {"faces": self.training_faces()})

    def features(self, dataset: str, network: str, seed: int, *, mirrored: bool = False) -> Recipe:
        """network: as networks.face_artifact names them, or one of `more`, or its twin. Only random weights and our own
        training have a seed.
        """
        inputs = {"faces": self.faces(dataset)}
        kind = "own-features" if network.removesuffix(TWIN) in MORE_LAYERS else "face-features"
        settings: dict[str, Any] = {"dataset": dataset, "network": network}
        if network == "trained":
            inputs["network"] = self.identity_network(seed)
        elif network.endswith("untrained"):
            settings["seed"] = seed
        if dataset != "rendered":
            settings["fingerprint"] = self._fingerprint(dataset)
        elif kind == "own-features":
            settings["fingerprint"] = ""
        if mirrored:
            settings["mirrored"] = True
        return Recipe(kind, settings, inputs)

    def networks(self, dataset: str, *, twins: int = 1) -> tuple[str, ...]:
        """Networks read on a data set. Our own has seen rendered faces alone, and is asked about no others.

        twins: of how many of the two published networks a copy with random weights is read; those that a reader adds
        have one each.
        """
        own = ("pixels", "untrained", "trained") if dataset == "rendered" else ("pixels",)
        published = PUBLISHED if self.source.celeba else ()
        mine, theirs = self.more, published[:twins]
        return (*own, *published, *mine, *(f"{name}{TWIN}" for name in (*theirs, *mine)))

    def _world(self, seed: int, people: int, images_each: int) -> Recipe:
        world = {"seed": seed, "identities": people, "images_per_identity": images_each}
        return Recipe("faces", {"dataset": "rendered", "side_px": self.params["side_px"], **world})

    def _fingerprint(self, dataset: str) -> str:
        found = {"celeba": self.source.celeba, "pointing04": self.source.pointing04}[dataset]
        if found is None:
            raise ValueError(f"{dataset} is not read by this chapter: photographs={self.params['photographs']}")
        return found


    def factor_readout(self, network: str, layer: str, seed: int) -> Recipe:
        """What can be read of a rendered image's factors from one layer."""
        p = self.params
        inputs = {"faces": self.faces("rendered"), "features": self.features("rendered", network, seed)}
        settings = {"layer": layer, "folds": p["folds"], "seed": p["first_seed"], "kernel_centres": p["kernel_centres"]}
        return Recipe("factor-readout", settings, inputs)


def face_walk(bench: FaceBench) -> Recipe:
    """The first people of the probed world, walked through yaw, light and glasses, as the first network sees them."""
    p = bench.params
    settings = {"seed": PROBE_SEED, "people": p["people"], "walked": WALKED, "side_px": p["side_px"]}
    return Recipe(
        "face-walk",
        {**settings, "untrained_seed": p["first_seed"]},
        {"network": bench.identity_network(p["first_seed"])},
    )


def rendered_faces(bench: FaceBench) -> Named:
    first = bench.params["first_seed"]
    readouts = {
        f"factors/{network}/{layer}": [
            bench.factor_readout(network, layer, seed) for seed in (bench.seeds if network == "trained" else [first])
        ]
        for network in ("pixels", "untrained", "trained")
        for layer in layers_of(network)
    }
    return readouts | {
        "faces": [bench.faces("rendered")],
        "network": [bench.identity_network(seed) for seed in bench.seeds],
        "walk": [face_walk(bench)],
        "features/pixels": [bench.features("rendered", "pixels", first)],
        "features/untrained": [bench.features("rendered", "untrained", first)],
        "features/trained": [bench.features("rendered", "trained", seed) for seed in bench.seeds],
    }


def layers_of(network: str) -> tuple[str, ...]:
    """Layers of a network that are probed, in order."""
    if network == "pixels":
        return LAYERS["pixels"]
    if (added := network.removesuffix(TWIN)) in MORE_LAYERS:
        return MORE_LAYERS[added]
    return LAYERS["own"] if network in ("trained", "untrained") else LAYERS["published"]
