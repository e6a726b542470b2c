"""Verification and identification by joint Bayesian models, from coordinates that artifacts hold; people resampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval, over_seeds, seed_deviations
from deepfeatures.analysis.face_pairs import FoldedPairs, PairDraws, decided, draw_pairs, folded_pairs
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.probes.binary_codes import bits, hamming, pack
from deepfeatures.probes.identification import open_set, rank_1
from deepfeatures.probes.joint_bayesian import JointBayesian
from deepfeatures.probes.verification import cosine_of_pairs

Arrays = Mapping[str, np.ndarray]  # an opened artifact: arrays by name
LAYERS = ("fc1", "fc2", "fc3", "fc4")
NETWORKS = {
    "proposed": "DeepID2+",
    "no-layerwise": "without layer-wise signals",
    "less-data": "less training data",
    "smaller": "fewer maps and units",
    "untrained": "random weights",
    "lbp": "LBP",
}
FALSE_ALARMS = 0.01


@dataclass(frozen=True)
class Judges:
    """Which pairs are judged, and how people are drawn: the same for everything that is compared."""

    of: FoldedPairs
    draws: PairDraws
    of_seeds: int = 0  # begins the draws of networks, where several were trained
    # With the artifact itself, so that no other one can come to have its id.
    _known: dict[tuple[int, str], tuple[Arrays, np.ndarray]] = field(default_factory=dict)

    def accuracy(self, similarity: np.ndarray) -> np.ndarray:
        """% of pairs judged rightly in every draw: (1 + draws,). similarity: (pairs,)."""
        return 100 * self.draws.accuracy(decided(similarity, self.of.pairs.same, self.of.fold))

    def of_model(self, models: Arrays, name: str) -> np.ndarray:
        """The same by log likelihood ratios of a representation of a joint Bayesian artifact."""
        key = (id(models), name)
        if key not in self._known:
            self._known[key] = models, self.accuracy(ratios(models, name, self.of))
        return self._known[key][1]

    def of_networks(self, models: Sequence[Arrays], name: str) -> np.ndarray:
        """The same of networks from several seeds, one artifact each: (seeds, 1 + draws)."""
        return np.stack([self.of_model(one, name) for one in models])

    def interval(self, values: np.ndarray) -> Interval:
        return self.draws.interval(values)

    def over_seeds(self, values: np.ndarray) -> Interval:
        """A statistic averaged over networks, people and networks drawn. values: (seeds, 1 + draws)."""
        if len(values) == 1:
            return self.interval(values[0])
        deviations = seed_deviations(len(values), values.shape[1] - 1, np.random.default_rng(self.of_seeds))
        found = over_seeds(values[:, 0], values[:, 1:].T, deviations, n=self.draws.people, unit="identity")
        return replace(found, lo=min(found.lo, found.value), hi=max(found.hi, found.value))


def judges(models: Arrays, *, folds: int, resamples: int, rng: np.random.Generator) -> Judges:
    """Pairs among the probed faces of a joint Bayesian artifact."""
    pairs_rng, draws_rng, seeds_rng = rng.spawn(3)
    of = folded_pairs(np.asarray(models["identity"]), folds=folds, rng=pairs_rng)
    return Judges(of, draw_pairs(of, resamples=resamples, rng=draws_rng), int(seeds_rng.integers(2**32)))


def ratios(models: Arrays, name: str, of: FoldedPairs) -> np.ndarray:
    """(pairs,) log likelihood ratios."""
    at = np.asarray(models[name], np.float64)
    return _model(models, name).of_pairs(at[of.pairs.first], at[of.pairs.second])


def _model(models: Arrays, name: str) -> JointBayesian:
    # Coordinates are kept, so the map to them is not needed again.
    return JointBayesian(np.zeros(0), np.zeros((0, 0)), np.asarray(models[f"{name}.person"]))


def by_layer(models: Mapping[str, Sequence[Arrays]], judged: Judges) -> pd.DataFrame:
    """network, layer, accuracy_percent, lo, hi: figure 3, with the random twin and LBP beside it.

    models: network (a key of NETWORKS) -> the artifacts that have it, one a seed.
    """
    rows = []
    for network, label in NETWORKS.items():
        if network not in models:
            continue
        for layer in ("",) if network == "lbp" else LAYERS:
            found = judged.over_seeds(judged.of_networks(models[network], f"{network} {layer}".strip()))
            rows.append((label, layer.replace("fc", "FC-"), found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["network", "layer", "accuracy_percent", "lo", "hi"])


def gain(models: Mapping[str, Sequence[Arrays]], network: str, judged: Judges) -> np.ndarray:
    """(layers, seeds, 1 + draws): percentage points by which the whole network is better than `network`, pair by pair.

    models: as for `by_layer`. Raises ValueError where the two were not trained from equally many seeds.
    """
    if len(models["proposed"]) != len(models[network]):
        raise ValueError(f"{len(models['proposed'])} whole networks beside {len(models[network])} of {network}")
    return np.stack([
        judged.of_networks(models["proposed"], f"proposed {layer}")
        - judged.of_networks(models[network], f"{network} {layer}")
        for layer in LAYERS
    ])  # fmt: skip


def gains(models: Mapping[str, Sequence[Arrays]], judged: Judges) -> pd.DataFrame:
    """ablation, layer, gain, lo, hi: percentage points by which the whole network is better, pair by pair."""
    rows = []
    for network in ("no-layerwise", "less-data", "smaller"):
        of_layers = gain(models, network, judged)
        for layer, values in [*zip(LAYERS, of_layers, strict=True), ("mean", of_layers.mean(axis=0))]:
            found = judged.over_seeds(values)
            rows.append((NETWORKS[network], layer.replace("fc", "FC-"), found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["ablation", "layer", "gain", "lo", "hi"])


def of_representations(models: Arrays, names: Mapping[str, str], judged: Judges) -> pd.DataFrame:
    """representation, numbers (of the joint Bayesian coordinates), accuracy_percent, lo, hi. names: name -> label."""
    rows = []
    for name, label in names.items():
        found = judged.interval(judged.of_model(models, name))
        rows.append((label, int(models[name].shape[1]), found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["representation", "coordinates", "accuracy_percent", "lo", "hi"])


@dataclass(frozen=True)
class Identified:
    """In every draw of people, %: closed: rank-1; found: DIR; alarms: the measured false alarm rate, one number."""

    closed: Interval
    found: Interval
    alarms: float


def identified(
    models: Arrays, name: str, yaw_deg: np.ndarray, *, resamples: int, rng: np.random.Generator
) -> Identified:
    """One gallery image a person, the most frontal; all others are probes. In the open set a random half of the people
    are in the gallery. yaw_deg: (n,) of the artifact's faces.

    The intervals are over the people of the probes; gallery and threshold stay as they are.
    """
    person = np.unique(np.asarray(models["identity"]), return_inverse=True)[1]
    halves, draws = rng.spawn(2)
    inside = halves.permutation(int(person.max()) + 1) % 2 == 0
    at, model = np.asarray(models[name], np.float64), _model(models, name)
    order = np.lexsort((np.abs(yaw_deg), person))
    gallery = order[np.unique(person[order], return_index=True)[1]]
    probes = np.setdiff1d(np.arange(len(person)), gallery)
    scores = model.of_all(at[gallery], at[probes])
    closed = rank_1(scores, person[gallery], person[probes])
    known = inside[person[gallery]]
    opened = open_set(scores[known], person[gallery][known], person[probes], false_alarm_rate=FALSE_ALARMS)
    found = []
    for right, of in ((closed, person[probes]), (opened.found, person[probes][inside[person[probes]]])):
        people = draw_people(of, resamples=resamples, rng=draws)
        found.append(people.interval(100 * people.mean(right.astype(float))))
    return Identified(found[0], found[1], 100 * opened.false_alarms)


def identification(
    models: Sequence[tuple[str, Arrays, str]], yaw_deg: np.ndarray, *, resamples: int, rng: np.random.Generator
) -> list[list[object]]:
    """Rows for a table: label, rank-1 %, DIR %, measured false alarm rate %. models: (label, artifact, name)."""
    rows: list[list[object]] = []
    seed = int(rng.integers(2**32))  # the same draws of people for all of them
    for label, artifact, name in models:
        one = identified(artifact, name, yaw_deg, resamples=resamples, rng=np.random.default_rng(seed))
        rows.append([label, one.closed, one.found, one.alarms])
    return rows


def without_models(features: np.ndarray, judged: Judges) -> tuple[np.ndarray, np.ndarray]:
    """(1 + draws,) %, by cosine of features (n, d), and by the Hamming distance of their bits: nothing is learnt."""
    pairs = judged.of.pairs
    code = bits(features) if not (features < 0).any() else bits(features, np.median(features, axis=0))
    differ = (code[pairs.first] != code[pairs.second]).sum(axis=1)
    return judged.accuracy(cosine_of_pairs(features, pairs)), judged.accuracy(-differ.astype(float))


def memory(units: int) -> dict[str, int]:
    """Bytes of one face: as float32 and as packed bits."""
    code = pack(np.zeros((1, units), bool))
    assert hamming(code, code).item() == 0
    return {"float32": 4 * units, "bits": int(code.nbytes)}
