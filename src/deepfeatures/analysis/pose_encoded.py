"""Pose for the book's matrix of what is encoded where: the share of signed yaw's variance, in worlds of photographs."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.pose import Worlds
from deepfeatures.analysis.pose_error import answer, true

READINGS = {"linear": "linear", "kernel": "non-linear"}
RENDERED = ("rendered", "as-the-paper")  # read with all other causes of an image in chapter rendered-faces


def cells(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Fields of study.encoded.Encoded for every network and layer of every world but the rendered one.

    1 - squared error / squared error of the training mean, out of fold, of one answer averaged over seeds.
    """
    found = []
    for world, groups in worlds.items():
        if world in RENDERED:
            continue
        for name, group in groups.items():
            network, _, layer = name.partition("/")
            yaw = true(group[0], "yaw")
            people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
            blind = people.sums(np.square(answer(group, "mean", "yaw").said - yaw))[:, 0]
            for way, reading in READINGS.items():
                wrong = people.sums(np.square(answer(group, way, "yaw").said - yaw))[:, 0]
                share = people.interval(1 - wrong / blind, seeds=len(group))
                found.append({
                    "subject": "pose", "data": world, "network": network, "layer": layer, "reading": reading,
                    "metric": "share of variance", "value": share.value, "interval": share.interval, "n": share.n,
                    "unit": "identity", "seeds": 0,
                })  # fmt: skip
    return found
