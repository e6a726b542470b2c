"""Labels of attributes as signs, and whether enough people show and lack an attribute to say anything of it."""
from __future__ import annotations

import numpy as np

LEAST_PEOPLE = 10  # with an attribute, and without it: fewer say nothing about a machine


def signs_of(labels: np.ndarray) -> np.ndarray:
    """(attributes, n) int8 in -1, 0 (unknown), +1. labels: (n, attributes) of 0, 1 and -1 (unknown)."""
    return np.where(labels < 0, 0, 2 * labels - 1).astype(np.int8).T


def people_of(signs: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """(2, attributes): how many people lack an attribute, and how many show it, in one image or more."""
    return np.array([[len(np.unique(identity[row == label])) for row in signs] for label in (-1, 1)])


def enough_people(signs: np.ndarray, identity: np.ndarray) -> np.ndarray:
    """(attributes,) bool: shown by LEAST_PEOPLE people or more, and lacked by as many."""
    return np.asarray((people_of(signs, identity) >= LEAST_PEOPLE).all(axis=0))
