"""What chapter parameter-space needs. Read-outs are named WORLD/NETWORK/LAYER, the axis model's axis/NETWORK/LAYER.

Worlds: portraits (people near the front, plainly lit), rendered (as every chapter on faces probes it), and celeba where
photographs are read, whose space is fitted to them.
"""

from __future__ import annotations

from typing import Any

from deepfeatures.study.face_plans import PUBLISHED, FaceBench, Named, layers_of
from deepfeatures.study.recipes import Recipe

PORTRAIT_SEED, STEP_SEED = 3_000, 4_000  # of the rendered people: others than those learnt (1,000)
STEP = 0.4  # of a parameter's range of 2
PLANTED = ("axis", "exemplar")  # rules of units planted beside the networks' (analysis.axis_model_planted)
PHOTOGRAPHS_PX = 64  # side of the crops whose appearance is described


def parameter_space(bench: FaceBench) -> Named:
    named: Named = {"portraits": [portraits(bench)]}
    for world in ("portraits", "rendered"):
        for network in _networks(bench):
            for layer in _layers(world, network):
                named[f"{world}/{network}/{layer}"] = [
                    _readout(bench, world, network, layer, seed) for seed in _seeds(bench, network)
                ]
    for network in _networks(bench):
        for layer in layers_of(network):
            named[f"axis/{network}/{layer}"] = [
                _axis(bench, layer, _features(bench, portraits(bench), network, seed),
                      _features(bench, steps(bench), network, seed))
                for seed in _seeds(bench, network)
            ]  # fmt: skip
    for rule in PLANTED:
        planted = [Recipe("planted-units", {"rule": rule, "seed": bench.params["first_seed"]}, {"faces": faces})
                   for faces in (portraits(bench), steps(bench))]  # fmt: skip
        inputs = {"faces": portraits(bench), "features": planted[0]}
        named[f"portraits/planted {rule}/units"] = [Recipe("parameter-space", _settings(bench, "units"), inputs)]
        named[f"axis/planted {rule}/units"] = [_axis(bench, "units", *planted)]
    if bench.source.celeba:
        named["space/celeba"] = [photograph_space(bench)]
        for network in ("pixels", *PUBLISHED, f"{PUBLISHED[0]}-untrained"):
            layer = layers_of(network)[-1]
            named[f"celeba/{network}/{layer}"] = [_readout(bench, "celeba", network, layer, bench.seeds[0])]
    return named


def portraits(bench: FaceBench) -> Recipe:
    p = bench.params
    size = {"people": p["portrait_people"], "images_each": p["portrait_images"], "side_px": p["side_px"]}
    return Recipe("portraits", {"dataset": "rendered", "seed": PORTRAIT_SEED, **size})


def steps(bench: FaceBench) -> Recipe:
    p = bench.params
    size = {"bases": p["step_people"], "step": STEP, "side_px": p["side_px"]}
    return Recipe("face-steps", {"dataset": "rendered", "seed": STEP_SEED, **size})


def photograph_space(bench: FaceBench) -> Recipe:
    """Shape from a landmark file where one lies beside CelebA, else appearance alone."""
    from deepfeatures.data import face_landmarks  # it imports pandas, and only this plan needs it

    there = bench.source.folder
    landmarks = face_landmarks.fingerprint(there) if there is not None else ""
    settings: dict[str, Any] = {"dataset": "celeba", "fingerprint": bench.source.celeba, "landmarks": landmarks}
    return Recipe(
        "photograph-space", settings | {"components": bench.params["space_components"], "side_px": PHOTOGRAPHS_PX}
    )


def _networks(bench: FaceBench) -> tuple[str, ...]:
    """Networks asked about rendered faces: ours, its random twin, pixels; with photographs at hand also a published
    network and its random twin."""
    published = (PUBLISHED[0], f"{PUBLISHED[0]}-untrained") if bench.source.celeba else ()
    return ("pixels", "untrained", "trained", *published)


def _layers(world: str, network: str) -> tuple[str, ...]:
    """All layers on portraits; on the common world the last of each, and of our own network what comes before."""
    if world == "portraits" or network in ("trained", "untrained"):
        return layers_of(network)
    return layers_of(network)[-1:]


def _seeds(bench: FaceBench, network: str) -> range:
    """Only our own network is trained more than once."""
    return bench.seeds if network == "trained" else bench.seeds[:1]


def _features(bench: FaceBench, faces: Recipe, network: str, seed: int) -> Recipe:
    """Features of the rendered faces of any artifact, as FaceBench.features makes them of its own world."""
    own = bench.features("rendered", network, seed)
    return Recipe("face-features", own.params, {**own.inputs, "faces": faces})


def _settings(bench: FaceBench, layer: str) -> dict[str, Any]:
    p = bench.params
    return {"layer": layer, "folds": p["folds"], "seed": p["first_seed"], "centres": p["kernel_centres"]}


def _readout(bench: FaceBench, world: str, network: str, layer: str, seed: int) -> Recipe:
    if world == "celeba":
        inputs = {"space": photograph_space(bench), "features": bench.features("celeba", network, seed)}
    elif world == "portraits":
        inputs = {"faces": portraits(bench), "features": _features(bench, portraits(bench), network, seed)}
    else:
        inputs = {"faces": bench.faces("rendered"), "features": bench.features("rendered", network, seed)}
    return Recipe("parameter-space", _settings(bench, layer), inputs)


def _axis(bench: FaceBench, layer: str, features: Recipe, step_features: Recipe) -> Recipe:
    settings = {"layer": layer, "folds": bench.params["folds"], "seed": bench.params["first_seed"]}
    inputs = {"faces": portraits(bench), "features": features, "steps": steps(bench), "step features": step_features}
    return Recipe("axis-model", settings, inputs)
