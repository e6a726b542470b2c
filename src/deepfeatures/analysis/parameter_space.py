"""What the claims of chapter parameter-space ask for. Sun, Dong, Hu 2019: a linear code in a parameter space?

Read-outs (analysis.parameter_space_readout, axis_model_readout) are named WORLD/NETWORK/LAYER, one a seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from deepfeatures.analysis import parameter_space_codes as codes
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout as Arrays
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.probes.verification import Pairs


class Readout(Arrays, Protocol):
    """A read-out that may lack some arrays."""

    def __contains__(self, name: str, /) -> bool: ...


Group = Sequence[Readout]
HEADLINE = "trained/embedding"
CONTROLS = ("untrained/embedding", "pixels/pixels")
PHOTOGRAPHED = "celeba/mobilefacenet-ms1m/embedding"
CODES = (codes.OWN, codes.WHITENED, codes.DECODED, codes.PREDICTED, codes.SHUFFLED)


def measure(
    readouts: Mapping[str, Group], *, resamples: int, rng: np.random.Generator
) -> tuple[dict[str, Measured], dict[str, Measured]]:
    """By claim id without its paper: what was measured on rendered faces; and all others: on photographs, or why not.

    A world so small that nothing of a person repeats has no ceiling, and claims of a share of it do not apply.
    """
    deep, axis = readouts[f"portraits/{HEADLINE}"], readouts[f"axis/{HEADLINE}"]
    controls = [readouts[f"portraits/{name}"] for name in CONTROLS]
    rows, images = of_rows(deep, resamples=resamples, rng=rng), of_images(deep, resamples=resamples, rng=rng)
    linear, read = share(rows, deep), decoded(images, deep)
    seeds = len(deep)
    folk = draw_people(axis[0]["row_person"], resamples=resamples, rng=rng)
    along = share(folk, axis, "axis")
    moved = draw_people(np.arange(len(axis[0]["changes_total"])), resamples=resamples, rng=rng)
    found: dict[str, Measured] = {
        "encoding-linear": rows.interval(linear, seeds=seeds),
        "encoding-not-complex": rows.interval(share(rows, deep, "kernel") - linear, seeds=seeds),
        "encoding-learnt": rows.interval(linear - best_of([share(rows, one) for one in controls]), seeds=seeds),
        "decoding-linear": images.interval(read, seeds=seeds),
        "decoding-not-complex": images.interval(decoded(images, deep, "kernel") - read, seeds=seeds),
        "decoding-learnt": images.interval(
            read - best_of([decoded(images, one) for one in controls]), seeds=seeds
        ),
        "axis-projection-inadequate": folk.interval(along, seeds=seeds),
        "axis-worse-than-linear": folk.interval(share(folk, axis, "weighted") - share(folk, axis), seeds=seeds),
        "axis-not-flat": moved.interval(1 - on_axis(moved, axis), seeds=seeds),
        "axis-not-flat-on-average": folk.interval(
            ratio(share(folk, axis, "across"), along), seeds=seeds
        ),
        **_worth(readouts[f"rendered/{HEADLINE}"], resamples=resamples, rng=rng),
    }  # fmt: skip
    unsaid = {
        name: NotApplicable("the pictures of a person repeat nothing that is his: there is no ceiling")
        for name, one in found.items() if isinstance(one, Interval) and not np.isfinite(one.value)
    }  # fmt: skip
    rendered = {name: one for name, one in found.items() if name not in unsaid}
    return rendered, unsaid | _photographed(readouts, resamples=resamples, rng=rng)


def of_rows(group: Group, *, resamples: int, rng: np.random.Generator) -> People:
    """Draws of the people whose rows were encoded."""
    return draw_people(group[0]["row_person"], resamples=resamples, rng=rng)


def of_images(group: Group, *, resamples: int, rng: np.random.Generator) -> People:
    """Draws of the people whose images were decoded."""
    return draw_people(group[0]["identity"], resamples=resamples, rng=rng)


def explained(people: People, group: Group, name: str = "linear") -> np.ndarray:
    """1 - squared error / squared deviation from the training mean, a mean over seeds: (1 + draws,)."""
    return np.mean([1 - _sum(people, one, name) / _sum(people, one, "total") for one in group], axis=0)


def ceiling(people: People, group: Group) -> np.ndarray:
    """The most that could be explained, as a share of the deviation from the training mean: (1 + draws,)."""
    return np.mean([_sum(people, one, "shared") / _sum(people, one, "total") for one in group], axis=0)


def share(people: People, group: Group, name: str = "linear") -> np.ndarray:
    """Explained over the ceiling, a mean over seeds: (1 + draws,); nan where pictures repeat nothing of a person."""
    return np.mean(
        [ratio(_sum(people, one, "total") - _sum(people, one, name), _sum(people, one, "shared")) for one in group],
        axis=0,
    )


def decoded(people: People, group: Group, name: str = "linear") -> np.ndarray:
    """Share of the parameters' variance that is decoded, (1 + draws,); name: 'linear' or 'kernel'."""
    totals = [people.sums(np.stack([one[f"image_{name}"], one["image_total"]], axis=1)).T for one in group]
    return np.mean([1 - wrong / total for wrong, total in totals], axis=0)


def on_axis(moved: People, group: Group, name: str = "along") -> np.ndarray:
    """Share of the squared slopes along the axis, (1 + draws,); name: 'along' (other people's axis) or 'best'."""
    parts = [moved.sums(np.stack([one[f"changes_{name}"], one["changes_total"]], axis=1)).T for one in group]
    return np.mean([ratio(along, total) for along, total in parts], axis=0)


def best_of(controls: Sequence[np.ndarray]) -> np.ndarray:
    """The largest of the controls' shares, draw by draw, and at least 0: a control that has no ceiling, or does worse
    than a constant, is no credit to what is compared with it."""
    return np.asarray(np.fmax.reduce([*controls, np.zeros_like(controls[0])]))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, nan where whole is not above 0."""
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def pairs_of(readout: Readout) -> Pairs:
    return Pairs(*(np.asarray(readout[f"pair_{name}"]) for name in ("first", "second", "same")))


def verified(
    readout: Readout, *, resamples: int, rng: np.random.Generator
) -> tuple[dict[str, Interval], dict[tuple[str, str], Interval]]:
    """AUC by code, and of each code less another, on the same draws."""
    similarity = {name: np.asarray(readout[f"similarity_{name}"], np.float64) for name in CODES}
    return codes.auc_of_codes(similarity, pairs_of(readout), readout["identity"], resamples=resamples, rng=rng)


def recognised(readout: Readout, *, resamples: int, rng: np.random.Generator) -> tuple[People, dict[str, np.ndarray]]:
    """Draws of the probes' people, and the share of probes recognised by code, (1 + draws,)."""
    people = draw_people(readout["probe_person"], resamples=resamples, rng=rng)
    return people, {name: people.mean(np.asarray(readout[f"rank_{name}"], np.float64)) for name in CODES}


def _sum(people: People, one: Readout, name: str) -> np.ndarray:
    return people.sums(one[f"row_{name}"])[:, 0]


def _worth(group: Group, *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    """Of the first seed's network: a difference of two codes of one network."""
    _, less = verified(group[0], resamples=resamples, rng=rng)
    people, hits = recognised(group[0], resamples=resamples, rng=rng)
    found: dict[str, Measured] = {}
    for name in (codes.DECODED, codes.PREDICTED):
        found[f"verification-{name}"] = less[name, codes.OWN]
        found[f"recognition-{name}"] = people.interval(hits[name] - hits[codes.OWN])
    return found


def _photographed(
    readouts: Mapping[str, Group], *, resamples: int, rng: np.random.Generator
) -> dict[str, Measured]:
    if PHOTOGRAPHED not in readouts:
        reason = NotApplicable("no photographs were read")
        return {f"{way}-linear-photographs": reason for way in ("encoding", "decoding")}
    group = readouts[PHOTOGRAPHED]
    rows, images = of_rows(group, resamples=resamples, rng=rng), of_images(group, resamples=resamples, rng=rng)
    return {
        "encoding-linear-photographs": rows.interval(share(rows, group)),
        "decoding-linear-photographs": images.interval(decoded(images, group)),
    }
