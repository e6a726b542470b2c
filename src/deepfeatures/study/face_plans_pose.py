"""What chapter pose needs: a read-out of pose for every world, network and layer, named WORLD/NETWORK/LAYER.

And, named IDENTITY WORLD/faces and WORLD/NETWORK, the faces and features that say who is told apart; named PENALTIES
and a read-out, that read-out with its penalty chosen otherwise.
"""

from __future__ import annotations

from typing import Any

from deepfeatures.study.face_plans import PUBLISHED, FaceBench, Named, layers_of
from deepfeatures.study.face_plans_attributes import UNLABELLED, attribute_network, labelled
from deepfeatures.study.recipes import Recipe

BOTH = "both"  # the two published networks side by side, which stand for the paper's combined deep features
SIDE_BY_SIDE = ("gdc", "embedding")
ASKED_ELSEWHERE = ("block12", "gdc")  # layers that hold signed yaw: a regressor of one world is asked about the others
AS_THE_PAPER = "as-the-paper"  # a world thinned to the shares of |yaw| that table 1 counts
FEATURES = "features"


IDENTITY, PENALTIES = "identity/", "penalties/"  # begin the names of what is no read-out of pose, or once more one


def pose_chapter(bench: FaceBench) -> Named:
    """All that the chapter's page shows."""
    named = pose(bench, twins=len(PUBLISHED))
    seed = bench.seeds[0]
    for world in bench.datasets:
        if world not in UNLABELLED:
            named[f"{world}/attributes/embedding"] = [_attributes(bench, world, seed)]
    for world in bench.datasets:
        named[f"{IDENTITY}{world}/faces"] = [bench.faces(world)]
        for network in bench.networks(world):
            if network in ("trained", *PUBLISHED, *bench.more):
                named[f"{IDENTITY}{world}/{network}"] = [bench.features(world, network, seed)]
    return named | _penalties(named)


def _penalties(named: Named) -> Named:
    """What stands for the paper's deep features, each network by itself and its twin, read with other penalties: their
    last layers, and what the last layer of both side by side is computed from. Of the first seed.
    """
    found = {}
    for name, (first, *_) in named.items():
        world, network, layer = (*name.split("/"), "")[:3]
        last = layer == "embedding" and network != "attributes"
        if first.kind == "pose-readout" and world != AS_THE_PAPER and (last or (network, layer) == (BOTH, "gdc")):
            made_of = [part for part, _ in first.params["parts"]]
            settings = {setting: first.params[setting] for setting in ("parts", "folds", "seed")}
            inputs = {part: first.inputs[part] for part in ("faces", *made_of)}
            found[f"{PENALTIES}{name}"] = [Recipe("pose-penalties", settings, inputs)]
    return found


def _attributes(bench: FaceBench, world: str, seed: int) -> Recipe:
    """Chapter attributes' networks, one a fold of people, in AFFACT's place."""
    p = bench.params
    inputs = {f"fold {fold}": attribute_network(bench, world, seed, fold) for fold in range(p["folds"])}
    settings = {"folds": p["folds"], "seed": p["first_seed"], "kernel_centres": p["kernel_centres"]}
    return Recipe("pose-network-readout", settings, {"faces": labelled(bench, world), **inputs})


def pose(bench: FaceBench, *, twins: int = 1) -> Named:
    """Read-outs of pose. Only what is trained or random has more than one seed; controls have one."""
    named: Named = {}
    for world in bench.datasets:
        networks = bench.networks(world, twins=twins)
        for network in networks:
            seeds = bench.seeds if network == "trained" else bench.seeds[:1]
            for layer in layers_of(network):
                named[f"{world}/{network}/{layer}"] = [
                    _readout(bench, world, (network,), layer, seed) for seed in seeds
                ]
        if set(PUBLISHED) <= set(networks):
            for layer in SIDE_BY_SIDE:
                named[f"{world}/{BOTH}/{layer}"] = [_readout(bench, world, PUBLISHED, layer, bench.seeds[0])]
    best = BOTH if f"rendered/{BOTH}/embedding" in named else "trained"
    for network in dict.fromkeys(("trained", best)):
        made_of = PUBLISHED if network == BOTH else (network,)
        named[f"{AS_THE_PAPER}/{network}/embedding"] = [
            _readout(bench, "rendered", made_of, "embedding", bench.seeds[0], distribution="paper")
        ]
    return named


def _readout(
    bench: FaceBench, world: str, networks: tuple[str, ...], layer: str, seed: int, *, distribution: str = "all"
) -> Recipe:
    p = bench.params
    names = [FEATURES] if len(networks) == 1 else list(networks)
    inputs = {"faces": bench.faces(world)}
    inputs |= {name: bench.features(world, network, seed) for name, network in zip(names, networks, strict=True)}
    settings: dict[str, Any] = {
        "parts": [[name, layer] for name in names],
        "dimensions": list(p["pose_dimensions"]) if distribution == "all" else [],
        # Pointing'04 has few people: one is left out at a time.
        "folds": 0 if world == "pointing04" else p["folds"],
        "seed": seed,
        "kernel_centres": p["kernel_centres"],
    }
    if distribution != "all":
        return Recipe("pose-readout", settings | {"distribution": distribution}, inputs)
    if layer == layers_of(networks[0])[-1]:
        for name, network in zip(names, networks, strict=True):
            inputs[f"{name} mirrored"] = bench.features(world, network, seed, mirrored=True)
        if set(networks) <= {"trained", *PUBLISHED, *bench.more}:
            settings["triplet_steps"] = p["triplet_steps"]
    if layer in ASKED_ELSEWHERE and set(networks) <= set(PUBLISHED):
        for other in bench.datasets:
            if other != world:
                inputs[f"to {other} faces"] = bench.faces(other)
                for name, network in zip(names, networks, strict=True):
                    inputs[f"to {other} {name}"] = bench.features(other, network, seed)
    return Recipe("pose-readout", settings, inputs)
