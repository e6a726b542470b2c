"""Tables of the chapter on attributes, as its figures take them: percent, with 95 % intervals over people."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from deepfeatures.analysis.attribute_chance import Chance
from deepfeatures.analysis.attribute_claims import roles_of
from deepfeatures.analysis.attribute_errors import Errors
from deepfeatures.analysis.attribute_explorer import NETWORKS
from deepfeatures.analysis.attribute_groups import between_p, each_loss, group_error, losses
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.data.attributes import GROUPS

MORE = ("vgg-face", "facenet-vggface2", "arcface-r50", "arcface-r100")  # networks that a reader may add
NETWORK_EMBEDDING = "attributes/embedding"  # the attribute network's, read by linear machines
EMBEDDED = {"triplet": "triplet embedding", "pca": "PCA, same size", "random": "random directions, same size"}


OTHERS = {
    "untrained/embedding": "random weights, last layer",
    "mobilefacenet-ms1m/embedding": "MobileFaceNet, MS1M",
    "mobilefacenet-casia/embedding": "MobileFaceNet, CASIA",
    "mobilefacenet-ms1m/embedding+triplet": "MobileFaceNet, MS1M, after the triplet embedding",
    "mobilefacenet-casia/embedding+triplet": "MobileFaceNet, CASIA, after the triplet embedding",
    "mobilefacenet-ms1m-untrained/embedding": "MobileFaceNet (as MS1M), random weights",
    "mobilefacenet-casia-untrained/embedding": "MobileFaceNet (as CASIA), random weights",
    "deep/gdc": "both MobileFaceNets, layer gdc",
    "deep/embedding": "both MobileFaceNets",
    "deep/embedding+triplet": "both MobileFaceNets, after the triplet embedding",
    **{
        f"{network}/embedding{after}": NETWORKS[network] + words
        for network in (*MORE, *(f"{one}-untrained" for one in MORE))
        for after, words in (("", ""), ("+triplet", ", after the triplet embedding"))
    },
    "pixels/pixels": "pixels",
    NETWORK_EMBEDDING: "attribute network's embedding",
}


class Folder(Protocol):
    """An artifact's folder: meta.json is in it."""

    @property
    def folder(self) -> Path: ...


def whose(errors: Mapping[str, Errors], artifacts: Mapping[str, Sequence[Folder]]) -> list[list[Any]]:
    """A row for each data set: its name, people, images, attributes with a number, how many images could not be read,
    and what was left out by which rule.

    artifacts: 'DATA/faces' (data.faces or data.one_face), and read-outs 'DATA/...'.
    """
    rows: list[list[Any]] = []
    for data, measured in errors.items():
        faces = f"{data}/faces"
        of = [one for name, all_ in artifacts.items() if name.startswith(f"{data}/") and name != faces for one in all_]
        unread = max(_meta(one)["without_features"] for one in of)
        rule = _meta(artifacts[faces][0]).get("faces_report", "none")
        rows.append([data, measured.people, measured.images, len(measured.names), unread, rule])
    return rows


def _meta(one: Folder) -> dict[str, Any]:
    return dict(json.loads((one.folder / "meta.json").read_text()))


def representations(errors: Mapping[str, Errors], *, every: bool = False) -> dict[str, dict[str, str]]:
    """For each data set, what tables and figures call a representation, to its name in the data set's errors.

    Those of figure 2: deep features, after the triplet embedding, and an attribute network where there is one; with
    `every` also what they are compared with, and each published network by itself.
    """
    found = {}
    for data, measured in errors.items():
        roles = roles_of(measured)
        chosen = {"deep features": roles.before, "after the triplet embedding": roles.after}
        if roles.trained:
            chosen["attribute network"] = roles.trained
        if every:
            chosen |= {f"after {EMBEDDED[kind]}": f"{roles.before}+{kind}" for kind in ("pca", "random")}
            chosen |= {label: name for name, label in OTHERS.items() if name not in chosen.values()}
        found[data] = {label: name for label, name in chosen.items() if name in measured.rates}
    return found


def by_attribute(errors: Errors, representations: Mapping[str, str]) -> pd.DataFrame:
    """Figure 2: attribute, group, representation, kind ('fn', 'fp'), percent, lo, hi; a row with nan where too few.

    representations: what a figure calls them, to their names in `errors`.
    """
    rows = []
    for group in GROUPS:
        for name in errors.in_group(group):
            for label, key in representations.items():
                rates = errors[key]
                (column,) = rates.columns([name])
                for kind in ("fn", "fp"):
                    found = errors.interval(100 * getattr(rates, kind)[..., column])
                    rows.append((name, group, label, kind, found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["attribute", "group", "representation", "kind", "percent", "lo", "hi"])


def by_group(data_sets: Mapping[str, Errors], representations: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """data set, representation, group, attributes, misses_percent, alarms_percent, error_percent, lo, hi.

    Means over a group's attributes. representations: for each data set, label to name in its errors.
    """
    rows = []
    for data, errors in data_sets.items():
        for label, key in representations[data].items():
            for group in GROUPS:
                names = errors.in_group(group)
                if not names:
                    continue
                rates = errors[key]
                fn, fp = (100 * part[0][:, rates.columns(names)].mean() for part in (rates.fn, rates.fp))
                found = errors.interval(group_error(errors, key, group))
                rows.append((data, label, group, len(names), float(fn), float(fp), found.value, found.lo, found.hi))
    columns = ["data", "representation", "group", "attributes", "misses_percent", "alarms_percent", "error_percent"]
    return pd.DataFrame(rows, columns=[*columns, "lo", "hi"])


def by_layer(errors: Errors) -> pd.DataFrame:
    """network, layer, group, error_percent, lo, hi: of every network whose layers were read one by one, in order.

    Of networks that a reader added the last layer alone: their layers are not those that an axis could name for all.
    """
    rows = []
    for name in errors.rates:
        network, _, layer = name.partition("/")
        added = network.removesuffix("-untrained") in MORE
        if "+" in layer or network in ("deep", "attributes") or (added and layer != "embedding"):
            continue
        for group in GROUPS:
            if errors.in_group(group):
                found = errors.interval(group_error(errors, name, group))
                rows.append((network, layer, group, found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["network", "layer", "group", "error_percent", "lo", "hi"])


def embedding_losses(
    data: str, errors: Errors, *, permutations: int, rng: np.random.Generator
) -> list[list[Any]]:
    """A row for each shorter vector and group: data set, label, group, attributes, loss in points, p.

    A last row for each: the difference between what independent and dependent attributes lose, with its p.
    """
    rows: list[list[Any]] = []
    before = roles_of(errors).before
    for kind, label in EMBEDDED.items():
        after = f"{before}+{kind}"
        if after not in errors.rates:
            continue
        for one in losses(errors, before, after, permutations=permutations, rng=rng):
            if one.attributes:
                rows.append([data, label, one.group, one.attributes, one.points, chance_text(one.p)])
        first, last = errors.in_group(GROUPS[0]), errors.in_group(GROUPS[2])
        if first and last:
            change = {names: each_loss(errors, before, after, names) for names in (first, last)}
            p = between_p(change[last], change[first], permutations=permutations, rng=rng)
            more = float(change[last].mean() - change[first].mean())
            rows.append([data, label, f"{GROUPS[2]} minus {GROUPS[0]}", len(first) + len(last), more, chance_text(p)])
    return rows


def beside_network(data_sets: Mapping[str, Errors]) -> list[list[Any]]:
    """A row for each data set that has an attribute network, and each group: data set, group, attributes; balanced
    errors, %, of deep features, of the network, of linear machines on its embedding; the first less the second, points.
    """
    rows: list[list[Any]] = []
    for data, errors in data_sets.items():
        roles = roles_of(errors)
        if roles.trained is None:
            continue
        for group in GROUPS:
            if names := errors.in_group(group):
                draws = [group_error(errors, one, group) for one in (roles.before, roles.trained, NETWORK_EMBEDDING)]
                found = [errors.interval(one) for one in (*draws, draws[0] - draws[1])]
                rows.append([data, group, len(names), *found])
    return rows


def chance_text(p: float) -> str:
    """A p for a table: three digits, a dash where there is none."""
    return f"{p:.3f}" if np.isfinite(p) else "–"


def better_than_chance(data_sets: Mapping[str, Mapping[str, Chance]]) -> list[list[Any]]:
    """A row for each data set and representation: how many attributes, how many better than chance, which are not."""
    rows: list[list[Any]] = []
    for data, by_name in data_sets.items():
        for name, chance in by_name.items():
            better = chance.better()
            rest = [one for one in chance.names if one not in better]
            rows.append([data, name, len(chance.names), len(better), ", ".join(rest) or "none", chance.permutations])
    return rows


def too_few(data_sets: Mapping[str, Errors]) -> list[list[Any]]:
    """A row for each attribute and data set without a number: attribute, data set, people who show it, who lack it,
    and which of the two reasons there is.
    """
    rows: list[list[Any]] = []
    for data, errors in data_sets.items():
        few, unsaid = "too few people of one kind", "no label in this data"
        rows += [[name, data, show, lack, few] for name, (lack, show) in errors.too_few.items()]
        rows += [[name, data, "not known", "not known", unsaid] for name in errors.unknown]
    return rows


def identity_kept(
    artifacts: Mapping[str, Sequence[Folder]], representations: Mapping[str, Mapping[str, str]]
) -> list[list[Any]]:
    """data set, representation, columns, AUC, shares of attributes that chose the smallest and the largest C.

    AUC: of the cosine between two images, of one person against of two; mean and range over folds of unseen people.
    """
    rows: list[list[Any]] = []
    for data, label, key in ((d, label, key) for d, named in representations.items() for label, key in named.items()):
        group = artifacts[f"{data}/{key}"]
        metas = [_meta(one) for one in group]
        auc = np.array([meta["same_person_auc"] for meta in metas])
        # A network that answers by itself chose no C: its ends are nan, a dash in the table.
        ends = [np.mean([meta["at_grid_end"].get(end, np.nan) for meta in metas]) for end in ("smallest", "largest")]
        low, high = float(auc.min()), float(auc.max())
        shown = Interval(float(auc.mean()), low, high, auc.size, len(auc), "fold", None, 1.0, 0)
        rows.append([data, label, metas[0]["dimensions"], shown, *map(float, ends)])
    return rows
