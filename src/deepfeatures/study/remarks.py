"""What a reader of a replication summary should hold against its counts, with numbers from the runs themselves.

A remark says what its numbers show, so each sentence looks at them before it speaks; where a chapter was not run, or
has no such table, nothing is said of it. Numbers of claims come from the records, others from the CSV of a published
table, and each leads to its place on the run's page.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepfeatures.study import anchors
from deepfeatures.study.claims import Claim
from deepfeatures.study.offered import Run
from deepfeatures.study.tables import HIGH, LOW, with_interval

AXIS, EXEMPLAR = "planted axis/units", "planted exemplar/units"  # as `analysis.axis_model` names its two controls
FINE = "LNet_o then LNet_s, less LNet_o"  # as `analysis.localisation` names what it compares
PRE_TRAINED = "pre-trained, less trained on attributes for as many steps in all"
FINE_PLAIN = "LNet_o then LNet_s without pre-training, less LNet_o"
FINE_PRE_TRAINED = f"LNet_s {PRE_TRAINED}"
FINE_AGAINST_FINE_TUNING = "LNet_s pre-trained, less trained on attributes for as many steps as fine-tuning"
ATTRIBUTES_ALONE = "attributes alone, as many steps"  # as `analysis.described` does
_WORLDS = {"rendered": "rendered scenes", "celeba": "CelebA pasted into clutter"}


@dataclass(frozen=True)
class Number:
    """A value of a run, its interval where it has one, and the place on the run's page that it leads to."""

    value: float
    interval: tuple[float, float] | None
    place: str

    def __str__(self) -> str:
        text = with_interval(self.value, self.interval)
        value, _, ends = text.partition(" ")
        return f"[**{value}**](#{self.place})" + (f" {ends}".replace("[", "\\[").replace("]", "\\]") if ends else "")


def page(paper: str, runs: Mapping[str, Run], ledger: Mapping[str, Claim]) -> str:
    """The remarks on one paper as Markdown, nothing where this render gives no ground for any. runs: by chapter."""
    paragraphs = {"sun2019": _bars, "parde2016": _views, "liu2014": _localisers}[paper](runs, ledger)
    return "\n\n".join(text for text in paragraphs if text)


PAPERS = ("parde2016", "sun2019", "liu2014")  # those that have remarks


def _bars(runs: Mapping[str, Run], ledger: Mapping[str, Claim]) -> Iterator[str]:
    """sun2019: what the bars say of units whose rule is known."""
    run = runs.get("parameter-space")
    if run is None or (bar := _bar(ledger, "sun2019/encoding-linear")) is None:
        return
    axis = ("network, layer", "one axis")
    encoding = ("network, layer", "ceiling", "share of ceiling")
    decoding = ("network, layer", "decoded, linear")
    said = []
    stored = _cell(run, axis, "one axis", {"network, layer": EXEMPLAR})
    if stored and stored.value > bar:
        said.append(f"units that respond by distance to a stored face, and have no axis, reach {stored} where a curve "
                    "along one axis is asked, which is over the bar")  # fmt: skip
    planted = _cell(run, encoding, "share of ceiling", {"network, layer": AXIS})
    if planted and planted.value < bar:
        said.append(f"units that are a bent projection on one axis reach {planted} by the linear encoding, under it")
    units = [{"world": "portraits", "network, layer": one} for one in (AXIS, EXEMPLAR)]
    known = [number for one in units if (number := _cell(run, decoding, "decoded, linear", one))]
    if known and all(one.value < bar for one in known):
        said.append(f"the parameters are decoded from planted units with {' and '.join(map(str, known))}, under it too")
    if said:
        yield (
            f"**What the bars cannot tell.** Planted units, whose rule is known, were held to the bar of {bar:g} too: "
            f"{'; '.join(said)}. So to lie over or under the bar says nothing by itself about which kind of code a "
            "network has. Read its numbers as distances from those of planted units, of pixels and of random weights, "
            f"which stand in the same tables of {_chapter('parameter-space')}."
        )
    on_axis, on_stored = (_cell(run, axis, "along the axis", {"network, layer": one}) for one in (AXIS, EXEMPLAR))
    if on_axis and on_stored and on_axis.value > on_stored.value:
        yield (
            "What does tell the two kinds apart is the change at single faces: of it "
            f"{on_axis} lies along the axis for planted axes, and {on_stored} for stored faces."
        )


def _views(runs: Mapping[str, Run], ledger: Mapping[str, Claim]) -> Iterator[str]:
    """parde2016: what its measures of view hide, and when a claim passes for want of images."""
    run, pose = runs.get("views-and-quality"), runs.get("pose")
    if run is None:
        return
    if signed := _record(run, "parde2016/yaw-readable"):
        text = (
            f"**Signed yaw.** *Yaw is readable* is judged on yaw with its sign: the error of a constant is {signed} "
            "times that of the features. Networks taught faces and their mirror images alike may drop the side and "
            "keep the angle."
        )
        if pose and (absolute := _record(pose, "rudd2017/pose-readable")):
            text += f" {_chapter('pose')} explains this and reads |yaw| of its headline network: a ratio of {absolute}"
            side = _record(pose, "rudd2017/pose-sign-unreadable")
            text += f"; the side is told rightly in {side} of the images, where a coin has half." if side else "."
        yield text
    if alike := _record(run, "parde2016/view-some-independent"):
        yield (
            "**People coded alike from every side** are those for whom a test found nothing: "
            f"{alike} of the people. A weaker test, of fewer images or noisier features, finds nothing for more of "
            "them, so this claim passes whenever the test is weak, and that it passes is no evidence. Only a failure "
            "would tell something."
        )
        if run.results.get("tier") == "substitute":
            yield (
                "**Photographs are not drawn at random.** The permutation tests on CelebA treat the photographs of a "
                "person as exchangeable between views. Shots of one event are not: they share light, hair and camera, "
                "and where they share the view as well, part of what these tests call view is the event. The designed "
                "world has no events."
            )


def _localisers(runs: Mapping[str, Run], ledger: Mapping[str, Claim]) -> Iterator[str]:
    """liu2014: whether the second network and pre-training help."""
    run = runs.get("localize-then-describe")
    if run is None:
        return
    heads = ("world", "what is compared", "recall")
    for what, compared in (
        ("**From coarse to fine.** What LNet$_s$ finds inside LNet$_o$'s window, less what LNet$_o$ finds alone", FINE),
        ("**The same without pre-training.** What LNet$_s$ from random weights finds, less LNet$_o$ alone", FINE_PLAIN),
        ("**Pre-training on objects.** What LNet$_o$ finds with it, less without it in as many steps", PRE_TRAINED),
        (
            "**Pre-training the second.** What LNet$_s$ finds with it, less without it in as many steps in all, where "
            "the same LNet$_o$ points",
            FINE_PRE_TRAINED,
        ),
        ("**The same** against as many steps as fine-tuning takes", FINE_AGAINST_FINE_TUNING),
    ):
        found = {
            name: number
            for world, name in _WORLDS.items()
            if (number := _cell(run, heads, "recall", {"world": world, "what is compared": compared}))
        }
        if found:
            each = "; ".join(f"on {name} {number}, {_helps(number)}" for name, number in found.items())
            yield f"{what} (share of scenes, IoU of 0.5 or more): {each}."
    alone = _cell(run, ("features", "points above ANet"), "points above ANet", {"features": ATTRIBUTES_ALONE})
    if alone:
        yield (
            "**Pre-training on people.** The balanced error of ANet taught attributes alone in as many steps, less "
            f"that of ANet taught people first: {alone} percentage points, {_helps(alone)}."
        )


def _helps(number: Number) -> str:
    """In words, by the whole interval; above 0 helps."""
    low, high = number.interval or (number.value, number.value)
    return "a gain" if low > 0 else "a **loss**" if high < 0 else "no difference that could be told"


def _record(run: Run, claim: str) -> Number | None:
    """What was measured for a claim."""
    for row in run.rows:
        if row["id"] == claim:
            return Number(row["value"], tuple(row["interval"]) if row["interval"] else None, anchors.record(claim))
    return None


def _bar(ledger: Mapping[str, Claim], claim: str) -> float | None:
    rule = ledger[claim].judge if claim in ledger else None
    return rule.threshold if rule else None


def _chapter(slug: str) -> str:
    return f"{{doc}}`/chapters/{slug}`"


def _cell(run: Run, heads: Sequence[str], column: str, where: Mapping[str, str]) -> Number | None:
    """A number of the first table that has these headings, from its row that says what `where` asks."""
    for one in run.shown:
        if one.kind != "table" or one.members[0] not in run.files:
            continue
        rows = list(csv.DictReader(run.files[one.members[0]].decode().splitlines()))
        if not rows or not set(heads) <= rows[0].keys():
            continue
        for row in rows:
            if all(row.get(name) == value for name, value in where.items()):
                return _number(row, column, anchors.shown(run.slug, one.name))
    return None


def _number(row: Mapping[str, Any], column: str, place: str) -> Number | None:
    try:
        ends = (float(row[column + LOW]), float(row[column + HIGH])) if row.get(column + LOW) else None
        return Number(float(row[column]), ends, place)
    except ValueError:
        return None
