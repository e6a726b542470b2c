"""The three questions of a probe's page: people, attributes, pose; each with its text, figure and tables."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, cast

import pandas as pd

from deepfeatures.study import pages
from deepfeatures.study.probe import SHUFFLED, Found, label_of
from deepfeatures.study.tables import shown, with_interval

WIDE_IN, NARROW_IN = 7.2, 4.0
ANGLES = {"abs_yaw": "|yaw|", "yaw": "yaw", "pitch": "pitch", "roll": "roll"}
CONTROLS = {label_of(name) for name in ("pixels", "untrained", SHUFFLED)}


def people(found: Found) -> dict[str, Any]:
    """How well people are told apart. A section of study/pages/probe.html.jinja."""
    text = (
        "Cosine of the features of two images: is it larger where both show one person? The area under the curve is 1 "
        "where every pair of one person is above every pair of two, 0.5 by chance."
    )
    section = _section("people", "Telling people apart", text, found.not_asked.get("verification"))
    table = found.verification
    if table is None:
        return section
    about = table.attrs
    rows = [[row["network"], row["layer"], f"{row['width']:,}", interval(row, "auc", 3),
             with_interval(row["dealt"], (row["dealt_lo"], row["dealt_hi"]), 3), shown(row["p"], 3)]
            for _, row in table.iterrows()]  # fmt: skip
    caption = (
        f"Area under the curve [95 % over {about['people']:,} people], {about['images']:,} images, {about['same']:,} "
        f"pairs of one person and {about['different']:,} of two. Names dealt: the same with people's names dealt to "
        "images at random [95 % of draws]; p: how often that reaches what was measured."
    )
    headings = ["network", "layer", "features", "AUC", "names dealt", "p"]
    return section | {
        "figures": [_drawn(table, "auc", "area under the curve", 0.5, "chance", "How well people are told apart", 3)],
        "tables": [{"label": "people", "caption": caption, "headings": headings, "rows": rows, "words": 2}],
    }


def attributes(found: Found) -> dict[str, Any]:
    """How badly labels are read, on average and one by one. A section of study/pages/probe.html.jinja."""
    text = (
        "A linear machine a label, learnt on other people. The balanced error is the mean of misses (of those who show "
        "it) and false alarms (of those who lack it): 0.5 for any constant answer, whatever is common."
    )
    section = _section("attributes", "Attributes", text, found.not_asked.get("attributes"))
    if found.attributes is None or found.single is None:
        return section
    about = found.attributes.attrs
    rows = [[row["network"], row["layer"], interval(row, "error", 3), "0.500", f"{row['better']} of {row['of']}"]
            for _, row in found.attributes.iterrows()]  # fmt: skip
    caption = (
        f"Mean over attributes [95 % over {about['people']:,} people], {about['images']:,} images. Better than chance: "
        "by a permutation of people's labels, corrected for asking of all, at 5 %."
    )
    headings = ["network", "layer", "balanced error", "constant answer", "better than chance"]
    first = {"label": "attributes", "caption": caption, "headings": headings, "rows": rows, "words": 2}
    return section | {
        "figures": [_drawn(found.attributes, "error", "balanced error", 0.5, "chance", "How badly labels are read", 3)],
        "tables": [first, _one_by_one(found, found.single)],
    }


def _one_by_one(found: Found, single: pd.DataFrame) -> dict[str, Any]:
    """Attributes down, the last layer of each network across."""
    last = {network: list(layers)[-1] for network, layers in found.layers.items()}
    rows = []
    for attribute, group in single.groupby("attribute", sort=False):
        one = group.iloc[0]
        cells = [interval(rows_of(group, network, layer).iloc[0], "error", 2) for network, layer in last.items()]
        rows.append([str(attribute).replace("_", " "), f"{one['people_show']} / {one['people_lack']}", *cells])
    rows.sort(key=lambda row: row[2])
    caption = "Balanced error of each attribute, from each network's last layer; people who show and who lack it."
    headings = ["attribute", "people", *last]
    return {"label": "each attribute", "caption": caption, "headings": headings, "rows": rows, "words": 1}


def pose(found: Found) -> dict[str, Any]:
    """How far angles are off, by network, layer and predictor. A section of study/pages/probe.html.jinja."""
    text = (
        "Ridge regression and a Gaussian kernel, learnt on other people, against the two constants that know nothing "
        "of the image: the mean and the median of the people they learnt from."
    )
    section = _section("pose", "Pose", text, found.not_asked.get("pose"))
    if found.pose is None or found.ranges is None:
        return section
    table, unit = found.pose, "error of |yaw|, degrees"
    linear = table[(table["predictor"] == "linear") & (table["angle"] == "abs_yaw")]
    constants = table["predictor"].str.startswith("constant")
    best = table[(table["angle"] == "abs_yaw") & constants]["error_deg"].min()
    one = table.iloc[0]
    caption = f"Mean absolute error, degrees [95 % over {one['people']:,} people], {one['images']:,} images."
    return section | {
        "figures": [_drawn(linear, "error_deg", unit, float(best), "constant", "How far |yaw| is off", 1)],
        "tables": [_errors("pose", caption, table.assign(across=table["angle"].map(ANGLES))),
                   _errors("by range", "The same for |yaw|, by its range (degrees).",
                           found.ranges.assign(across=found.ranges["range"]))],
    }  # fmt: skip


def _errors(label: str, caption: str, table: pd.DataFrame) -> dict[str, Any]:
    """Networks, layers and predictors down, what `across` holds across; constants once, for they ask no network."""
    columns = list(dict.fromkeys(table["across"]))
    rows: dict[tuple[str, ...], list[str]] = {}
    for (network, layer, predictor), group in table.groupby(["network", "layer", "predictor"], sort=False):
        named = (str(network), str(layer), str(predictor))
        key = ("none", "–", str(predictor)) if str(predictor).startswith("constant") else named
        cells = {one["across"]: interval(one, "error_deg", 1) for _, one in group.iterrows()}
        rows.setdefault(key, [cells.get(name, "–") for name in columns])
    ordered = sorted(rows, key=lambda key: key[0] == "none")
    body = [[*key, *rows[key]] for key in ordered]
    headings = ["network", "layer", "predictor", *columns]
    return {"label": label, "caption": caption, "headings": headings, "rows": body, "words": 3}


def _section(name: str, title: str, text: str, not_asked: str | None) -> dict[str, Any]:
    return {"id": name, "title": title, "text": text, "not_asked": not_asked, "figures": [], "tables": []}


def _drawn(
    table: pd.DataFrame, value: str, unit: str, reference: float, named: str, what: str, digits: int
) -> dict[str, str]:
    """The figure at two widths, as addresses, with what it shows in words."""
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    from deepfeatures.figures.forest import forest
    from deepfeatures.figures.style import house

    labels = [_short(row["network"], row["layer"]) for _, row in table.iterrows()]
    rows = pd.DataFrame({
        "label": labels, "value": table[value], "lo": table["lo"], "hi": table["hi"],
        "kind": ["control" if one in CONTROLS or "random weights" in one else "asked" for one in table["network"]],
    })  # fmt: skip
    found = {"caption": f"{what}: {unit}, with 95 % intervals over people. Round: asked about; square: controls."}
    found["alt"] = f"{unit}: " + ", ".join(
        f"{label} {shown(one, digits)}" for label, one in zip(labels, table[value], strict=True)
    ) + f"; {named} {shown(reference, digits)}."  # fmt: skip
    for name, width_in in (("wide", WIDE_IN), ("narrow", NARROW_IN)):
        ax = forest(rows, x_label=unit, reference=reference, reference_label=named, width_in=width_in)
        held = io.BytesIO()
        figure = cast(Figure, ax.figure)
        with house():
            figure.savefig(held, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
        found[name] = pages.data_address(held.getvalue(), "image/svg+xml")
    return found


def rows_of(table: pd.DataFrame, network: str, layer: str) -> pd.DataFrame:
    """The rows of one layer of one network."""
    return table[(table["network"] == network) & (table["layer"] == layer)]


def _short(network: str, layer: str) -> str:
    if network == layer:
        return network
    return f"{network}\n{layer}" if len(network) + len(layer) > 28 else f"{network}, {layer}"


def interval(row: Mapping[str, Any] | pd.Series, value: str, digits: int) -> str:
    """A row's value with its `lo` and `hi`, as text."""
    ends = None if pd.isna(row["lo"]) else (row["lo"], row["hi"])
    return with_interval(row[value], ends, digits)
