"""What codes of a face are worth: recognition and verification from decoded parameters, from units predicted by the
linear model, and from the network's own units.

Every code of an image is made by maps that saw no image of its person. Only images of one fold are compared, by the
cosine of their codes.

A linear map to 59 numbers keeps much of any code of people, whatever the 59 numbers are meant to be. So beside decoded
parameters stand those of a read-out taught on parameters dealt to other people (`SHUFFLED`): what they recognise is
owed to the network and to the width of the map, not to the space.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.verification_by_view import _weighted as weighted_auc
from deepfeatures.probes.mean_activation import directions
from deepfeatures.probes.verification import Pairs, cosine_of_pairs

OWN, WHITENED, DECODED, PREDICTED, SHUFFLED = "own", "whitened", "decoded", "predicted", "shuffled"
SHRINK = 0.1  # of the mean variance, added to the scatter within people before it is inverted


def whitened(train: np.ndarray, identity: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The control: (n, d) test rows after the scatter within training people is made round.

    It learns from the same people as the linear model, that they are the same, and no parameter: what the linear
    model's code gains over the network's own may come from those people alone.
    """
    _, code = np.unique(identity, return_inverse=True)
    means = np.zeros((code.max() + 1, train.shape[1]))
    np.add.at(means, code, train)
    within = train - (means / np.bincount(code)[:, None])[code]
    scatter = within.T @ within / len(train)
    values, vectors = np.linalg.eigh(scatter)
    shrunk = np.maximum(values, 0) + SHRINK * max(float(values.mean()), 1e-12)
    return (test - train.mean(axis=0)) @ (vectors / np.sqrt(shrunk))


def similarities(codes: Mapping[str, np.ndarray], pairs: Pairs) -> dict[str, np.ndarray]:
    """(pairs,) cosine by code. codes: (n, d_code) by name."""
    return {name: cosine_of_pairs(values, pairs) for name, values in codes.items()}


def within_folds(found: Pairs, fold: np.ndarray, most: int) -> Pairs:
    """Pairs whose images are in one fold, the first `most` of one person and of two.

    Two folds' codes come from two fits. Images of one person always share a fold: pairs of two people that do not
    would be told apart by the fits.
    """
    kept = np.zeros(len(found.same), bool)
    inside = fold[found.first] == fold[found.second]
    for same in (True, False):
        kept[np.flatnonzero(inside & (found.same == same))[:most]] = True
    return Pairs(found.first[kept], found.second[kept], found.same[kept])


def rank_1(
    codes: np.ndarray, person: np.ndarray, gallery: np.ndarray, probe: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """(probes,) bool: is the nearest code of the gallery the probe's person's? Only people of the probe's fold compete.

    gallery, probe: rows of codes (n, d); person, fold: (n,). Of equally near ones the first counts.
    """
    unit = directions(np.asarray(codes, np.float64))
    return _nearest(unit[probe], fold[probe], unit[gallery], fold[gallery], person[gallery]) == person[probe]


def rank_1_among(
    rows: np.ndarray, person: np.ndarray, row_fold: np.ndarray, references: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """(n,) bool: is the reference that is nearest in cosine the row's own? references: (people, d) and their fold."""
    unit, known = directions(np.asarray(rows, np.float64)), directions(np.asarray(references, np.float64))
    return _nearest(unit, row_fold, known, fold, np.arange(len(references))) == person


def _nearest(
    unit: np.ndarray, of_row: np.ndarray, known: np.ndarray, of_known: np.ndarray, name: np.ndarray
) -> np.ndarray:
    cosine = np.where(of_row[:, None] == of_known[None], unit @ known.T, -np.inf)
    return name[cosine.argmax(axis=1)]


def one_each(person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the gallery, everyone's first image, and of the probes, all others."""
    _, first = np.unique(person, return_index=True)
    rest = np.setdiff1d(np.arange(len(person)), first)
    return first, rest


def auc_of_codes(
    similarity: Mapping[str, np.ndarray], pairs: Pairs, person: np.ndarray, *, resamples: int, rng: np.random.Generator
) -> tuple[dict[str, Interval], dict[tuple[str, str], Interval]]:
    """AUC of each code, and of each code less that of another, all on the same draws of people.

    similarity: (pairs,) by code; person: (n,) int of the images. As verification_by_view.auc draws people: a person
    drawn m times brings m copies of his own pairs, and m * k of those with a person drawn k times.
    """
    _, person = np.unique(person, return_inverse=True)
    people = int(person.max()) + 1
    times = np.concatenate([np.ones((1, people)), rng.multinomial(people, np.full(people, 1 / people), resamples)])
    drawn = {name: _aucs(values, pairs, person, times) for name, values in similarity.items()}
    single = {name: _interval(values, people) for name, values in drawn.items()}
    less = {(a, b): _interval(drawn[a] - drawn[b], people) for a in drawn for b in drawn if a != b}
    return single, less


def _aucs(similarity: np.ndarray, pairs: Pairs, person: np.ndarray, times: np.ndarray) -> np.ndarray:
    order = np.argsort(similarity, kind="stable")
    a, b, same = person[pairs.first[order]], person[pairs.second[order]], pairs.same[order]
    tied = np.append(np.flatnonzero(np.diff(similarity[order])), len(order) - 1)
    return np.array([weighted_auc(np.where(same, t[a], t[a] * t[b]).astype(float), same, tied) for t in times])


def _interval(values: np.ndarray, people: int) -> Interval:
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    value = float(values[0])
    return Interval(value, min(float(low), value), max(float(high), value), people, 1, "identity", None, 0.95,
                    len(values) - 1)  # fmt: skip
