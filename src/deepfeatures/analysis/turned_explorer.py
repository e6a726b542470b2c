"""Turned digits as a table for an explorer: a row a digit, angle and network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

COLUMNS = 25  # units side by side in the picture of a layer
BRIGHTEST = 0.98  # quantile of a network's non-zero responses that is drawn white, as in the heat maps


def grid(networks: Mapping[str, Any]) -> pd.DataFrame:
    """digit, turned, network; picture (28, 28) shares; angle_true; softmax (10,) or None and its words; means, words;
    angle, angle_lo, angle_hi degrees, nan where not known; units (rows, 25) shares.

    networks: artifacts of turned_digits by label, of the same digits.
    """
    rows = []
    for name, one in networks.items():
        order, limit = np.argsort(one["unit_class"], kind="stable"), _limit(one["features"])
        for at, label in enumerate(one["label"]):
            for number, angle in enumerate(one.meta["angles_deg"]):
                read = float(one["angle_read"][at, number])
                shares = softmax(one["logits"][at, number].astype(np.float64)) if "logits" in one else None
                rows.append({
                    "digit": f"{label} (test digit {one['digit'][at] + 1:,})",
                    "turned": _turned(angle, one.meta["known_deg"]), "network": name,
                    "picture": one["images"][at, number] / 255, "angle_true": angle,
                    "softmax": shares,
                    "softmax_says": "has none" if shares is None else f"{shares.argmax()} ({100 * shares.max():.0f} %)",
                    "means_say": _nearest(one["cosine"][at, number]),
                    "angle": read, "angle_lo": read - one["error_hi"][at], "angle_hi": read - one["error_lo"][at],
                    "units": _tiles(one["features"][at, number][order] / limit),
                })  # fmt: skip
    table = pd.DataFrame(rows)
    return table.sort_values(["digit", "angle_true"], kind="stable")


def _turned(angle: float, known: list[float]) -> str:
    text = f"{angle:.0f}".replace("-", "−") + "°"
    return text if angle in known else f"{text} (between the angles of training)"


def _nearest(cosine: np.ndarray) -> str:
    first, second = np.argsort(-cosine, kind="stable")[:2]
    return f"{first} (cosine {cosine[first]:.2f}; next {second}, {cosine[second]:.2f})"


def _limit(features: np.ndarray) -> float:
    above = features[features > 0]
    return float(np.quantile(above, BRIGHTEST)) if len(above) else 1.0


def _tiles(units: np.ndarray) -> np.ndarray:
    """(rows, COLUMNS) shares 0..1, row by row; places behind the last unit are 0."""
    rows = -(-len(units) // COLUMNS)
    filled = np.zeros(rows * COLUMNS)
    filled[: len(units)] = np.clip(units, 0, 1)
    return filled.reshape(rows, COLUMNS)
