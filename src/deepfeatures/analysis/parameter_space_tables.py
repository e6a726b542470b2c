"""Tables of chapter parameter-space: what its figures draw and its page prints.

Read-outs as in analysis.parameter_space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis import parameter_space as space
from deepfeatures.analysis import parameter_space_codes as codes
from deepfeatures.analysis import parameter_space_rebuilt
from deepfeatures.analysis.parameter_space import Group, Readout
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.data import face_space

WAYS = {"linear": "linear", "kernel": "with a kernel"}
CODES = {
    codes.OWN: "the network's own",
    codes.WHITENED: "its own, spread within people made round",
    codes.DECODED: "decoded parameters",
    codes.PREDICTED: "predicted units",
    codes.SHUFFLED: "decoded, taught other people's parameters",
}


def parameters() -> pd.DataFrame:
    """kind, why, parameters (how many), names: the parameters of a rendered person, a row a reason."""
    found = face_space.table()
    return found.assign(names=found["names"].str.replace("tends_", "").str.replace("_", " "))


def spread(readout: Readout) -> list[list[Any]]:
    """People, parameters, longest and shortest principal component of what they are, and the edges of pure chance."""
    truth, identity = np.asarray(readout["truth"], np.float64), np.asarray(readout["identity"])
    points = truth[np.unique(identity, return_index=True)[1]]
    spectrum, low, high = face_space.pca_spread(points)
    return [[len(points), points.shape[1], float(spectrum[0]), float(spectrum[-1]), f"{low:.2f} to {high:.2f}"]]


def of_world(readouts: Mapping[str, Group], world: str) -> dict[str, Group]:
    """NETWORK/LAYER to read-outs of one world."""
    return {name.removeprefix(f"{world}/"): group for name, group in readouts.items() if name.startswith(f"{world}/")}


def encoding(readouts: Mapping[str, Group], *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """world, name (NETWORK/LAYER), units, way, share (of the explainable), lo, hi; ceiling and explained without
    intervals; shuffled: explained by other people's parameters."""
    rows = []
    for name, group in readouts.items():
        world, _, rest = name.partition("/")
        people = space.of_rows(group, resamples=resamples, rng=rng)
        about = {
            "world": world, "name": rest, "units": group[0].summary["units"],
            "ceiling": float(space.ceiling(people, group)[0]),
            "explained": float(space.explained(people, group)[0]),
            "shuffled": float(space.explained(people, group, "shuffled")[0]),
        }  # fmt: skip
        for way, label in WAYS.items():
            found = people.interval(space.share(people, group, way), seeds=len(group))
            rows.append({**about, "way": label, "share": found.value, "lo": found.lo, "hi": found.hi})
    return pd.DataFrame(rows)


def encoding_rows(table: pd.DataFrame, world: str) -> pd.DataFrame:
    """A row a layer of one world, for the page."""
    mine = table[(table["world"] == world)]
    linear = mine[mine["way"] == WAYS["linear"]].drop(columns=["world", "way"])
    kernel = mine[mine["way"] == WAYS["kernel"]].set_index("name")["share"]
    linear["with a kernel"] = linear["name"].map(kernel)
    heading = {"name": "network, layer", "shuffled": "other people's", "share": "share of ceiling"}
    linear = linear.rename(columns=heading)
    order = ["network, layer", "units", "ceiling", "explained", "other people's", "with a kernel", "share of ceiling"]
    return linear[[*order, "lo", "hi"]]


def units(group: Group) -> pd.DataFrame:
    """ceiling, explained: a row a unit of the first seed's network."""
    return pd.DataFrame({"ceiling": group[0]["unit_ceiling"], "explained": group[0]["unit_linear"]})


def decoding(readouts: Mapping[str, Group], *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, network and layer; share of the parameters' variance decoded, linear and with a kernel; of shape and of
    appearance the mean correlation; its range over parameters."""
    rows = []
    for name, group in readouts.items():
        world, _, rest = name.partition("/")
        people = space.of_images(group, resamples=resamples, rng=rng)
        found = [people.interval(space.decoded(people, group, way), seeds=len(group)) for way in WAYS]
        r, kinds = correlations(group), np.array(group[0].summary["kinds"])
        means = [float(r[kinds == kind].mean()) if (kinds == kind).any() else "–" for kind in face_space.KINDS]
        rows.append([world, rest, *found, *means])
    return rows


def correlations(group: Group) -> np.ndarray:
    """(k,): correlation over images of each parameter with what is decoded, a mean over seeds; 0 where either is
    constant.

    Within folds: where nothing is known every fold is told its training mean, which is low where its own is high.
    """
    found = []
    for one in group:
        fold = np.asarray(one["fold"])
        found.append(_correlation(*(_less_mean(one[name], fold) for name in ("truth", "decoded"))))
    return np.mean(found, axis=0)


def by_parameter(readouts: Mapping[str, Group], networks: Mapping[str, str]) -> pd.DataFrame:
    """parameter, kind, network, correlation; networks: label by read-out. Parameters in the order of the first's."""
    rows = []
    for name, label in networks.items():
        group = readouts[name]
        values = correlations(group)
        facts = zip(group[0].summary["names"], group[0].summary["kinds"], values, strict=True)
        rows += [(one, kind, label, float(r)) for one, kind, r in facts]
    table = pd.DataFrame(rows, columns=["parameter", "kind", "network", "correlation"])
    first = table[table["network"] == table["network"].iloc[0]].set_index("parameter")["correlation"]
    table["order"] = table["parameter"].map(first)
    table = table.sort_values(["kind", "order"], ascending=[False, False], kind="stable")
    return table.drop(columns="order").reset_index(drop=True)


def worth(readouts: Mapping[str, Group], *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, network and layer, code; AUC, rank-1, with intervals; people in a gallery. Of the first seed."""
    rows = []
    for name, group in readouts.items():
        world, _, rest = name.partition("/")
        one = group[0]
        auc, _ = space.verified(one, resamples=resamples, rng=rng)
        people, hits = space.recognised(one, resamples=resamples, rng=rng)
        gallery = round(one.summary["people"] / one.summary["folds"])
        for code, label in CODES.items():
            rows.append([world, rest, label, auc[code], people.interval(hits[code]), gallery])
        if "named" in one:
            whole = draw_people(one["identity"], resamples=resamples, rng=rng)
            known = whole.interval(whole.mean(np.asarray(one["named"], np.float64)))
            rows.append([world, rest, "own, against units predicted from true parameters", "–", known, gallery])
    return rows


def axis(readouts: Mapping[str, Group], *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """name, linear, axis, weighted, across: shares of the explainable, over people; flat (share of squared slopes along
    the axis) with lo, hi, and best, over people moved. constant: share of the slopes' squares that one slope for all
    faces gives, what a linear code would have at 1."""
    rows = []
    for name, group in of_world(readouts, "axis").items():
        people = space.of_rows(group, resamples=2, rng=rng)
        moved = draw_people(np.arange(len(group[0]["changes_total"])), resamples=resamples, rng=rng)
        along = moved.interval(space.on_axis(moved, group), seeds=len(group))
        rows.append({
            "name": name,
            **{way: float(space.share(people, group, way)[0]) for way in ("linear", "axis", "weighted", "across")},
            "constant": float(1 - space.on_axis(moved, group, "constant")[0]),
            "best": float(space.on_axis(moved, group, "best")[0]),
            "flat": along.value, "lo": along.lo, "hi": along.hi,
        })  # fmt: skip
    return pd.DataFrame(rows)


def axis_rows(table: pd.DataFrame) -> pd.DataFrame:
    """`axis`, with the headings of the page."""
    named = {
        "name": "network, layer", "linear": "linear", "axis": "one axis", "weighted": "by weighted mean",
        "across": "at a right angle", "constant": "change: one slope", "best": "best direction",
        "flat": "along the axis",
    }  # fmt: skip
    return table[[*named, "lo", "hi"]].rename(columns=named)


def nearer(shown: Mapping[str, Readout], *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """Label; mean over images of the share of other people who are further from what was decoded than the right one."""
    rows = []
    for label, one in shown.items():
        people = draw_people(one["identity"], resamples=resamples, rng=rng)
        rows.append([label, people.interval(people.mean(parameter_space_rebuilt.nearer_than(one)))])
    return rows


def tuning(readouts: Mapping[str, Group], networks: Mapping[str, str]) -> pd.DataFrame:
    """network, direction ('along', 'across'), place (standard deviations), mean, sd: of the first seed's units."""
    rows = []
    for name, label in networks.items():
        one = readouts[name][0]
        edges = np.asarray(one["tuning_edges"])
        middle = (edges[:-1] + edges[1:]) / 2
        for direction in ("along", "across"):
            mean, spread = np.asarray(one[f"tuning_{direction}"])
            rows += [(label, direction, x, m, s) for x, m, s in zip(middle, mean, spread, strict=True) if m == m]
    return pd.DataFrame(rows, columns=["network", "direction", "place", "mean", "sd"])


def _less_mean(values: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(n, k) less the mean of each fold."""
    found = np.array(values, np.float64)
    for one in np.unique(fold):
        found[fold == one] -= found[fold == one].mean(axis=0)
    return found


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    a, b = (np.asarray(values, np.float64) - np.mean(values, axis=0, dtype=np.float64) for values in (one, other))
    size = np.sqrt(np.square(a).sum(axis=0) * np.square(b).sum(axis=0))
    return np.divide((a * b).sum(axis=0), size, out=np.zeros_like(size), where=size > 1e-12)
