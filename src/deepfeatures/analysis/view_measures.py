"""Everything that chapter views-and-quality says of view dependence, one network in one world at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.view_components import (
    PARTS,
    Components,
    Halves,
    components,
    energies_of_halves,
    energy_of_people,
    jackknife,
    shares,
    shares_of,
    within,
)
from deepfeatures.analysis.view_effects import LEAST, Design, Effects, effects, frontal_twice
from deepfeatures.analysis.view_permutation import Tested, common_to_people, people, single_features
from deepfeatures.analysis.view_worlds import WORLDS, Seen


@dataclass(frozen=True)
class Measured:
    """One network in one world. Means over seeds; `halves` are those of the first.

    energy: mean over people and features; of_people, of_features: share of them moved by view, whatever the direction,
    corrected; of_features_alike: of features moved for everybody alike. control and control_...: the same where frontal
    images play both views, None where there are too few. parts: shares of variance in the order of
    view_components.PARTS.
    """

    of: Seen
    halves: Halves
    energy: Interval
    of_people: float
    of_features: float
    of_features_alike: float
    control: float | None
    control_people: float | None
    control_features: float | None
    parts: Sequence[Interval]
    split: Components
    advantage: Interval
    agreement: Interval
    yaw_gap_rank: float


def measure(seen: Sequence[Seen], *, permutations: int, rng: np.random.Generator) -> list[Measured]:
    """In the order of `seen`."""
    return [_one(one, permutations, own) for one, own in zip(seen, rng.spawn(len(seen)), strict=True)]


def halves_of(seen: Seen, *, rng: np.random.Generator) -> list[Halves]:
    """Energies of halves of the images, one list of splits a seed."""
    return [energies_of_halves(values, seen.design, rng=rng) for values in seen.features]


def mean_components(halved: Sequence[Halves], rows: np.ndarray | None = None) -> Components:
    """Mean over seeds of each component and of the agreement."""
    found = [components(one, rows) for one in halved]
    return Components(*(float(np.mean([getattr(one, name) for one in found]))
                        for name in ("people", "features", "pairs", "agreement")))  # fmt: skip


def tested_people(seen: Seen, *, permutations: int, rng: np.random.Generator) -> list[Tested]:
    """The permutation test of each person, one a seed."""
    return [people(values, seen.design, permutations=permutations, rng=rng)[0] for values in seen.features]


def _one(seen: Seen, permutations: int, rng: np.random.Generator) -> Measured:
    rng_halves, rng_people, rng_alike, rng_control, rng_features = rng.spawn(5)
    count, seeds = len(seen.design.people), len(seen.features)
    found = [effects(values, seen.design) for values in seen.features]
    halved = halves_of(seen, rng=rng_halves)
    advantage, agreement = jackknife(
        lambda rows: [(split := mean_components(halved, rows)).advantage, split.agreement], count, seeds=seeds
    )
    variances = [shares(values, seen.design) for values in seen.features]
    parts = jackknife(lambda rows: np.mean([shares_of(one, rows) for one in variances], axis=0), count, seeds=seeds)
    of_person = np.mean([energy_of_people(one) for one in found], axis=0)
    [energy] = jackknife(lambda rows: [float(of_person[rows].mean())], count, seeds=seeds)
    control, control_people, control_features = _control(seen, permutations, rng_control)
    gaps = seen.design.yaw_gap_deg
    rank = float(spearmanr(of_person, gaps).statistic) if np.ptp(gaps) > 1e-6 else float("nan")
    return Measured(
        of=seen,
        halves=halved[0],
        energy=energy,
        of_people=float(np.mean([t.share() for t in tested_people(seen, permutations=permutations, rng=rng_people)])),
        of_features=_features_moved(seen.features, seen.design, permutations, rng_features),
        of_features_alike=_common(found, permutations, rng_alike),
        control=control,
        control_people=control_people,
        control_features=control_features,
        parts=parts,
        split=mean_components(halved),
        advantage=advantage,
        agreement=within(agreement, -1, 1),
        yaw_gap_rank=rank,
    )


def _features_moved(
    features: Sequence[np.ndarray], of: Design, permutations: int, rng: np.random.Generator
) -> float:
    return float(np.mean([single_features(one, of, permutations=permutations, rng=rng).share() for one in features]))


def _common(found: Sequence[Effects], permutations: int, rng: np.random.Generator) -> float:
    tested = [common_to_people(one, permutations=permutations, rng=rng).share() for one in found]
    return float(np.mean(tested))


def _control(
    seen: Seen, permutations: int, rng: np.random.Generator
) -> tuple[float | None, float | None, float | None]:
    """Energy, share of people, share of features."""
    if min(map(len, seen.design.frontal)) < LEAST:
        return None, None, None
    of = frontal_twice(seen.design)
    energy = np.mean([effects(values, of).energy.mean() for values in seen.features])
    tested = [people(values, of, permutations=permutations, rng=rng)[0].share() for values in seen.features]
    return float(energy), float(np.mean(tested)), _features_moved(seen.features, of, permutations, rng)


def said(found: Measured) -> list[object]:
    """World and network as tables show them."""
    return [WORLDS[found.of.world].said, found.of.network]


__all__ = ["PARTS", "Measured", "halves_of", "mean_components", "measure", "said", "tested_people"]
