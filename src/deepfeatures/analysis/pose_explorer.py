"""Every pose read-out by range of |yaw|, one row each: what the chapter's explorer lets a reader choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis.attribute_explorer import NETWORKS
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.pose import PoseReadout
from deepfeatures.analysis.pose_error import answer, range_of, true
from deepfeatures.data.rudd2017_table1 import RANGES, TOTAL

WORLDS = {
    "rendered": "rendered faces",
    "celeba": "CelebA (pose estimated)",
    "pointing04": "Pointing'04 (pose measured)",
    "as-the-paper": "rendered, yaw as common as in the paper",
}
ANGLES = {"abs_yaw": "|yaw|", "yaw": "yaw with its sign", "pitch": "pitch", "roll": "roll"}
OTHERS = {"both": "both MobileFaceNets"}
WAYS = {
    "linear": "linear",
    "kernel": "Gaussian kernel",
    "triplet": "linear, after the triplet embedding",
    "mirror-sum": "linear, from the sum with the mirror image",
}


def grid(
    worlds: Mapping[str, Mapping[str, Sequence[PoseReadout]]], *, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Mean absolute error, degrees: world, angle, range, features, way, error, error_lo, error_hi, constant, images,
    people.

    Ranges are of the true |yaw|, whatever the angle. constant: the training median's error on the same images. Angles
    other than |yaw| are read by the linear read-out alone. A range without images has no row.
    """
    rows = []
    for world, groups in worlds.items():
        for name, group in groups.items():
            where = _ranges(true(group[0]))
            identity = np.asarray(group[0]["identity"])
            people = draw_people(identity, resamples=resamples, rng=rng)
            facts = {"world": WORLDS.get(world, world), "features": in_words(name)}
            counts = {label: (int(mask.sum()), len(np.unique(identity[mask]))) for label, mask in where.items()}
            for target, way, label in _ways(group[0]):
                errors = np.stack([answer(group, way, target).error, answer(group[:1], "median", target).error], axis=1)
                # One pass over the images: both errors within each range, and the ranges themselves.
                columns = np.concatenate([np.c_[errors * mask[:, None], mask] for mask in where.values()], axis=1)
                sums = people.sums(columns).reshape(len(people.times), len(where), 3)
                for number, (interval, (images, persons)) in enumerate(counts.items()):
                    total, constant, count = sums[:, number].T
                    drawn = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
                    found = people.interval(drawn, seeds=len(group))
                    rows.append({
                        **facts, "angle": ANGLES[target], "range": interval, "way": label, "error": found.value,
                        "error_lo": found.lo, "error_hi": found.hi, "constant": constant[0] / count[0],
                        "images": images, "people": persons,
                    })  # fmt: skip
    return pd.DataFrame(rows).sort_values("range", key=lambda column: column.map(_order), kind="stable")


def in_words(readout: str) -> str:
    """'both/gdc' as 'both MobileFaceNets, gdc'."""
    network, _, layer = readout.partition("/")
    name = (OTHERS | NETWORKS).get(network, network)
    return name if layer in ("", network) else f"{name}, {layer}"


def _ranges(abs_yaw_deg: np.ndarray) -> dict[str, np.ndarray]:
    """Masks of the ranges that hold an image, then of all of them."""
    group = range_of(abs_yaw_deg)
    found = {f"{label} degrees": group == number for number, label in enumerate(RANGES)}
    return {label: mask for label, mask in found.items() if mask.any()} | {TOTAL: np.ones(len(group), bool)}


def _order(label: str) -> int:
    return [*(f"{one} degrees" for one in RANGES), TOTAL].index(label)


def _ways(readout: PoseReadout) -> Iterator[tuple[str, str, str]]:
    """(target, array, in words): every read-out of |yaw|, and the linear one of the other angles that are known."""
    kinds = {"pca": "by PCA", "random": "at random"}
    sizes = [(f"{kind}-{k}", f"linear, {k} {words}") for kind, words in kinds.items() for k in readout.summary["sizes"]]
    for way, label in [*WAYS.items(), *sizes]:
        if way in readout:
            yield "abs_yaw", way, label
    for target in readout.summary["targets"]:
        if target != "abs_yaw":
            yield target, "linear", WAYS["linear"]
