"""Tables of chapter pose: what its figures draw and its pages print. Worlds are those of `analysis.pose.by_world`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis import pose, pose_error, pose_width
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.pose import AS_THE_PAPER, Group, Worlds, headline, learnt, sign_share, widths_and_errors
from deepfeatures.analysis.pose_error import Answer, answer, range_of, shrunken, true
from deepfeatures.analysis.pose_explorer import in_words
from deepfeatures.data.rudd2017_table1 import RANGES, TOTAL

MEDIAN = "constant: training median"
BIN_DEG = 15.0
CORRELATION = "correlation of yaw"


def networks_by_range(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """Every network's last layer, the triplet embedding, and what they have to beat: world, then as
    pose_error.by_range; shrunk_deg is the error of the same answer moved half-way to the training mean.
    """
    tables = []
    for world, groups in worlds.items():
        best = groups[headline(groups)]
        answers, shrunk = _with_shrunken(groups)
        answers |= {MEDIAN: answer(best[:1], "median")}
        table = pose_error.by_range(answers, best[0], resamples=resamples, rng=rng).assign(world=world)
        yaw = true(best[0])
        masks = {label: range_of(yaw) == number for number, label in enumerate(RANGES)} | {TOTAL: yaw >= 0}
        tables.append(table.assign(shrunk_deg=[
            float(shrunk[name].error[masks[label]].mean()) if name in shrunk else np.nan
            for name, label in zip(table["predictor"], table["range"], strict=True)
        ]))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def beside_every_network(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, network, range; mean absolute errors of |yaw|, degrees: of the network, of its answer moved half-way to
    the training mean, the first less the second, of the constant training median and mean; images, people.

    All answers of one row see the same draws of people; a difference above 0 says that the timid answer is better.
    """
    rows = []
    for world, groups in worlds.items():
        best = groups[headline(groups)][0]
        yaw, identity = true(best), np.asarray(best["identity"])
        people, group = draw_people(identity, resamples=resamples, rng=rng), range_of(yaw)
        constants = [answer([best], name).error for name in ("median", "mean")]
        answers, shrunk = _with_shrunken(groups)
        for name, one in answers.items():
            for number, label in enumerate((*RANGES, TOTAL)):
                where = np.ones(len(yaw), bool) if label == TOTAL else group == number
                if not where.any():
                    continue
                own, timid = (people.mean(each.error, where) for each in (one, shrunk[name]))
                found = [people.interval(values, seeds=one.seeds) for values in (own, timid, own - timid)]
                known = [float(constant[where].mean()) for constant in constants]
                rows.append([world, name, label, *found, *known, int(where.sum()), len(np.unique(identity[where]))])
    return rows


def _with_shrunken(groups: Mapping[str, Group]) -> tuple[dict[str, Answer], dict[str, Answer]]:
    """By network in words: its linear answer, and the same moved half-way to the mean of its own training people."""
    best = headline(groups)
    read = {name: (group, "linear") for name, group in {**last_layers(groups), **before_the_last(groups)}.items()}
    if "triplet" in groups[best][0]:
        read["after triplet embedding"] = (groups[best], "triplet")
    answers, shrunk = {}, {}
    for name, (group, way) in read.items():
        if len(group[0]["row"]) != len(groups[best][0]["row"]):
            raise ValueError(f"{name}: {len(group[0]['row'])} images, {len(groups[best][0]['row'])} of {best}")
        label = in_words(name)
        answers[label] = answer(group, way)
        shrunk[label] = shrunken(answers[label], answer(group[:1], "mean"), true(group[0]))
    return answers, shrunk


def against_equal_precision(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """The headline network beside a reader of equal precision, both constants and itself stretched; as
    networks_by_range.
    """
    tables = []
    for world, groups in worlds.items():
        group = groups[headline(groups)]
        answers = {name: one for name, one in pose_error.beside(group).items() if name != "stretched to slope 1"}
        tables.append(pose_error.by_range(answers, group[0], resamples=resamples, rng=rng).assign(world=world))
    return pd.concat(tables, ignore_index=True)


def half_profile(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, network; error at 0-15 less error at 15-45 degrees of the network, of equal precision, the difference, and
    of the constant.
    """
    rows = []
    for world, groups in worlds.items():
        best = headline(groups)
        for name, group in {best: groups[best], **before_the_last(groups)}.items():
            people, yaw = draw_people(group[0]["identity"], resamples=resamples, rng=rng), true(group[0])
            beside = pose_error.beside(group)
            gain = {way: pose_error.advantage(people, one, yaw) for way, one in beside.items()}
            own, level = gain["network"], gain["equal precision"]
            kept = [own, level, own - level, gain[MEDIAN]]
            rows.append([world, in_words(name), *(people.interval(one, seeds=len(group)) for one in kept)])
    return rows


def curves(worlds: Worlds, *, least: int = 5) -> pd.DataFrame:
    """Mean and spread of what is said by true angle: target, world, true_deg (mean of its bin), mean_deg, sd_deg,
    images.

    Bins of BIN_DEG with at least `least` images, of the headline network's linear read-out; target: 'abs_yaw' or
    'yaw'.
    """
    rows = []
    for target in ("abs_yaw", "yaw"):
        for world, groups in worlds.items():
            if world == AS_THE_PAPER:
                continue
            group = groups[headline(groups)]
            said, truth = answer(group, "linear", target).said, true(group[0], target)
            bins = np.round(truth / BIN_DEG)
            for one in np.unique(bins):
                inside = bins == one
                if inside.sum() >= least:
                    rows.append({
                        "target": target, "world": world, "true_deg": truth[inside].mean(),
                        "mean_deg": said[inside].mean(), "sd_deg": said[inside].std(), "images": int(inside.sum()),
                    })  # fmt: skip
    return pd.DataFrame(rows)


def layers(groups: Mapping[str, Group], *, size: int, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """Total error of |yaw| by layer and way of reading: name, width, way, error_deg, lo, hi. size: of the reduced
    ones.
    """
    ways = {
        "linear": "linear",
        f"pca-{size}": f"{size} by PCA",
        f"random-{size}": f"{size} at random",
        "kernel": "kernel",
    }
    rows = []
    for name, group in groups.items():
        people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
        for way, label in {**ways, "triplet": "triplet embedding"}.items():
            if way in group[0]:
                found = people.interval(people.mean(answer(group, way).error), seeds=len(group))
                rows.append({
                    "name": in_words(name), "width": group[0].summary["width"], "way": label,
                    "error_deg": found.value, "lo": found.lo, "hi": found.hi,
                })  # fmt: skip
    return pd.DataFrame(rows)


def longer_vectors(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, layers, of how many widths; rank correlation of width with error with its interval over layers and people,
    the interval over people alone, exact p of so low a correlation by accident. Networks trained on identities alone.
    """
    rows = []
    for world, groups in worlds.items():
        of_identity = learnt(groups)
        if len(of_identity) < 3:
            continue
        group = next(iter(of_identity.values()))
        people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
        width, errors = widths_and_errors(of_identity, people)
        found = pose.longer_vectors(width, errors, seeds=len(group), rng=rng)
        alone = people.interval(pose_width.rank_correlation(width, errors))
        rows.append([world, len(width), len(np.unique(width)), getattr(found, "reason", found), alone,
                     pose_width.exact_p(width, errors[:, 0])])  # fmt: skip
    return rows


def triplet_and_controls(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, dimensions after; total error before, after the embedding, by PCA and by a random map of the same size."""
    rows = []
    for world, groups in worlds.items():
        group = groups[headline(groups)]
        if "triplet" not in group[0]:
            continue
        people, after = (
            draw_people(group[0]["identity"], resamples=resamples, rng=rng),
            group[0].summary["triplet_dimensions"],
        )
        ways = ["linear", "triplet", f"pca-{after}", f"random-{after}"]
        found = [
            people.interval(people.mean(answer(group, way).error), seeds=len(group)) if way in group[0] else "–"
            for way in ways
        ]
        rows.append([world, after, *found])
    return rows


def angles(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, features, angle; mean absolute errors, degrees: by a line, by the kernel, of the constant training median;
    images, people. Of the headline network's last layer and of the layer that it is computed from.
    """
    rows = []
    for world, groups in worlds.items():
        best = headline(groups)
        for name, group in {best: groups[best], **before_the_last(groups)}.items():
            people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
            for target in group[0].summary["targets"]:
                ways = (("linear", group), ("kernel", group), ("median", group[:1]))
                found = [people.interval(people.mean(answer(of, way, target).error), seeds=len(of)) for way, of in ways]
                angle = target.replace("abs_yaw", "|yaw|")
                rows.append([world, in_words(name), angle, *found, len(people.of_image), people.times.shape[1]])
    return rows


def signs(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """World, network; share of sides told rightly by a line, by the kernel, by a line from the sum with the mirror
    image; cosines to mirror image and person.
    """
    rows = []
    for world, groups in worlds.items():
        for name, group in last_layers(groups).items():
            if "mirror_cosine" not in group[0]:
                continue
            people = draw_people(group[0]["identity"], resamples=resamples, rng=rng)
            shares = [
                people.interval(sign_share(people, group, way), seeds=len(group))
                for way in ("linear", "kernel", "mirror-sum")
            ]
            cosines = [
                np.nanmean(np.stack([one[kind] for one in group])) for kind in ("mirror_cosine", "person_cosine")
            ]
            rows.append([world, in_words(name), *shares, *map(float, cosines)])
    return rows


def transfers(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """From, to, network; correlation and slope of signed yaw read in one world by the regressor of another."""
    rows = []
    for world, groups in worlds.items():
        for name, group in groups.items():
            for other in (array.removeprefix("to-") for array in _arrays(group, worlds)):
                said, truth = np.asarray(group[0][f"to-{other}"])[:, 1], np.asarray(group[0][f"truth-{other}"])[:, 1]
                people = draw_people(group[0][f"identity-{other}"], resamples=resamples, rng=rng)
                rows.append([world, other, in_words(name), people.interval(_correlation(people.sums, said, truth)),
                             pose_error.line(said, truth)[0]])  # fmt: skip
    return rows


def last_layers(groups: Mapping[str, Group]) -> dict[str, Group]:
    """The last layer of every network, by the network's name."""
    return {name.partition("/")[0]: group for name, group in groups.items()}


def before_the_last(groups: Mapping[str, Group]) -> dict[str, Group]:
    """The layer that the headline network's last, linear layer reads, where it is another: {'both/gdc': ...}."""
    network = headline(groups).partition("/")[0]
    return {f"{network}/gdc": groups[f"{network}/gdc"]} if f"{network}/gdc" in groups else {}


def _arrays(group: Group, worlds: Worlds) -> list[str]:
    return [f"to-{other}" for other in worlds if f"to-{other}" in group[0]]


def _correlation(sums: Any, said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    x, y = truth.astype(np.float64), said.astype(np.float64)
    n, sx, sy, sxx, syy, sxy = sums(np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)).T
    return (n * sxy - sx * sy) / np.sqrt((n * sxx - sx**2) * (n * syy - sy**2))
