"""Tables and frames of chapter views-and-quality: what is read linearly, and how views are coded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.columns import Readout
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.analysis.pose_error import answer
from deepfeatures.analysis.view_measures import PARTS, Measured, said
from deepfeatures.analysis.view_readout import LABELS

Readouts = Mapping[str, Sequence[Readout]]  # by WORLD/NETWORK/LAYER
ANGLES = ("yaw", "pitch")
PLACE = ("world", "network", "layer")


def under(readouts: Readouts, start: str) -> dict[str, Sequence[Readout]]:
    """Those whose name begins with `start` and a slash, by the rest of the name."""
    return {name.removeprefix(f"{start}/"): group for name, group in readouts.items() if name.startswith(f"{start}/")}


def angles(readouts: Readouts, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """world, network, layer, angle, constant_deg, share, error_deg, lo, hi, images: signed yaw and pitch.

    constant_deg: error of the training median, which sees no face; share: of the angle's variance explained, 1 -
    squared error over that of the training mean.
    """
    rows = []
    for name, group in readouts.items():
        world, network, layer = name.split("/")
        people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
        for angle in ANGLES:
            if angle not in group[0].summary["targets"]:
                continue
            found = people.interval(people.mean(answer(group, "linear", angle).error), seeds=len(group))
            rows.append({
                "world": world, "network": network, "layer": layer, "angle": angle, "error_deg": found.value,
                "lo": found.lo, "hi": found.hi,
                "constant_deg": float(answer(group[:1], "median", angle).error.mean()),
                "share": explained(group, angle), "images": len(people.of_image),
            })  # fmt: skip
    return pd.DataFrame(rows)


def angle_rows(readouts: Readouts, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, network, layer, images; of yaw and of pitch: error with its interval, the constant's, share explained."""
    rows: dict[tuple[str, ...], list[Any]] = {}
    for one in angles(readouts, resamples=resamples, rng=rng).to_dict("records"):
        where = tuple(one[name] for name in PLACE)
        row = rows.setdefault(where, [*where, str(one["images"])])
        row += [with_ends(one["error_deg"], one["lo"], one["hi"], 1), f"{one['constant_deg']:.1f}", one["share"]]
    return [*rows.values()]


def label_rows(classified: pd.DataFrame) -> list[list[Any]]:
    """World, network, layer; balanced % right of each label of view_readout.LABELS with its interval, and images of the
    rarer kind; a dash where a world has no such label."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for one in classified.to_dict("records"):
        cells = rows.setdefault(tuple(one[name] for name in PLACE), {})
        cells[one["label"]] = f"{with_ends(one['correct'], one['lo'], one['hi'], 1)} of {one['images']:,}"
    return [[*where, *(cells.get(label, "–") for label in LABELS)] for where, cells in rows.items()]


def with_ends(value: float, low: float, high: float, digits: int) -> str:
    """A number and its interval as tables show them."""
    if low != low:
        return f"{value:.{digits}f}".replace("-", "−")
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]".replace("-", "−")


def explained(group: Sequence[Readout], angle: str) -> float:
    """1 - sum of squared errors over that of the training mean; mean over seeds. 0 where features say nothing."""
    column = list(group[0].summary["targets"]).index(angle)
    truth = np.asarray(group[0]["truth"], np.float64)[:, column]
    mean = np.square(np.asarray(group[0]["mean"], np.float64)[:, column] - truth).sum()
    errors = [np.square(np.asarray(one["linear"], np.float64)[:, column] - truth).sum() for one in group]
    return float(1 - np.mean(errors) / mean)


def balanced_error(group: Sequence[Readout], label: str, people: People | None = None) -> np.ndarray:
    """Mean of the two kinds of error, %, mean over seeds: (1 + draws,). nan where a label or machine is missing."""
    column = list(group[0].summary["labels"]).index(label)
    people = people or draw_people(group[0]["identity"], resamples=0, rng=np.random.default_rng(0))
    found = []
    for one in group:
        scores, signs = np.asarray(one["scores"])[:, column], np.asarray(one["signs"])[:, column]
        wrong = (scores > 0) != (signs > 0)
        tested = np.isfinite(scores)
        found.append(50 * (people.mean(wrong, tested & (signs < 0)) + people.mean(wrong, tested & (signs > 0))))
    return np.asarray(np.mean(found, axis=0))


def classified(readouts: Readouts, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """world, network, layer, label, correct, lo, hi, images, people, seeds: balanced % right, 50 is chance.

    images: of the rarer kind; seeds: networks trained here, 0 where none was.
    """
    rows = []
    for name, group in readouts.items():
        world, network, layer = name.split("/")
        people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
        for label in group[0].summary["labels"]:
            right = 100 - balanced_error(group, label, people)
            if np.isfinite(right[0]):
                got = people.interval(right, seeds=len(group))
                rows.append({
                    "world": world, "network": network, "layer": layer, "label": label, "correct": got.value,
                    "lo": got.lo, "hi": got.hi, "images": min(group[0].summary["counts"][label]), "people": got.n,
                    "seeds": len(group) if network == "trained" else 0,
                })  # fmt: skip
    return pd.DataFrame(rows)


def moved(found: Sequence[Measured]) -> list[list[Any]]:
    """World, network, people, images, energy with its interval, energy of the control; share of people moved by view,
    of the control's; share of features moved, of the control's; share of features moved for everybody alike."""
    return [
        [*said(one), len(one.of.design.people), one.of.images, one.energy, _dash(one.control), _percent(one.of_people),
         _percent(one.control_people), _percent(one.of_features), _percent(one.control_features),
         _percent(one.of_features_alike)]
        for one in found
    ]  # fmt: skip


def head_on(found: Sequence[Measured]) -> list[list[Any]]:
    """World, network; shares of people, of features and of pairs in how view dependence varies; people less features
    and agreement of halves, with intervals; rank correlation with the gap in yaw."""
    return [
        [*said(one), *(_percent(one.split.share(name)) for name in ("people", "features", "pairs")), one.advantage,
         one.agreement, _dash(one.yaw_gap_rank)]
        for one in found
    ]  # fmt: skip


def variances(found: Sequence[Measured]) -> pd.DataFrame:
    """world, network, part, share, lo, hi: what the variance of a feature is made of."""
    rows = []
    for one in found:
        world, network = said(one)
        for part, share in zip(PARTS, one.parts, strict=True):
            rows.append({"world": world, "network": network, "part": part, "share": share.value,
                         "lo": share.lo, "hi": share.hi})  # fmt: skip
    return pd.DataFrame(rows)


def _percent(share: float | None) -> str:
    return "–" if share is None or share != share else f"{100 * share:.0f} %".replace("-", "−")


def _dash(value: float | None) -> Any:
    return "–" if value is None or value != value else value
