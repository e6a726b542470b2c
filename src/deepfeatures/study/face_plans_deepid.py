"""What chapter sparse-selective-robust needs: DeepID2+ with its ablations, its regions, and what is read from them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping
from typing import Any

from deepfeatures.study.face_plans import PUBLISHED, FaceBench, Named
from deepfeatures.study.network_names import LAYERS, MAPS, SMALL_MAPS, SMALL_UNITS, UNITS, WINDOWS
from deepfeatures.study.recipes import Recipe

BACKGROUND_SEED = 3_000  # of the rendered world on whose people the verification models are fitted
PROPOSED, UNTRAINED, SMALLER = "proposed", "untrained", "smaller"
ABLATIONS: Mapping[str, Mapping[str, Any]] = {  # section 4: each lacks one of the three improvements
    "no-layerwise": {"layerwise": False},
    # section 3, paragraph 2: 8,000 of 12,000 people and 160,000 of 290,000 images, so five sixths of each one's images
    "less-data": {"people_share": 8_000 / 12_000, "images_share": (160_000 / 290_000) / (8_000 / 12_000)},
    SMALLER: {},
}
HIDDEN = {"block": [0.2, 0.4, 0.6], "band": [0.2, 0.4, 0.6]}
DIMENSIONS = 128  # principal components that a verification model sees at most
PHOTOGRAPHED = ("conv2", "gdc", "embedding")  # layers of the published networks that are read here


def sparse_selective_robust(bench: FaceBench) -> Named:
    first = bench.seeds[0]
    # The three improvements are judged over all seeds; everything else is asked of the first seed's networks.
    compared = {name: [network(bench, name, seed) for seed in bench.seeds] for name in (PROPOSED, *ABLATIONS)}
    networks = {name: of_seeds[0] for name, of_seeds in compared.items()}
    networks[UNTRAINED] = network(bench, UNTRAINED, first)
    probed, background = bench.faces("rendered"), background_faces(bench)
    named: Named = {"faces": [probed], "background": [background], f"network/{UNTRAINED}": [networks[UNTRAINED]]}
    named |= {f"network/{name}": of_seeds for name, of_seeds in compared.items()}
    for name in (PROPOSED, UNTRAINED):
        named[f"features/{name}"] = [_features(networks[name], probed, activity=True)]
        named[f"background features/{name}"] = [_features(networks[name], background, activity=True)]
    main = {PROPOSED: networks[PROPOSED], UNTRAINED: networks[UNTRAINED], "lbp": None}
    named["models/main"] = [
        _models(
            bench,
            main,
            {
                **{f"{name} {layer}": _part(name, layer) for name in (PROPOSED, UNTRAINED) for layer in LAYERS},
                **{
                    f"{name} {layer} bits": _part(name, layer, "bits")
                    for name in (PROPOSED, UNTRAINED)
                    for layer in LAYERS
                },
                f"{PROPOSED} fc4 magnitudes": _part(PROPOSED, "fc4", "magnitudes"),
                "lbp": _part("lbp", "lbp"),
            },
        )
    ]
    for name, of_seeds in compared.items():
        wanted = {f"{name} {layer}": _part(name, layer) for layer in LAYERS}
        known = named["models/main"] if name == PROPOSED else []
        named[f"models/{name}"] = known + [_models(bench, {name: one}, wanted) for one in of_seeds[len(known) :]]
    named["models/regions"] = [_regions(bench, networks[PROPOSED], networks[SMALLER])]
    named["selectivity/rendered"] = [_selectivity(bench, main)]
    named["hidden"] = [_hidden(bench, named["models/main"][0], main)]
    if bench.source.celeba:
        named |= photographs(bench)
    return named


def background_faces(bench: FaceBench) -> Recipe:
    p = bench.params
    world = {
        "seed": BACKGROUND_SEED,
        "identities": p["background_people"],
        "images_per_identity": p["background_images_each"],
    }
    return Recipe("faces", {"dataset": "rendered", "side_px": p["side_px"], **world})


def network(bench: FaceBench, name: str, seed: int, region: str = "face") -> Recipe:
    """name: proposed, untrained, or one of ABLATIONS. `smaller` is also what reads the other regions."""
    p = bench.params
    maps, units = [p["maps"]] * len(MAPS), p["units"]
    if name == SMALLER:  # as much smaller as DeepID2 is than DeepID2+
        maps = [max(4, round(p["maps"] * small / whole)) for small, whole in zip(SMALL_MAPS, MAPS, strict=True)]
        units = max(8, round(p["units"] * SMALL_UNITS / UNITS))
    settings = {
        "seed": seed,
        "steps": 0 if name == UNTRAINED else p["steps"],
        "side_px": p["seen_px"],
        "maps": maps,
        "units": units,
        "device": bench.device,
    }
    settings |= {"region": region} if region != "face" else {}
    return Recipe("deepid-network", {**settings, **ABLATIONS.get(name, {})}, {"faces": bench.training_faces()})


def photographs(bench: FaceBench) -> Named:
    """The published networks and LBP on CelebA: half of its people are the background of the other half."""
    networks = (*PUBLISHED, f"{PUBLISHED[0]}-untrained")
    faces = bench.faces("celeba")
    fingerprint = {"fingerprint": faces.params["fingerprint"]}
    features = {name: bench.features("celeba", name, bench.seeds[0]) for name in networks}
    inputs = {"faces": faces, **features}
    inputs["lbp"] = Recipe("photograph-patterns", {**fingerprint, **_scikit_image()})
    wanted = {
        f"{name} {layer}{ending}": _part(name, layer, kind)
        for name in networks
        for layer in PHOTOGRAPHED
        for ending, kind in (("", "real"), (" bits", "medians"), (" signs", "signs"))
    }
    wanted |= {f"lbp{ending}": _part("lbp", "lbp", kind) for ending, kind in (("", "real"), (" bits", "medians"))}
    seed = {"seed": bench.seeds[0]}
    layers = {name: list(PHOTOGRAPHED) for name in networks} | {"lbp": ["lbp"]}
    models = Recipe("joint-bayesian", {"representations": wanted, "dimensions": DIMENSIONS, **seed}, inputs)
    hidden = {"networks": [*networks, "lbp"], "shares": HIDDEN, "folds": bench.params["folds"], **seed, **fingerprint}
    hidden |= {"untrained_seed": bench.seeds[0]}
    return {
        "faces/celeba": [faces],
        **{f"features/celeba/{name}": [recipe] for name, recipe in features.items()},
        "models/celeba": [models],
        "selectivity/celeba": [Recipe("selectivity", {"layers": layers, **seed}, inputs)],
        "hidden/celeba": [Recipe("hidden-photographs", hidden, {"faces": faces, "models": models})],
    }


def _scikit_image() -> dict[str, str]:
    """What LBP depends on. The fingerprint of numerical packages leaves it out, since nothing else depends on it."""
    return {"scikit_image": importlib.metadata.version("scikit-image")}


def _part(name: str, layer: str, kind: str = "real") -> dict[str, Any]:
    return {"parts": [[name, layer]], "kind": kind}


def _features(network_: Recipe | None, faces: Recipe, *, mirrored: bool = False, activity: bool = False) -> Recipe:
    inputs = {"faces": faces} | ({"network": network_} if network_ else {})
    settings: dict[str, Any] = {"how": "network" if network_ else "lbp"}
    settings |= {"mirrored": True} if mirrored else {}
    settings |= {"activity": True} if activity else {}
    settings |= {} if network_ else _scikit_image()
    return Recipe("deepid-features", settings, inputs)


def _both_worlds(
    bench: FaceBench, networks: Mapping[str, Recipe | None], mirrored: Iterable[str] = ()
) -> dict[str, Recipe]:
    """Inputs of what is fitted on the background and asked about the probed faces."""
    inputs: dict[str, Recipe] = {}
    for prefix, faces in (("", bench.faces("rendered")), ("background ", background_faces(bench))):
        inputs[f"{prefix}faces"] = faces
        for name, of in networks.items():
            # One artifact serves every reader; nobody asks how active the networks of later seeds are.
            activity = name in (PROPOSED, UNTRAINED) and of is not None and of.params["seed"] == bench.seeds[0]
            inputs[prefix + name] = _features(of, faces, activity=activity)
            if name in mirrored:
                inputs[f"{prefix}{name} mirrored"] = _features(of, faces, mirrored=True)
    return inputs


def _models(bench: FaceBench, networks: Mapping[str, Recipe | None], wanted: Mapping[str, Any]) -> Recipe:
    settings = {"representations": dict(wanted), "dimensions": DIMENSIONS, "seed": bench.seeds[0]}
    return Recipe("joint-bayesian", settings, _both_worlds(bench, networks))


def _regions(bench: FaceBench, proposed: Recipe, smaller: Recipe) -> Recipe:
    """A small network for the face and one for each window, alone and side by side, with and without mirror images."""
    seed = bench.seeds[0]
    networks: dict[str, Recipe | None] = {PROPOSED: proposed, SMALLER: smaller}
    networks |= {window: network(bench, SMALLER, seed, window) for window in WINDOWS}
    small = [SMALLER, *WINDOWS]
    parts = {name: [[name, "fc4"], [f"{name} mirrored", "fc4"]] for name in networks}
    wanted: dict[str, Any] = {f"{name} alone": _part(name, "fc4") for name in networks}
    wanted |= {f"{name} and mirrored": {"parts": own, "kind": "real"} for name, own in parts.items()}
    together = [part for name in small for part in parts[name]]
    wanted["all regions"] = {"parts": [[name, "fc4"] for name in small], "kind": "real"}
    wanted["all regions and mirrored"] = {"parts": together, "kind": "real"}
    wanted["all regions and mirrored bits"] = {"parts": together, "kind": "bits"}
    settings = {"representations": wanted, "dimensions": DIMENSIONS, "seed": seed}
    return Recipe("joint-bayesian", settings, _both_worlds(bench, networks, mirrored=networks))


def _selectivity(bench: FaceBench, networks: Mapping[str, Recipe | None]) -> Recipe:
    layers = {name: ["lbp"] if name == "lbp" else list(LAYERS) for name in networks}
    return Recipe("selectivity", {"layers": layers, "seed": bench.seeds[0]}, _both_worlds(bench, networks))


def _hidden(bench: FaceBench, models: Recipe, networks: Mapping[str, Recipe | None]) -> Recipe:
    inputs = {"faces": bench.faces("rendered"), "models": models}
    inputs |= {name: of for name, of in networks.items() if of is not None}
    settings = {"networks": list(networks), "shares": HIDDEN, "folds": bench.params["folds"], "seed": bench.seeds[0]}
    return Recipe("hidden-faces", settings, inputs)
