"""What a read-out needs of the training features, gathered in one stream, one class after another."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.extraction import Extractor
from deepfeatures.probes.angle import angle_moments
from deepfeatures.probes.mean_activation import GroupSums
from deepfeatures.probes.moments import Moments, merged
from deepfeatures.probes.prototypes import class_prototypes

HELD_OUT = 10  # one digit in ten of each label is held out where a penalty is chosen


@dataclass(frozen=True)
class TrainingFeatures:
    """angle_moments: of the rows [features, angle], one for each label; angle_held_out: of the last tenth of the
    label's digits, angle_fitted: of the others, for penalties that are chosen on digits held out. class_angle_means:
    (10, angles, d);
    low, high: (d,) extremes; prototypes: (10, k, d), k-means centres of a sample of each class; sampled: rows in it.
    shuffled_scatter: (10, d), scatter of the features with the angles of the label's rows in random order, a control.
    shuffled_class_means: (10, d), class means with the labels of the digits in random order, a control.
    """

    angle_moments: list[Moments]
    angle_fitted: list[Moments]
    angle_held_out: list[Moments]
    class_angle_means: np.ndarray
    low: np.ndarray
    high: np.ndarray
    prototypes: np.ndarray
    sampled: list[int]
    shuffled_scatter: np.ndarray
    shuffled_class_means: np.ndarray

    @property
    def class_means(self) -> np.ndarray:
        """(10, d). Every digit has all angles, so the mean over all rows is the mean of the means per angle."""
        return self.class_angle_means.mean(axis=1)

    @property
    def feature_moments(self) -> Moments:
        """Of the features of all labels, without the angle."""
        rows = merged(self.angle_moments)
        return Moments(rows.count, rows.mean[:-1], rows.scatter[:-1, :-1])


def gather(
    source: Extractor,
    images: np.ndarray,
    labels: np.ndarray,
    angles_deg: np.ndarray,
    *,
    prototypes: int,
    prototype_rows: int,
    rng: np.random.Generator,
    chunk_digits: int = 292,
) -> TrainingFeatures:
    """images: (digits, angles, 28, 28) uint8, may be memory-mapped; labels: (digits,), all of 0..9 present.

    Features are held for one chunk (292 digits x 7 angles = 2044 rows) and for one class's k-means sample at a time.
    """
    counts = np.bincount(labels, minlength=10)
    if len(counts) > 10 or (counts == 0).any():
        raise ValueError(f"training digits per label are {counts.tolist()}: all of 0 to 9 must occur, and no other")
    turns = len(angles_deg)
    moments: list[Moments] = []
    fitted: list[Moments] = []
    held_out: list[Moments] = []
    means, centres, sampled, scatters = [], [], [], []
    shuffle, shuffle_labels = rng.spawn(2)
    shuffled_label, by_shuffled = shuffle_labels.permutation(labels), GroupSums.empty(10, 0)
    low, high = np.array(np.inf), np.array(-np.inf)
    with tqdm(total=int(counts.sum()) * turns, desc="training features", unit="image", unit_scale=True) as progress:
        for label in range(10):
            digits = np.flatnonzero(labels == label)
            # A sample of whole rows: 42,000 of a class would give the same centres for seven times the work.
            chosen = np.zeros(len(digits) * turns, bool)
            chosen[rng.permutation(len(chosen))[:prototype_rows]] = True
            shuffled_deg = shuffle.permutation(np.tile(angles_deg, len(digits)))
            sums, sample, scatter = 0.0, [], 0.0
            parts: tuple[list[Moments], list[Moments]] = [], []
            kept = len(digits) - len(digits) // HELD_OUT
            for start in range(0, len(digits), chunk_digits):
                rows = digits[start : start + chunk_digits]
                features = source.probe(images[rows].reshape(-1, *images.shape[2:]))
                cut = np.clip(kept - start, 0, len(rows)) * turns  # rows of digits that are not held out come first
                for part, some in zip(parts, (features[:cut], features[cut:]), strict=True):
                    part.append(angle_moments(some, np.tile(angles_deg, len(some) // turns)))
                turned = features.reshape(len(rows), turns, -1)
                sums = sums + turned.sum(axis=0, dtype=np.float64)
                if not by_shuffled.sums.size:
                    by_shuffled = GroupSums.empty(10, features.shape[1])
                by_shuffled.add(turned.mean(axis=1, dtype=np.float64), shuffled_label[rows])
                deviation = shuffled_deg[start * turns : (start + len(rows)) * turns] - np.mean(angles_deg)
                scatter = scatter + deviation @ features.astype(np.float64)
                low, high = np.minimum(low, features.min(axis=0)), np.maximum(high, features.max(axis=0))
                sample.append(features[chosen[start * turns : (start + len(rows)) * turns]])
                progress.update(len(features))
            fitted.append(merged(parts[0]))
            held_out.append(merged(parts[1]))
            moments.append(fitted[-1].merged(held_out[-1]))
            means.append(sums / len(digits))
            scatters.append(scatter)
            sampled.append(int(chosen.sum()))
            centres.append(class_prototypes(np.concatenate(sample), min(prototypes, sampled[-1]), rng=rng))
    return TrainingFeatures(
        angle_moments=moments,
        angle_fitted=fitted,
        angle_held_out=held_out,
        class_angle_means=np.stack(means),
        low=low,
        high=high,
        prototypes=_stacked(centres, prototypes),
        sampled=sampled,
        shuffled_scatter=np.stack(scatters),
        shuffled_class_means=by_shuffled.means(),
    )


def _stacked(centres: list[np.ndarray], prototypes: int) -> np.ndarray:
    """(10, prototypes, d). A class with fewer rows than prototypes repeats its last one, which changes no nearest."""
    return np.stack([np.concatenate([c, np.repeat(c[-1:], prototypes - len(c), axis=0)]) for c in centres])
