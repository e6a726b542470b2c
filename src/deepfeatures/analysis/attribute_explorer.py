"""Every attribute from every representation, one row each: what the chapter's explorer lets a reader choose from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis.attribute_errors import Arrays, Errors
from deepfeatures.data.attributes import GROUPS, NAMES

DATA = {"rendered": "rendered faces", "celeba": "CelebA"}
NETWORKS = {  # in words; a name that is not here stands as it is
    "pixels": "pixels",
    "untrained": "random weights",
    "trained": "identity network",
    "attributes": "attribute network",
    "deep": "both MobileFaceNets",
    "mobilefacenet-ms1m": "MobileFaceNet, MS1M",
    "mobilefacenet-casia": "MobileFaceNet, CASIA",
    "mobilefacenet-ms1m-untrained": "MobileFaceNet (as MS1M), random weights",
    "mobilefacenet-casia-untrained": "MobileFaceNet (as CASIA), random weights",
    "vgg-face": "VGG-Face (embedding: fc7)",
    "vgg-face-untrained": "VGG-Face, random weights",
    "facenet-vggface2": "FaceNet, VGGFace2",
    "facenet-vggface2-untrained": "FaceNet, weights in random order",
    "arcface-r50": "ArcFace R50",
    "arcface-r50-untrained": "ArcFace R50, weights in random order",
    "arcface-r100": "ArcFace R100",
    "arcface-r100-untrained": "ArcFace R100, weights in random order",
}
CHOSEN = "chosen by each fold"
PENALTIES = "penalties/"  # begins the names of artifacts that hold errors at every C (analysis.attribute_penalties)
SHORTENED = {"triplet": "triplet embedding", "pca": "PCA", "random": "random directions"}


def grid(data_sets: Mapping[str, Errors], artifacts: Mapping[str, Sequence[Arrays]]) -> pd.DataFrame:
    """Percent, with 95 % intervals over people: data, attribute, group, features, misses, alarms, error (their mean),
    each with _lo and _hi; C: CHOSEN, or a value of the grid, whose errors have no interval; chosen_C: how many folds
    (of every seed) chose which C, a dash where there is none to choose.

    artifacts: read-outs by 'data set/representation'; of some, under PENALTIES and that name, errors at every C.
    """
    rows = []
    for data, errors in data_sets.items():
        for group in GROUPS:
            for name in errors.in_group(group):
                for key, rates in errors.rates.items():
                    (column,) = rates.columns([name])
                    row: dict[str, object] = {
                        "data": DATA.get(data, data), "attribute": name.replace("_", " "), "group": group,
                        "features": in_words(key), "C": CHOSEN,
                    }  # fmt: skip
                    for kind, draws in (("misses", rates.fn), ("alarms", rates.fp), ("error", rates.error)):
                        found = errors.interval(100 * draws[..., column])
                        row |= {kind: found.value, f"{kind}_lo": found.lo, f"{kind}_hi": found.hi}
                    rows.append(row | {"chosen_C": _chosen(artifacts[f"{data}/{key}"], name)})
    return pd.DataFrame([*rows, *_at_every_penalty(data_sets, artifacts)])


def _at_every_penalty(
    data_sets: Mapping[str, Errors], artifacts: Mapping[str, Sequence[Arrays]]
) -> list[dict[str, object]]:
    """Rows of `grid` at every C of the grid, smallest first; the values that no fold chose among them."""
    rows: list[dict[str, object]] = []
    for data, errors in data_sets.items():
        for key in errors.rates:
            for one in artifacts.get(f"{PENALTIES}{data}/{key}", [])[:1]:
                misses, alarms = (100 * np.asarray(one[name]) for name in ("fn", "fp"))
                votes_of = artifacts[f"{data}/{key}"][:1]
                for at, value in enumerate(np.asarray(one["C"])):
                    for group in GROUPS:
                        for name in errors.in_group(group):
                            place = (at, NAMES.index(name))
                            known = {"misses": misses[place], "alarms": alarms[place]}
                            known["error"] = (known["misses"] + known["alarms"]) / 2
                            no_ends = {f"{kind}_{end}": np.nan for kind in known for end in ("lo", "hi")}
                            rows.append({
                                "data": DATA.get(data, data), "attribute": name.replace("_", " "), "group": group,
                                "features": in_words(key), "C": f"{value:g}", **known, **no_ends,
                                "chosen_C": _chosen(votes_of, name),
                            })  # fmt: skip
    return sorted(rows, key=lambda row: float(str(row["C"])))


def _chosen(readouts: Sequence[Arrays], attribute: str) -> str:
    try:
        return votes(np.concatenate([np.asarray(one["chosen_C"])[:, NAMES.index(attribute)] for one in readouts]))
    except KeyError:  # scores of a network of its own, with no machine behind them
        return "–"


def in_words(representation: str) -> str:
    """'deep/embedding+pca' as 'both MobileFaceNets, embedding, then PCA'."""
    network, _, layer = representation.partition("/")
    layer, _, shortened = layer.partition("+")
    words = [NETWORKS.get(network, network), *([layer] if layer not in ("", network) else [])]
    return ", ".join(words) + (f", then {SHORTENED.get(shortened, shortened)}" if shortened else "")


def votes(chosen: np.ndarray) -> str:
    """'0.001 ×4, 0.01 ×1': how many folds chose which C, smallest first. chosen: nan where a fold has no machine."""
    counts = Counter(float(value) for value in chosen[np.isfinite(chosen)])
    return ", ".join(f"{value:g} ×{count}" for value, count in sorted(counts.items())) or "–"
