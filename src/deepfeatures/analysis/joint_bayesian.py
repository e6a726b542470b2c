"""Joint Bayesian models of several representations, fitted on people of one world and asked about those of another.

The paper learns its models on 2,000 people whom the networks have not seen and tests them on LFW. Here a `background`
world takes the part of those people; of photographs, which are one set, half of the people do.

    rows (n,) of the probed faces artifact; identity (n,); for each representation NAME:
    NAME (n, k) float32: coordinates of the probed faces; NAME.person (k,), NAME.mean (d,), NAME.map (d, k),
    NAME.threshold (d,): what `model_of` reads back. Hiding other faces' parts goes through the same models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from deepfeatures.data.identities import draw_identities
from deepfeatures.probes.joint_bayesian import JointBayesian, fit

BACKGROUND = "background "  # begins the names of inputs that a model is fitted on
AS_THEY_ARE, BITS, SIGNS, MEDIANS, MAGNITUDES = "real", "bits", "signs", "medians", "magnitudes"
KINDS = (AS_THEY_ARE, BITS, SIGNS, MEDIANS, MAGNITUDES)


@dataclass(frozen=True)
class Coder:
    """What is kept of features before a model sees them. threshold: (d,) above which a unit is active.

    bits, signs, medians: 1 where active, else 0. magnitudes: inactive units are given their mean when active
    (`typical`), so that only how active a unit is remains, and not whether.
    """

    kind: str
    threshold: np.ndarray
    typical: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        if self.kind == AS_THEY_ARE:
            return np.asarray(features)
        active = features > self.threshold
        return np.where(active, features, self.typical) if self.kind == MAGNITUDES else active.astype(np.float32)


def coder(kind: str, features: np.ndarray) -> Coder:
    """Fitted on the background's features (n, d).

    Threshold: 0 for signs, the medians for medians; else 0 where nothing is negative (a ReLU), or the medians.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: allowed are {', '.join(KINDS)}")
    half = kind == MEDIANS or (kind != SIGNS and bool((features < 0).any()))
    threshold = np.median(features, axis=0) if half else np.zeros(features.shape[1], features.dtype)
    active = features > threshold
    total = np.where(active, features, 0.0).sum(axis=0)
    return Coder(
        kind, threshold, np.divide(total, active.sum(axis=0), where=active.any(axis=0), out=np.zeros_like(total))
    )


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    representations: Mapping[str, Mapping[str, Any]],
    dimensions: int,
    seed: int = 0,
) -> None:
    """inputs: 'faces' and features of them; the same of the background, named 'background ' and so on, or none of
    those: half of the people are then the background.

    representations: name -> {'parts': [[input, layer], ...] side by side, 'kind': one of KINDS}. dimensions: principal
    components that a model sees at most; fewer where there are few people.
    """
    probed = _rows(inputs, representations)
    identity = np.load(inputs["faces"] / "identity.npy")[probed]
    apart = f"{BACKGROUND}faces" in inputs
    if apart:
        learnt_from = np.load(inputs[f"{BACKGROUND}faces"] / "identity.npy")
        mask = np.ones(len(probed), bool)
    else:
        mask = ~draw_identities(identity, 0.5, rng=np.random.default_rng([seed, 3]))
        learnt_from = identity[~mask]
    people = len(np.unique(learnt_from))
    kept = max(2, min(dimensions, people // 3))  # S_person is learnt from people: several for each direction
    for name, one in tqdm(representations.items(), desc="joint Bayesian", unit="model", mininterval=1):
        parts = one["parts"]
        values = np.concatenate([_layer(inputs, part, probed) for part in parts], axis=1)
        if apart:
            seen = np.concatenate([np.load(inputs[BACKGROUND + n] / f"{layer}.npy") for n, layer in parts], axis=1)
        else:
            seen = values[~mask]
        code = coder(one["kind"], seen)
        model = fit(code(seen), learnt_from, dimensions=kept)
        np.save(out / f"{name}.npy", model.coordinates(code(values[mask])).astype(np.float32))
        for field in ("person", "mean", "map"):
            np.save(out / f"{name}.{field}.npy", getattr(model, field))
        np.save(out / f"{name}.threshold.npy", code.threshold)
        np.save(out / f"{name}.typical.npy", code.typical)
    np.save(out / "rows.npy", probed[mask])
    np.save(out / "identity.npy", identity[mask])
    summary = {
        "representations": {name: dict(one) for name, one in representations.items()},
        "dimensions": kept,
        "background_people": people,
        "background_images": len(learnt_from),
        "people": len(np.unique(identity[mask])),
        "images": int(mask.sum()),
    }
    (out / "meta.json").write_text(json.dumps(summary, indent=1, sort_keys=True) + "\n")


def model_of(folder: Path, name: str) -> tuple[Coder, JointBayesian]:
    """A representation's model as `make` wrote it. folder: the artifact's."""
    kind = json.loads((folder / "meta.json").read_text())["representations"][name]["kind"]
    arrays = {
        field: np.load(folder / f"{name}.{field}.npy") for field in ("threshold", "typical", "mean", "map", "person")
    }
    model = JointBayesian(arrays["mean"], arrays["map"], arrays["person"])
    return Coder(kind, arrays["threshold"], arrays["typical"]), model


def _rows(inputs: Mapping[str, Path], representations: Mapping[str, Mapping[str, Any]]) -> np.ndarray:
    """Rows of the faces of which every named input has features."""
    ids = np.load(inputs["faces"] / "ids.npy")
    there = np.ones(len(ids), bool)
    for name in {part[0] for one in representations.values() for part in one["parts"]}:
        there &= np.isin(ids, np.load(inputs[name] / "ids.npy"))
    return np.flatnonzero(there)


def _layer(inputs: Mapping[str, Path], part: Sequence[str], rows: np.ndarray) -> np.ndarray:
    name, layer = part
    wanted = np.load(inputs["faces"] / "ids.npy")[rows]
    ids = np.load(inputs[name] / "ids.npy")
    values = np.load(inputs[name] / f"{layer}.npy", mmap_mode="r")
    if len(ids) == len(wanted) and (ids == wanted).all():
        return np.asarray(values)
    place = {one: at for at, one in enumerate(ids.tolist())}
    return np.asarray(values[[place[one] for one in wanted.tolist()]])
