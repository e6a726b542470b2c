"""Every unit's mean faces and what its order tells, a row a unit and attribute: for an explorer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from deepfeatures.analysis.unit_semantics import LEAST_FACES, SHARE, Tested, mean_faces

MOST = 5  # attributes of a unit that are listed
LEVELS = ("weak", "medium", "strong")
_WIDE = float(norm.ppf(0.975))


def grid(
    images: np.ndarray,
    networks: Mapping[str, np.ndarray],
    tests: Mapping[str, Tested],
    labels: np.ndarray,
    identity: np.ndarray,
) -> pd.DataFrame:
    """network, place (of the unit, from the most to the least telling), unit, attribute, auc, auc_lo, auc_hi, p in
    words; weak, medium, strong: (side, side, 3) uint8 mean faces; faces: how many in each.

    images: (n, side, side, 3) uint8; networks: units (n, units) by name; tests: of `unit_semantics.test`, by the same
    names; labels: (n, 40) of 1, 0, -1; identity: (n,). Of each unit, the five attributes with the largest |AUC - 0.5|.
    """
    from deepfeatures.data.attributes import NAMES

    rows = []
    for name, units in networks.items():
        tested = tests[name]
        away = np.abs(tested.auc - 0.5)
        order = np.argsort(-away.max(axis=1), kind="stable")
        for place, unit in enumerate(order, start=1):
            response = np.asarray(units[:, unit], np.float64)
            faces = dict(zip(LEVELS, mean_faces(images, response), strict=True))
            for column in np.argsort(-away[unit], kind="stable")[:MOST]:
                shows = labels[:, NAMES.index(tested.names[column])] > 0
                half = _WIDE * auc_error(response, shows, identity)
                value = float(tested.auc[unit, column])
                rows.append({
                    "network": name, "place": f"{place} of {len(order)}", "unit": str(unit),
                    "attribute": tested.names[column].replace("_", " "), "auc": value,
                    "auc_lo": max(0.0, value - half), "auc_hi": min(1.0, value + half),
                    "p": _p(float(tested.p[unit, column]), tested.permutations), **faces,
                })  # fmt: skip
    return pd.DataFrame(rows)


def faces_in_a_mean(faces: int) -> int:
    """How many of `faces` each mean face is made of."""
    return max(LEAST_FACES, round(SHARE * faces))


def auc_error(response: np.ndarray, shows: np.ndarray, identity: np.ndarray) -> float:
    """Standard error of the AUC of response (n,) for shows (n,) bool, over people: identity (n,).

    AUC = mean over faces with the attribute of the share of faces without it that are answered more weakly. Each face
    moves it by (its share - AUC) / count; a person's faces move it together (Obuchowski 1997, for clustered data).
    """
    ranks = rankdata(response)
    positive = int(shows.sum())
    negative = len(shows) - positive
    if not positive or not negative:
        return float("nan")
    share = np.empty(len(shows))
    share[shows] = (ranks[shows] - rankdata(response[shows])) / negative
    share[~shows] = 1 - (ranks[~shows] - rankdata(response[~shows])) / positive
    auc = share[shows].mean()
    moves = (share - auc) / np.where(shows, positive, negative)
    _, person = np.unique(identity, return_inverse=True)
    by_person = np.bincount(person, moves)
    return float(np.sqrt(len(by_person) / (len(by_person) - 1) * np.sum(by_person**2)))


def _p(value: float, permutations: int) -> str:
    least = 1 / (1 + permutations)
    return f"{value:.3f} (the least possible)" if value <= least * 1.0001 else f"{value:.3f}"
