"""What a network of one's own keeps of faces: the book's read-outs of each layer, in tables, with their controls.

A table has a row a network and layer. Intervals are 95 %, people drawn anew. What cannot be asked of few people is not
asked: `too_few` says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis import attribute_chance, attribute_errors, pose_error, verification_by_view
from deepfeatures.analysis.attribute_errors import Arrays
from deepfeatures.analysis.attribute_labels import LEAST_PEOPLE, enough_people, people_of, signs_of
from deepfeatures.analysis.columns import Readout
from deepfeatures.data.attributes import NAMES
from deepfeatures.data.rudd2017_table1 import TOTAL
from deepfeatures.probes import verification
from deepfeatures.probes.mean_activation import directions

Key = tuple[str, str]  # network, layer
PAIRS = 8_000  # at most, of one person and of two each: as verification_by_view
DEALT_PAIRS = 1_000  # likewise, where names are dealt at random
READERS = {"linear": "linear", "kernel": "kernel", "constant: training mean": "mean", "constant: median": "median"}


def too_few(identity: np.ndarray, known: np.ndarray, pose: np.ndarray) -> dict[str, str]:
    """Why a question cannot be asked of these faces, by question: verification, attributes, pose; none is empty.

    identity: (n,); known: (n, attributes) of 1, 0, -1; pose: (n, 3) degrees, nan where unknown.
    """
    reasons = {}
    counts = np.unique(identity, return_counts=True)[1]
    several = int((counts > 1).sum())
    if several < LEAST_PEOPLE:
        reasons["verification"] = (
            f"{several} of {len(counts)} people have two images or more; {LEAST_PEOPLE} such people are needed"
        )
    signs = signs_of(known)
    if not enough_people(signs, identity).any():
        people = people_of(signs, identity).min(axis=0)
        reasons["attributes"] = (
            f"no attribute is known of at least {LEAST_PEOPLE} people who show it and {LEAST_PEOPLE} who lack it"
            + (f"; the best has {int(people.max())}" if people.max(initial=0) else "")
        )
    elif several < LEAST_PEOPLE:  # the read-out also says, fold by fold, how well its test people are told apart
        reasons["attributes"] = f"{reasons['verification']}, for this too"
    there = np.isfinite(pose[:, 0])
    turned = len(np.unique(identity[there]))
    if turned < LEAST_PEOPLE or not np.ptp(pose[there, 0]):
        reasons["pose"] = f"yaw is known of {turned} people; {LEAST_PEOPLE} are needed, turned differently"
    return reasons


def telling_apart(
    features: Mapping[Key, np.ndarray], identity: np.ndarray, *, resamples: int, permutations: int,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """network, layer, width, auc, lo, hi, dealt, dealt_lo, dealt_hi, p: of cosine, of one person against of two.

    features: (n, d) of the same n images. dealt: the same with people's names dealt to images at random, mean and 95 %
    of its draws; p: the share of draws (with the one that was measured) that reach what was measured.
    """
    _, person = np.unique(identity, return_inverse=True)
    chosen = verification.pairs(person, each=PAIRS, rng=rng)
    fewer = verification.pairs(person, each=DEALT_PAIRS, rng=rng)
    orders = [rng.permutation(len(person)) for _ in range(permutations)]
    rows = []
    for (network, layer), values in features.items():
        similarity = verification.cosine_of_pairs(values, chosen)
        found = verification_by_view.auc(similarity, chosen, person, resamples=resamples, rng=rng)
        unit = directions(np.asarray(values, np.float64)).astype(np.float32)

        def of(order: np.ndarray, unit: np.ndarray = unit) -> float:
            cosine = np.einsum("nd,nd->n", unit[order[fewer.first]], unit[order[fewer.second]])
            return verification.verification(cosine, fewer.same, fpr=()).auc

        dealt, measured = np.array([of(order) for order in orders]), of(np.arange(len(person)))
        low, high = np.quantile(dealt, [0.025, 0.975])
        rows.append({
            "network": network, "layer": layer, "width": values.shape[1], "auc": found.value,
            "lo": min(found.lo, found.value), "hi": max(found.hi, found.value), "dealt": dealt.mean(),
            "dealt_lo": low, "dealt_hi": high, "p": (1 + (dealt >= measured).sum()) / (1 + permutations),
        })  # fmt: skip
    table = pd.DataFrame(rows)
    table.attrs = {"people": int(person.max()) + 1, "images": len(person), "same": int(chosen.same.sum()),
                   "different": int((~chosen.same).sum())}  # fmt: skip
    return table


def attributes(
    faces: Arrays, readouts: Mapping[Key, Arrays], labels: Sequence[str], *, resamples: int, permutations: int,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Over all attributes (network, layer, error, lo, hi, better, of) and one by one (attribute, people_show,
    people_lack, network, layer, error, lo, hi): balanced error, 0.5 is chance and any constant answer.

    labels: names of the columns of faces['attributes']. better: how many of `of` are read better than by chance.
    """
    grouped = {f"{network}/{layer}": [one] for (network, layer), one in readouts.items()}
    errors = attribute_errors.measure(faces, grouped, resamples=resamples, rng=rng)
    if not errors.names:
        reasons = [f"{labels[NAMES.index(name)]} ({show} show it, {lack} lack it)"
                   for name, (lack, show) in errors.too_few.items() if NAMES.index(name) < len(labels)]  # fmt: skip
        raise ValueError(f"no attribute of enough people is left: {', '.join(reasons)}")
    columns = [NAMES.index(name) for name in errors.names]
    people = people_of(signs_of(np.asarray(faces["attributes"]))[columns], np.asarray(faces["identity"]))
    whole, single = [], []
    for (network, layer), one in readouts.items():
        rates = errors[f"{network}/{layer}"]
        mean = errors.interval(rates.error.mean(axis=2))
        chance = attribute_chance.against_chance(faces, [one], errors.names, permutations=permutations, rng=rng)
        where = {"network": network, "layer": layer}
        whole.append(where | {"error": mean.value, "lo": mean.lo, "hi": mean.hi, "better": len(chance.better()),
                              "of": len(errors.names)})  # fmt: skip
        for number, column in enumerate(columns):
            found = errors.interval(rates.error[..., number])
            single.append({"attribute": labels[column], "people_show": int(people[1, number]),
                           "people_lack": int(people[0, number])} | where
                          | {"error": found.value, "lo": found.lo, "hi": found.hi})  # fmt: skip
    table = pd.DataFrame(whole)
    table.attrs = {"people": errors.people, "images": errors.images}
    return table, pd.DataFrame(single)


def pose(
    readouts: Mapping[Key, Readout], *, resamples: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean absolute error of each angle (network, layer, angle, predictor, error_deg, lo, hi) over all images, and of
    |yaw| by its range (network, layer, predictor, range, error_deg, lo, hi, images, people). predictor: of READERS.
    """
    whole, ranges = [], []
    for (network, layer), one in readouts.items():
        for angle in one.summary["targets"]:
            answers = {label: pose_error.answer([one], reader, angle) for label, reader in READERS.items()}
            table = pose_error.by_range(answers, one, target=angle, resamples=resamples, rng=rng)
            table.insert(0, "layer", layer)
            table.insert(0, "network", network)
            over = table[table["range"] == TOTAL].drop(columns="range")
            over.insert(2, "angle", angle)
            whole.append(over)
            if angle == "abs_yaw":
                ranges.append(table[table["range"] != TOTAL])
    drop = ["bias_deg", "slope"]
    found = [pd.concat(parts, ignore_index=True).drop(columns=drop) for parts in (whole, ranges)]
    return found[0], found[1]
