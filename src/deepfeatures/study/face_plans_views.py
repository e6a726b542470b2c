"""What chapter views-and-quality needs. Names say what it is for, then world, network, layer.

    pose/WORLD/NETWORK/LAYER     chapter pose's own read-outs        labels/WORLD/NETWORK/LAYER   side, left, frame
    faces/WORLD, features/WORLD/NETWORK      WORLD: those of the bench, and the designed ones, 'views' and 'defects'
    damaged/NETWORK              photographs made worse               map/WORLD/NETWORK           PCA and t-SNE
"""

from __future__ import annotations

from typing import Any

from deepfeatures.study.face_plans import PUBLISHED, FaceBench, Named, layers_of
from deepfeatures.study.face_plans_pose import pose
from deepfeatures.study.recipes import Recipe

VIEW_SEED, DEFECT_SEED = 3_000, 4_000  # of the designed worlds: other people than those learnt (1,000)
DAMAGE_SEED = 0
BEFORE_LAST = {"trained": "block4", **dict.fromkeys(PUBLISHED, "gdc")}  # read beside the last layer
DEGREES = {"celeba": (15.0, 30.0)}  # frontal at most, turned at least; photographs of celebrities are seldom profiles
USUAL_DEGREES = (30.0, 60.0)
DESIGNED = ("views", "defects")


def views_and_quality(bench: FaceBench) -> Named:
    named: Named = {}
    first = bench.seeds[0]
    every_pose = pose(bench)
    for world in bench.datasets:
        named[f"faces/{world}"] = [bench.faces(world)]
        for network in bench.networks(world):
            seeds = _seeds(bench, network)
            named[f"features/{world}/{network}"] = [bench.features(world, network, seed) for seed in seeds]
            for layer in _layers(network):
                named[f"pose/{world}/{network}/{layer}"] = every_pose[f"{world}/{network}/{layer}"]
                named[f"labels/{world}/{network}/{layer}"] = [_labels(bench, world, network, layer, s) for s in seeds]
    for world in DESIGNED:
        faces = designed(bench, world)
        named[f"faces/{world}"] = [faces]
        for network in bench.networks("rendered"):
            named[f"features/{world}/{network}"] = [
                designed_features(bench, faces, network, seed) for seed in _seeds(bench, network)
            ]
    if bench.source.celeba:
        for network in bench.networks("celeba"):
            named[f"damaged/{network}"] = [damaged(bench, network, first)]
    for world, network in mapped(bench):
        settings = {"layer": layers_of(network)[-1], "images": bench.params["map_images"], "seed": first}
        named[f"map/{world}/{network}"] = [
            Recipe("face-map", settings, {"features": bench.features(world, network, first)})
        ]
    return named


def designed(bench: FaceBench, design: str) -> Recipe:
    """Faces of one of the two designs."""
    p = bench.params
    settings: dict[str, Any] = {"design": design, "identities": p["designed_people"], "side_px": p["side_px"]}
    if design == "views":
        settings |= {"seed": VIEW_SEED, "images_each": p["view_images"]}
    else:
        settings |= {"seed": DEFECT_SEED}
    return Recipe("designed-faces", settings)


def designed_features(bench: FaceBench, faces: Recipe, network: str, seed: int) -> Recipe:
    """What a network makes of them: the recipe that it reads the rendered world by, with other faces."""
    usual = bench.features("rendered", network, seed)
    return Recipe(usual.kind, usual.params, {**usual.inputs, "faces": faces})


def damaged(bench: FaceBench, network: str, seed: int) -> Recipe:
    """CelebA's photographs, each made worse in one of four ways."""
    usual = bench.features("celeba", network, seed)
    settings = {name: value for name, value in usual.params.items() if name in ("network", "fingerprint", "seed")}
    kinds = ["video", "blurred", "low-resolution", "occluded"]
    return Recipe("damaged-features", {**settings, "damage": kinds, "damage_seed": DAMAGE_SEED})


def mapped(bench: FaceBench) -> tuple[tuple[str, str], ...]:
    """Worlds and networks whose space is drawn."""
    own = (("rendered", "trained"),)
    return (*own, ("celeba", PUBLISHED[0])) if bench.source.celeba else own


def _labels(bench: FaceBench, world: str, network: str, layer: str, seed: int) -> Recipe:
    p = bench.params
    frontal, turned = DEGREES.get(world, USUAL_DEGREES)
    inputs = {"faces": bench.faces(world), "features": bench.features(world, network, seed)}
    if world == "celeba":
        inputs["damaged"] = damaged(bench, network, seed)
    settings = {
        "layer": layer,
        "folds": min(p["folds"], 5) if world == "pointing04" else p["folds"],  # it has ten people
        "penalties": list(p["penalties"]),
        "frontal_deg": frontal,
        "turned_deg": turned,
        "seed": p["first_seed"],
    }
    return Recipe("view-readout", settings, inputs)


def _layers(network: str) -> tuple[str, ...]:
    last = layers_of(network)[-1]
    return (BEFORE_LAST[network], last) if network in BEFORE_LAST else (last,)


def _seeds(bench: FaceBench, network: str) -> range:
    """Only what is trained has more than one seed; controls have one."""
    return bench.seeds if network == "trained" else bench.seeds[:1]
