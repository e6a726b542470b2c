"""What each parameter may hold: one table for all chapters, so that a name means the same everywhere.

A chapter's `parameters` cell gives names, types and defaults; the limits are here. A new name needs a row in `TABLE`.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from deepfeatures.study.network_names import MORE_LAYERS


@dataclass(frozen=True, init=False)
class OneOf:
    """Text that is one of a few words."""

    choices: tuple[str, ...]

    def __init__(self, *choices: str) -> None:
        object.__setattr__(self, "choices", choices)

    @property
    def type(self) -> str:
        return "str"

    def accepts(self, value: object) -> bool:
        return value in self.choices

    def describe(self) -> str:
        return "one of " + ", ".join(self.choices)


@dataclass(frozen=True)
class Between:
    """A number with low <= value <= high. Whole where both limits are ints, real where they are floats."""

    low: float
    high: float
    note: str = ""

    @property
    def type(self) -> str:
        return "int" if isinstance(self.low, int) and isinstance(self.high, int) else "float"

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.type == "int" else (int, float)):
            return False
        return self.low <= value <= self.high  # false for NaN too

    def describe(self) -> str:
        noun = "a whole number" if self.type == "int" else "a number"
        limits = f"{noun} from {_number(self.low)} to {_number(self.high)}"
        return f"{limits} ({self.note})" if self.note else limits


@dataclass(frozen=True)
class Each:
    """A list of shortest..longest different values, each of which `rule` accepts."""

    rule: OneOf | Between
    shortest: int
    longest: int

    @property
    def type(self) -> str:
        return f"list[{self.rule.type}]"

    def accepts(self, value: object) -> bool:
        if not isinstance(value, list) or not self.shortest <= len(value) <= self.longest:
            return False
        return all(map(self.rule.accepts, value)) and len(set(value)) == len(value)

    def describe(self) -> str:
        return f"a list of {self.shortest} to {self.longest} different values, each {self.rule.describe()}"


Rule = OneOf | Between | Each

_WEIGHT = Between(0.0, 100.0)

TABLE: dict[str, Rule] = {
    # data
    "dataset": OneOf("auto", "mnist", "digits"),
    "train_digits": Between(0, 60_000, "digits before rotation, 0 = all"),
    "test_digits": Between(0, 10_000, "digits before rotation, 0 = all"),
    "validation_digits": Between(10, 10_000, "digits before rotation, held out of training"),
    "interpolation": OneOf("bilinear", "nearest"),
    # faces
    "photographs": OneOf("none", "auto", "celeba"),
    "more_networks": Each(OneOf(*MORE_LAYERS), 0, len(MORE_LAYERS)),
    "people": Between(4, 10_000, "people of the rendered world that is probed"),
    "images_each": Between(2, 1_000, "images of each of them"),
    "train_people": Between(4, 100_000, "people of the rendered world that the identity network learns from"),
    "train_images_each": Between(2, 1_000, "images of each of them"),
    "side_px": Between(32, 128, "pixels, divisible by 16"),
    "attribute_steps": Between(1, 1_000_000, "training steps of each fold's attribute network"),
    "folds": Between(2, 20, "groups of people, each tested once"),
    "penalties": Each(Between(1e-8, 1e4), 1, 12),
    "embedding_share": Between(0.01, 1.0, "columns after the embedding over columns before"),
    "triplet_steps": Between(1, 100_000, "steps of the triplet embedding"),
    # training
    "steps": Between(1, 1_000_000, "steps of Adam"),
    "seeds": Between(1, 20, "networks trained, each from its own initialisation"),
    "attribute_seeds": Between(1, 20, "attribute networks a fold, each from another identity network"),
    "first_seed": Between(0, 10_000),
    "iterations_cap": Between(50, 200_000, "solver steps"),
    "evaluate_every": Between(10, 20_000, "solver steps"),
    "patience": Between(10, 100_000, "solver steps"),
    "tolerance_pp": Between(0.0, 10.0, "percentage points"),
    "batch": Between(1, 4096, "images"),
    "momentum": OneOf("caffe", "torch"),
    "learning_rates": Each(Between(1e-6, 1.0), 1, 8),
    "device": OneOf("auto", "cpu", "cuda"),
    # objectives
    "normalise": OneOf("global", "per-feature"),
    "pair_weight": _WEIGHT,
    "pair_weights": Each(_WEIGHT, 1, 8),
    "pair_kind": OneOf("rotations", "class"),
    # analysis
    "resamples": Between(100, 100_000, "bootstrap resamples"),
    "sensitivity_iterations": Between(50, 200_000, "solver steps"),
    "scree_components": Between(2, 500, "singular values drawn"),
    "heat_digits": Between(1, 100, "test digits of each class"),
    "prototypes": Between(1, 50, "k-means prototypes of each class"),
    "variants": Each(
        OneOf("nearest-interpolation", "torch-momentum", "three-times-longer", "other-readings",
              "other-rotations", "other-orders", "more-seeds", "other-normalisation", "other-pairs", "lighter-pairs",
              "weight-0-as-long"), 0, 11
    ),
    # pose
    "pose_dimensions": Each(Between(2, 512, "numbers"), 1, 4),
    "kernel_centres": Between(10, 5_000, "images"),
    # views and quality
    "designed_people": Between(4, 10_000, "people of each of the two designed worlds"),
    "view_images": Between(4, 200, "pictures of each of them in each of three views"),
    "map_images": Between(20, 20_000, "images drawn in the plane"),
    "permutations": Between(100, 100_000, "permutations"),
    # parameter space
    "portrait_people": Between(8, 20_000, "people whose portraits are rendered"),
    "portrait_images": Between(2, 1_000, "portraits of each of them"),
    "step_people": Between(2, 1_000, "people whose parameters are moved one by one"),
    "space_components": Between(2, 500, "principal components of photographs"),
    # DeepID2+
    "background_people": Between(4, 10_000, "people on whom verification models are fitted"),
    "background_images_each": Between(2, 1_000, "images of each of them"),
    "seen_px": Between(32, 128, "pixels, divisible by 16"),
    "maps": Between(4, 512, "maps of a convolution"),
    "units": Between(8, 4_096, "units of a fully connected layer"),
    # localisers
    "scene_px": Between(48, 256, "pixels, side of a scene"),
    "scenes_each": Between(1, 1_000, "scenes of each person that localisers learn from"),
    "test_scenes_each": Between(1, 1_000, "scenes of each probed person"),
    "object_scenes": Between(10, 1_000_000, "scenes with nobody in them"),
    "localiser_steps": Between(1, 1_000_000, "steps of Adam"),
    "pretraining": OneOf("objects", "torchvision"),
    "anet_steps": Between(1, 1_000_000, "steps of Adam"),
    "clusters": Between(2, 30, "clusters of attributes"),
}


def describe(name: str) -> str:
    """What the parameter `name` may hold, in words, for help texts and errors. KeyError for a name the table lacks."""
    return TABLE[name].describe()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'seeds'?)` where `known` holds a name much like it, else nothing: the tail of a message."""
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _number(value: float) -> str:
    """60000 -> 60,000; 0.0 -> 0."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.12g}"
