"""Published networks and LBP on photographs: what bits lose, what single units tell, what hiding a part leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis import deepid_hidden, deepid_selectivity
from deepfeatures.analysis.deepid_verification import judges
from deepfeatures.analysis.hidden_faces import WHOLE
from deepfeatures.analysis.sparsity import MODERATE
from deepfeatures.probes.single_units import SIDES

Arrays = Any  # an opened artifact with `meta`


def binarised(
    models: Arrays | None = None, *, folds: int, resamples: int, rng: np.random.Generator
) -> list[list[object]]:
    """Rows: features, accuracy as they are, as bits at the median and by sign (nan of LBP, which has no signs), and
    what the better of the two loses.

    None: no photographs, no rows.
    """
    if models is None:
        return []
    judged = judges(models, folds=folds, resamples=resamples, rng=rng)
    rows: list[list[object]] = []
    for name in models.meta["representations"]:
        if name.endswith((" bits", " signs")):
            continue
        real, bits = (judged.of_model(models, f"{name}{ending}") for ending in ("", " bits"))
        # Histograms have no signs: of LBP there are bits at the median alone.
        signs = judged.of_model(models, f"{name} signs") if f"{name} signs" in models else None
        better = bits if signs is None or bits[0] >= signs[0] else signs
        by_sign = np.nan if signs is None else judged.interval(signs)
        rows.append([name, judged.interval(real), judged.interval(bits), by_sign, judged.interval(real - better)])
    return rows


def activity(features: Mapping[str, Arrays], layers: Sequence[str]) -> list[list[object]]:
    """Rows: network, layer, numbers, share of them above 0 in a photograph, and share that 30 to 70 % of them
    have above 0; nan where numbers are signed, since no unit is silent there. features: network -> its artifact."""
    rows: list[list[object]] = []
    for network, one in features.items():
        for layer in layers:
            values = np.asarray(one[layer])
            if (values < 0).any():
                rows.append([network, layer, values.shape[1], np.nan, np.nan])
            else:
                rates = (values > 0).mean(axis=0)
                inside = (rates >= MODERATE[0]) & (rates <= MODERATE[1])
                rows.append([network, layer, values.shape[1], float(rates.mean()), float(inside.mean())])
    return rows


def hidden(
    found: Arrays | None = None, *, resamples: int, rng: np.random.Generator
) -> tuple[list[str], list[list[object]]]:
    """Headings and rows: features; % of pairs judged rightly of whole faces and under each cover; share of the lead
    over chance that is left, mean over covers (nan where whole faces may be judged no better than by a coin: there is
    no lead to keep); how much of the pattern is left (nan where there are no units).

    found: an artifact of analysis.hidden_photographs; None: no photographs, no rows.
    """
    conditions = found.meta["conditions"] if found is not None else []
    covers = [(name, f"{hider} {100 * share:.0f} %") for name, hider, share in conditions if hider]
    headings = ["features", "whole, %", *(label for _, label in covers), "lead left", "pattern left"]
    if found is None:
        return headings, []
    judged = deepid_hidden.judges_of(found, resamples=resamples, rng=rng)
    rows: list[list[object]] = []
    for name in found.meta["representations"]:
        if name.endswith((" bits", " signs")):
            continue
        accuracy = deepid_hidden.accuracy(found, name, judged)
        under = [float(accuracy[cover][0]) for cover, _ in covers]
        whole = judged.interval(accuracy[WHOLE])
        left = judged.interval(deepid_hidden.retained(accuracy)) if whole.lo > deepid_hidden.CHANCE else np.nan
        known = f"agree, {name} bits" in found
        pattern = judged.interval(deepid_hidden.kept_pattern(found, f"{name} bits", judged)) if known else np.nan
        rows.append([name, whole, *under, left, pattern])
    return headings, rows


def machines(selected: Arrays | None = None, *, resamples: int, rng: np.random.Generator) -> list[list[object]]:
    """`deepid_selectivity.machines`; no rows without photographs."""
    return [] if selected is None else deepid_selectivity.machines(selected, resamples=resamples, rng=rng)


UNITS = ["what", "side", "layer", "accuracy_percent", "lo", "hi", "chosen_percent", "shuffled_percent", "people"]


def single_units(selected: Arrays | None = None, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """`deepid_selectivity.by_layer`; no rows without photographs."""
    if selected is None:
        return pd.DataFrame(columns=UNITS)
    return deepid_selectivity.by_layer(selected, resamples=resamples, rng=rng)


def single_unit_rows(units: pd.DataFrame) -> list[list[object]]:
    """Rows: layer; of attributes of a person, then of identities: people, the best excitatory and the best inhibitory
    unit, held out; of identities also the better side where images are dealt at random. units: of `single_units`."""
    rows: list[list[object]] = []
    for layer in dict.fromkeys(units["layer"]):
        row: list[object] = [layer]
        for what in ("attributes of a person", "identities"):
            own = units[(units["layer"] == layer) & (units["what"] == what)].set_index("side")
            row += [str(int(own["people"].iloc[0])) if len(own) else "–"]
            row += [_held_out(own.loc[side]) if side in own.index else np.nan for side in SIDES]
        row.append(float(own["shuffled_percent"].max()) if len(own) else np.nan)
        rows.append(row)
    return rows


@dataclass(frozen=True)
class HeldOut:
    """A number and its interval over people, as tables show them."""

    value: float
    interval: tuple[float, float] | None


def _held_out(row: pd.Series) -> HeldOut:
    lo, hi = float(row["lo"]), float(row["hi"])
    return HeldOut(float(row["accuracy_percent"]), None if np.isnan(lo) else (lo, hi))
