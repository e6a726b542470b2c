"""Which class single units answer to, in every draw of the bootstrap; and the modes of the heat map."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis.columns import Readout, angles_deg
from deepfeatures.analysis.resampling import LABELS, MOST_TRIES, Draws
from deepfeatures.analysis.unit_response import decode
from deepfeatures.probes.mean_activation import directions

SHARED = 0.5  # a unit responds strongly to a second class if its mean reaches this share of the largest


def units(readout: Readout, draws: Draws) -> dict[str, np.ndarray]:
    """By name. units by sums, units by means: (1 + draws, 10) live units that equation 1 assigns to each class on test
    images, read as a ratio of sums or of means (the class of the largest sum or mean; ties to the lowest class).
    shared: (1 + draws,) share of live units whose second largest class mean is at least half of the largest.

    A unit is live where some test image activates it. Row 0 rests on exact class means, the others on responses to
    within a byte (unit_response).
    """
    means = np.empty((len(draws.counts), LABELS, readout.summary["width"]), np.float32)
    responses = decode(np.asarray(readout["unit_response_root"]), np.asarray(readout["unit_response_largest"]))
    means[:] = draws.class_means(responses)
    exact = np.asarray(readout["angle_class_activation"], np.float64).mean(axis=1)
    found = {name: np.empty((len(means), LABELS)) for name in ("units by sums", "units by means")}
    shared = np.empty(len(means))
    for row, drawn in enumerate(means):
        of_class = exact if row == 0 else drawn
        live = of_class.max(axis=0) > 0
        for name, weight in (("units by sums", draws.counts[row][:, None]), ("units by means", 1.0)):
            found[name][row] = np.bincount((of_class * weight).argmax(axis=0)[live], minlength=LABELS)
        second, largest = np.partition(of_class[:, live], -2, axis=0)[-2:]
        shared[row] = np.mean(second >= SHARED * largest) if live.any() else np.nan
    return found | {"shared": shared}


def more_units(counts: np.ndarray, label: int = 1) -> np.ndarray:
    """Units of a class over the largest number of another: (n,). counts: (n, 10)."""
    return counts[:, label] / np.maximum(np.delete(counts, label, axis=1).max(axis=1), 1)


def draw_columns(digits_of_class: Sequence[int], *, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each digit of the heat map is drawn: (1 + resamples, digits), row 0 once each.

    Drawn within each class, since the heat map has a fixed number of digits of each; a draw that repeats one digit of a
    class only is drawn again, since it has no two different ones to compare. digits_of_class: 2 or more each.
    """
    if len(digits_of_class) != LABELS or min(digits_of_class) < 2:
        raise ValueError(f"heat map digits per class {list(digits_of_class)}: 2 or more of each of {LABELS} are needed")
    parts = []
    for size in digits_of_class:
        times = np.zeros((0, size), np.int64)
        for _ in range(MOST_TRIES):
            drawn = rng.multinomial(size, np.full(size, 1 / size), size=resamples)
            times = np.concatenate([times, drawn[(drawn > 0).sum(axis=1) > 1]])[:resamples]
            if len(times) == resamples:
                break
        parts.append(np.concatenate([np.ones((1, size)), times]))
    return np.concatenate(parts, axis=1)


def heat_digits(readout: Readout) -> list[int]:
    """Digits of each class in the heat map, classes ascending."""
    return (np.bincount(readout["heat_label"], minlength=LABELS) // len(angles_deg(readout))).tolist()


def modes(readout: Readout, times: np.ndarray) -> np.ndarray:
    """(1 + draws, 10): of a class, mean cosine between columns of its different digits in the heat map minus the
    largest mean cosine between its columns and those of another class. times: from `draw_columns`.
    """
    turns = len(angles_deg(readout))
    columns, label = directions(np.asarray(readout["heat"], np.float64)), np.asarray(readout["heat_label"])
    # Rows are angle by angle inside a class, so that a digit's copies are every so many rows apart.
    of_digit = [columns[label == c].reshape(turns, -1, columns.shape[1]).mean(axis=0) for c in range(LABELS)]
    cosine = np.concatenate(of_digit) @ np.concatenate(of_digit).T  # mean over the copies of two digits
    member = np.repeat(np.eye(LABELS), [len(rows) for rows in of_digit], axis=0)
    weighted = times[:, :, None] * member  # (draws, digits, classes)
    between = np.einsum("rdc,rdk->rck", weighted, np.matmul(cosine, weighted))
    size = times @ member
    with_itself = np.square(times) @ (np.diag(cosine)[:, None] * member)
    own = (np.diagonal(between, axis1=1, axis2=2) - with_itself) / (size**2 - np.square(times) @ member)
    others = between / (size[:, :, None] * size[:, None, :])
    others[:, np.arange(LABELS), np.arange(LABELS)] = -np.inf
    return own - others.max(axis=2)
