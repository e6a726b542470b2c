"""What the chapter localize-then-describe needs: scenes, localisers, what they say, and ANet's units.

scenes/WORLD, located/WORLD/ANSWER: rendered scenes always, CelebA's photographs pasted into clutter where they are
read. rendered/REPRESENTATION/LAYER, in scenes/WINDOW: attributes of rendered faces; photographs are not described
here.
"""

from __future__ import annotations

from typing import Any

from deepfeatures.study import paths
from deepfeatures.study.face_plans import FaceBench, Named
from deepfeatures.study.face_plans_attributes import readout as face_readout
from deepfeatures.study.network_names import READINGS
from deepfeatures.study.recipes import Recipe

LEARNT_SEED, PROBED_SEED, OBJECT_SEED, PASTED_SEED = 5_000, 6_000, 7_000, 8_000  # worlds of their own
HEADLINE = "mean"  # of the readings: the plainest, and on worlds 0 and 1, which no chapter measures, as good as any
ORDER = [HEADLINE, *(reading for reading in READINGS if reading != HEADLINE)]


IMAGENET = "resnet18-f37072fd.pth"  # torchvision's ResNet18_Weights.IMAGENET1K_V1, in <data root>/weights


def localize_then_describe(bench: FaceBench) -> Named:
    """Raises FileNotFoundError with one line on what to do where torchvision's weights are asked for and not there."""
    named: Named = {}
    if from_imagenet(bench) and not (paths.data_root() / "weights" / IMAGENET).is_file():
        from deepfeatures.networks.lnet_imagenet import how_to_get  # torch: only to say this

        raise FileNotFoundError(how_to_get(IMAGENET, paths.data_root()))
    worlds = ("rendered", "celeba") if bench.source.celeba else ("rendered",)
    for world in worlds:
        named |= _localisers(bench, world)
    for seed in bench.seeds:
        for name, made in _described(bench, seed).items():
            if made.key not in {one.key for one in named.get(name, [])}:
                named.setdefault(name, []).append(made)
    return named


def from_imagenet(bench: FaceBench) -> bool:
    """Whether localisers that begin with ImageNet's weights stand beside those of objects."""
    return bool(bench.params.get("pretraining", "objects") == "torchvision")


def scenes(bench: FaceBench, world: str, part: str) -> Recipe:
    """part: 'learnt' or 'probed'; nobody is in both, nor among the faces of other chapters' worlds."""
    p = bench.params
    if world == "rendered":
        people, each = (
            (p["train_people"], p["scenes_each"]) if part == "learnt" else (p["people"], p["test_scenes_each"])
        )
        seed = LEARNT_SEED if part == "learnt" else PROBED_SEED
        rendered = {"dataset": "rendered", "seed": seed, "people": people, "each": each, "side_px": p["scene_px"]}
        return Recipe("scenes", rendered)
    pasted = {"dataset": world, "seed": PASTED_SEED + (part == "probed"), "side_px": p["scene_px"], "part": part}
    return Recipe("scenes", {**pasted, "fingerprint": bench.source.celeba})


def objects(bench: FaceBench) -> Recipe:
    """Clutter with nobody in it, for pre-training."""
    p = bench.params
    settings = {"dataset": "rendered", "seed": OBJECT_SEED, "people": p["object_scenes"], "each": 1, "heads": False}
    return Recipe("scenes", {**settings, "side_px": p["scene_px"]})


def coarse(bench: FaceBench, world: str, seed: int, *, start: bool = True, times: int = 1) -> Recipe:
    """LNet_o: fine-tuned on the tags of the world's scenes. times: steps, of the usual number."""
    inputs = {"scenes": scenes(bench, world, "learnt")}
    if start:
        inputs["start"] = on_objects(bench, seed)
    return _localiser(bench, seed, "attributes", inputs, times=times)


def fine(bench: FaceBench, world: str, seed: int, *, start: bool = True, times: int = 1) -> Recipe:
    """LNet_s: fine-tuned on the same tags of what LNet_o, always the pre-trained one, points at."""
    inputs = {"scenes": scenes(bench, world, "learnt"), "coarse": coarse(bench, world, seed)}
    if start:
        inputs["start"] = on_objects(bench, seed)
    return _localiser(bench, seed, "attributes", inputs, reading=HEADLINE, times=times)


def on_objects(bench: FaceBench, seed: int) -> Recipe:
    """What both begin from."""
    return _localiser(bench, seed, "objects", {"scenes": objects(bench)})


def anet(bench: FaceBench, seed: int, made_on: str, *, local: bool = True) -> Recipe:
    """made_on: 'identity', 'both' (identity, then attributes), or 'attributes' (alone, as many steps as both)."""
    faces = bench.training_faces()
    steps = bench.params["anet_steps"]
    settings: dict[str, Any] = {"local": local, "seed": seed, "device": bench.device}
    if made_on == "identity":
        return Recipe("anet", {**settings, "goal": "identity", "steps": steps}, {"faces": faces})
    settings["goal"] = "attributes"
    if made_on == "attributes":
        return Recipe("anet", {**settings, "steps": 2 * steps}, {"faces": faces})
    start = anet(bench, seed, "identity", local=local)
    return Recipe("anet", {**settings, "steps": steps}, {"faces": faces, "start": start})


def located(bench: FaceBench, world: str, seed: int, answer: str) -> Recipe:
    """What localisers say of the world's probed scenes."""
    inputs = {"scenes": scenes(bench, world, "probed")}
    if answer == "untrained":
        return Recipe("located", {"readings": ORDER, "seed": seed}, inputs)
    makers = {
        "objects": lambda: on_objects(bench, seed),
        "scratch": lambda: coarse(bench, world, seed, start=False),
        "as-long": lambda: coarse(bench, world, seed, start=False, times=2),
        "fine-scratch": lambda: coarse(bench, world, seed),
        "fine-as-long": lambda: coarse(bench, world, seed),
        "pre-trained": lambda: coarse(bench, world, seed),
        "from-rendered": lambda: coarse(bench, "rendered", seed),
    }
    inputs["coarse"] = makers[answer]()
    if answer in ("pre-trained", "from-rendered"):
        inputs["fine"] = fine(bench, world if answer == "pre-trained" else "rendered", seed)
    elif answer in ("fine-scratch", "fine-as-long"):
        inputs["fine"] = fine(bench, world, seed, start=False, times=2 if answer == "fine-as-long" else 1)
    return Recipe("located", {"readings": ORDER}, inputs)


def _localisers(bench: FaceBench, world: str) -> Named:
    answers = ["untrained", "objects", "scratch", "as-long", "fine-scratch", "fine-as-long", "pre-trained"]
    if world != "rendered":
        answers.insert(2, "from-rendered")
    named = {f"scenes/{world}": [scenes(bench, world, "probed")]} | {
        f"located/{world}/{answer}": [located(bench, world, seed, answer) for seed in bench.seeds] for answer in answers
    }
    return named | (_imagenet(bench, world) if from_imagenet(bench) else {})


def _imagenet(bench: FaceBench, world: str) -> Named:
    """What localisers on torchvision's ResNet-18 say: with ImageNet's weights as they are, fine-tuned, and from random
    weights. A seed gives the batches, and what is random among weights.
    """
    learnt, probed = ({"scenes": scenes(bench, world, part)} for part in ("learnt", "probed"))
    file = {"weights": IMAGENET}
    named: Named = {f"located/{world}/imagenet-alone": [
        Recipe("located-imagenet", {"readings": ORDER, "seed": seed, **file}, probed) for seed in bench.seeds
    ]}  # fmt: skip
    for seed in bench.seeds:
        settings = {"seed": seed, "steps": bench.params["localiser_steps"], "device": bench.device}
        scratch = Recipe("localiser-imagenet", settings, learnt)
        first = Recipe("localiser-imagenet", settings | file, learnt)
        second = Recipe("localiser-imagenet", settings | file | {"reading": HEADLINE}, learnt | {"coarse": first})
        for answer, made in (("scratch", {"coarse": scratch}), ("", {"coarse": first, "fine": second})):
            name = f"located/{world}/imagenet" + (f"-{answer}" if answer else "")
            named.setdefault(name, []).append(Recipe("located-imagenet", {"readings": ORDER}, probed | made))
    return named


def _described(bench: FaceBench, seed: int) -> dict[str, Recipe]:
    """Of one seed; what has no seed is the same for all."""
    faces, probed = bench.faces("rendered"), scenes(bench, "rendered", "probed")
    networks: dict[str, tuple[dict[str, Recipe], dict[str, Any]]] = {
        "anet": ({"network": anet(bench, seed, "both")}, {}),
        "anet-scratch": ({"network": anet(bench, seed, "attributes")}, {}),
        "anet-identity": ({"network": anet(bench, seed, "identity")}, {}),
        "anet-everywhere": ({"network": anet(bench, seed, "both", local=False)}, {}),
        "anet-untrained": ({}, {"seed": seed}),
    }
    made = {"rendered/faces": faces}
    units = {
        name: Recipe("anet-features", settings, {"faces": faces, **inputs})
        for name, (inputs, settings) in networks.items()
    }
    for name, features in units.items():
        made[f"rendered/{name}/units"] = _readout(bench, features)
        if name != "anet-scratch":
            made[f"units/{name}"] = features
    made["rendered/trained/embedding"] = face_readout(bench, "rendered", ("trained",), "embedding", seed)
    made["rendered/pixels/pixels"] = face_readout(bench, "rendered", ("pixels",), "pixels", bench.seeds[0])
    made["in scenes/faces"] = probed
    seen = {"network": networks["anet"][0]["network"], "located": located(bench, "rendered", seed, "pre-trained")}
    for by in ("true", "fine", "coarse", "centre", "whole"):
        inputs = {name: one for name, one in seen.items() if name != "located" or by in ("fine", "coarse")}
        settings = {"by": by, "side_px": bench.params["side_px"]}
        made[f"in scenes/{by}"] = Recipe("anet-features", settings, {"faces": probed, **inputs})
    return made


def _localiser(
    bench: FaceBench, seed: int, tags: str, inputs: dict[str, Recipe], *, times: int = 1, reading: str = ""
) -> Recipe:
    steps = times * bench.params["localiser_steps"]
    settings: dict[str, Any] = {"tags": tags, "seed": seed, "steps": steps, "device": bench.device}
    return Recipe("localiser", settings | ({"reading": reading} if reading else {}), inputs)


def _readout(bench: FaceBench, features: Recipe) -> Recipe:
    """As the chapter on attributes reads its networks: the same faces, folds and penalties."""
    p = bench.params
    settings = {
        "parts": [["features0", "units"]],
        "embedding": "none",
        "dimensions": 0,
        "folds": p["folds"],
        "penalties": p["penalties"],
        "seed": p["first_seed"],
    }
    return Recipe("attribute-readout", settings, {"faces": bench.faces("rendered"), "features0": features})
