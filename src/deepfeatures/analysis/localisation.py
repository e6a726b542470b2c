"""Where localisers say a head is, against where it is: overlap, distance and recall, beside answers that do not look.

    IoU            area shared by two boxes over the area they cover together, 0..1
    centre error   distance of the two centres, in heights of the true head
    recall         share of scenes with an IoU of 0.5 or more
    in the head    share of scenes whose window has its centre inside the true box

Each is averaged over networks of the same kind, and intervals are over people and networks; two answers are compared
network by network: those of one seed see the same batches.

Two answers look at nothing: `centre`, one box of middling size in the middle of the scene; `random`, a box of a size
that the allowed windows have, anywhere. Networks that were never trained look, but have learnt nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.people_and_networks import over_networks
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.networks.anet_features import CENTRE
from deepfeatures.networks.response_windows import ASPECT, WHOLE_SCENE

HIT = 0.5
RANDOM_TRIES = 50  # random windows a scene: their mean is what a reader expects of one
METRICS = ("iou", "recall", "in_head", "centre_error")


class Arrays(Protocol):
    """What an artifact gives: an array by name."""

    def __getitem__(self, name: str) -> np.ndarray: ...
    def __contains__(self, name: str) -> bool: ...


def iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(...,) overlaps of boxes (..., 4) left, top, right, bottom; 0 where they do not meet."""
    shared = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    inner = shared.clip(min=0).prod(axis=-1)
    area = (one[..., 2:] - one[..., :2]).prod(axis=-1) + (other[..., 2:] - other[..., :2]).prod(axis=-1)
    return np.asarray(inner / (area - inner))


@dataclass(frozen=True)
class Found:
    """Each metric a scene and network, (networks, n) float64."""

    metrics: Mapping[str, np.ndarray]

    def __getitem__(self, metric: str) -> np.ndarray:
        return self.metrics[metric]

    def averaged(self) -> Found:
        """As of one network, (1, n): the mean over tries, where tries are none that a reader would draw anew."""
        return Found({name: one.mean(axis=0, keepdims=True) for name, one in self.metrics.items()})


def measure(windows: np.ndarray, boxes: np.ndarray) -> Found:
    """windows: (networks, n, 4); boxes: (n, 4) true ones."""
    overlap = iou(windows, boxes)
    middle = (windows[..., :2] + windows[..., 2:]) / 2
    true = (boxes[:, :2] + boxes[:, 2:]) / 2
    away = np.linalg.norm(middle - true, axis=-1) / (boxes[:, 3] - boxes[:, 1])
    inside = ((middle >= boxes[:, :2]) & (middle <= boxes[:, 2:])).all(axis=-1)
    values = {"iou": overlap, "recall": overlap >= HIT, "in_head": inside, "centre_error": away}
    return Found({name: np.asarray(one, np.float64) for name, one in values.items()})


def blind(boxes: np.ndarray, side_px: int, *, rng: np.random.Generator) -> dict[str, Found]:
    """The two answers that do not look, for scenes of side_px pixels."""
    n = len(boxes)
    height = rng.uniform(*WHOLE_SCENE, (RANDOM_TRIES, n)) * side_px
    width = ASPECT * height
    left, top = rng.random((RANDOM_TRIES, n)) * (side_px - width), rng.random((RANDOM_TRIES, n)) * (side_px - height)
    anywhere = np.stack([left, top, left + width, top + height], axis=-1)
    centre = np.tile(np.array(CENTRE) * side_px, (1, n, 1))
    return {"centre box": measure(centre, boxes), "random window": measure(anywhere, boxes).averaged()}


@dataclass(frozen=True)
class World:
    """One world's scenes: every answer's metrics, and the people whose images are resampled together."""

    found: Mapping[str, Found]
    people: People
    report: str
    boxes: str

    def draws(self, name: str, metric: str) -> np.ndarray:
        """Mean over scenes in every draw of people, by network: (networks, 1 + draws)."""
        values = self.found[name][metric]
        return np.asarray((self.people.sums(values.T) / self.people.sums(np.ones(values.shape[1]))).T)

    def interval(self, name: str, metric: str) -> Interval:
        """Of one answer. Where few networks differ much, draws of them would reach beyond what a share can be."""
        found = over_networks(self.people, self.draws(name, metric))
        most = np.inf if metric == "centre_error" else 1.0
        return replace(found, lo=float(np.clip(found.lo, 0, most)), hi=float(np.clip(found.hi, 0, most)))

    def difference(self, one: str, other: str, metric: str) -> Interval:
        """One answer less another, on the same scenes, draws of people and seeds; one that has no networks counts for
        each.
        """
        return over_networks(self.people, self.draws(one, metric) - self.draws(other, metric))


ANSWERS = {  # name of an artifact: (what it is called, which of its windows)
    "untrained": (("untrained LNet_o", "coarse"), ("untrained LNet_o, LNet_s", "fine")),
    "objects": (("LNet_o, objects alone", "coarse"),),
    "from-rendered": (("LNet_o of rendered scenes", "coarse"), ("LNet_o, LNet_s of rendered scenes", "fine")),
    "scratch": (("LNet_o, no pre-training", "coarse"),),
    "as-long": (("LNet_o, no pre-training, as many steps", "coarse"),),
    "pre-trained": (("LNet_o, pre-trained", "coarse"), ("LNet_o, then LNet_s", "fine")),
    "fine-scratch": (("then LNet_s, no pre-training", "fine"),),  # after the same LNet_o
    "fine-as-long": (("then LNet_s, no pre-training, as many steps", "fine"),),
    "imagenet-alone": (("LNet_o, ImageNet alone", "coarse"),),
    "imagenet-scratch": (("LNet_o, ResNet-18, no pre-training", "coarse"),),
    "imagenet": (("LNet_o, ImageNet", "coarse"), ("LNet_o, then LNet_s, ImageNet", "fine")),
}
HEADLINE, COARSE = "LNet_o, then LNet_s", "LNet_o, pre-trained"
FINE_AS_LONG = "then LNet_s, no pre-training, as many steps"
BLIND = ("centre box", "random window")


def by_world(
    artifacts: Mapping[str, Sequence[Arrays]], *, resamples: int, rng: np.random.Generator, reading: int = 0
) -> dict[str, World]:
    """artifacts: 'scenes/WORLD', 'located/WORLD/ANSWER' (one a seed). reading: which of the maps' readings."""
    worlds = {}
    for name in [one.removeprefix("scenes/") for one in artifacts if one.startswith("scenes/")]:
        scenes = artifacts[f"scenes/{name}"][0]
        meta = scenes.meta  # type: ignore[attr-defined]
        boxes, identity = np.asarray(scenes["boxes"]), np.asarray(scenes["identity"])
        found = blind(boxes, meta["side_px"], rng=rng)
        for answer, parts in ANSWERS.items():
            group = artifacts.get(f"located/{name}/{answer}", ())
            for label, which in parts:
                if group and which in group[0]:
                    found[label] = measure(np.stack([np.asarray(one[which])[reading] for one in group]), boxes)
        people = draw_people(identity, resamples=resamples, rng=rng)
        worlds[name] = World(found, people, meta["report"], meta["boxes"])
    return worlds


def table(worlds: Mapping[str, World]) -> pd.DataFrame:
    """world, answer, metric, value, lo, hi: a row for each metric, for figures."""
    rows = []
    for name, world in worlds.items():
        for answer in world.found:
            for metric in METRICS:
                found = world.interval(answer, metric)
                rows.append((name, answer, metric, found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["world", "answer", "metric", "value", "lo", "hi"])


def as_rows(worlds: Mapping[str, World]) -> list[list[object]]:
    """World, answer, and each metric with its interval: for a page."""
    return [
        [name, answer, *(world.interval(answer, metric) for metric in METRICS)]
        for name, world in worlds.items()
        for answer in world.found
    ]


PAIRS = (  # what a row is called, an answer, and the answer that it is compared with
    ("pre-trained, less trained on attributes for as many steps as fine-tuning", COARSE, "LNet_o, no pre-training"),
    ("pre-trained, less trained on attributes for as many steps in all", COARSE,
     "LNet_o, no pre-training, as many steps"),
    ("objects alone, less untrained", "LNet_o, objects alone", "untrained LNet_o"),
    ("LNet_o then LNet_s, less LNet_o", HEADLINE, COARSE),
    ("LNet_o then LNet_s without pre-training, less LNet_o", "then LNet_s, no pre-training", COARSE),
    ("LNet_o then LNet_s without pre-training, as many steps, less LNet_o", FINE_AS_LONG, COARSE),
    ("LNet_o then LNet_s, less both untrained", HEADLINE, "untrained LNet_o, LNet_s"),
    ("LNet_s pre-trained, less trained on attributes for as many steps as fine-tuning", HEADLINE,
     "then LNet_s, no pre-training"),
    ("LNet_s pre-trained, less trained on attributes for as many steps in all", HEADLINE, FINE_AS_LONG),
    ("LNet_o of ImageNet, less the same network from random weights", "LNet_o, ImageNet",
     "LNet_o, ResNet-18, no pre-training"),
    ("LNet_o of ImageNet, less the small one of objects", "LNet_o, ImageNet", COARSE),
    ("LNet_o then LNet_s, of ImageNet, less the small ones of objects", "LNet_o, then LNet_s, ImageNet", HEADLINE),
    ("ImageNet alone, less objects alone", "LNet_o, ImageNet alone", "LNet_o, objects alone"),
)  # fmt: skip


def comparisons(worlds: Mapping[str, World]) -> list[list[object]]:
    """World, what is compared, difference in recall and in centres inside the head: what each step gives.

    Of pairs of which a world has both.
    """
    return [
        [name, label, world.difference(one, other, "recall"), world.difference(one, other, "in_head")]
        for name, world in worlds.items()
        for label, one, other in PAIRS
        if one in world.found and other in world.found
    ]


def readings(
    artifacts: Mapping[str, Sequence[Arrays]], *, resamples: int, rng: np.random.Generator
) -> list[list[object]]:
    """World, reading, recall of LNet_o and of LNet_s, share in the head: each way to make one map of many."""
    rows: list[list[object]] = []
    names = next(iter(group[0].meta["readings"] for name, group in artifacts.items() if name.startswith("located/")))  # type: ignore[attr-defined]
    drawn = rng.spawn(len(names))
    for at, reading in enumerate(names):
        for name, world in by_world(artifacts, resamples=resamples, rng=drawn[at], reading=at).items():
            rows.append([name, reading, world.interval(COARSE, "recall"), world.interval(COARSE, "in_head"),
                         world.interval(HEADLINE, "recall"), world.interval(HEADLINE, "in_head")])  # fmt: skip
    return sorted(rows, key=lambda row: str(row[0]), reverse=True)
