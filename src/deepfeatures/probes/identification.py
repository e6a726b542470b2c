"""Identification: whose face is it, out of a gallery? Closed set (everybody is in it) and open set (some are not).

DIR at a false alarm rate: a probe of somebody in the gallery is detected and identified where the most similar gallery
image is of that person and its score is above a threshold; a probe of somebody else raises a false alarm where its best
score is above it. The threshold is the lowest that keeps false alarms at or below the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OpenSet:
    """found: (known probes,) bool, detected and identified; alarms: (unknown probes,) bool; threshold: of the score."""

    found: np.ndarray
    alarms: np.ndarray
    threshold: float

    @property
    def rate(self) -> float:
        """DIR."""
        return float(self.found.mean())

    @property
    def false_alarms(self) -> float:
        """Their measured rate: at most the one asked for."""
        return float(self.alarms.mean())


def rank_1(scores: np.ndarray, gallery: np.ndarray, probes: np.ndarray) -> np.ndarray:
    """(probes,) bool: whether the most similar gallery image shows the probe's person.

    scores: (gallery, probes), higher is more similar; gallery, probes: identities. A tie with an image of another
    person is no success.
    """
    scores, gallery, probes = _checked(scores, gallery, probes)
    own = gallery[:, None] == probes
    best_own = np.where(own, scores, -np.inf).max(axis=0)
    best_other = np.where(own, -np.inf, scores).max(axis=0)
    return np.asarray(best_own > best_other)


def open_set(scores: np.ndarray, gallery: np.ndarray, probes: np.ndarray, *, false_alarm_rate: float = 0.01) -> OpenSet:
    """scores: (gallery, probes); probes whose identity is not in the gallery are unknown. Raises ValueError where all
    are, or none."""
    scores, gallery, probes = _checked(scores, gallery, probes)
    known = np.isin(probes, gallery)
    if known.all() or not known.any():
        raise ValueError(f"{int(known.sum())} of {len(probes)} probes are of people in the gallery: both are needed")
    if not 0 <= false_alarm_rate < 1:
        raise ValueError(f"false_alarm_rate={false_alarm_rate}: from 0 to below 1")
    best = scores.max(axis=0)
    unknown = np.sort(best[~known])[::-1]
    threshold = unknown[int(np.floor(false_alarm_rate * len(unknown) * (1 + 1e-12)))]
    found = rank_1(scores, gallery, probes)[known] & (best[known] > threshold)
    return OpenSet(found, best[~known] > threshold, float(threshold))


def _checked(scores: np.ndarray, gallery: np.ndarray, probes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores, gallery, probes = np.asarray(scores, np.float64), np.asarray(gallery), np.asarray(probes)
    if scores.shape != (len(gallery), len(probes)):
        raise ValueError(f"scores of shape {scores.shape} for {len(gallery)} gallery images and {len(probes)} probes")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).sum())} of {scores.size} scores are no numbers")
    return scores, gallery, probes
