"""Distances between two rotations of a digit, two digits of a class, two classes; invariance to rotation from them.

Every expectation is over all pairs, by sums: the pairs themselves are never formed. Rudd et al. 2017, section 5, speaks
of pair-wise and class-wise distances without measuring them.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.probes.mean_activation import GroupSums, directions


@dataclass(frozen=True)
class DigitDistances:
    """For each digit, the mean squared Euclidean distance of its copies to: (digits,) each

    rotation: its other copies; same_class: copies of other digits of its class (nan where there is none);
    between_classes: copies of digits of other classes; different_digits: of all other digits.
    The cosine ones are means of 1 - cosine, which is 1 where a vector is zero.

    Not to be resampled as they are: each digit also sits in the others' pairs, so an interval would be about half as
    wide as it should be. analysis.mean_distances corrects for that, and is what chapters use.
    """

    rotation: np.ndarray
    same_class: np.ndarray
    between_classes: np.ndarray
    different_digits: np.ndarray
    rotation_cosine: np.ndarray
    same_class_cosine: np.ndarray
    between_classes_cosine: np.ndarray


@dataclass(frozen=True)
class PairDistances:
    """Root mean squared Euclidean distances and mean cosine distances, every digit weighing the same; see above.

    rotation_over_between and class_over_between put the first two on the scale of the space. invariance =
    1 - E|x_a - x_b|^2 / E|x - y|^2, rotations of one digit against different digits: 1 for features that ignore the
    angle, 0 for features to which a turned digit is another digit.
    """

    rotation: float
    same_class: float
    between_classes: float
    different_digits: float
    rotation_cosine: float
    same_class_cosine: float
    between_classes_cosine: float

    @property
    def rotation_over_between(self) -> float:
        return self.rotation / self.between_classes

    @property
    def class_over_between(self) -> float:
        return self.same_class / self.between_classes

    @property
    def rotation_over_class(self) -> float:
        return self.rotation / self.same_class

    @property
    def invariance(self) -> float:
        return 1 - (self.rotation / self.different_digits) ** 2


def pair_distances(found: DigitDistances) -> PairDistances:
    """The distances of a space from those of its digits."""

    def root(mean_squares: np.ndarray) -> float:
        return float(np.sqrt(np.nanmean(mean_squares)))

    return PairDistances(
        rotation=root(found.rotation),
        same_class=root(found.same_class),
        between_classes=root(found.between_classes),
        different_digits=root(found.different_digits),
        rotation_cosine=float(found.rotation_cosine.mean()),
        same_class_cosine=float(np.nanmean(found.same_class_cosine)),
        between_classes_cosine=float(found.between_classes_cosine.mean()),
    )


def digit_distances(features: np.ndarray, labels: np.ndarray, *, chunk_digits: int = 512) -> DigitDistances:
    """features: (digits, angles, d); labels: (digits,). Needs two angles, two classes, and a class of two digits."""
    digits, angles, _ = features.shape
    if len(labels) != digits:
        raise ValueError(f"{len(labels)} labels for {digits} digits")
    size = np.bincount(labels)
    classes, largest = int((size > 0).sum()), int(size.max(initial=0))
    if min(angles, classes, largest) < 2:
        raise ValueError(f"{angles} angles, {classes} classes, {largest} digits in the largest: each must be 2 or more")
    alike, unlike = size[labels] - 1, digits - size[labels]
    partners = np.stack([np.full(digits, angles - 1), angles * alike, angles * unlike])  # of each copy of a digit
    pairs = angles * np.where(partners > 0, partners, np.nan)
    plain = _PairSums.of(features, labels, unit_length=False, chunk_digits=chunk_digits)
    # Sum over pairs of |x - y|^2: a copy x has `partners` of them, and each partner y has `angles` copies for it.
    squares = np.maximum(pairs / angles * plain.own_squares + angles * plain.other_squares - 2 * plain.dots, 0.0)
    cosine = 1 - _PairSums.of(features, labels, unit_length=True, chunk_digits=chunk_digits).dots / pairs
    mean = squares / pairs
    return DigitDistances(
        rotation=mean[0],
        same_class=mean[1],
        between_classes=mean[2],
        different_digits=np.nansum(squares[1:], axis=0) / (angles**2 * (digits - 1)),
        rotation_cosine=cosine[0],
        same_class_cosine=cosine[1],
        between_classes_cosine=cosine[2],
    )


@dataclass(frozen=True)
class _PairSums:
    """own_squares: (digits,) sum of |x|^2 over a digit's copies. other_squares, dots: (3, digits) sums of |y|^2 over
    its partners y (its own copies, its class, the other classes), and of x.y over all pairs of a copy and a partner.
    """

    own_squares: np.ndarray
    other_squares: np.ndarray
    dots: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, labels: np.ndarray, *, unit_length: bool, chunk_digits: int) -> _PairSums:
        digits, angles, width = features.shape
        squares, sums = np.empty(digits), np.empty((digits, width))
        # Distances do not change when the origin moves; sums of squares about the mean lose fewer digits. Angles do.
        centre = np.zeros(width) if unit_length else features.mean(axis=(0, 1), dtype=np.float64)
        for start in range(0, digits, chunk_digits):
            rows = slice(start, start + chunk_digits)
            chunk = (features[rows] - centre).reshape(-1, width)
            chunk = directions(chunk) if unit_length else chunk
            squares[rows] = np.einsum("ij,ij->i", chunk, chunk).reshape(-1, angles).sum(axis=1)
            sums[rows] = chunk.reshape(-1, angles, width).sum(axis=1)
        by_class = GroupSums.empty(int(labels.max()) + 1, width)
        by_class.add(sums, labels)
        class_squares = np.bincount(labels, squares)[labels]
        own = np.einsum("ij,ij->i", sums, sums)
        in_class = np.einsum("ij,ij->i", sums, by_class.sums[labels])
        everywhere = sums @ by_class.sums.sum(axis=0)
        # With its own copies, a pair (x, x) is no pair: a copy has angles - 1 partners, each copy is one for as many.
        return cls(
            own_squares=squares,
            other_squares=np.stack(
                [squares * (angles - 1) / angles, class_squares - squares, squares.sum() - class_squares]
            ),
            dots=np.stack([own - squares, in_class - own, everywhere - in_class]),
        )
