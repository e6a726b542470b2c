"""Faces partly hidden: what is left of recognition, and of the pattern of active units, by layer and size.

Networks and models are those of whole faces; nothing is learnt here. The second face of every pair is hidden, the first
is not. For each condition (CONDITION like 'block 0.4') and representation NAME of the joint Bayesian artifact:

    CONDITION, NAME (pairs,) float32: log likelihood ratio     unchanged, CONDITION, NAME (faces,) float32: share of
    units that are active where they were, or inactive where they were; nan for what has no units (LBP)
    first, second, same, fold (pairs,); person (faces,); rows: of the faces artifact; other-person, other-image,
    NAME (2,): share of units that agree between two people, and between two images of one
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.face_pairs import FoldedPairs, folded_pairs
from deepfeatures.analysis.joint_bayesian import AS_THEY_ARE, model_of
from deepfeatures.data.regions import band, block
from deepfeatures.networks.deepid_features import read_all, reader

HIDERS = ("block", "band")
WHOLE = "whole 0"


def conditions(shares: Mapping[str, Sequence[float]]) -> list[tuple[str, str, float]]:
    """(name, hider, share) of each condition, the whole face first."""
    if wrong := set(shares) - set(HIDERS):
        raise ValueError(f"{sorted(wrong)}: allowed are {', '.join(HIDERS)}")
    return [
        (WHOLE, "", 0.0),
        *((f"{hider} {share:g}", hider, share) for hider, all_ in shares.items() for share in all_),
    ]


def hide(images: np.ndarray, hider: str, share: float, *, seed: int) -> np.ndarray:
    """The images as a condition shows them; a block lies at the same place in every size's image as far as it fits."""
    if hider == "block":
        return block(images, share, rng=np.random.default_rng(seed))
    return band(images, share) if hider == "band" else images


def make(
    out: Path,
    inputs: dict[str, Path],
    *,
    networks: Sequence[str],
    shares: Mapping[str, Sequence[float]],
    folds: int,
    seed: int = 0,
) -> None:
    """inputs: 'faces', rendered; 'models', a joint Bayesian artifact whose representations have one part each; and for
    each of `networks` its folder by that name, 'lbp' having none."""
    models = inputs["models"]
    rows, identity = np.load(models / "rows.npy"), np.load(models / "identity.npy")
    images = np.load(inputs["faces"] / "images.npy", mmap_mode="r")[rows]
    of = folded_pairs(identity, folds=folds, rng=np.random.default_rng([seed, 5]))
    about = json.loads((models / "meta.json").read_text())["representations"]
    wanted = {name: one["parts"][0] for name, one in about.items() if one["parts"][0][0] in networks}
    needed = np.unique(of.pairs.second)  # the only faces that are ever hidden
    place = np.full(len(rows), -1)
    place[needed] = np.arange(len(needed))
    for network in networks:
        read = reader("lbp" if network == "lbp" else "network", inputs.get(network))
        own = {name: layer for name, (of_network, layer) in wanted.items() if of_network == network}
        whole = read_all(read, images)
        for name, layer in own.items():
            _, model = model_of(models, name)
            if about[name]["kind"] == AS_THEY_ARE and network != "lbp":
                np.save(out / f"agree, {name}.npy", _agreement(whole[layer] > 0, of))
        for condition, hider, share in tqdm(conditions(shares), desc=network, unit="condition"):
            seen = whole
            if hider:
                seen = read_all(read, hide(images[needed], hider, share, seed=seed))
            for name, layer in own.items():
                code, model = model_of(models, name)
                first = model.coordinates(code(whole[layer]))[of.pairs.first]
                second = model.coordinates(code(seen[layer]))
                second = second[of.pairs.second] if not hider else second[place[of.pairs.second]]
                np.save(out / f"{condition}, {name}.npy", model.of_pairs(first, second).astype(np.float32))
                if hider and about[name]["kind"] == AS_THEY_ARE and network != "lbp":
                    kept = ((seen[layer] > 0) == (whole[layer][needed] > 0)).mean(axis=1)
                    np.save(out / f"unchanged, {condition}, {name}.npy", kept.astype(np.float32))
    _keep(out, of, needed, networks, shares, list(wanted))


def _agreement(active: np.ndarray, of: FoldedPairs) -> np.ndarray:
    """(2,) float64: share of units that agree in pairs of two people, and of one. active: (faces, units)."""
    agree = (active[of.pairs.first] == active[of.pairs.second]).mean(axis=1)
    return np.array([agree[~of.pairs.same].mean(), agree[of.pairs.same].mean()])


def _keep(
    out: Path,
    of: FoldedPairs,
    needed: np.ndarray,
    networks: Sequence[str],
    shares: Mapping[str, Sequence[float]],
    names: Sequence[str],
) -> None:
    arrays = {
        "first": of.pairs.first,
        "second": of.pairs.second,
        "same": of.pairs.same,
        "fold": of.fold,
        "person": of.person,
        "hidden": needed,
    }
    for name, values in arrays.items():
        np.save(out / f"{name}.npy", values)
    meta = {
        "conditions": [[name, hider, share] for name, hider, share in conditions(shares)],
        "networks": list(networks),
        "representations": list(names),
    }
    (out / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n")
