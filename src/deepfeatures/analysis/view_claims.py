"""What Parde et al. 2016 assert, as the ledger measures it: by claim without its paper. See claims/parde2016.yaml."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from deepfeatures.analysis.columns import Readout
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.analysis.pose_error import answer
from deepfeatures.analysis.quality_distance import distance, margin
from deepfeatures.analysis.quality_rank import area, means_along, parts_of, rank_correlation, smallest_fall
from deepfeatures.analysis.quality_tables import CENTRE
from deepfeatures.analysis.quality_worlds import SPOILT, Pictures
from deepfeatures.analysis.view_components import Halves, jackknife, shares, shares_of, within
from deepfeatures.analysis.view_measures import halves_of, mean_components, tested_people
from deepfeatures.analysis.view_tables import balanced_error, under
from deepfeatures.analysis.view_worlds import Seen

FIFTHS = 5
WORST_SHARE = 0.1  # of the images: those worth least in recognition
PUBLISHED = ("mobilefacenet-ms1m", "mobilefacenet-casia")

Statistic = Callable[[People, Pictures], np.ndarray]


def stand_for_the_papers(networks: Sequence[str], world: str) -> list[str]:
    """The networks whose worse one is judged: the published ones on photographs, else the one trained here."""
    wanted = PUBLISHED if world.startswith("celeba") else ("trained",)
    return [name for name in networks if name in wanted]


def measure(
    readouts: Mapping[str, Sequence[Readout]],
    seen: Sequence[Seen],
    pictures: Sequence[Pictures],
    *,
    permutations: int,
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Measured]:
    """readouts: 'pose/...' and 'labels/...'; seen, pictures: all worlds of both kinds."""
    rng_read, rng_views, rng_quality = rng.spawn(3)
    return {
        **read(readouts, resamples=resamples, rng=rng_read),
        **views(seen, permutations=permutations, rng=rng_views),
        **quality(pictures, resamples=resamples, rng=rng_quality),
    }


def read(
    readouts: Mapping[str, Sequence[Readout]], *, resamples: int, rng: np.random.Generator
) -> dict[str, Measured]:
    """Yaw, pitch, still or video."""
    poses, labels = _of_main_world(under(readouts, "pose")), _of_main_world(under(readouts, "labels"))
    people = draw_people(poses[0][0]["identity"], resamples=resamples, rng=rng)
    found: dict[str, Measured] = {
        f"{angle}-readable": people.interval(
            np.min([_over_constant(people, group, angle) for group in poses], axis=0), seeds=len(poses[0])
        )
        for angle in ("yaw", "pitch")
    }
    people = draw_people(labels[0][0]["identity"], resamples=resamples, rng=rng)
    right = np.min([100 - balanced_error(group, "frame", people) for group in labels], axis=0)
    found["still-or-video-readable"] = (
        people.interval(right, seeds=len(labels[0]))
        if np.isfinite(right[0])
        else NotApplicable("some fold has no video frames, or nothing but video frames")
    )
    return found


def views(seen: Sequence[Seen], *, permutations: int, rng: np.random.Generator) -> dict[str, Measured]:
    """View dependence, of the main world's networks."""
    worlds = [one.world for one in seen]
    world = "celeba" if "celeba" in worlds else "views"
    inside = {one.network: one for one in seen if one.world == world}
    chosen = [inside[name] for name in stand_for_the_papers(list(inside), world)]
    people, seeds = len(chosen[0].design.people), len(chosen[0].features)
    halved = [halves_of(one, rng=own) for one, own in zip(chosen, rng.spawn(len(chosen)), strict=True)]

    def worse(rows: np.ndarray) -> list[float]:
        split = [mean_components(one, rows) for one in halved]
        return [min(one.advantage for one in split), min(one.agreement for one in split)]

    advantage, agreement = jackknife(worse, people, seeds=seeds)
    orders = [own.permutation(one[0][0][0].shape[1]) for one, own in zip(halved, rng.spawn(len(chosen)), strict=True)]
    variances = [[shares(values, one.design) for values in one.features] for one in chosen]

    def of_people(rows: np.ndarray) -> list[float]:
        consistent = min(agreement_over_features(*one, rows) for one in zip(halved, orders, strict=True))
        return [consistent, min(_people_above_views(one, rows) for one in variances)]

    over_features, robust = jackknife(of_people, people, seeds=seeds)
    moved = np.array([
        np.mean([tested.corrected <= 0.05 for tested in tested_people(one, permutations=permutations, rng=rng)], axis=0)
        for one in chosen
    ])  # fmt: skip
    dependent, independent = jackknife(
        lambda rows: [float(moved[:, rows].mean(axis=1).min()), float((1 - moved[:, rows]).mean(axis=1).min())],
        people, seeds=seeds,
    )  # fmt: skip
    return {
        "view-people-not-features": _if_finite(advantage, "energy varies no more than noise makes it"),
        "view-consistent": _if_finite(within(agreement, -1, 1), "energy varies no more than noise makes it"),
        "view-consistent-over-features": _if_finite(
            within(over_features, -1, 1), "energy varies no more than noise makes it"
        ),
        "robust-to-view": _if_finite(robust, "features vary no more than noise makes them"),
        "view-some-dependent": within(dependent, 0, 1),
        "view-some-independent": within(independent, 0, 1),
    }


def said_by_rudd(seen: Sequence[Seen], *, rng: np.random.Generator) -> dict[str, Measured]:
    """What Rudd et al. 2017 report of the same study: features that hold the pose differ from person to person."""
    world = "celeba" if "celeba" in [one.world for one in seen] else "views"
    inside = {one.network: one for one in seen if one.world == world}
    chosen = [inside[name] for name in stand_for_the_papers(list(inside), world)]
    halved = [halves_of(one, rng=own) for one, own in zip(chosen, rng.spawn(len(chosen)), strict=True)]

    def worse(rows: np.ndarray) -> list[float]:
        split = [mean_components(one, rows) for one in halved]
        return [min(one.share("pairs") - one.share("features") for one in split)]

    [found] = jackknife(worse, len(chosen[0].design.people), seeds=len(chosen[0].features))
    return {"pose-features-differ-by-person": _if_finite(found, "energy varies no more than noise makes it")}


def agreement_over_features(halved: Sequence[Halves], order: np.ndarray, rows: np.ndarray) -> float:
    """Correlation over people of their energies in one half of the features and of the images, and in the other half
    of both: nothing is shared but the person. Mean over seeds; nan where energies do not vary.

    order: the features, dealt; its first half is one half. rows: of the people.
    """
    some, others = np.array_split(order, 2)
    found = []
    for splits in halved:
        pairs = [(a[rows], b[rows]) for one, other in splits for a, b in ((one, other), (other, one))]
        means = [(a[:, some].mean(axis=1), b[:, others].mean(axis=1)) for a, b in pairs]
        apart = [(a - a.mean(), b - b.mean()) for a, b in means]
        spread = float(np.mean([np.sqrt((a @ a) * (b @ b)) for a, b in apart]))
        found.append(float(np.mean([a @ b for a, b in apart])) / spread if spread > 0 else float("nan"))
    return float(np.mean(found))


def _people_above_views(variances: Sequence[Mapping[str, np.ndarray]], rows: np.ndarray) -> float:
    """Share of a feature's variance that belongs to people, less what belongs to views, mean over seeds."""
    person, view, own, _ = np.mean([shares_of(dict(one), rows) for one in variances], axis=0)
    return float(person - view - own)


def quality(pictures: Sequence[Pictures], *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    """Quality and distance from the origin, of the main world's networks."""
    world = SPOILT if any(one.world == SPOILT for one in pictures) else "rendered"
    inside = {one.network: one for one in pictures if one.world == world}
    chosen = [inside[name] for name in stand_for_the_papers(list(inside), world)]
    people = draw_people(chosen[0].identity, resamples=resamples, rng=rng)
    worst = {  # statistic, and which of two networks is the worse
        "centre-low-quality": (_centre, np.min),
        "quality-monotone": (_fall, np.min),
        "quality-in-features": (_rank, np.max),
        "centre-unusable": (_unusable, np.min),
    }
    return {
        name: people.interval(pick([of(people, one) for one in chosen], axis=0), seeds=len(chosen[0].features))
        for name, (of, pick) in worst.items()
    }


def over_seeds(of: Callable[[np.ndarray], np.ndarray], one: Pictures) -> np.ndarray:
    """Mean over seeds of a statistic of features."""
    return np.asarray(np.mean([of(values) for values in one.features], axis=0))


def _centre(people: People, one: Pictures) -> np.ndarray:
    bad = one.defects > 0
    return over_seeds(lambda x: people.mean(bad, parts_of(distance(x, "origin"), CENTRE) == 0), one)


def _fall(people: People, one: Pictures) -> np.ndarray:
    return smallest_fall(over_seeds(lambda x: means_along(people, distance(x, "origin"), one.defects, FIFTHS), one))


def _rank(people: People, one: Pictures) -> np.ndarray:
    return over_seeds(lambda x: rank_correlation(people, distance(x, "origin"), one.defects), one)


def _unusable(people: People, one: Pictures) -> np.ndarray:
    def of(values: np.ndarray) -> np.ndarray:
        useful = margin(values, one.identity)
        return area(people, -distance(values, "origin"), useful <= np.nanquantile(useful, WORST_SHARE))

    return over_seeds(of, one)


def _of_main_world(groups: Mapping[str, Sequence[Readout]]) -> list[Sequence[Readout]]:
    world = "celeba" if any(name.startswith("celeba/") for name in groups) else "rendered"
    last = {name.split("/")[1]: group for name, group in groups.items() if name.startswith(f"{world}/")}
    return [last[name] for name in stand_for_the_papers(list(last), world)]


def _over_constant(people: People, group: Sequence[Readout], angle: str) -> np.ndarray:
    constant = people.mean(answer(group[:1], "median", angle).error)
    return np.asarray(constant / people.mean(answer(group, "linear", angle).error))


def _if_finite(found: Measured, reason: str) -> Measured:
    return found if isinstance(found, NotApplicable) or np.isfinite(found.value) else NotApplicable(reason)
