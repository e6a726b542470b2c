"""Departures from what the paper does with LeNet's ip1, on one trained network: do they explain its figures?

Rudd et al. 2017, section 4.1, averages ip1 behind its ReLU over all training images of a class, compares by cosine, and
fits a linear regressor for each label of the training set. Each is changed in turn, in case what was run is not what
was written. Rows are digit-major, as in a read-out: row = digit * angles + angle index.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from tqdm import tqdm

from deepfeatures.networks.lenet import LeNet, load
from deepfeatures.probes.angle import angle_moments, fit, of_label, predict
from deepfeatures.probes.mean_activation import GroupSums, cosine_similarity, directions, nearest_label
from deepfeatures.probes.moments import Moments, merged

RECOGNITION = {  # array: what it is
    "mav_usual": "cosine to class means, after the ReLU (as everywhere)",
    "mav_before": "before the ReLU",
    "mav_euclidean": "Euclidean distance instead of cosine",
    "mav_centred": "cosine after subtracting the overall mean",
    "mav_unit_length": "means of features of length 1",
    "mav_upright": "means of upright images only",
}
ANGLE = {
    "angle_usual": "all training images, after the ReLU (as everywhere)",
    "angle_before": "before the ReLU",
    "angle_one_copy": "one copy of each training digit, at a random angle",
}


@dataclass(frozen=True)
class _Training:
    """sums: by label * angles + angle index; before, after, one_copy: moments of [features, angle], one a label."""

    sums: dict[str, GroupSums]
    before: list[Moments]
    after: list[Moments]
    one_copy: list[Moments]


def make(out: Path, inputs: dict[str, Path], *, seed: int = 0) -> None:
    """Write the arrays of RECOGNITION (labels) and ANGLE (degrees) over test rows, label.npy, and summary.json.

    inputs: 'rotated', and 'network' whose ip1 is read. seed: of the angle at which a digit's one copy is taken.
    """
    rotated = inputs["rotated"]
    angles_deg = np.asarray(json.loads((rotated / "meta.json").read_text())["angles_deg"], np.float64)
    network = load(inputs["network"])
    train_labels = np.load(rotated / "train_labels.npy")
    train = _gather(
        network,
        np.load(rotated / "train_images.npy", mmap_mode="r"),
        train_labels,
        angles_deg,
        copy=np.random.default_rng(seed).integers(0, len(angles_deg), len(train_labels)),
    )
    images = np.load(rotated / "test_images.npy", mmap_mode="r")
    labels = np.repeat(np.load(rotated / "test_labels.npy").astype(np.uint8), len(angles_deg))
    arrays = _read(network, images.reshape(-1, *images.shape[2:]), labels, train, angles_deg)
    for name, array in {**arrays, "label": labels}.items():
        np.save(out / f"{name}.npy", array)
    (out / "summary.json").write_text(json.dumps({"angles_deg": angles_deg.tolist()}) + "\n")


def both_sides(network: LeNet, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ip1 before and after its ReLU: (n, 500) float32 each. images: (n, 28, 28) uint8."""
    with torch.inference_mode():
        before = F.linear(network.features(images)["pool2"], network.ip1.weight, network.ip1.bias)
        return before.numpy(), F.relu(before).numpy()


def _gather(
    network: LeNet, images: np.ndarray, labels: np.ndarray, angles_deg: np.ndarray, *, copy: np.ndarray
) -> _Training:
    turns = len(angles_deg)
    sums = {name: GroupSums.empty(10 * turns, 500) for name in ("before", "after", "unit_length")}
    kept: dict[str, list[Moments]] = {"before": [], "after": [], "one_copy": []}
    with tqdm(total=len(labels) * turns, desc="training features", unit="image", unit_scale=True) as progress:
        for label in range(10):
            parts: dict[str, list[Moments]] = {name: [] for name in kept}
            digits = np.flatnonzero(labels == label)
            for start in range(0, len(digits), 36):  # 36 digits x 7 angles: the batch at which features are fastest
                rows = digits[start : start + 36]
                before, after = both_sides(network, images[rows].reshape(-1, *images.shape[2:]))
                group = label * turns + np.tile(np.arange(turns), len(rows))
                angle = np.tile(angles_deg, len(rows))
                for name, features in (("before", before), ("after", after), ("unit_length", directions(after))):
                    sums[name].add(features, group)
                one = np.arange(len(rows)) * turns + copy[rows]
                parts["before"].append(angle_moments(before, angle))
                parts["after"].append(angle_moments(after, angle))
                parts["one_copy"].append(angle_moments(after[one], angle[one]))
                progress.update(len(after))
            for name, found in parts.items():
                kept[name].append(merged(found))
    return _Training(sums, **kept)


def _read(
    network: LeNet, images: np.ndarray, labels: np.ndarray, train: _Training, angles_deg: np.ndarray
) -> dict[str, np.ndarray]:
    turns = len(angles_deg)
    by_angle = {name: sums.means().reshape(10, turns, -1) for name, sums in train.sums.items()}
    means = {name: values.mean(axis=1) for name, values in by_angle.items()}  # every digit has all angles
    centre = np.average(means["after"], axis=0, weights=train.sums["after"].counts.reshape(10, turns).sum(axis=1))
    upright = by_angle["after"][:, int(np.abs(angles_deg).argmin())]
    regressors = {
        "angle_usual": [fit(one) for one in train.after],
        "angle_before": [fit(one) for one in train.before],
        "angle_one_copy": [fit(one) for one in train.one_copy],
    }
    found: dict[str, list[np.ndarray]] = {name: [] for name in (*RECOGNITION, *ANGLE)}
    for start in range(0, len(images), 252):
        before, after = both_sides(network, images[start : start + 252])
        label = labels[start : start + 252]
        scores = {
            "mav_usual": cosine_similarity(after, means["after"]),
            "mav_before": cosine_similarity(before, means["before"]),
            "mav_euclidean": -_squared_distance(after.astype(np.float64), means["after"]),
            "mav_centred": cosine_similarity(after - centre, means["after"] - centre),
            "mav_unit_length": cosine_similarity(after, means["unit_length"]),
            "mav_upright": cosine_similarity(after, upright),
        }
        for name, score in scores.items():
            found[name].append(nearest_label(score))
        for name, of_labels in regressors.items():
            features = before if name == "angle_before" else after
            found[name].append(of_label(predict(of_labels, features), label).astype(np.float32))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _squared_distance(features: np.ndarray, means: np.ndarray) -> np.ndarray:
    """|x - m|^2 but for |x|^2, which is the same for every mean: (n, k)."""
    return np.square(means).sum(axis=1) - 2 * features @ means.T
