"""What `deepfeatures probe` writes: one page that stands alone, the same numbers as results.json; no image is in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepfeatures.study import fingerprint, pages, paths
from deepfeatures.study.probe import OWN, SHUFFLED, Found, Plan
from deepfeatures.study.probe_sections import attributes, interval, people, pose, rows_of

PAGE, RESULTS = "index.html", "results.json"
OURS = {"could_not_be_read", "not_asked"}  # keys of every results.json of this command, and of no other's
NAMED = 12  # files named of each reason on the page
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
            if table is not None and len(row := rows_of(table, network, last)):
                parts.append(f"{name} {interval(row.iloc[0], value, digits)}")
        if found.pose is not None:
            row = rows_of(found.pose, network, last)
            row = row[(row["angle"] == "abs_yaw") & (row["predictor"] == "linear")]
            parts += [f"|yaw| off by {interval(row.iloc[0], 'error_deg', 1)} degrees"] if len(row) else []
        lines.append(f"{network}, {last}: " + "; ".join(parts))
    lines += [f"not asked, {question}: {reason}" for question, reason in found.not_asked.items()]
    return lines + ([f"could not be read: {_some(found.unread)}"] if found.unread else [])


def write(found: Found, out: Path | None, command: str) -> Path:
    """Write results.json and index.html into `out`, runs/probes/<name> unless given; gives the page.

    Raises NotOurs where the folder holds a page of something else.
    """
    into = out or paths.runs() / "probes" / _name(found.plan)
    refuse_others(into)
    into.mkdir(parents=True, exist_ok=True)
    for name, text in ((RESULTS, json.dumps(results(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"),
                       (PAGE, page(found, command))):  # fmt: skip
        part = into / f"{name}.{os.getpid()}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(into / name)
    return into / PAGE


def refuse_others(into: Path) -> None:
    """Raise NotOurs where the folder holds a page or results of something else: they would be overwritten."""
    there = [name for name in (PAGE, RESULTS) if (into / name).exists()]
    if not there:
        return
    try:
        kept = json.loads((into / RESULTS).read_text("utf-8"))
        ours = isinstance(kept, dict) and kept.keys() >= OURS
    except (OSError, ValueError):
        ours = False
    if not ours:
        raise NotOurs(f"{into} holds {' and '.join(there)} of something else than this command: give another --out")


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
        sections=[people(found), attributes(found), pose(found)],
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


def _numbers(values: Sequence[float]) -> str:
    return f"{values[0]:g}" if len(set(values)) == 1 else ", ".join(f"{one:g}" for one in values)


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{len(names)} ({', '.join(names[:most])}{more})"
