"""What `deepfeatures probe` writes: one page that stands alone, the same numbers as results.json; no image is in it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd

from deepfeatures.study import fingerprint, pages, paths
from deepfeatures.study.probe import OWN, SHUFFLED, Found, Plan, label_of
from deepfeatures.study.tables import shown, with_interval

PAGE, RESULTS = "index.html", "results.json"
NAMED = 12  # files named of each reason on the page
WIDE_IN, NARROW_IN = 7.2, 4.0
ANGLES = {"abs_yaw": "|yaw|", "yaw": "yaw", "pitch": "pitch", "roll": "roll"}
CONTROLS = {label_of(name) for name in ("pixels", "untrained", SHUFFLED)}
BANNER = "Profile: {profile}. A measurement of your own: it yields no verdict on a paper's claim."


class NotOurs(ValueError):
    """A page is there that this command did not write."""


def told(planned: Plan) -> list[str]:
    """What is about to be read, a line each: before anything is computed."""
    faces, network = planned.about["faces"], planned.about["network"]
    lines = []
    if "images" in faces:
        alone = faces["alone"]
        lines.append(f"{faces['what']}: {faces['images']:,} images of {faces['people']:,} people"
                     + (f"; one image only: {_some(alone)}" if alone else ""))  # fmt: skip
    lines += [f"left out, {reason}: {_some(names)}" for reason, names in faces["left_out"].items()]
    if "input" in network:
        size = network["input"]
        lines.append(f"{network['what']}: {network['fingerprint']}, reads {size['height']} x {size['width']} "
                     f"{size['channels']}, gives {', '.join(network['outputs'].values())}")  # fmt: skip
    else:
        lines.append(f"{network['what']}: {', '.join(network['names'])}")
    return lines + ([network["note"]] if network["note"] else [])


def summary(found: Found) -> list[str]:
    """A line a network, of its last layer; then what could not be asked."""
    lines = []
    for network, layers in found.layers.items():
        last, parts = list(layers)[-1], []
        for table, name, value, digits in ((found.verification, "AUC of people", "auc", 3),
                                           (found.attributes, "error of attributes", "error", 3)):  # fmt: skip
            if table is not None and len(row := _of(table, network, last)):
                parts.append(f"{name} {_interval(row.iloc[0], value, digits)}")
        if found.pose is not None:
            row = _of(found.pose, network, last)
            row = row[(row["angle"] == "abs_yaw") & (row["predictor"] == "linear")]
            parts += [f"|yaw| off by {_interval(row.iloc[0], 'error_deg', 1)} degrees"] if len(row) else []
        lines.append(f"{network}, {last}: " + "; ".join(parts))
    lines += [f"not asked, {question}: {reason}" for question, reason in found.not_asked.items()]
    return lines + ([f"could not be read: {_some(found.unread)}"] if found.unread else [])


def write(found: Found, out: Path | None, command: str) -> Path:
    """Write results.json and index.html into `out`, runs/probes/<name> unless given; gives the page.

    Raises NotOurs where the folder holds a page of something else.
    """
    into = out or paths.runs() / "probes" / _name(found.plan)
    if (into / PAGE).exists() and not (into / RESULTS).exists():
        raise NotOurs(f"{into} holds a page that is not of this command: give another --out")
    into.mkdir(parents=True, exist_ok=True)
    for name, text in ((RESULTS, json.dumps(results(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"),
                       (PAGE, page(found, command))):  # fmt: skip
        part = into / f"{name}.{os.getpid()}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(into / name)
    return into / PAGE


def results(found: Found) -> dict[str, Any]:
    """Everything that was measured, as data. Intervals are lo and hi, 95 %, people drawn anew."""
    tables = {"verification": found.verification, "attributes": found.attributes, "attributes_one_by_one": found.single,
              "pose": found.pose, "pose_by_range": found.ranges}  # fmt: skip
    rows = {name: None if table is None else json.loads(table.to_json(orient="records", double_precision=10))
            for name, table in tables.items()}  # fmt: skip
    return {
        **found.plan.about, "profile": found.plan.asked.profile, "layers": found.layers, "not_asked": found.not_asked,
        "could_not_be_read": found.unread, "numerics": fingerprint.numerics(), **rows,
    }  # fmt: skip


def page(found: Found, command: str) -> str:
    """The page as text."""
    faces, network = found.plan.about["faces"], found.plan.about["network"]
    left_out = dict(faces["left_out"])
    if faces["alone"]:
        left_out["people with one image, in no pair of one person"] = faces["alone"]
    if found.unread:
        left_out["images that could not be read"] = found.unread
    return pages.fill(
        "probe",
        heading=f"{network['what'] if 'input' in network else 'Networks at hand'} on {Path(faces['what']).name}",
        banner=BANNER.format(profile=found.plan.asked.profile),
        notes=[network["note"]] if network["note"] else [],
        facts=_facts(found),
        sections=[_people(found), _attributes(found), _pose(found)],
        limits=_limits(found),
        left_out=list(left_out.items()),
        shown=NAMED,
        command=command,
    )


def _facts(found: Found) -> list[tuple[str, str]]:
    faces, network = found.plan.about["faces"], found.plan.about["network"]
    facts = [("images", faces["what"])]
    if "images" in faces:
        share = "" if faces["middle"] == 1 else f", of each the middle {faces['middle']:.0%} of its height and width"
        facts.append(("counted", f"{faces['images']:,} images of {faces['people']:,} people{share}"))
    facts.append(("their fingerprint", faces["fingerprint"]))
    if "input" in network:
        read = network["input"]
        facts += [
            ("network", network["what"]), ("its SHA-256", network["fingerprint"].removeprefix("sha256-")),
            ("it reads", f"{read['height']} x {read['width']} pixels, {read['channels']}, less "
             f"{_numbers(read['mean'])}, over {_numbers(read['std'])}"),
        ]  # fmt: skip
    widths = [f"{label}: " + ", ".join(f"{layer} ({width:,})" for layer, width in layers.items())
              for label, layers in found.layers.items()]  # fmt: skip
    return [*facts, ("layers (features)", "; ".join(widths))]


def _people(found: Found) -> dict[str, Any]:
    text = (
        "Cosine of the features of two images: is it larger where both show one person? The area under the curve is 1 "
        "where every pair of one person is above every pair of two, 0.5 by chance."
    )
    section = _section("people", "Telling people apart", text, found.not_asked.get("verification"))
    table = found.verification
    if table is None:
        return section
    about = table.attrs
    rows = [[row["network"], row["layer"], f"{row['width']:,}", _interval(row, "auc", 3),
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


def _attributes(found: Found) -> dict[str, Any]:
    text = (
        "A linear machine a label, learnt on other people. The balanced error is the mean of misses (of those who show "
        "it) and false alarms (of those who lack it): 0.5 for any constant answer, whatever is common."
    )
    section = _section("attributes", "Attributes", text, found.not_asked.get("attributes"))
    if found.attributes is None or found.single is None:
        return section
    about = found.attributes.attrs
    rows = [[row["network"], row["layer"], _interval(row, "error", 3), "0.500", f"{row['better']} of {row['of']}"]
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
        cells = [_interval(_of(group, network, layer).iloc[0], "error", 2) for network, layer in last.items()]
        rows.append([str(attribute).replace("_", " "), f"{one['people_show']} / {one['people_lack']}", *cells])
    rows.sort(key=lambda row: row[2])
    caption = "Balanced error of each attribute, from each network's last layer; people who show and who lack it."
    headings = ["attribute", "people", *last]
    return {"label": "each attribute", "caption": caption, "headings": headings, "rows": rows, "words": 1}


def _pose(found: Found) -> dict[str, Any]:
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
        cells = {one["across"]: _interval(one, "error_deg", 1) for _, one in group.iterrows()}
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


def _limits(found: Found) -> list[str]:
    asked, lines = found.plan.asked, []
    if asked.dataset == OWN:
        lines += [
            "No face was looked for: the middle of each image was taken for the face.",
            "Who is on an image is what its folder says, and labels and angles are those of your tables.",
        ]
    if asked.network is not None:
        lines += [
            "Nobody here knows on whom your network was trained: if it has seen these people, it tells them apart "
            "better than others.",
        ]
        if SHUFFLED in found.plan.features:
            how = "the entries of each weight array in random order, biases and normalisation as they are"
            lines.append(f"Shuffled: {how}.")
    lines.append(
        "Each interval is of people drawn anew. The network is one: how another training of it would do is not in it."
    )
    if asked.profile != "paper":
        lines.append(f"Profile {asked.profile}: fewer settings tried and fewer resamples than at the paper profile.")
    return lines


def _name(planned: Plan) -> str:
    asked = planned.asked
    network = asked.network.stem if asked.network else "at-hand"
    images = Path(asked.images).resolve().name if asked.dataset == OWN else asked.images
    digest = hashlib.sha256("".join(one.key for one in planned.features.values()).encode()).hexdigest()[:8]
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{network}-on-{images}").strip("-._")[:60]
    return f"{plain}-{asked.profile}-{digest}"


def _of(table: pd.DataFrame, network: str, layer: str) -> pd.DataFrame:
    return table[(table["network"] == network) & (table["layer"] == layer)]


def _short(network: str, layer: str) -> str:
    if network == layer:
        return network
    return f"{network}\n{layer}" if len(network) + len(layer) > 28 else f"{network}, {layer}"


def _interval(row: Mapping[str, Any] | pd.Series, value: str, digits: int) -> str:
    ends = None if pd.isna(row["lo"]) else (row["lo"], row["hi"])
    return with_interval(row[value], ends, digits)


def _numbers(values: Sequence[float]) -> str:
    return f"{values[0]:g}" if len(set(values)) == 1 else ", ".join(f"{one:g}" for one in values)


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)} ({', '.join(names[:most])}{more})"
