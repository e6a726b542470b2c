"""More departures from what the paper does with LeNet's ip1, as analysis.readings has them, on one trained network.

Rudd et al. 2017, section 4.1. One leads to the paper's figure: per_angle_own, means of an estimated angle where each
class judges by the angle that its own regressor reads. Mixed sides of the ReLU and pixels of
another scale are slips that Caffe invites: a network's deploy file does not hold the scale of its data layer, and a
forward pass that ends at ip1 leaves out the ReLU. Means of images that are classified correctly are what OpenMax calls
mean activation vectors (Bendale and Boult 2016).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F
from tqdm import tqdm

from deepfeatures.analysis import angle_error, why
from deepfeatures.analysis.accuracy import percent
from deepfeatures.analysis.bootstrap import intervals
from deepfeatures.analysis.columns import Readout, angles_deg, paired
from deepfeatures.analysis.training_curves import ends
from deepfeatures.networks.lenet import INPUT_SCALE, LeNet, as_pixels, load
from deepfeatures.probes.angle import LinearRegressor, angle_moments, fit, of_label, predict
from deepfeatures.probes.mean_activation import GroupSums, cosine_similarity, directions, nearest_label, snap
from deepfeatures.probes.moments import Moments, merged

FEW = (100, 300, 1000)  # training digits of a label, for regressors of fewer than all
RECOGNITION = {  # array: what it is
    "mav_right": "means of images that the softmax gets right",
    "mav_test_before": "means behind the ReLU, test images before it",
    "mav_means_before": "means before the ReLU, test images behind it",
    "mav_unscaled": "pixels of 0 to 255 when features are read, 0 to 1 in training",
    "mav_test_unscaled": "the same of test images alone",
}
PER_ANGLE = {  # array: of which artifact, and what it is
    "per_angle_pred_predicted": ("readout", "regressor of the label that class means predict (as everywhere)"),
    "per_angle_pred_pooled": ("readout", "one regressor for all labels"),
    "per_angle_own": ("further", "each class by its own regressor"),
    "per_angle_pred_oracle": ("readout", "true label's regressor, which no one has at test time"),
}
ANGLE = {
    "angle_unit_length": "features of length 1",
    "angle_test_before": "fitted behind the ReLU, asked before it",
    "angle_unscaled": "pixels of 0 to 255 when features are read, 0 to 1 in training",
    **{f"angle_few_{count}": f"fitted on at most {count:,} training digits of the label" for count in FEW},
}
EVERY = "angle_by_every"  # (rows, 10): each label's regressor, asked about every test image
CHUNK_DIGITS = 36  # x 7 angles: the batch at which features are fastest


@dataclass(frozen=True)
class _Training:
    """sums: by label * angles + angle index; right: by label; moments of [features, angle], one a label, by name."""

    sums: dict[str, GroupSums]
    right: GroupSums
    moments: dict[str, list[Moments]]


@dataclass(frozen=True)
class Sides:
    """ip1 of some images before and after its ReLU, and after it of pixels of 0 to 255: (n, 500) float32 each.

    label: (n,) what the softmax says.
    """

    before: np.ndarray
    after: np.ndarray
    unscaled: np.ndarray
    label: np.ndarray


def make(out: Path, inputs: dict[str, Path]) -> None:
    """Write RECOGNITION's arrays and per_angle_own (labels), ANGLE's and EVERY (degrees) over test rows, label.npy.

    inputs: 'rotated', and 'network' whose ip1 is read. summary.json holds the angles. Rows are digit-major.
    """
    rotated = inputs["rotated"]
    degrees = np.asarray(json.loads((rotated / "meta.json").read_text())["angles_deg"], np.float64)
    network = load(inputs["network"])
    train = _gather(
        network,
        np.load(rotated / "train_images.npy", mmap_mode="r"),
        np.load(rotated / "train_labels.npy"),
        degrees,
    )
    images = np.load(rotated / "test_images.npy", mmap_mode="r")
    labels = np.repeat(np.load(rotated / "test_labels.npy").astype(np.uint8), len(degrees))
    arrays = _read(network, images.reshape(-1, *images.shape[2:]), labels, train, degrees)
    for name, array in {**arrays, "label": labels}.items():
        np.save(out / f"{name}.npy", array)
    (out / "summary.json").write_text(json.dumps({"angles_deg": degrees.tolist()}) + "\n")


def sides(network: LeNet, images: np.ndarray) -> Sides:
    """images: (n, 28, 28) uint8."""
    with torch.inference_mode():
        pixels = as_pixels(images)
        layers = network(pixels)
        before = F.linear(layers["pool2"].flatten(1), network.ip1.weight, network.ip1.bias)
        unscaled = network(pixels / INPUT_SCALE)["ip1"]
        label = layers["ip2"].argmax(dim=1)
        return Sides(before.numpy(), layers["ip1"].numpy(), unscaled.numpy(), label.numpy())


def _gather(network: LeNet, images: np.ndarray, labels: np.ndarray, degrees: np.ndarray) -> _Training:
    turns = len(degrees)
    sums = {name: GroupSums.empty(10 * turns, 500) for name in ("before", "after", "unscaled")}
    right = GroupSums.empty(10, 500)
    kept: dict[str, list[Moments]] = {name: [] for name in ("angle_usual", *ANGLE)}
    with tqdm(total=len(labels) * turns, desc="training features", unit="image", unit_scale=True) as progress:
        for label in range(10):
            parts: dict[str, list[Moments]] = {name: [] for name in kept}
            digits = np.flatnonzero(labels == label)
            for start in range(0, len(digits), CHUNK_DIGITS):
                rows = digits[start : start + CHUNK_DIGITS]
                found = sides(network, images[rows].reshape(-1, *images.shape[2:]))
                angle = np.tile(degrees, len(rows))
                group = label * turns + np.tile(np.arange(turns), len(rows))
                for name, total in sums.items():
                    total.add(getattr(found, name), group)
                correct = found.after[found.label == label]
                right.add(correct, np.full(len(correct), label))
                usual = angle_moments(found.after, angle)
                parts["angle_usual"].append(usual)
                parts["angle_test_before"].append(usual)
                parts["angle_unit_length"].append(angle_moments(directions(found.after), angle))
                parts["angle_unscaled"].append(angle_moments(found.unscaled, angle))
                for count in FEW:
                    if left := max(count - start, 0) * turns:
                        parts[f"angle_few_{count}"].append(angle_moments(found.after[:left], angle[:left]))
                progress.update(len(angle))
            for name, listed in parts.items():
                kept[name].append(merged(listed))
    return _Training(sums, right, kept)


def _read(
    network: LeNet, images: np.ndarray, labels: np.ndarray, train: _Training, degrees: np.ndarray
) -> dict[str, np.ndarray]:
    turns = len(degrees)
    by_angle = {name: total.means() for name, total in train.sums.items()}
    # Every digit has all angles, so the mean of a class is that of its means by angle.
    means = {name: values.reshape(10, turns, -1).mean(axis=1) for name, values in by_angle.items()}
    means["right"] = np.divide(  # a class of which the softmax gets none right is like nothing
        train.right.sums, train.right.counts[:, None], out=np.zeros_like(train.right.sums),
        where=train.right.counts[:, None] > 0,
    )  # fmt: skip
    regressors: dict[str, list[LinearRegressor]] = {
        name: [fit(one) for one in of_labels] for name, of_labels in train.moments.items()
    }
    found: dict[str, list[np.ndarray]] = {name: [] for name in (*RECOGNITION, "per_angle_own", *ANGLE, EVERY)}
    for start in range(0, len(images), CHUNK_DIGITS * turns):
        some = sides(network, images[start : start + CHUNK_DIGITS * turns])
        label = labels[start : start + len(some.after)]
        compared = {
            "mav_right": (some.after, means["right"]),
            "mav_test_before": (some.before, means["after"]),
            "mav_means_before": (some.after, means["before"]),
            "mav_unscaled": (some.unscaled, means["unscaled"]),
            "mav_test_unscaled": (some.unscaled, means["after"]),
        }
        for name, (features, of_classes) in compared.items():
            found[name].append(nearest_label(cosine_similarity(features, of_classes)))
        similarity = cosine_similarity(some.after, by_angle["after"]).reshape(len(label), 10, turns)
        every = predict(regressors["angle_usual"], some.after)
        own = snap(every, degrees)
        found["per_angle_own"].append(nearest_label(np.take_along_axis(similarity, own[:, :, None], axis=2)[:, :, 0]))
        found[EVERY].append(every.astype(np.float32))
        asked = {
            "angle_unit_length": directions(some.after),
            "angle_test_before": some.before,
            "angle_unscaled": some.unscaled,
        }
        for name in ANGLE:
            answer = predict(regressors[name], asked.get(name, some.after))
            found[name].append(of_label(answer, label).astype(np.float32))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def recognition(
    readings: Sequence[Readout], further: Sequence[Readout], *, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    """reading, accuracy_percent, lo, hi: class means by every reading there is. One of each artifact a network."""
    asked = [(further, name, what) for name, what in RECOGNITION.items()]
    usual = why.recognition_by_reading(readings, resamples=resamples, rng=rng)
    return pd.concat([usual, _accuracies(asked, resamples=resamples, rng=rng)], ignore_index=True)


def per_angle(
    further: Sequence[Readout], readouts: Sequence[Readout], *, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    """reading, accuracy_percent, lo, hi: means of an estimated angle. readouts: of the same networks."""
    groups = {"further": further, "readout": readouts[: len(further)]}
    asked = [(groups[of], name, what) for name, (of, what) in PER_ANGLE.items()]
    return _accuracies(asked, resamples=resamples, rng=rng)


def angle(
    readings: Sequence[Readout],
    further: Sequence[Readout],
    readouts: Sequence[Readout],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """reading, spread_deg, lo, hi: the angle by regressors fitted or chosen in every way there is."""
    rows = []
    for name, what in ANGLE.items() if further else ():
        cells = angle_error.cells(further, name)
        [found] = intervals(cells, lambda m: angle_error.spread_deg(m)[..., None], resamples=resamples, rng=rng)
        rows.append((f"label's regressor: {what}", found.value, *ends(found)))
    if further:
        [found] = intervals(_of_every(further), _spread_of_every, resamples=resamples, rng=rng)
        rows.append(("each label's regressor asked about every test image", found.value, *ends(found)))
    usual = why.angle_by_reading(readings, readouts, resamples=resamples, rng=rng)
    return pd.concat([usual, pd.DataFrame(rows, columns=list(usual.columns))], ignore_index=True)


def _of_every(further: Sequence[Readout]) -> np.ndarray:
    """Errors of every regressor on every test image, then their squares: (networks, digits, 2 * angles * 10)."""
    degrees = angles_deg(further[0])
    errors = np.stack([
        np.asarray(one[EVERY], np.float64).reshape(-1, len(degrees), 10) - degrees[:, None] for one in further
    ])
    return np.concatenate([errors, errors**2], axis=2).reshape(*errors.shape[:2], -1)


def _spread_of_every(means: np.ndarray) -> np.ndarray:
    """Mean over regressors and angles of the standard deviation over test images: (..., 1). means: of `_of_every`."""
    first, second = np.split(means, 2, axis=-1)
    return np.sqrt(np.maximum(second - first**2, 0.0)).mean(axis=-1, keepdims=True)


def _accuracies(
    asked: Sequence[tuple[Sequence[Readout], str, str]], *, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    rows = []
    for group, name, what in asked:
        if group:
            found = paired({"it": percent(group, name)}, lambda m: m["it"], resamples=resamples, rng=rng)
            rows.append((what, found.value, *ends(found)))
    return pd.DataFrame(rows, columns=["reading", "accuracy_percent", "lo", "hi"])
