"""A few test digits turned in small steps, and what a network says of each: the first of every class, none picked.

images.npy (digits, angles, 28, 28) uint8; features.npy (digits, angles, d) float32, ip1; cosine.npy (digits, angles,
10), to the class means of the training features; logits.npy (digits, angles, 10), of a network with a softmax;
angle_read.npy (digits, angles) degrees, by the regressor of the digit's label, nan where it is not known; error_lo.npy,
error_hi.npy (digits,) degrees: between them lie 95 % of the errors of that regressor on test images; label.npy,
digit.npy (digits,); unit_class.npy (d,): the class that equation 1 gives a unit; meta.json: angles_deg.

The read-out kept what its regressors say of every test image, not the regressors. They are linear, so what they say of
more images than they have weights gives them back: least squares, checked on images that were left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deepfeatures.analysis.extraction import extractor
from deepfeatures.data.rotation import rotate
from deepfeatures.probes.angle import LinearRegressor, angle_moments, fit, predict
from deepfeatures.probes.mean_activation import cosine_similarity

CLOSE_DEG = 0.05  # how well a recovered regressor must say what the read-out kept, of digits left out,
CLOSE_SHARE = 0.99  # in this share of images: a unit that answers to one digit alone stays unknown without it
HELD_OUT = 0.2  # of a label's digits


def make(out: Path, inputs: dict[str, Path], *, step_deg: int = 5, recovered_from: int = 500) -> None:
    """Write the arrays. inputs: rotated, network, readout (of that network). step_deg: between two angles, from the
    first to the last that the digits are turned by. recovered_from: test digits of a label that its regressor is
    recovered from, all of them where there are fewer.
    """
    rotated = json.loads((inputs["rotated"] / "meta.json").read_text())
    known_deg = np.asarray(rotated["angles_deg"], np.float64)
    angles = np.arange(known_deg[0], known_deg[-1] + step_deg / 2, step_deg)
    source = extractor("network", network=inputs["network"])
    images = np.load(inputs["rotated"] / "test_images.npy", mmap_mode="r")
    labels = np.load(inputs["rotated"] / "test_labels.npy").astype(np.int64)
    kept = {name: np.load(inputs["readout"] / f"{name}.npy") for name in ("angle_by_true_label", "class_means")}
    said = kept["angle_by_true_label"].reshape(len(labels), len(known_deg)).astype(np.float64)

    present, chosen = np.unique(labels, return_index=True)
    upright = np.ascontiguousarray(images[chosen, int(np.flatnonzero(known_deg == 0)[0])])
    turned = np.stack([rotate(upright, angle, rotated.get("interpolation", "bilinear")) for angle in angles], axis=1)
    layers = source.layers(turned.reshape(-1, *turned.shape[2:]))
    shape = turned.shape[:2]
    features = layers[source.probed].reshape(*shape, -1)

    read, quantiles = np.full(shape, np.nan), np.empty((len(chosen), 2))
    for row, (label, digit) in enumerate(zip(present, chosen, strict=True)):
        own = np.flatnonzero(labels == label)
        quantiles[row] = np.quantile(said[own] - known_deg, [0.025, 0.975])
        found = recovered(source.probe, images, said, own[:recovered_from])
        if found is not None:
            read[row] = predict([found], features[row])[:, 0]
        for at, angle in enumerate(known_deg):  # there the read-out itself says it
            read[row, np.isclose(angles, angle)] = said[digit, at]
    arrays = {
        "images": turned, "features": features, "angle_read": read, "label": present, "digit": chosen,
        "cosine": cosine_similarity(features.reshape(-1, features.shape[2]), kept["class_means"]).reshape(*shape, 10),
        "error_lo": quantiles[:, 0], "error_hi": quantiles[:, 1],
        "unit_class": np.load(inputs["readout"] / "block_assignment_ratio_of_means.npy"),
    }  # fmt: skip
    if source.has_softmax:
        arrays["logits"] = layers["ip2"].reshape(*shape, 10)
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array)
    meta = {"angles_deg": angles.tolist(), "known_deg": known_deg.tolist(), "test_digits": len(labels)}
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")


def recovered(
    probe: Callable[[np.ndarray], np.ndarray], images: np.ndarray, said: np.ndarray, digits: np.ndarray
) -> LinearRegressor | None:
    """The regressor that said (digits, angles) degrees of images (digits, angles, 28, 28), from those of `digits`.

    probe: images (n, 28, 28) to features (n, d). None where what it says of the digits left out is not what was kept:
    there were too few to tell.
    """
    held = max(1, round(HELD_OUT * len(digits)))
    fitted, left = digits[:-held], digits[-held:]
    if not len(fitted):
        return None

    def rows(which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return probe(np.asarray(images[which]).reshape(-1, *images.shape[2:])), said[which].ravel()

    found = fit(angle_moments(*rows(fitted)))
    features, kept = rows(left)
    away = np.abs(predict([found], features)[:, 0] - kept)
    return found if np.quantile(away, CLOSE_SHARE) <= CLOSE_DEG else None
