"""Mean activation vectors (MAV) and cosine scoring: Rudd et al. 2017, section 4.1.

Ties go to the lowest label (then the lowest angle). A zero vector has similarity 0 with everything, so a row of
zeros is a tie of all labels and gets label 0. Scores are float64: near-ties then do not hang on how a BLAS blocks
its float32 products.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.probes.normalisation import MinMax


@dataclass
class GroupSums:
    """Sums of features by group, streamed. sums: (groups, d) float64; counts: (groups,)."""

    sums: np.ndarray
    counts: np.ndarray

    @classmethod
    def empty(cls, groups: int, width: int) -> GroupSums:
        return cls(np.zeros((groups, width)), np.zeros(groups, np.int64))

    def add(self, features: np.ndarray, group: np.ndarray, *, chunk_rows: int = 4096) -> None:
        """Add features (n, d) whose rows belong to group (n,) in 0..groups-1."""
        group = np.asarray(group, np.int64)
        if len(group) != len(features):
            raise ValueError(f"{len(group)} groups for {len(features)} rows of features")
        if len(group) and not (group.min() >= 0 and group.max() < len(self.counts)):
            raise ValueError(f"groups must lie in 0..{len(self.counts) - 1}, got {group.min()}..{group.max()}")
        for start in range(0, len(features), chunk_rows):
            rows = slice(start, start + chunk_rows)
            member = np.zeros((len(self.counts), len(group[rows])))
            member[group[rows], np.arange(member.shape[1])] = 1
            self.sums += member @ features[rows].astype(np.float64)
        self.counts += np.bincount(group, minlength=len(self.counts))

    def means(self) -> np.ndarray:
        """(groups, d) float64. Raises ValueError where a group has no row."""
        if (self.counts == 0).any():
            raise ValueError(f"no row in group {np.flatnonzero(self.counts == 0).tolist()}: its mean is undefined")
        return self.sums / self.counts[:, None]


def class_means(features: np.ndarray, labels: np.ndarray, *, n_labels: int = 10) -> np.ndarray:
    """MAV_l = mean of the features of label l: (n_labels, d) float64. features: (n, d); labels: (n,)."""
    sums = GroupSums.empty(n_labels, features.shape[1])
    sums.add(features, labels)
    return sums.means()


def class_angle_means(features: np.ndarray, labels: np.ndarray, *, n_labels: int = 10) -> np.ndarray:
    """MAV of each label at each angle: (n_labels, angles, d). features: (digits, angles, d); labels: (digits,)."""
    _, angles, width = features.shape
    sums = GroupSums.empty(n_labels * angles, width)
    group = np.asarray(labels, np.int64)[:, None] * angles + np.arange(angles)
    sums.add(features.reshape(-1, width), group.ravel())
    return sums.means().reshape(n_labels, angles, width)


def cosine_similarity(
    features: np.ndarray, means: np.ndarray, *, normalise: MinMax | None = None, chunk_rows: int = 4096
) -> np.ndarray:
    """x.m / (|x| |m|), 0 where either is zero: (n, k) float64. features: (n, d); means: (k, d).

    normalise: applied to features and means alike. (The mean of normalised features is the normalised mean, since
    the map is affine.)
    """
    if features.shape[1] != means.shape[1]:
        raise ValueError(f"features have {features.shape[1]} dimensions, means {means.shape[1]}")
    means = np.asarray(means, np.float64)
    unit_means = directions(means if normalise is None else normalise(means)).T
    similarity = np.empty((len(features), len(means)))
    for start in range(0, len(features), chunk_rows):
        chunk = features[start : start + chunk_rows].astype(np.float64)
        chunk = chunk if normalise is None else normalise(chunk)
        similarity[start : start + chunk_rows] = directions(chunk) @ unit_means
    return similarity


def directions(vectors: np.ndarray) -> np.ndarray:
    """Rows at length 1; zero rows stay zero. Scaled by the largest entry first, so that tiny rows do not underflow."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    scaled = vectors / np.where(largest > 0, largest, 1.0)
    length = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
    return scaled / np.where(length > 0, length, 1.0)


def nearest_label(similarity: np.ndarray, *, per_label: int = 1) -> np.ndarray:
    """Label of the most similar mean: (n,) uint8. similarity: (n, labels * per_label), a label's side by side."""
    if similarity.shape[1] % per_label:
        raise ValueError(f"{similarity.shape[1]} means are not {per_label} for each label")
    return (similarity.argmax(axis=1) // per_label).astype(np.uint8)


def nearest_label_at_angle(similarity: np.ndarray, angle_index: np.ndarray) -> np.ndarray:
    """Label of the most similar of the means at each row's own angle: (n,) uint8.

    similarity: (n, labels, angles); angle_index: (n,) in 0..angles-1, as `snap` gives it for an estimated angle.
    """
    if len(angle_index) != len(similarity):
        raise ValueError(f"{len(angle_index)} angles for {len(similarity)} rows")
    at_angle = np.take_along_axis(similarity, np.asarray(angle_index, np.int64)[:, None, None], axis=2)
    return at_angle[:, :, 0].argmax(axis=1).astype(np.uint8)


def snap(angle_deg: np.ndarray, angles_deg: tuple[float, ...] | np.ndarray) -> np.ndarray:
    """Index of the nearest of the ascending angles_deg, the lower one where two are equally near: (n,) int64."""
    known = np.asarray(angles_deg, np.float64)
    if not (np.diff(known) > 0).all():
        raise ValueError(f"angles must ascend, got {known.tolist()}")
    if not np.isfinite(angle_deg).all():
        raise ValueError(f"{int((~np.isfinite(angle_deg)).sum())} estimated angles are not finite")
    return np.searchsorted((known[1:] + known[:-1]) / 2, np.asarray(angle_deg, np.float64), side="left")
