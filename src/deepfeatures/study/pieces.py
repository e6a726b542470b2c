"""Artifacts whose work several jobs share: each leaves its part in the artifact's scratch folder.

The artifact is then made by its own maker, which finds the work done: its bytes do not depend on how it was shared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from deepfeatures.study import allocator, artifacts, paths, recorded_weights
from deepfeatures.study.recipes import THREADS, Recipe

KIND = "face-features"  # the only kind whose work is worth sharing


def counted(recipes: Iterable[Recipe]) -> dict[str, int]:
    """Parts by key, of the artifacts that are worth it."""
    wanted = [recipe for recipe in recipes if recipe.kind == KIND and recipe.params["dataset"] != "rendered"]
    if not wanted:
        return {}
    from deepfeatures.networks import feature_pieces

    of_dataset = {name: feature_pieces.count(paths.data_root(), dataset=name)
                  for name in {recipe.params["dataset"] for recipe in wanted}}  # fmt: skip
    return {recipe.key: of for recipe in wanted if (of := of_dataset[recipe.params["dataset"]])}


def make(recipe: Recipe, piece: str) -> None:
    """Do part `piece`, written 'I-of-N' with I from 0, and leave its mark. Does nothing where the artifact exists.

    Raises ValueError on another text or kind; artifacts.DiskFull, and whatever the maker raises.
    """
    import torch

    from deepfeatures.networks import feature_pieces

    parsed = re.fullmatch(r"(\d+)-of-(\d+)", piece)
    if parsed is None or not int(parsed[1]) < int(parsed[2]):
        raise ValueError(f"piece {piece!r}: allowed are 0-of-N to N-1-of-N")
    if recipe.kind != KIND:
        raise ValueError(f"{recipe.kind} is made by one job: only {KIND} is made in pieces")
    recorded_weights.check([recipe])
    scratch = paths.runs() / "scratch" / recipe.key
    mark = scratch / "pieces" / piece
    if not artifacts.exists(recipe):
        inputs = {name: artifacts.ensure(inner) for name, inner in recipe.inputs.items()}
        scratch.mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(THREADS)
        allocator.keep_freed()
        feature_pieces.make(int(parsed[1]), int(parsed[2]), inputs, scratch, paths.data_root(), **recipe.given())
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
