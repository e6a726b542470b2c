"""What the chapter on attributes needs. A read-out is named data set/network/layer, and +embedding after one."""

from __future__ import annotations

from typing import Any

from deepfeatures.study.face_plans import PUBLISHED, FaceBench, Named, layers_of
from deepfeatures.study.network_names import MORE_LAYERS, TWIN
from deepfeatures.study.recipes import Recipe

EMBEDDING_WIDTH = 128  # of the last layer of the book's own networks; that of two side by side is twice as wide
EMBEDDINGS = ("triplet", "pca", "random")
PENALTIES = "penalties/"  # begins the names of what is no read-out
SIDE_BY_SIDE = ("gdc", "embedding")  # layers of both published networks: 512 and 128 columns of each
NETWORK_LAYERS = ("scores", "embedding")  # of the attribute network: its own answers, and what machines read
UNLABELLED = ("pointing04",)  # data sets without attributes


def attributes(bench: FaceBench) -> Named:
    named: Named = {}
    p = bench.params
    for dataset in bench.datasets:
        if dataset in UNLABELLED:
            continue
        named[f"{dataset}/faces"] = [labelled(bench, dataset)]
        for network in bench.networks(dataset, twins=len(PUBLISHED)):
            for layer in _layers(dataset, network):
                named[f"{dataset}/{network}/{layer}"] = _over_seeds(bench, dataset, network, layer)
        for network in deep(bench, dataset):
            if network == "deep":
                for layer in SIDE_BY_SIDE if dataset == "celeba" else SIDE_BY_SIDE[-1:]:
                    named[f"{dataset}/deep/{layer}"] = [readout(bench, dataset, PUBLISHED, layer, bench.seeds[0])]
                added = bench.more if dataset == "celeba" else ()
                for one in (*PUBLISHED, *added):  # each by itself: before the embedding it is read layer by layer
                    after = readout(bench, dataset, (one,), "embedding", bench.seeds[0], "triplet")
                    named[f"{dataset}/{one}/embedding+triplet"] = [after]
            for embedding in EMBEDDINGS:
                named[f"{dataset}/{network}/embedding+{embedding}"] = _over_seeds(
                    bench, dataset, network, "embedding", embedding
                )
        for layer in NETWORK_LAYERS:
            first = bench.seeds[0]
            named[f"{dataset}/attributes/{layer}"] = [
                network_readout(bench, dataset, seed, layer) for seed in range(first, first + p["attribute_seeds"])
            ]
    return named | every_penalty(bench, named)


def every_penalty(bench: FaceBench, named: Named) -> Named:
    """Errors at every C, named PENALTIES and the read-out: of the last layer of what stands for deep features, before
    and after the embedding, and of each published network on photographs. Of the first seed.
    """
    wanted = [f"{dataset}/{network}/embedding" for dataset, network in
              (("rendered", "trained"), ("celeba", "deep"), *(("celeba", one) for one in PUBLISHED))]  # fmt: skip
    found = {}
    for name in (*wanted, *(f"{one}+triplet" for one in wanted[:2])):
        if name in named:
            of = named[name][0]
            found[f"{PENALTIES}{name}"] = [Recipe("attribute-penalties", of.params, of.inputs)]
    return found


def labelled(bench: FaceBench, dataset: str) -> Recipe:
    """The faces whose attributes are read. Of photographs, where a table counts the faces in each, those of one."""
    faces = bench.faces(dataset)
    if dataset != "celeba" or bench.source.poses is None:
        return faces
    return Recipe("one-face", {"poses": bench.source.poses}, {"faces": faces})


def _width(network: str) -> int:
    """Columns of which an embedding keeps a share. Networks that a reader adds are cut to the size of both published
    ones side by side, whatever their own: so that what is left of each can be compared.
    """
    return len(PUBLISHED) * EMBEDDING_WIDTH if network.removesuffix(TWIN) in MORE_LAYERS else EMBEDDING_WIDTH


def deep(bench: FaceBench, dataset: str) -> tuple[str, ...]:
    """Networks that stand for the paper's "deep features": both published ones side by side ('deep'), and our own."""
    own = ("trained",) if dataset == "rendered" else ()
    return (*own, "deep") if bench.source.celeba else own


def readout(
    bench: FaceBench,
    dataset: str,
    networks: tuple[str, ...],
    layer: str,
    seed: int,
    embedding: str = "none",
) -> Recipe:
    """One read-out; of several networks the layers stand side by side. Folds are the same for all of a data set."""
    p = bench.params
    inputs = {f"features{number}": bench.features(dataset, network, seed) for number, network in enumerate(networks)}
    settings: dict[str, Any] = {
        "parts": [[name, layer] for name in inputs],
        "embedding": embedding,
        "dimensions": 0 if embedding == "none" else round(p["embedding_share"] * sum(map(_width, networks))),
        "folds": p["folds"],
        "penalties": p["penalties"],
        "seed": p["first_seed"],
    }
    if embedding == "triplet":
        settings["triplet_steps"] = p["triplet_steps"]
    return Recipe("attribute-readout", settings, {"faces": labelled(bench, dataset), **inputs})


def network_readout(bench: FaceBench, dataset: str, seed: int, layer: str) -> Recipe:
    """The attribute network, the paper's AFFACT: one for each fold of people, none of whom it has seen."""
    p = bench.params
    inputs = {f"fold {fold}": attribute_network(bench, dataset, seed, fold) for fold in range(p["folds"])}
    settings: dict[str, Any] = {"layer": layer, "folds": p["folds"], "seed": p["first_seed"]}
    if layer == "embedding":
        settings["penalties"] = p["penalties"]
    return Recipe("attribute-network-readout", settings, {"faces": labelled(bench, dataset), **inputs})


def attribute_network(bench: FaceBench, dataset: str, seed: int, fold: int) -> Recipe:
    """Trained on the people of the other folds: rendered ones from our identity network's trunk, photographed ones
    behind a published trunk."""
    p = bench.params
    faces = labelled(bench, dataset)
    settings = {
        "seed": seed, "steps": p["attribute_steps"], "device": bench.device,
        "fold": fold, "folds": p["folds"], "fold_seed": p["first_seed"],
    }  # fmt: skip
    if dataset == "rendered":
        return Recipe("attribute-network", settings, {"faces": faces, "network": bench.identity_network(seed)})
    maps = Recipe("trunk-maps", {"fingerprint": bench.faces(dataset).params["fingerprint"]})
    return Recipe("attribute-tail", settings, {"faces": faces, "maps": maps})


def _over_seeds(bench: FaceBench, dataset: str, network: str, layer: str, embedding: str = "none") -> list[Recipe]:
    """Only our own network is trained more than once."""
    networks = PUBLISHED if network == "deep" else (network,)
    seeds = bench.seeds if network == "trained" else bench.seeds[:1]
    return [readout(bench, dataset, networks, layer, seed, embedding) for seed in seeds]


def _layers(dataset: str, network: str) -> tuple[str, ...]:
    """Networks that learned from photographs are read at their last layer alone where faces are rendered."""
    mixed = dataset == "rendered" and network.startswith((*PUBLISHED, *MORE_LAYERS))
    return ("embedding",) if mixed else layers_of(network)
