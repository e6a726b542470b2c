"""The linear read-out of pose once more with its penalty chosen otherwise, out of fold over the same people.

`pose_readout` chooses alpha by the absolute error on people held out, since table 1 of Rudd et al. 2017 counts that.
Where most angles are small it may favour a line that says nearly the same of all. Beside it stand: alpha by the squared
error, which is what ridge makes least; and no penalty, the paper's linear regression ("least", of minimum norm).

    row, identity, fold (n,)   truth (n, targets)   squared.npy, least.npy (n, targets) float32; summary.json
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.pose_readout import fewer_columns
from deepfeatures.analysis.pose_rows import Part, features_of, known_rows
from deepfeatures.data.identities import draw_identities, identity_folds
from deepfeatures.probes.gram import Gram, gram
from deepfeatures.probes.held_out_ridge import HELD_OUT, RELATIVE_ALPHAS
from deepfeatures.probes.ridge import RidgePath, ridge_path

WAYS = ("squared", "least")


def make(out: Path, inputs: dict[str, Path], *, parts: Sequence[Part], folds: int, seed: int) -> None:
    """Write the arrays and summary.json. inputs: 'faces' and those that `parts` names, (input, layer) side by side.

    folds, seed: as pose_readout.make takes them; equal ones deal equal folds.
    """
    if not parts:
        raise ValueError("parts is empty: name at least one (input, layer)")
    _, rng_folds, rng_fit, _, _ = np.random.default_rng(seed).spawn(5)  # as pose_readout deals them
    rows = known_rows(inputs["faces"], [np.load(inputs[name] / "ids.npy") for name, _ in parts])
    features, _ = fewer_columns(features_of(inputs["faces"], rows, parts, inputs))
    fold = identity_folds(rows.identity, folds or len(np.unique(rows.identity)), rng=rng_folds)
    found = {name: np.empty_like(rows.truth) for name in WAYS}
    alphas = []
    for left_out in tqdm(range(int(fold.max()) + 1), desc="penalties", unit="fold", mininterval=1):
        train, test = fold != left_out, fold == left_out
        chosen = by_squared_error(features[train], rows.truth[train], rows.identity[train], rng=rng_fit)
        alphas.append(chosen.tolist())
        path = _path(gram(features[train], rows.truth[train]), np.array([*chosen, 0.0]))
        said = path.predict(features[test])  # (alphas, n, targets)
        found["least"][test] = said[-1]
        for target in range(rows.truth.shape[1]):
            found["squared"][test, target] = said[target, :, target]
    arrays = {name: values.astype(np.float32) for name, values in found.items()}
    arrays |= {"row": rows.row, "identity": rows.identity, "fold": fold, "truth": rows.truth.astype(np.float32)}
    for name, values in arrays.items():
        np.save(out / f"{name}.npy", values)
    summary = {
        "parts": [list(part) for part in parts], "targets": rows.targets, "width": int(features.shape[1]),
        "images": len(rows.row), "folds": int(fold.max()) + 1, "alphas": alphas,
    }  # fmt: skip
    (out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True, allow_nan=False) + "\n")


def by_squared_error(
    features: np.ndarray, targets: np.ndarray, identity: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """(t,) relative alphas with the least squared error on people held out of these rows. features: (n, d)."""
    held = draw_identities(identity, HELD_OUT, rng=rng)
    tried = _path(gram(features[~held], targets[~held]), np.array(RELATIVE_ALPHAS)).predict(features[held])
    return np.array(RELATIVE_ALPHAS)[np.square(tried - targets[held]).mean(axis=1).argmin(axis=0)]


def _path(statistics: Gram, relative: np.ndarray) -> RidgePath:
    mean_eigenvalue = np.trace(statistics.xx) / statistics.width
    return ridge_path(statistics, relative * (mean_eigenvalue or 1.0))
