"""What the chapters attributes and pose take with the whole of CelebA: the chapters' own plans times measured rates.

Rates are those of benchmarks/results/celeba-chapters.json, CPU seconds of one thread at sizes that take seconds. Costs
grow with the images in proportion, but for two steps that grow with their square, which have lines of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from deepfeatures.data.face_source import FaceSource
from deepfeatures.study import catalogue
from deepfeatures.study.plans import PLANS
from deepfeatures.study.recipes import Recipe

IMAGES = 202_599  # of CelebA, Liu et al. 2015
CHAPTERS = ("attributes", "pose")
BYTES = 4  # of a number that is kept
TRUNK, BYTES_OF_MAPS = "mobilefacenet-ms1m", 2  # what the attribute network is trained behind, and its numbers
MEASURED_TRAINING_SHARE = 0.8  # of the rows of the benchmark's one fold
MEASURED_POSE_FOLDS = 5


@dataclass(frozen=True)
class Step:
    """jobs that the workflow may run side by side; cpu_hours, disk_gb: of all; memory_gb: of the largest job."""

    what: str
    jobs: int
    cpu_hours: float
    disk_gb: float
    memory_gb: float | None


def recipes(overrides: Mapping[str, object] | None = None) -> list[Recipe]:
    """All artifacts of both chapters at the paper profile that read CelebA, each once."""
    source = FaceSource("celeba-whole", "pointing04-whole", "", poses="poses-whole")
    found: dict[str, Recipe] = {}
    for slug in CHAPTERS:
        own = {name: value for name, value in (overrides or {}).items() if name in catalogue.chapter(slug).parameters}
        for group in PLANS[slug](source, catalogue.resolve(slug, "paper", own), "cpu").values():
            for recipe in group:
                found.update(recipe.closure())
    return [recipe for recipe in found.values() if _reads_celeba(recipe)]


def steps(rates: Mapping[str, Any], planned: list[Recipe], images: int = IMAGES) -> list[Step]:
    """Extrapolated to `images`. rates: the benchmark's result."""
    from deepfeatures.analysis.attribute_readout import PAIRS
    from deepfeatures.networks.attribute_tail import MAPS

    features = [recipe for recipe in planned if recipe.kind == "face-features"]
    trunks = [recipe for recipe in planned if recipe.kind == "trunk-maps"]
    fits = [recipe for recipe in planned if recipe.kind == "attribute-readout"]
    poses = [recipe for recipe in planned if recipe.kind == "pose-readout"]
    speeds, numbers = rates["images_per_cpu_second"], rates["numbers_an_image"]
    crops = images / speeds["decode_and_crop"] * len(features)
    through = sum(images / speeds[_network(one)] for one in features)
    trunk_s = len(trunks) * images * (1 / speeds["decode_and_crop"] + 1 / speeds[TRUNK])
    maps_gb = images * math.prod(MAPS) * BYTES_OF_MAPS / 1e9
    kept = sum(images * numbers[_network(one)] * BYTES for one in features)
    widths = {one.key: _width(one, numbers) for one in (*fits, *poses)}
    fit_s = sum(
        _at(rates["attribute_folds"], widths[one.key], images) * _folds(one.params["folds"]) for one in fits
    )
    pose_s = sum(_at(rates["pose_readouts"], widths[one.key], images) * one.params["folds"] for one in poses)
    pose_s /= MEASURED_POSE_FOLDS
    pairs_s = len(poses) * _quadratic(rates["same_pose"], images)
    largest = {kind: max(widths[one.key] for one in group) for kind, group in (("fit", fits), ("pose", poses))}
    folds = min(one.params["folds"] for one in fits)
    return [
        Step("photographs decoded and cropped, once for each network", len(features), crops / 3600, 0, None),
        Step("features of every layer that is kept", len(features), through / 3600, kept / 1e9,
             max(numbers[_network(one)] for one in features) * images * BYTES / 1e9),
        Step("the attribute network's trunk", len(trunks), trunk_s / 3600, len(trunks) * maps_gb, maps_gb),
        Step("linear machines for the attributes", len(fits), fit_s / 3600,
             len(fits) * images * 40 * BYTES / 1e9, _memory(rates["attribute_folds"], largest["fit"], images, 4)),
        Step("same-person AUC of pairs within a fold", len(fits), 0, 0,
             rates["bytes_a_pair"] * min((images / folds) ** 2 / 2, 2 * PAIRS) / 1e9),
        Step("pose read-outs", len(poses), pose_s / 3600, len(poses) * images * 4 * 10 * BYTES / 1e9,
             _memory(rates["pose_readouts"], largest["pose"], images, 8)),
        Step("images in one pose, for each image (grows with the square)", len(poses), pairs_s / 3600, 0, None),
    ]  # fmt: skip


def page(rates: Mapping[str, Any] | None) -> str:
    """Markdown for the book's page on the whole of CelebA; a sentence where nothing was measured."""
    if rates is None:
        return "Nothing has been measured yet: `python benchmarks/run.py celeba-chapters --save` does."
    planned = recipes()
    found = steps(rates, planned)
    speeds = rates["images_per_cpu_second"]
    lines = [":::{table}", ":class: benchmarks", "", "| Measured | Rate |", "|---|--:|"]
    lines += [f"| {_named(name)} | {rate:,.0f} images/s |" for name, rate in speeds.items()]
    lines += [f"| one fold of 40 attributes' machines, {width} columns, {one['rows']:,} images | "
              f"{one['cpu_seconds']:,.1f} s |" for width, one in _by_width(rates["attribute_folds"])]  # fmt: skip
    lines += [f"| a pose read-out, {width} columns, {one['rows']:,} images | {one['cpu_seconds']:,.1f} s |"
              for width, one in _by_width(rates["pose_readouts"])]  # fmt: skip
    lines += [":::", "", f"Extrapolated to {IMAGES:,} images, both chapters at the paper profile:", ""]
    heads = "| Step | Jobs | CPU hours | Disk, GB | Memory of the largest job, GB |"
    lines += [":::{table}", ":class: benchmarks", "", heads, "|---|--:|--:|--:|--:|"]
    for one in found:
        memory = "–" if one.memory_gb is None else f"{one.memory_gb:,.1f}"
        lines.append(f"| {one.what} | {one.jobs} | {_hours(one.cpu_hours)} | {one.disk_gb:,.1f} | {memory} |")
    hours, disk = sum(one.cpu_hours for one in found), sum(one.disk_gb for one in found)
    lines += [f"| **together** | | **{_hours(hours)}** | **{disk:,.0f}** | |", ":::", ""]
    photographs = rates["bytes_an_image"] * IMAGES / 1e9
    lines += [
        f"The photographs themselves take about {photographs:,.1f} GB (by {rates['photographs_measured']} of "
        f"{rates['photographs']}). While features are made their shards lie beside the finished arrays: twice the "
        "disk.",
        "",
        f"Vectors wider than {max(map(int, rates['attribute_folds'])):,} columns, the pixels, are extrapolated from "
        "the two widest that were measured; they decide the memory.",
        "",
        "Not counted: the triplet embedding and the attribute networks' training behind their trunk (their steps do "
        "not grow with the images), pose read from these networks, errors at values of C that no fold chose, tables "
        "and intervals of the chapters themselves, and whatever reads Pointing'04 or rendered faces. The rates, and "
        "what they were measured on, stand in [their benchmark](#benchmark-celeba-chapters).",
    ]
    return "\n".join(lines)


def _reads_celeba(recipe: Recipe) -> bool:
    if recipe.kind == "trunk-maps":
        return True
    if recipe.kind == "face-features":
        return recipe.params["dataset"] == "celeba"
    faces = recipe.inputs.get("faces")
    counted = recipe.kind in ("attribute-readout", "pose-readout")
    if not counted or faces is None:
        return False
    whole = faces.inputs.get("faces", faces)  # of photographs with one face: all of them
    return whole.params.get("dataset") == "celeba"


def _folds(folds: int) -> float:
    """Cost of cross-validation in that many folds, over that of the benchmark's one."""
    return folds * (1 - 1 / folds) / MEASURED_TRAINING_SHARE


def _network(features: Recipe) -> str:
    return str(features.params["network"]).removesuffix("-untrained")


def _width(readout: Recipe, numbers: Mapping[str, int]) -> int:
    """Columns that are read: of its layers side by side, or what an embedding leaves of them."""
    from deepfeatures.networks.mobilefacenet import LAYERS

    if readout.params.get("dimensions") and readout.kind == "attribute-readout":
        return int(readout.params["dimensions"])
    return sum(numbers["pixels"] if layer == "pixels" else LAYERS[layer] for _, layer in readout.params["parts"])


def _at(measured: Mapping[str, Mapping[str, float]], width: int, images: int) -> float:
    """Seconds at a width and number of images: straight lines between measured widths, both logarithmic."""
    points = sorted((int(at), one["cpu_seconds"] / one["rows"]) for at, one in measured.items())
    (w0, s0), (w1, s1) = next((pair for pair in pairwise(points) if width <= pair[1][0]), tuple(points[-2:]))
    power = math.log(s1 / s0) / math.log(w1 / w0)
    return float(s0 * (width / w0) ** power * images)


def _by_width(measured: Mapping[str, Mapping[str, float]]) -> list[tuple[str, Mapping[str, float]]]:
    """Rows in the order of their columns: JSON keeps widths as text, of which 1024 comes before 128."""
    return sorted(measured.items(), key=lambda one: int(one[0]))


def _memory(measured: Mapping[str, Mapping[str, float]], width: int, images: int, bytes_each: int) -> float:
    nearest = min(measured, key=lambda at: abs(math.log(int(at) / width)))
    return float(measured[nearest]["peak_memory_over_X"]) * images * width * bytes_each / 1e9


def _quadratic(measured: Mapping[str, float], images: int) -> float:
    """Seconds at `images` of a cost a n + b n^2 that passes through both measured points."""
    (n0, t0), (n1, t1) = sorted((int(at), seconds) for at, seconds in measured.items())
    b = max(0.0, (t1 / n1 - t0 / n0) / (n1 - n0))
    return (t1 / n1 - b * n1) * images + b * images**2


def _hours(hours: float) -> str:
    return "–" if hours == 0 else f"{hours:,.1f}" if hours >= 0.1 else f"{hours:.2f}"


def _named(network: str) -> str:
    return {"decode_and_crop": "decoding and cropping a photograph"}.get(network, f"features by {network}")
