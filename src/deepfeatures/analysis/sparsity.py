"""How sparse a layer is: units active in a face, faces that activate a unit, and what more or less of it would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.deepid_verification import Judges
from deepfeatures.analysis.person_bootstrap import People, draw_people

Arrays = Mapping[str, np.ndarray]
LAYERS = ("fc1", "fc2", "fc3", "fc4")
MAPS = ("maps1", "maps2", "maps3", "maps4")
MODERATE = (0.3, 0.7)  # ours: a unit active on a share of the faces inside these limits is 'active on about half'
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # shares of faces in which a unit is made active


def shares(features: Arrays, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """(faces,) share of units active in each, (units,) share of faces that activate each. layer: of LAYERS or MAPS."""
    if layer in MAPS:
        return np.asarray(features[f"by-face-{layer}"]), np.asarray(features[f"by-unit-{layer}"])
    active = np.asarray(features[layer]) > 0
    return active.mean(axis=1), active.mean(axis=0)


def histograms(networks: Mapping[str, Arrays], *, layers: Sequence[str] = LAYERS, bins: int = 20) -> pd.DataFrame:
    """network, layer, of ('units active in a face' or 'faces that activate a unit'), low, high, share: of the faces or
    units whose share lies in a bin."""
    edges = np.linspace(0, 1, bins + 1)
    rows = []
    for network, features in networks.items():
        for layer in layers:
            for of, values in zip(("face", "unit"), shares(features, layer), strict=True):
                counts = np.histogram(values, edges)[0] / len(values)
                rows += [
                    (network, layer, of, low, high, share)
                    for low, high, share in zip(edges[:-1], edges[1:], counts, strict=True)
                ]
    return pd.DataFrame(rows, columns=["network", "layer", "of", "low", "high", "share"])


def table(networks: Mapping[str, Arrays]) -> pd.DataFrame:
    """A row a network and layer: mean and deviation of the share of units active in a face, and of a unit's share of
    faces its deviation, the share that is never active, always active, and moderate."""
    rows = []
    for network, features in networks.items():
        for layer in (*MAPS, *LAYERS):
            of_face, of_unit = shares(features, layer)
            inside = (of_unit >= MODERATE[0]) & (of_unit <= MODERATE[1])
            rows.append(
                (
                    network,
                    layer,
                    float(of_face.mean()),
                    float(of_face.std()),
                    float(of_unit.std()),
                    float((of_unit == 0).mean()),
                    float((of_unit == 1).mean()),
                    float(inside.mean()),
                )
            )
    columns = ["network", "layer", "active in a face", "sd over faces", "sd over units", "never", "always", "moderate"]
    return pd.DataFrame(rows, columns=columns)


def activity(
    features: np.ndarray, person: np.ndarray, *, resamples: int, rng: np.random.Generator
) -> dict[str, Interval]:
    """Intervals over people. 'face': mean share of units active in a face; 'unit': median over units of the share of
    faces that activate it; 'moderate': share of units inside MODERATE. features: (n, units) after a ReLU."""
    people = draw_people(person, resamples=resamples, rng=rng)
    active = (np.asarray(features) > 0).astype(np.float32)
    rates = rates_of(active, people)
    inside = ((rates >= MODERATE[0]) & (rates <= MODERATE[1])).mean(axis=1)
    return {
        "face": people.interval(rates.mean(axis=1)),
        "unit": people.interval(np.median(rates, axis=1)),
        "moderate": people.interval(inside),
    }


def rates_of(active: np.ndarray, people: People) -> np.ndarray:
    """(1 + draws, units): share of the drawn faces that activate each unit. active: (n, units)."""
    return people.sums(active) / people.sums(np.ones(len(active)))


def by_level(
    features: np.ndarray, background: np.ndarray, judged: Judges
) -> tuple[pd.DataFrame, dict[float, np.ndarray]]:
    """What codes tell that make every unit active on the same share of faces. features, background: (n, units) before
    the ReLU, so that units can be made more active than they are.

    The table: level, accuracy_percent, lo, hi (by Hamming distance), differ (mean share of units in which two people
    differ) and independent, 2 p (1 - p), the same of units that tell nothing. And accuracy in every draw, by level.
    Levels are quantiles of the background.
    """
    rows, drawn = [], {}
    pairs = judged.of.pairs
    for level in LEVELS:
        code = features > np.quantile(background, 1 - level, axis=0)
        differ = (code[pairs.first] != code[pairs.second]).mean(axis=1)
        drawn[level] = judged.accuracy(-differ)
        found = judged.interval(drawn[level])
        apart = float(differ[~pairs.same].mean())
        rows.append((level, float(code.mean()), found.value, found.lo, found.hi, apart, 2 * level * (1 - level)))
    columns = ["level", "active", "accuracy_percent", "lo", "hi", "differ", "independent"]
    return pd.DataFrame(rows, columns=columns), drawn


def agreement(features: np.ndarray, judged: Judges) -> np.ndarray:
    """(1 + draws,): share of units that agree in two images of one person, less that of two people."""
    active, pairs, weight = features > 0, judged.of.pairs, judged.draws.weight
    agree = (active[pairs.first] == active[pairs.second]).mean(axis=1)
    means = [(weight[:, which] @ agree[which]) / weight[:, which].sum(axis=1) for which in (pairs.same, ~pairs.same)]
    return np.asarray(means[0] - means[1])
