"""A picture and a worse copy of it: does damage bring features nearer to the centre? Everything else is equal.

Changes are in standard deviations of intact pictures' distances, so that networks and distances can be compared.
Distances from the mean are from the mean of other, ordinary pictures: the rendered world, or CelebA's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.quality_distance import DISTANCES, distance
from deepfeatures.analysis.quality_worlds import SAID, kinds
from deepfeatures.analysis.view_worlds import Artifacts, features_of, last_layer, networks_of
from deepfeatures.data.damage import KINDS


def changes(intact: np.ndarray, worse: np.ndarray, kind: str, centre_of: np.ndarray) -> np.ndarray:
    """(n,): distance of worse[i] less that of intact[i], both (n, d), over the spread of intact distances."""
    before = distance(intact, kind, centre_of=centre_of)
    spread = before.std()
    return (distance(worse, kind, centre_of=centre_of) - before) / (spread if spread > 0 else 1.0)


def rendered(artifacts: Artifacts, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """world, network, distance, defect, level, change, lo, hi, people: means over people of the designed world."""
    [faces] = artifacts["faces/defects"]
    [ordinary] = artifacts["faces/rendered"]
    defect, level = np.asarray(faces["defect"]), np.asarray(faces["level"])
    identity, rows = np.asarray(faces["identity"]), []
    of_intact = np.flatnonzero(defect == 0)[np.searchsorted(identity[defect == 0], identity)]
    people = draw_people(identity, resamples=resamples, rng=rng)
    for network in networks_of(artifacts, "defects"):
        pairs = zip(artifacts[f"features/defects/{network}"], artifacts[f"features/rendered/{network}"], strict=True)
        layer = last_layer(network)
        made = [(features_of(faces, one, layer)[0], features_of(ordinary, other, layer)[0]) for one, other in pairs]
        for kind in DISTANCES:
            change = np.mean([changes_of_copies(own, of_intact, defect, kind, centre) for own, centre in made], axis=0)
            for number, name in list(enumerate(faces.meta["defects"]))[1:]:
                for step in (1, 2, 3):
                    got = people.interval(people.mean(change, (defect == number) & (level == step)), seeds=len(made))
                    rows.append(_row(SAID["rendered"], network, kind, name, step, got))
    return pd.DataFrame(rows)


def changes_of_copies(
    values: np.ndarray, of_intact: np.ndarray, defect: np.ndarray, kind: str, centre_of: np.ndarray
) -> np.ndarray:
    """(n,): change of every picture against the intact one of its person; the spread is that of the intact ones."""
    measured = distance(values, kind, centre_of=centre_of)
    spread = measured[defect == 0].std()
    return np.asarray((measured - measured[of_intact]) / (spread if spread > 0 else 1.0))


def photographs(artifacts: Artifacts, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """Network, distance, then the change by each of data.damage.KINDS: of CelebA's photographs, each spoilt in one way,
    by drawn amounts. Empty where no photographs are read."""
    rows: list[list[Any]] = []
    if "faces/celeba" not in artifacts:
        return rows
    [faces] = artifacts["faces/celeba"]
    for network in networks_of(artifacts, "celeba"):
        [intact], [damaged] = artifacts[f"features/celeba/{network}"], artifacts[f"damaged/{network}"]
        (whole, there), (worse, too) = (features_of(faces, one, last_layer(network)) for one in (intact, damaged))
        keep, kind_of = there & too, kinds(faces, damaged)
        people = draw_people(np.asarray(faces["identity"])[keep], resamples=resamples, rng=rng)
        for kind in DISTANCES:
            change = changes(whole[keep], worse[keep], kind, whole[keep])
            by_kind = [people.interval(people.mean(change, kind_of[keep] == number)) for number in range(len(KINDS))]
            rows.append([network, kind, *by_kind])
    return rows


def _row(world: str, network: str, kind: str, name: str, level: int, got: Any) -> dict[str, Any]:
    return {
        "world": world, "network": network, "distance": kind, "defect": name, "level": level,
        "change": got.value, "lo": got.lo, "hi": got.hi, "people": got.n,
    }  # fmt: skip
