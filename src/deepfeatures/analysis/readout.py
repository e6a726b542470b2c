"""The read-out artifact: everything the chapters ask of one network's ip1 (or of the pixels), measured once.

Rows are digit-major: row = digit * angles + angle index. Arrays are .npy, scalars are in summary.json.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.digit_arrays import digit_arrays
from deepfeatures.analysis.distances import digit_distances, pair_distances
from deepfeatures.analysis.extraction import Extractor, extractor
from deepfeatures.analysis.geometry import describe_space, distances_as_scalars, scalars, spectra
from deepfeatures.analysis.predictions import predict_all
from deepfeatures.analysis.rank import rank_accuracy, ranks_up_to
from deepfeatures.analysis.space_arrays import space_arrays
from deepfeatures.analysis.training_features import gather
from deepfeatures.probes.angle_curve import angle_curve

ANGLE_ESTIMATES = ("angle_by_true_label", "angle_pooled", "angle_by_predicted_label")
NOT_LABELS = (*ANGLE_ESTIMATES, "logits")


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    features: str = "network",
    seed: int = 0,
    prototypes: int = 7,
    heat_digits: int = 10,
    prototype_rows: int = 6000,
    invariance_digits: int = 500,
) -> None:
    """Write the arrays and summary.json to `out`.

    inputs: 'rotated', and 'network' for features='network'. seed: of the untrained network, of k-means, of the random
    angle and of the digits that invariance is measured on. prototypes: k-means centres of a class, from a sample of
    prototype_rows of its training rows. heat_digits: test digits of a class in the heat map.
    """
    for name, value in (("prototypes", prototypes), ("heat_digits", heat_digits), ("prototype_rows", prototype_rows)):
        if value < 1:
            raise ValueError(f"{name}={value}: it must be at least 1")
    rotated = inputs["rotated"]
    angles_deg = np.asarray(json.loads((rotated / "meta.json").read_text())["angles_deg"], np.float64)
    source = extractor(features, network=inputs.get("network"), seed=seed)
    rng_prototypes, rng_angle, rng_digits = np.random.default_rng(seed).spawn(3)

    train = gather(
        source,
        np.load(rotated / "train_images.npy", mmap_mode="r"),
        np.load(rotated / "train_labels.npy"),
        angles_deg,
        prototypes=prototypes,
        prototype_rows=prototype_rows,
        rng=rng_prototypes,
    )
    images = np.load(rotated / "test_images.npy", mmap_mode="r")
    labels = np.load(rotated / "test_labels.npy").astype(np.uint8)
    probed, logits = read_test(source, images)
    flat = probed.reshape(-1, probed.shape[2])
    row_label, row_angle = np.repeat(labels, len(angles_deg)), np.tile(angles_deg, len(labels))

    basis, ranks = train.feature_moments, ranks_up_to(flat.shape[1])
    arrays = predict_all(train, flat, row_label, row_angle, angles_deg, rng=rng_angle)
    if logits is not None:
        arrays |= {"softmax_pred": logits.argmax(axis=1).astype(np.uint8), "logits": logits}
    summary: dict[str, Any] = {
        "features": features,
        "layer": source.probed,
        "angles_deg": angles_deg,
        "train_digits": basis.count // len(angles_deg),
        "test_digits": len(labels),
        "width": flat.shape[1],
        "train_min": train.low.min(),
        "train_max": train.high.max(),
        "prototype_rows": train.sampled,
        "ranks": ranks,
        "softmax": None if logits is None else (arrays["softmax_pred"] == row_label).mean(),
        "accuracy": {name: (arrays[name] == row_label).mean() for name in sorted(arrays) if name not in NOT_LABELS},
        "angle": {name: _curve(arrays[name], row_angle, row_label) for name in ANGLE_ESTIMATES},
        "invariance": invariance_by_layer(source, images, labels, digits=invariance_digits, rng=rng_digits),
    }
    arrays |= {
        "label": row_label,
        "angle": row_angle.astype(np.float32),
        "digit": np.repeat(np.arange(len(labels), dtype=np.int32), len(angles_deg)),
        "class_means": train.class_means,
        "class_angle_means": train.class_angle_means,
        "train_min": train.low,
        "train_max": train.high,
        "rank_accuracy": rank_accuracy(flat, row_label, train.class_means, basis, ranks),
        **heat_map(probed, labels, angles_deg, digits=heat_digits),
    }
    space, of_space = describe_space(probed, labels, angles_deg)
    singular, of_spectrum = spectra(flat)
    arrays |= digit_arrays(source, images, labels, probed, train, rng=rng_digits.spawn(1)[0])
    resampled, of_resampled = space_arrays(probed, labels, angles_deg, train, rng=rng_digits.spawn(1)[0])
    arrays |= resampled
    summary |= of_space | of_resampled | {"spectrum": of_spectrum}
    for name, array in (arrays | space | singular).items():
        np.save(out / f"{name}.npy", array)
    (out / "summary.json").write_text(json.dumps(plain(summary), indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_test(
    source: Extractor, images: np.ndarray, *, chunk_digits: int = 36
) -> tuple[np.ndarray, np.ndarray | None]:
    """The probed layer of every image (digits, angles, d), and the logits (rows, 10) of a trained ip2 or None."""
    digits, turns = images.shape[:2]
    probed, logits = np.empty((0, 0, 0), np.float32), None
    with tqdm(total=digits * turns, desc="test features", unit="image", unit_scale=True) as progress:
        for start in range(0, digits, chunk_digits):
            rows = slice(start, start + chunk_digits)
            chunk = images[rows].reshape(-1, *images.shape[2:])
            layers = source.layers(chunk)
            if start == 0:
                probed = np.empty((digits, turns, layers[source.probed].shape[1]), np.float32)
                logits = np.empty((digits, turns, 10), np.float32) if source.has_softmax else None
            probed[rows] = layers[source.probed].reshape(-1, turns, probed.shape[2])
            if logits is not None:
                logits[rows] = layers["ip2"].reshape(-1, turns, 10)
            progress.update(len(chunk))
    return probed, None if logits is None else logits.reshape(-1, 10)


def heat_map(features: np.ndarray, labels: np.ndarray, angles_deg: np.ndarray, *, digits: int) -> dict[str, np.ndarray]:
    """Figure 7's columns: the first `digits` test digits of each class, classes ascending, angles ascending inside one.

    heat: (classes * angles * digits, d); heat_label, heat_angle: of its rows. A class with fewer digits gives fewer.
    """
    chosen = [np.flatnonzero(labels == label)[:digits] for label in range(10)]
    blocks = [features[rows].transpose(1, 0, 2).reshape(-1, features.shape[2]) for rows in chosen]
    return {
        "heat": np.concatenate(blocks),
        "heat_label": np.repeat(np.arange(10, dtype=np.uint8), [len(block) for block in blocks]),
        "heat_angle": np.concatenate([np.repeat(angles_deg, len(rows)) for rows in chosen]).astype(np.float32),
    }


def invariance_by_layer(
    source: Extractor, images: np.ndarray, labels: np.ndarray, *, digits: int, rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Distances and the invariance index of every layer, pixels included, on a sample of the test digits."""
    chosen = np.sort(rng.permutation(len(labels))[:digits])
    sample = images[chosen]
    flat = sample.reshape(-1, *images.shape[2:])
    pixels = extractor("pixels").layers
    layers = pixels(flat) | source.layers(flat)
    turned = {name: values.reshape(*sample.shape[:2], -1) for name, values in layers.items()}
    apart = {name: pair_distances(digit_distances(values, labels[chosen])) for name, values in turned.items()}
    return {name: distances_as_scalars(found) for name, found in apart.items()}


def _curve(predicted_deg: np.ndarray, true_deg: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    found = angle_curve(predicted_deg, true_deg, labels)
    lists = {name: getattr(found, name) for name in ("mean_deg", "spread_deg", "bias_deg", "error_deg")}
    derived = ("mean_spread_deg", "explained", "slope", "spread_rise_at_ends_deg", "error_rise_at_ends_deg")
    return scalars(found) | lists | {name: getattr(found, name) for name in derived}


def plain(value: Any) -> Any:
    """Numbers, lists and dicts that JSON knows; what is not a number becomes null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    return None if isinstance(value, float) and not np.isfinite(value) else value
