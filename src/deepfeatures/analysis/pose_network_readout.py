"""Pose read from attribute networks, out of fold: Rudd et al. 2017, table 1, the column AFFACT.

One network a fold (training.attributes, training.attribute_tail), each read for the people it has not seen. The same
files as those of `pose_readout`, less what only features of one network can have, so that tables need not know where an
answer came from. The ridge and the kernel learn from the people that their network learned from: it knows these faces
already, which makes the read-out worse than one on features of strangers would be, never better.

    row, identity, fold (n,)   truth, linear, kernel, mean, median (n, targets)   degrees; targets in summary.json
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.kernel_approximation import Nystroem

from deepfeatures.analysis.fold_networks import of_folds, said_of
from deepfeatures.analysis.pose_readout import median_squared_distance
from deepfeatures.analysis.pose_rows import known_rows
from deepfeatures.data.identities import identity_folds
from deepfeatures.probes.held_out_ridge import RELATIVE_ALPHAS, fit_held_out

LAYER = "embedding"  # the penultimate one, which the paper reads


def make(out: Path, inputs: dict[str, Path], *, folds: int, seed: int, kernel_centres: int = 300) -> None:
    """Write the arrays and summary.json. inputs: 'faces', and 'fold 0' ...: a network each.

    folds, seed: as the networks were given them; people are dealt over all faces, those without a known pose among
    them. Raises ValueError where a network is of other folds.
    """
    faces = inputs["faces"]
    rng_folds, rng_fit = np.random.default_rng(seed).spawn(2)  # the first as training.balanced.asked_in_fold has it
    networks = of_folds(inputs, folds, seed)
    rows = known_rows(faces, [np.load(folder / "ids.npy") for folder in networks])
    dealt = identity_folds(np.load(faces / "identity.npy"), folds, rng=rng_folds)
    fold, wanted = dealt[rows.row], np.load(faces / "ids.npy")[rows.row]
    found = {name: np.empty_like(rows.truth) for name in ("linear", "kernel", "mean", "median")}
    width, alphas = 0, []
    for number, folder in enumerate(networks):
        train, test = fold != number, fold == number
        features = said_of(folder, LAYER, wanted).astype(np.float64)
        truth, who = rows.truth[train], rows.identity[train]
        X, asked = features[train], features[test]
        found["mean"][test], found["median"][test] = truth.mean(axis=0), np.median(truth, axis=0)
        fitted = fit_held_out(X, truth, who, rng=rng_fit)
        found["linear"][test] = fitted.predict(asked)
        gamma, centres = 1 / median_squared_distance(X, rng=rng_fit), min(kernel_centres, len(X))
        kernel = Nystroem(kernel="rbf", gamma=gamma, n_components=centres, random_state=seed).fit(X)
        found["kernel"][test] = fit_held_out(kernel.transform(X), truth, who, rng=rng_fit).predict(
            kernel.transform(asked)
        )
        alphas.append(fitted.relative_alphas.tolist())
        width = features.shape[1]
    arrays = {name: values.astype(np.float32) for name, values in {**found, "truth": rows.truth}.items()}
    arrays |= {"row": rows.row, "identity": rows.identity, "fold": fold}
    for name, values in arrays.items():
        np.save(out / f"{name}.npy", values)
    about = json.loads((faces / "meta.json").read_text())
    summary = {
        "parts": [[f"fold {number}", LAYER] for number in range(folds)],
        "targets": rows.targets,
        "width": width,
        "sizes": [],
        "triplet_dimensions": 0,
        "images": len(rows.row),
        "people": len(np.unique(rows.identity)),
        "folds": folds,
        "distribution": "all",
        "relative_alphas": RELATIVE_ALPHAS,
        "alphas": alphas,
        **{name: about.get(name) for name in ("report", "pose", "pose_report")},
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=1, sort_keys=True, allow_nan=False) + "\n")
