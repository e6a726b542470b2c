"""Every claim of Sun, Wang and Tang 2014 that the chapter measures, by its name in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepfeatures.analysis import deepid_hidden, deepid_selectivity, deepid_subsets, sparsity
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.deepid_verification import Identified, Judges, gain, memory
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.probes.single_units import SIDES

Arrays = Any  # an opened artifact with `meta`
TOP, TWIN = "proposed fc4", "untrained fc4"
FEW = NotApplicable("too few people of this run show and lack the attributes of a person")
NO_LEAD = NotApplicable("features that it is compared with judge whole faces no better than a coin: no lead to keep")
HALF = 0.5
IMPROVEMENTS = {  # claim -> the network that lacks what it says helps; judged over all seeds
    "layerwise-signals-help": "no-layerwise",
    "more-data-helps": "less-data",
    "larger-network-helps": "smaller",
}


@dataclass(frozen=True)
class Read:
    """What the page has opened. models: network -> joint Bayesian artifacts, one a seed; regions, selected, hidden:
    artifacts of the first seed's networks.

    features, background: of the proposed network, on probed and background faces; untrained: of random weights, on
    probed faces; identified: by 'all regions'.
    """

    models: Mapping[str, Sequence[Arrays]]
    regions: Arrays
    selected: Arrays
    hidden: Arrays
    features: Arrays
    background: Arrays
    untrained: Arrays
    identified: Identified
    judged: Judges


def measure(read: Read, *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    """A statistic with its interval over people, or why there is none."""
    sparse, units, hidden, learnt = rng.spawn(4)
    return {
        **_performance(read),
        **_sparsity(read, resamples=resamples, rng=sparse),
        **_binary(read),
        **_selectivity(read, resamples=resamples, rng=units),
        **_robustness(read, resamples=resamples, rng=hidden),
        **_learnt(read, resamples=resamples, rng=learnt),
    }


def _performance(read: Read) -> dict[str, Measured]:
    judged, of = read.judged, read.judged.of_model
    found: dict[str, Measured] = {
        claim: judged.over_seeds(gain(read.models, network, judged).mean(axis=0))
        for claim, network in IMPROVEMENTS.items()
    }
    single = of(read.regions, "smaller and mirrored")
    together = of(read.regions, "all regions and mirrored")
    found["single-network-verification"] = judged.interval(of(read.regions, "proposed and mirrored"))
    found["ensemble-verification"] = judged.interval(together)
    found["regions-together-better"] = judged.interval(together - single)
    whole = of(read.models["proposed"][0], TOP)
    found["deep-above-low-level"] = judged.interval(whole - of(read.models["lbp"][0], "lbp"))
    found["closed-set"] = read.identified.closed
    found["open-set"] = read.identified.found
    return found


def _sparsity(read: Read, *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    shares = sparsity.activity(read.features["fc4"], read.judged.of.person, resamples=resamples, rng=rng)
    judged, before = read.judged, np.asarray(read.features["before-fc4"])
    table, drawn = sparsity.by_level(before, np.asarray(read.background["before-fc4"]), judged)
    others = np.max([drawn[level] for level in drawn if level < 0.3 or level > 0.7], axis=0)
    apart = dict(zip(table["level"], table["differ"], strict=True))
    outside = max(apart[level] for level in apart if level < 0.3 or level > 0.7)
    return {
        "half-of-units-active": shares["face"],
        "units-active-on-half-of-faces": shares["unit"],
        "most-units-moderately-active": shares["moderate"],
        "moderate-sparsity-discriminates": judged.interval(drawn[HALF] - others),
        "moderate-sparsity-separates": _only(apart[HALF] - outside, judged),
        "same-person-similar-pattern": judged.interval(sparsity.agreement(np.asarray(read.features["fc4"]), judged)),
    }


def _binary(read: Read) -> dict[str, Measured]:
    judged, models = read.judged, read.models["proposed"][0]
    real, bits = (judged.of_model(models, name) for name in (TOP, f"{TOP} bits"))
    size = memory(read.features["fc4"].shape[1])
    ratio = size["float32"] / size["bits"]
    return {
        "binarised-high-accuracy": judged.interval(bits),
        "binarised-little-lost": judged.interval(real - bits),
        "pattern-above-magnitude": judged.interval(bits - judged.of_model(models, f"{TOP} magnitudes")),
        "binary-saves-storage": Interval(ratio, ratio, ratio, 1, 0, "none: arithmetic", None, 0.95, 0),
    }


def _selectivity(read: Read, *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    selected = read.selected
    names = ("unit-of-an-identity-excitatory", "unit-of-an-identity-inhibitory")
    found: dict[str, Measured] = {}
    draws = draw_people(np.arange(selected.meta["people"]), resamples=resamples, rng=rng)
    held = {layer: 100 * np.asarray(selected[f"identities, {layer}"]) for layer in selected.meta["layers"]}
    for side, claim in enumerate(names):
        found[claim] = draws.interval(draws.mean(held[TOP][side]))
    for claim, other in {"higher-layers-more-selective": "proposed fc1", "more-selective-than-lbp": "lbp lbp"}.items():
        found[claim] = draws.interval(draws.mean(held[TOP].max(axis=0) - held[other].max(axis=0)))
    subsets = np.asarray(selected[f"subsets, {TOP}"]) - np.asarray(selected[f"subsets shuffled, {TOP}"])
    for side, name in enumerate(SIDES):
        found[f"{name}-subset"] = draws.interval(draws.mean(subsets[side]))
    columns = deepid_selectivity.attribute_columns(selected)
    claims = ("unit-of-an-attribute-excitatory", "unit-of-an-attribute-inhibitory")
    if not len(columns):
        unread = ("attributes-learnt-implicitly", "attributes-better-than-lbp", "higher-layers-tell-more-attributes")
        return found | dict.fromkeys((*claims, *unread, *(f"{name}-subset-of-an-attribute" for name in SIDES)), FEW)
    people = deepid_selectivity.drawn_people(selected, resamples=resamples, rng=rng)
    for side, claim in enumerate(claims):
        values = deepid_selectivity.single_unit_attributes(selected, TOP, side, columns, people)
        found[claim] = people.interval(values)
    top = deepid_selectivity.machine_attributes(selected, TOP, columns, people)
    for claim, other in {
        "attributes-learnt-implicitly": "untrained fc4",
        "attributes-better-than-lbp": "lbp lbp",
    }.items():
        found[claim] = people.interval(top - deepid_selectivity.machine_attributes(selected, other, columns, people))
    best = [
        np.mean([deepid_selectivity.single_unit_attributes(selected, layer, side, columns, people)
                 for side in range(len(SIDES))], axis=0)
        for layer in (TOP, "proposed fc1")
    ]  # fmt: skip
    found["higher-layers-tell-more-attributes"] = people.interval(best[0] - best[1])
    active = np.asarray(read.features["fc4"]) > 0
    kept = deepid_subsets.of_attributes(active, np.asarray(selected["labels"])[:, columns], people, rng=rng.spawn(1)[0])
    return found | {
        f"{name}-subset-of-an-attribute": _if_known(people.interval(kept[side]), FEW) for side, name in enumerate(SIDES)
    }


def _robustness(read: Read, *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    judged = deepid_hidden.judges_of(read.hidden, resamples=resamples, rng=rng)
    all_ = {name: deepid_hidden.accuracy(read.hidden, name, judged) for name in (TOP, "proposed fc1", "lbp")}
    left = {name: deepid_hidden.retained(found) for name, found in all_.items()}
    under = {name: deepid_hidden.covered(found) for name, found in all_.items()}
    return {
        "hidden-higher-layers-better": judged.interval(under[TOP] - under["proposed fc1"]),
        "hidden-better-than-lbp": judged.interval(under[TOP] - under["lbp"]),
        "higher-layers-more-robust": judged.interval(left[TOP] - left["proposed fc1"]),
        "more-robust-than-lbp": judged.interval(left[TOP] - left["lbp"]),
        "much-more-robust-than-lbp": _if_known(judged.interval(_over(left[TOP], left["lbp"])), NO_LEAD),
        "pattern-stable-when-hidden": judged.interval(deepid_hidden.kept_pattern(read.hidden, TOP, judged)),
    }


def _learnt(read: Read, *, resamples: int, rng: np.random.Generator) -> dict[str, Measured]:
    """The three properties of FC-4, each less the same of random weights."""
    of_faces, of_units, of_hidden = rng.spawn(3)
    people = draw_people(read.judged.of.person, resamples=resamples, rng=of_faces)
    low, high = sparsity.MODERATE
    rates = [
        sparsity.rates_of((np.asarray(features["fc4"]) > 0).astype(np.float32), people)
        for features in (read.features, read.untrained)
    ]
    moderate = [((one >= low) & (one <= high)).mean(axis=1) for one in rates]
    held = [np.asarray(read.selected[f"identities, {layer}"]).mean(axis=0) for layer in (TOP, TWIN)]
    folk = draw_people(np.arange(read.selected.meta["people"]), resamples=resamples, rng=of_units)
    judged = deepid_hidden.judges_of(read.hidden, resamples=resamples, rng=of_hidden)
    left = [deepid_hidden.retained(deepid_hidden.accuracy(read.hidden, name, judged)) for name in (TOP, TWIN)]
    return {
        "sparsity-comes-with-training": people.interval(moderate[0] - moderate[1]),
        "selectivity-comes-with-training": folk.interval(folk.mean(100 * (held[0] - held[1]))),
        "robustness-comes-with-training": _if_known(judged.interval(left[0] - left[1]), NO_LEAD),
    }


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, nan where whole is not above 0."""
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _if_known(found: Interval, otherwise: NotApplicable) -> Measured:
    return found if np.isfinite(found.value) else otherwise


def _only(value: float, judged: Judges) -> Interval:
    """A statistic of all pairs without an interval."""
    return Interval(float(value), np.nan, np.nan, judged.draws.people, 1, "identity", None, 0.95, 0)
