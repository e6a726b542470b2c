"""Networks that were trained once a fold, and what each of them says of the people that it has not seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np


def of_folds(inputs: dict[str, Path], folds: int, seed: int) -> list[Path]:
    """Folders of the networks in inputs['fold 0'] ..., by fold (training.attributes, training.attribute_tail).

    Raises ValueError where one is of other folds, and so may have learned from the people it would be asked about.
    """
    folders = [inputs[f"fold {number}"] for number in range(folds)]
    for number, folder in enumerate(folders):
        meta = json.loads((folder / "meta.json").read_text())
        found = tuple(meta[name] for name in ("fold", "folds", "fold_seed"))
        if found != (number, folds, seed):
            raise ValueError(
                f"a network of fold {found[0]} of {found[1]}, seed {found[2]}, is no use for fold {number} of {folds}, "
                f"seed {seed}: it may have learned from the people it would be asked about"
            )
    return folders


def said_of(folder: Path, name: str, ids: np.ndarray) -> np.ndarray:
    """(n, ...) array `name` of a network's folder for the faces `ids` (n,), all of which the network has read."""
    place = {face: row for row, face in enumerate(np.load(folder / "ids.npy").tolist())}
    return np.load(folder / f"{name}.npy", mmap_mode="r")[[place[face] for face in ids.tolist()]]
