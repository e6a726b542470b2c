"""Faces partly hidden: what is left of recognition, and of the pattern of active units, by layer and size.

Networks and models are those of whole faces; nothing is learnt here. The second face of every pair is hidden, the first
is not. For each condition (CONDITION like 'block 0.4') and representation NAME of the joint Bayesian artifact:

    CONDITION, NAME (pairs,) float32: log likelihood ratio     unchanged, CONDITION, NAME (faces,) float32: share of
    units that are active where they were, or inactive where they were; not for what has no units (LBP)
    agree, NAME (2,): share of units that agree between two people, and between two images of one; not for LBP
    first, second, same, fold (pairs,); person (faces,) of the models' faces; hidden: rows of those that were hidden
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from deepfeatures.analysis.face_pairs import FoldedPairs, folded_pairs
from deepfeatures.analysis.joint_bayesian import AS_THEY_ARE, model_of
from deepfeatures.data.regions import band, block
from deepfeatures.networks.deepid_features import Reader, read_all, reader

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
    needed = np.unique(of.pairs.second)  # the only faces that are ever hidden
    wanted = parts_of(models, networks)
    for network in networks:
        read = reader("lbp" if network == "lbp" else "network", inputs.get(network))

        def seen(hider: str, share: float, read: Reader = read) -> dict[str, np.ndarray]:
            return read_all(read, hide(images[needed], hider, share, seed=seed) if hider else images)

        own = {name: layer for name, (of_network, layer) in wanted.items() if of_network == network}
        score(
            out, models, of, own, seen, conditions(shares),
            pattern="" if network == "lbp" else AS_THEY_ARE, description=network,
        )  # fmt: skip
    keep(out, of, needed, networks, shares, list(wanted))


def parts_of(models: Path, networks: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Representation -> (network, layer), of those representations that `networks` make. models: a joint Bayesian
    artifact whose representations have one part each."""
    about = json.loads((models / "meta.json").read_text())["representations"]
    parts = {name: tuple(one["parts"][0]) for name, one in about.items()}
    return {name: part for name, part in parts.items() if part[0] in networks}


def score(
    out: Path,
    models: Path,
    of: FoldedPairs,
    own: Mapping[str, str],
    seen: Callable[[str, float], dict[str, np.ndarray]],
    asked: Sequence[tuple[str, str, float]],
    *,
    pattern: str,
    description: str = "",
) -> None:
    """Write one network's arrays. own: its representations -> layer; asked: as `conditions` gives them.

    seen(hider, share): layer -> (faces, width), of all faces where hider is '', else of the second faces of pairs,
    ascending, as they look when hidden. pattern: the kind of representation whose active units are compared with those
    of the whole face; '' where there are no units.
    """
    kinds = {name: model_of(models, name) for name in own}
    needed = np.unique(of.pairs.second)
    place = np.full(len(of.person), -1)
    place[needed] = np.arange(len(needed))
    whole = seen("", 0.0)
    active = {name: code(whole[own[name]]) > 0 for name, (code, _) in kinds.items() if code.kind == pattern}
    for name, units in active.items():
        np.save(out / f"agree, {name}.npy", _agreement(units, of))
    for condition, hider, share in tqdm(asked, desc=description, unit="condition"):
        now = seen(hider, share) if hider else whole
        for name, layer in own.items():
            code, model = kinds[name]
            first = model.coordinates(code(whole[layer]))[of.pairs.first]
            second = model.coordinates(code(now[layer]))[place[of.pairs.second] if hider else of.pairs.second]
            np.save(out / f"{condition}, {name}.npy", model.of_pairs(first, second).astype(np.float32))
            if hider and name in active:
                unchanged = ((code(now[layer]) > 0) == active[name][needed]).mean(axis=1)
                np.save(out / f"unchanged, {condition}, {name}.npy", unchanged.astype(np.float32))


def _agreement(active: np.ndarray, of: FoldedPairs) -> np.ndarray:
    """(2,) float64: share of units that agree in pairs of two people, and of one. active: (faces, units)."""
    agree = (active[of.pairs.first] == active[of.pairs.second]).mean(axis=1)
    return np.array([agree[~of.pairs.same].mean(), agree[of.pairs.same].mean()])


def keep(
    out: Path,
    of: FoldedPairs,
    needed: np.ndarray,
    networks: Sequence[str],
    shares: Mapping[str, Sequence[float]],
    names: Sequence[str],
) -> None:
    """Write what the arrays of all networks have in common."""
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
