"""Between a parameter space and the units of a layer, both ways, out of fold by people: an artifact.

Encoding, units from parameters: a row is a person (his mean response) where parameters are exact, an image where they
were fitted to photographs. Units have variance 1, so sums over units are in units of unit variance.
    row_person, row_total, row_linear, row_kernel, row_shuffled, row_shared (rows,): squared deviation from the training
    mean, squared errors of the linear map, of the map with a kernel, of the linear map of other people's parameters,
    and the part that another picture would repeat (`parameter_space_ceiling`), each a mean over units
    unit_linear, unit_kernel, unit_ceiling (units,): shares of each unit's variance
Decoding, parameters from units, image by image:
    identity (n,), truth, decoded (n, k) float32; image_total, image_linear, image_kernel (n,): squared deviation from
    the training mean and squared errors, means over parameters of variance 1
Codes of an image (`parameter_space_codes`):
    pair_first, pair_second, pair_same, similarity_<code> (pairs,); probe_person, rank_<code> (probes,);
    named (n,) bool: nearest of the people's *predicted* responses is the image's own (exact parameters only)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepfeatures.analysis import parameter_space_codes as codes
from deepfeatures.analysis import parameter_space_points
from deepfeatures.analysis.parameter_space_ceiling import repeated
from deepfeatures.analysis.parameter_space_linear import OutOfFold, Split, narrowed, out_of_fold, scale_of
from deepfeatures.analysis.parameter_space_points import Points, some_units
from deepfeatures.data.identities import identity_folds
from deepfeatures.probes.verification import pairs

SPLITS = 20  # random halves of everyone's images behind the ceiling
PAIRS = 10_000  # of one person, and of two


def make(
    out: Path, inputs: dict[str, Path], *, layer: str, folds: int, seed: int, centres: int
) -> None:
    """Write the arrays and summary.json. inputs: see parameter_space_points.read. centres: of the kernel."""
    points = parameter_space_points.read(inputs, layer)
    rng_folds, rng_encode, rng_decode, rng_codes, rng_halves = np.random.default_rng(seed).spawn(5)
    fold = identity_folds(points.identity, folds, rng=rng_folds)
    units = some_units(points.responses.shape[1], seed)
    encoded, encoding, kept = encode(points, units, fold, centres=centres, rng=rng_encode, rng_halves=rng_halves)
    scaled = narrowed(scale_of(points.responses)(points.responses), fold)
    decoded = out_of_fold(scaled, points.parameters, points.identity, fold, centres=centres, rng=rng_decode)
    arrays: dict[str, np.ndarray] = {
        **encoded,
        "identity": points.identity,
        "fold": fold,
        "truth": points.parameters.astype(np.float32),
        "decoded": decoded.linear.astype(np.float32),
        **errors(points, decoded),
        **recognise(points, fold, encoding, decoded, scaled, rng=rng_codes),
    }
    if points.by_person:
        scale = scale_of(points.rows(units)[1])
        of_person = fold[np.unique(points.identity, return_index=True)[1]]
        rows = scale(points.responses[:, units])
        arrays["named"] = codes.rank_1_among(rows, points.identity, fold, encoding.linear, of_person)
    for name, values in arrays.items():
        np.save(out / f"{name}.npy", values)
    summary: dict[str, Any] = {
        "layer": layer,
        "width": points.responses.shape[1],
        "units": kept,
        "images": len(points.identity),
        "people": points.people,
        "folds": folds,
        "row": "person" if points.by_person else "image",
        "names": list(points.names),
        "kinds": list(points.kinds),
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True, allow_nan=False) + "\n")


def encode(
    points: Points, units: np.ndarray, fold: np.ndarray, *, centres: int, rng: np.random.Generator,
    rng_halves: np.random.Generator,
) -> tuple[dict[str, np.ndarray], OutOfFold, int]:  # fmt: skip
    """Units from parameters: the arrays, what was predicted (rows, units), and how many units vary at all."""
    parameters, responses, person = points.rows(units)
    scale = scale_of(responses)
    target = scale(responses)
    row_fold = fold[np.unique(points.identity, return_index=True)[1]] if points.by_person else fold
    found = out_of_fold(parameters, target, person, row_fold, centres=centres, rng=rng)
    others = rng.permutation(len(parameters))
    shuffled = out_of_fold(parameters[others], target, person, row_fold, centres=0, rng=rng)
    total = np.square(target - found.constant)
    if points.by_person:
        shared = repeated(scale(points.responses[:, units]), points.identity, splits=SPLITS, rng=rng_halves)
    else:
        shared = total  # an image's response repeats exactly: nothing of it is noise
    wrong = {"linear": found.linear, "kernel": found.kernel, "shuffled": shuffled.linear}
    error = {name: np.square(target - said) for name, said in wrong.items()}
    arrays = {"row_person": person, "row_total": total.mean(axis=1), "row_shared": shared.mean(axis=1)}
    arrays |= {f"row_{name}": values.mean(axis=1) for name, values in error.items()}
    for name in ("linear", "kernel"):
        arrays[f"unit_{name}"] = 1 - error[name].sum(axis=0) / total.sum(axis=0)
    arrays["unit_ceiling"] = shared.sum(axis=0) / np.square(target).sum(axis=0)
    return arrays, found, target.shape[1]


def errors(points: Points, decoded: OutOfFold) -> dict[str, np.ndarray]:
    """image_total, image_linear, image_kernel (n,)."""
    said = {"total": decoded.constant, "linear": decoded.linear, "kernel": decoded.kernel}
    variance = np.maximum(points.parameters.var(axis=0), 1e-12)
    return {f"image_{name}": (np.square(points.parameters - one) / variance).mean(axis=1) for name, one in said.items()}


def recognise(
    points: Points, fold: np.ndarray, encoding: OutOfFold, decoded: OutOfFold, scaled: Sequence[Split], *,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Similarities of pairs, and which probes find their person, by code. scaled: an image's responses, by fold."""
    predicted = np.empty((len(fold), encoding.linear.shape[1]))
    made = []
    for left_out, model in enumerate(encoding.models):
        train, test = fold != left_out, fold == left_out
        predicted[test] = model.predict(decoded.linear[test])
        made.append((test, codes.whitened(scaled[left_out][0], points.identity[train], scaled[left_out][1])))
    round_ = np.zeros((len(fold), max(values.shape[1] for _, values in made)))
    for test, values in made:  # folds may differ in width, and are not compared
        round_[test, : values.shape[1]] = values
    of_code = {
        codes.OWN: points.responses.astype(np.float64), codes.WHITENED: round_,
        codes.DECODED: decoded.linear - points.parameters.mean(axis=0), codes.PREDICTED: predicted,
        codes.SHUFFLED: _of_others(points, fold, scaled, rng=rng),
    }  # fmt: skip
    every = pairs(points.identity, each=PAIRS * len(encoding.models), rng=rng)
    found = codes.within_folds(every, fold, PAIRS)
    arrays = {"pair_first": found.first, "pair_second": found.second, "pair_same": found.same}
    gallery, probe = codes.one_each(points.identity)
    arrays["probe_person"] = points.identity[probe]
    for name, similarity in codes.similarities(of_code, found).items():
        arrays[f"similarity_{name}"] = similarity.astype(np.float32)
        arrays[f"rank_{name}"] = codes.rank_1(of_code[name], points.identity, gallery, probe, fold)
    return arrays


def _of_others(points: Points, fold: np.ndarray, scaled: Sequence[Split], *, rng: np.random.Generator) -> np.ndarray:
    """(n, k): decoded by read-outs that were taught everyone's parameters as another person's, less their mean."""
    first = np.unique(points.identity, return_index=True)[1]
    dealt = points.parameters[rng.permutation(first)][points.identity]
    found = out_of_fold(scaled, dealt, points.identity, fold, centres=0, rng=rng)
    return found.linear - found.constant
