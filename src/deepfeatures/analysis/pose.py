"""What the claims of chapter pose ask for: yaw, pitch and roll read from face features. Rudd et al. 2017, section
3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from deepfeatures.analysis import pose_error, pose_width
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.analysis.pose_error import Answer, answer, range_of, true
from deepfeatures.data.rudd2017_table1 import RANGES, TOTAL


class PoseReadout(Readout, Protocol):
    """A read-out of pose (analysis.pose_readout), which may lack some arrays."""

    def __contains__(self, name: str, /) -> bool: ...


Group = Sequence[PoseReadout]
Worlds = dict[str, dict[str, Group]]
AS_THE_PAPER = "as-the-paper"
ATTRIBUTES = "attributes/embedding"  # the penultimate layer of the network that stands in AFFACT's place
HEADLINES = ("both/embedding", "trained/embedding")  # stands for the paper's deep features, best first
SLUGS = dict(zip((*RANGES, TOTAL), ("0-15", "15-30", "30-45", "45-90", "total"), strict=True))
SIGN_FROM_DEG = 15.0  # nearer to the front the sign of the true yaw is within its own error


def by_world(readouts: Mapping[str, Group]) -> Worlds:
    """Read-outs named WORLD/NETWORK/LAYER, by world and then NETWORK/LAYER."""
    worlds: Worlds = {}
    for name, group in readouts.items():
        world, _, rest = name.partition("/")
        worlds.setdefault(world, {})[rest] = group
    return worlds


def main_world(worlds: Worlds) -> str:
    """Photographs with estimated pose where there are any, as in the paper; else rendered faces."""
    return "celeba" if "celeba" in worlds else "rendered"


def headline(world: Mapping[str, Group]) -> str:
    """The read-out that stands for the paper's deep features. Raises KeyError where the world has neither."""
    for name in HEADLINES:
        if name in world:
            return name
    raise KeyError(f"none of {', '.join(HEADLINES)} is among {', '.join(world)}")


def learnt(world: Mapping[str, Group]) -> dict[str, Group]:
    """Read-outs of networks trained on identities: without pixels, random weights, and the attribute network."""
    others = ("pixels", "attributes/")
    return {name: group for name, group in world.items() if not name.startswith(others) and "untrained" not in name}


def measure(readouts: Mapping[str, Group], *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    """By claim id without its paper: on CelebA where it was read, else on rendered faces."""
    worlds = by_world(readouts)
    world = worlds[main_world(worlds)]
    deep = world[headline(world)]
    people = draw_people(deep[0]["identity"], resamples=resamples, rng=rng)
    before, after = answer(deep), answer(deep, "triplet")
    yaw, seeds = true(deep[0]), len(deep)
    advantage = pose_error.advantage(people, before, yaw)
    level = pose_error.advantage(people, pose_error.equal_precision(before, yaw), yaw)
    total = {name: people.mean(one.error) for name, one in (("before", before), ("after", after))}
    found: dict[str, Measured] = {
        **_rows("deep", people, before, yaw),
        **_rows("triplet", people, after, yaw),
        "pose-below-10": people.interval(np.maximum(total["before"], total["after"]), seeds=seeds),
        "pose-readable": people.interval(_over_constant(people, deep), seeds=seeds),
        "pose-readable-after-triplet": people.interval(_over_constant(people, deep, name="triplet"), seeds=seeds),
        "pose-half-profile-best": _interval(people, advantage, seeds, "0–15 or 15–45 degrees"),
        "pose-half-profile-precise": _interval(people, advantage - level, seeds, "0–15 or 15–45 degrees"),
        "pose-small-angles-alike": _interval(people, _slopes_apart(people, before, yaw), seeds, "a range of yaw"),
        "pose-triplet-worse": people.interval(total["after"] - total["before"], seeds=seeds),
        "pose-nonlinear-better": people.interval(
            total["before"] - people.mean(answer(deep, "kernel").error), seeds=seeds
        ),
        "pose-sign-unreadable": people.interval(sign_share(people, deep), seeds=seeds),
        "pose-pitch-readable": _readable(people, deep, "pitch"),
        "pose-roll-readable": _readable(people, deep, "roll"),
        "pose-outweighs-identity": _outweighs(people, world["pixels/pixels"][0]),
        **_of_attributes(world, resamples=resamples, rng=rng),
        **_of_several(learnt(world), resamples=resamples, rng=rng),
        "pose-over-represented": _over_represented(worlds, resamples=resamples, rng=rng),
    }
    return found


def sign_share(people: People, group: Group, name: str = "linear") -> np.ndarray:
    """Share of images at SIGN_FROM_DEG or more whose side is told rightly, a mean over seeds: (1 + draws,). Chance
    is 0.5.
    """
    yaw = true(group[0], "yaw")
    right = np.mean([(answer([one], name, "yaw").said > 0) == (yaw > 0) for one in group], axis=0)
    return people.mean(right, np.abs(yaw) >= SIGN_FROM_DEG)


def slope(people: People, said: np.ndarray, true_deg: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Slope of said on true over the drawn images of a mask: (1 + draws,); nan where the truth does not vary."""
    x, y = np.where(where, true_deg - true_deg.mean(), 0.0), np.where(where, said, 0.0)
    n, sx, sy, sxx, sxy = people.sums(np.stack([where, x, y, x * x, x * y], axis=1)).T
    varied = n * sxx - sx * sx
    return np.divide(n * sxy - sx * sy, varied, out=np.full_like(varied, np.nan), where=varied > 1e-9)


def _rows(column: str, people: People, one: Answer, yaw: np.ndarray) -> dict[str, Measured]:
    group = range_of(yaw)
    found: dict[str, Measured] = {}
    for number, label in enumerate((*RANGES, TOTAL)):
        where = np.ones(len(yaw), bool) if label == TOTAL else group == number
        found[f"pose-error-{column}-{SLUGS[label]}"] = (
            people.interval(people.mean(one.error, where), seeds=one.seeds)
            if where.any()
            else NotApplicable(f"0 of {len(yaw)} images have |yaw| in {label} degrees")
        )
    return found


def _interval(people: People, values: np.ndarray, seeds: int, what: str) -> Measured:
    if not np.isfinite(values[0]):
        return NotApplicable(f"too few images in {what}")
    return people.interval(values, seeds=seeds)


def _over_constant(people: People, group: Group, target: str = "abs_yaw", name: str = "linear") -> np.ndarray:
    """Error of the constant training median over the network's error: 1 where features say nothing. (1 + draws,)."""
    constant = people.mean(answer(group[:1], "median", target).error)
    return constant / people.mean(answer(group, name, target).error)


def _readable(people: People, group: Group, target: str) -> Measured:
    if target not in group[0].summary["targets"]:
        return NotApplicable(f"{target} is not known in this world")
    return people.interval(_over_constant(people, group, target), seeds=len(group))


def _slopes_apart(people: People, one: Answer, yaw: np.ndarray) -> np.ndarray:
    low, high = pose_error.HALF_PROFILE_DEG
    inside = slope(people, one.said, yaw, (yaw >= low) & (yaw < high))
    return inside - slope(people, one.said, yaw, yaw < low)


def _outweighs(people: People, pixels: Readout) -> Measured:
    pull = np.asarray(pixels["pose_pull"], np.float64)
    there = np.isfinite(pull)
    if not there.any():
        return NotApplicable("no person has two images 30 degrees of yaw apart")
    if len(pull) != len(people.of_image):
        raise ValueError(f"{len(pull)} images in pixels, {len(people.of_image)} in the headline's features")
    return people.interval(people.mean(np.where(there, pull > 0, False), there), seeds=0)


def _of_attributes(world: Mapping[str, Group], *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    """Claims about AFFACT, of the attribute network in its place. Identity networks are read at their last layer."""
    claims = ("pose-error-affact", "pose-affact-least-stable")
    if ATTRIBUTES not in world:
        return dict.fromkeys(claims, NotApplicable("no attribute network is read in this world"))
    own = world[ATTRIBUTES]
    people = draw_people(own[0]["identity"], resamples=resamples, rng=rng)
    last = [group for name, group in learnt(world).items() if name.endswith("/embedding")]
    total, best = (people.mean(answer(own).error), np.min([people.mean(answer(one).error) for one in last], axis=0))
    return dict(zip(claims, (people.interval(one, seeds=len(own)) for one in (total, best - total)), strict=True))


def widths_and_errors(world: Mapping[str, Group], people: People) -> tuple[np.ndarray, np.ndarray]:
    """Width (k,) and total error of |yaw| (k, 1 + draws), degrees, of read-outs of the same images."""
    error = np.stack([people.mean(answer(group).error) for group in world.values()])
    return np.array([group[0].summary["width"] for group in world.values()], np.float64), error


def longer_vectors(width: np.ndarray, errors: np.ndarray, *, seeds: int, rng: np.random.Generator) -> Measured:
    """Rank correlation of width with error; its interval is of people and layers drawn anew, n of layers."""
    values = pose_width.over_layers(width, errors, rng=rng)
    drawn = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or not len(drawn):
        return NotApplicable("all layers are equally wide, or equally wrong")
    low, high = (float(end) for end in np.quantile(drawn, [0.025, 0.975]))
    return Interval(float(values[0]), low, high, len(width), seeds, "layer", None, 0.95, len(drawn))


def _of_several(world: Mapping[str, Group], *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    """Claims about several networks or layers, all on the same draws of people. world: read-outs of trained
    networks.
    """
    first = next(iter(world.values()))[0]
    people = draw_people(first["identity"], resamples=resamples, rng=rng)
    same = {name: group for name, group in world.items() if len(group[0]["row"]) == len(people.of_image)}
    width, errors = widths_and_errors(same, people)
    error = dict(zip(same, errors, strict=True))
    seeds = max(map(len, same.values()))
    last = [group for name, group in same.items() if name.endswith("/embedding")]
    worst = np.min([_over_constant(people, group) for group in last], axis=0)
    cut = [people.mean(answer(same[name], f"random-{_largest(group)}").error) / error[name]
           for name, group in same.items() if _largest(group)]  # fmt: skip
    return {
        "pose-readable-in-every-network": people.interval(worst, seeds=seeds),
        "pose-longer-vectors": longer_vectors(width, errors, seeds=seeds, rng=rng),
        "pose-high-dimension": people.interval(np.mean(cut, axis=0) - 1, seeds=seeds)
        if cut
        else NotApplicable("no layer is wider than the sizes in pose_dimensions"),
    }


def _largest(group: Group) -> int:
    """The largest size below the width that every layer could be cut to with the chapter's `pose_dimensions`; 0 for
    none.
    """
    after = group[0].summary["triplet_dimensions"]
    return max((size for size in group[0].summary["sizes"] if size != after), default=0)


def _over_represented(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> Measured:
    """Advantage of half-profile with the paper's shares of |yaw| less that with equal shares, in the rendered world."""
    thinned = worlds[AS_THE_PAPER]
    name = headline(thinned)
    gain = []
    for group in (thinned[name], worlds["rendered"][name][:1]):
        people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
        gain.append(pose_error.advantage(people, answer(group), true(group[0])))
    return _interval(people, gain[0] - gain[1], 1, "0–15 or 15–45 degrees")
