"""What hangs on how the penalty of a line is chosen (analysis.pose_penalties), as chapter pose prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepfeatures.analysis import pose_error
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.pose import Group, Worlds, by_world
from deepfeatures.analysis.pose_error import answer, true
from deepfeatures.analysis.pose_explorer import in_words

PENALTIES = "penalties/"


def by_penalty(
    read: Mapping[str, Group], again: Mapping[str, Group], *, resamples: int, rng: np.random.Generator
) -> list[list[Any]]:
    """World, features; total error of |yaw|, degrees, with alpha by the absolute error, by the squared error, and by
    least squares; of the constant training median; the slopes of the first three answers on the true |yaw|.

    read: read-outs (analysis.pose_readout) by WORLD/NETWORK/LAYER; again: the same names after PENALTIES, of the first
    seed. Raises ValueError where two read-outs of one name are of different images.
    """
    worlds: Worlds = by_world(read)
    rows: list[list[Any]] = []
    for name, (other, *_) in again.items():
        world, _, features = name.removeprefix(PENALTIES).partition("/")
        one = worlds[world][features][0]
        if not np.array_equal(one["row"], other["row"]):
            raise ValueError(f"{name} was read of other images than {world}/{features}")
        yaw, people = true(one), draw_people(np.asarray(one["identity"]), resamples=resamples, rng=rng)
        answers = [answer([one]), answer([other], "squared"), answer([other], "least"), answer([one], "median")]
        errors = [people.interval(people.mean(each.error), seeds=1) for each in answers]
        slopes = [pose_error.line(each.said, yaw)[0] for each in answers[:3]]
        rows.append([world, in_words(features), *errors, *slopes])
    return rows
