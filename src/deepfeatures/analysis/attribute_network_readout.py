"""What attribute networks say of people they have not seen, as a read-out: one network a fold, each asked about its
fold.

The same files as those of `attribute_readout`, over the same folds, so that errors, intervals and claims need not know
where a decision came from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deepfeatures.analysis.attribute_labels import enough_people, signs_of
from deepfeatures.analysis.attribute_readout import Shorten, grid_ends, read_fold, same_person_auc
from deepfeatures.analysis.fold_networks import of_folds, said_of
from deepfeatures.data.identities import identity_folds

LAYERS = ("scores", "embedding")


def make(
    out: Path, inputs: dict[str, Path], *, layer: str, folds: int, seed: int, penalties: Sequence[float] = ()
) -> None:
    """Write scores.npy, fold.npy, chosen_C.npy and meta.json, as attribute_readout.make does, for inputs['faces'].

    inputs: 'faces', and 'fold 0' ...: a network each (training.attributes, training.attribute_tail). seed: of the
    folds, as the networks were given it. layer: 'scores', the networks' own answers, or 'embedding', which linear
    machines read with one of `penalties`; these learn from the people their network learned from. chosen_C is nan where
    there is no machine. Raises ValueError where a network is of other folds.
    """
    if layer not in LAYERS:
        raise ValueError(f"layer={layer!r}: allowed are {', '.join(LAYERS)}")
    if (layer == "embedding") != bool(penalties):
        raise ValueError(f"{len(penalties)} penalties for layer={layer!r}: linear machines need some, scores none")
    ids, identity, known = (np.load(inputs["faces"] / f"{name}.npy") for name in ("ids", "identity", "attributes"))
    signs = signs_of(known)
    rng_folds, rng_inside = np.random.default_rng(seed).spawn(2)
    dealt = identity_folds(identity, folds, rng=rng_folds)
    networks = of_folds(inputs, folds, seed)
    seen = np.isin(ids, np.load(networks[0] / "ids.npy"))
    fold = np.where(seen, dealt, -1)
    enough = np.flatnonzero(enough_people(signs[:, seen], identity[seen]))
    scores = np.full(signs.T.shape, np.nan, np.float32)
    chosen, auc, width = np.full((folds, len(signs)), np.nan), [], 0
    for number, folder in enumerate(networks):
        test = np.flatnonzero(fold == number)
        own, embedding = (said_of(folder, name, ids[test]) for name in LAYERS)
        if layer == "scores":
            scores[np.ix_(test, enough)] = own[:, enough]
        else:
            train = np.flatnonzero(seen & (fold != number))
            read = read_fold(
                said_of(folder, "embedding", ids[train]), signs[np.ix_(enough, train)], identity[train], embedding,
                penalties, Shorten(), rng=rng_inside.spawn(1)[0],
            )  # fmt: skip
            chosen[number, enough] = read.C
            scores[np.ix_(test, enough)] = read.scores
        auc.append(same_person_auc(embedding, identity[test], rng=np.random.default_rng((seed, number))))
        width = int(embedding.shape[1])
    np.save(out / "scores.npy", scores)
    np.save(out / "fold.npy", fold.astype(np.int8))
    np.save(out / "chosen_C.npy", chosen)
    meta = {
        "parts": [[f"fold {number}", layer] for number in range(folds)],
        "embedding": "none",
        "width": width,
        "dimensions": width,
        "machines": len(enough),
        "without_features": int((~seen).sum()),
        "at_grid_end": grid_ends(chosen, penalties) if penalties else {},
        "same_person_auc": auc,
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True, allow_nan=False) + "\n")
