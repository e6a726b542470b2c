"""Tables of what is left when part of a face is hidden, by layer, size and kind of cover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.deepid_verification import Judges
from deepfeatures.analysis.face_pairs import FoldedPairs, draw_pairs
from deepfeatures.analysis.hidden_faces import WHOLE
from deepfeatures.probes.verification import Pairs

Arrays = Any  # an opened artifact with `meta`
CHANCE = 50.0  # % of pairs judged rightly by a coin


def judges_of(hidden: Arrays, *, resamples: int, rng: np.random.Generator) -> Judges:
    """The artifact's own pairs."""
    pairs = Pairs(*(np.asarray(hidden[name]) for name in ("first", "second", "same")))
    of = FoldedPairs(pairs, np.asarray(hidden["fold"]), np.asarray(hidden["person"]))
    return Judges(of, draw_pairs(of, resamples=resamples, rng=rng))


def accuracy(hidden: Arrays, name: str, judged: Judges) -> dict[str, np.ndarray]:
    """Condition -> % judged rightly in every draw: (1 + draws,)."""
    return {
        condition: judged.accuracy(np.asarray(hidden[f"{condition}, {name}"], np.float64))
        for condition, _, _ in hidden.meta["conditions"]
    }


def covered(found: dict[str, np.ndarray]) -> np.ndarray:
    """(1 + draws,): mean accuracy over covers, %."""
    return np.asarray(np.mean([values for condition, values in found.items() if condition != WHOLE], axis=0))


def retained(found: dict[str, np.ndarray]) -> np.ndarray:
    """(1 + draws,): mean over covers of how much of the lead over chance is left; 1 is all of it."""
    whole = found[WHOLE] - CHANCE
    return np.asarray((covered(found) - CHANCE) / np.where(whole > 0, whole, np.nan))


def by_share(hidden: Arrays, judged: Judges) -> pd.DataFrame:
    """hider, share, name, accuracy_percent, lo, hi. The whole face stands in both hiders at share 0."""
    rows = []
    hiders = list(dict.fromkeys(hider for _, hider, _ in hidden.meta["conditions"] if hider))
    for name in hidden.meta["representations"]:
        for condition, values in accuracy(hidden, name, judged).items():
            found = judged.interval(values)
            [(hider, share)] = [(h, s) for c, h, s in hidden.meta["conditions"] if c == condition]
            for own in [hider] if hider else hiders:
                rows.append((own, share, name, found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["hider", "share", "name", "accuracy_percent", "lo", "hi"])


def stability(hidden: Arrays) -> pd.DataFrame:
    """hider, share, name, unchanged (mean over faces), people and images: what agrees between two people, and between
    two images of one."""
    rows = []
    for name in hidden.meta["representations"]:
        if f"agree, {name}" not in hidden:
            continue
        people, images = np.asarray(hidden[f"agree, {name}"]).tolist()
        for condition, hider, share in hidden.meta["conditions"]:
            if hider:
                kept = float(np.mean(hidden[f"unchanged, {condition}, {name}"]))
                rows.append((hider, share, name, kept, people, images))
    return pd.DataFrame(rows, columns=["hider", "share", "name", "unchanged", "people", "images"])


def kept_pattern(hidden: Arrays, name: str, judged: Judges) -> np.ndarray:
    """(1 + draws,): how much of the pattern is left, mean over covers: 1 where no unit changes, 0 where the hidden face
    is no more like itself than another person's whole face is."""
    person = judged.of.person[np.asarray(hidden["hidden"])]
    conditions = [condition for condition, hider, _ in hidden.meta["conditions"] if hider]
    kept = np.mean([np.asarray(hidden[f"unchanged, {condition}, {name}"]) for condition in conditions], axis=0)
    own = np.zeros((2, judged.draws.people))
    np.add.at(own[0], person, kept)
    np.add.at(own[1], person, 1.0)
    times = _times(judged)
    mean = times @ own[0] / (times @ own[1])
    people = float(np.asarray(hidden[f"agree, {name}"])[0])
    return np.asarray((mean - people) / (1 - people))


def _times(judged: Judges) -> np.ndarray:
    """(1 + draws, people): how often each is drawn, as the weight of that person's own pairs says."""
    same = np.flatnonzero(judged.of.pairs.same)
    first = judged.of.person[judged.of.pairs.first[same]]
    times = np.zeros((len(judged.draws.weight), judged.draws.people))
    times[:, first] = judged.draws.weight[:, same]
    return times


def table(hidden: Arrays, judged: Judges, labels: Mapping[str, str]) -> list[list[object]]:
    """Rows: accuracy of whole faces, mean accuracy over covers, share of the lead left. labels: name -> label."""
    rows: list[list[object]] = []
    for name, label in labels.items():
        found = accuracy(hidden, name, judged)
        rows.append([label, *(judged.interval(values) for values in (found[WHOLE], covered(found), retained(found)))])
    return rows
