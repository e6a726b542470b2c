"""Tables of what single units tell of attributes and identities, by layer; and of what whole layers tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.data.attributes import ATTRIBUTES, GROUPS
from deepfeatures.probes.single_units import SIDES

Arrays = Any  # an opened artifact with `meta`
RELATED = tuple(one.name for one in ATTRIBUTES if one.group in GROUPS[:2])  # of a person, or tends to be


def drawn_people(selected: Arrays, *, resamples: int, rng: np.random.Generator) -> People:
    return draw_people(np.asarray(selected["person"]), resamples=resamples, rng=rng)


def attribute_columns(selected: Arrays, names: Sequence[str] | None = None) -> np.ndarray:
    """Columns of the attributes that were read and are among `names` (None: those of a person, RELATED)."""
    wanted = RELATED if names is None else names
    return np.flatnonzero([name in wanted for name in selected.meta["attributes"]])


def single_unit_attributes(selected: Arrays, layer: str, side: int, columns: np.ndarray, people: People) -> np.ndarray:
    """(1 + draws,) %: mean over attributes of the balanced accuracy of one unit, chosen on other people."""
    says = np.asarray(selected[f"says, {layer}"])[side][columns] > 0
    return _balanced(says, np.asarray(selected["labels"])[:, columns], people)


def machine_attributes(selected: Arrays, layer: str, columns: np.ndarray, people: People) -> np.ndarray:
    """The same by a linear machine on the whole layer."""
    says = np.asarray(selected[f"machines, {layer}"])[columns] > 0
    return _balanced(says, np.asarray(selected["labels"])[:, columns], people)


def _balanced(says: np.ndarray, labels: np.ndarray, people: People) -> np.ndarray:
    rates = []
    for value, right in ((1, says), (0, ~says)):
        there = (labels == value).T
        hits, count = people.sums((there & right).T), people.sums(there.T)
        rates.append(np.divide(hits, count, out=np.full_like(hits, np.nan), where=count > 0))
    return np.asarray(100 * np.nanmean((rates[0] + rates[1]) / 2, axis=1))


def over_people(values: np.ndarray, *, resamples: int, rng: np.random.Generator) -> Interval:
    """Mean over people, each of whom has one value. values: (people,)."""
    people = draw_people(np.arange(len(values)), resamples=resamples, rng=rng)
    return people.interval(people.mean(np.asarray(values, np.float64)))


def by_layer(selected: Arrays, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """what ('attributes of a person', 'identities'), side, layer, accuracy_percent, lo, hi (held out), chosen_percent
    (where the unit was chosen: inflated), shuffled_percent (identities dealt at random; nan of attributes),
    people (drawn for the interval)."""
    rows = []
    draws_rng, people_rng = rng.spawn(2)
    people = drawn_people(selected, resamples=resamples, rng=draws_rng)
    columns = attribute_columns(selected)
    for layer in selected.meta["layers"]:
        for side, name in enumerate(SIDES):
            if len(columns):
                held = people.interval(single_unit_attributes(selected, layer, side, columns, people))
                chosen = 100 * float(np.asarray(selected[f"chosen, {layer}"])[side][columns].mean())
                rows.append(
                    ("attributes of a person", name, layer, held.value, held.lo, held.hi, chosen, np.nan, held.n)
                )
            if selected.meta["people"]:
                values = 100 * np.asarray(selected[f"identities, {layer}"])[side]
                held = over_people(values, resamples=resamples, rng=people_rng)
                chosen, null = (
                    100 * float(np.asarray(selected[f"{part}, {layer}"])[side].mean())
                    for part in ("identities chosen", "shuffled")
                )
                rows.append(("identities", name, layer, held.value, held.lo, held.hi, chosen, null, held.n))
    columns_ = ["what", "side", "layer", "accuracy_percent", "lo", "hi", "chosen_percent", "shuffled_percent", "people"]
    return pd.DataFrame(rows, columns=columns_)


def subsets(selected: Arrays, *, resamples: int, rng: np.random.Generator) -> list[list[object]]:
    """Rows: layer, excess of activity in the excited subset and its lack in the inhibited one, and both shuffled."""
    rows: list[list[object]] = []
    for layer in selected.meta["layers"]:
        if f"subsets, {layer}" not in selected or layer.startswith("lbp"):  # a histogram has no silent units
            continue
        found = np.asarray(selected[f"subsets, {layer}"])
        null = np.asarray(selected[f"subsets shuffled, {layer}"])
        rows.append(
            [
                layer,
                *(over_people(side, resamples=resamples, rng=rng) for side in found),
                *(float(side.mean()) for side in null),
            ]
        )
    return rows


def machines(selected: Arrays, *, resamples: int, rng: np.random.Generator) -> list[list[object]]:
    """Rows: layer, balanced accuracy of linear machines over the attributes of a person, over all, and of one unit."""
    people = drawn_people(selected, resamples=resamples, rng=rng)
    related, every = attribute_columns(selected), np.arange(len(selected.meta["attributes"]))
    if not len(related):
        return []
    return [
        [
            layer,
            *(people.interval(machine_attributes(selected, layer, columns, people)) for columns in (related, every)),
            people.interval(single_unit_attributes(selected, layer, 0, related, people)),
        ]
        for layer in selected.meta["layers"]
    ]


def by_attribute(selected: Arrays, layers: Mapping[str, str], people: People) -> pd.DataFrame:
    """attribute, layer (label), unit_percent (the better side, held out), machine_percent. layers: layer -> label."""
    rows = []
    for column, name in enumerate(selected.meta["attributes"]):
        only = np.array([column])
        for layer, label in layers.items():
            side = int(np.argmax(np.asarray(selected[f"chosen, {layer}"])[:, column]))
            unit = single_unit_attributes(selected, layer, side, only, people)[0]
            machine = machine_attributes(selected, layer, only, people)[0]
            rows.append((name.replace("_", " "), label, float(unit), float(machine)))
    return pd.DataFrame(rows, columns=["attribute", "layer", "unit_percent", "machine_percent"])
