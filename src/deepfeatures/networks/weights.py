"""Weights that a user brings: read without running anything in them, every key accounted for."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from torch import nn


class ForeignWeights(ValueError):
    """A weight file is damaged, or belongs to another network."""


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_state(path: Path, under: str | None = None) -> dict[str, torch.Tensor]:
    """Name to tensor, from a file that torch.save wrote, loaded with weights_only=True.

    under: the entry that holds the weights, where the file holds more. Raises ForeignWeights naming the file.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, OSError, pickle.UnpicklingError) as damage:
        why = (str(damage).splitlines() or [type(damage).__name__])[0]
        raise ForeignWeights(f"{path.name} cannot be read as weights: {why}") from damage
    if under is not None:
        if not isinstance(content, Mapping) or under not in content:
            keys = list(content)[:5] if isinstance(content, Mapping) else type(content).__name__
            raise ForeignWeights(f"{path.name} has no entry {under!r}, where its weights are expected; it has {keys}")
        content = content[under]
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise ForeignWeights(f"{path.name} does not hold a mapping from names to tensors")
    return {str(name): value for name, value in content.items()}


def load_mapped(
    network: nn.Module,
    state: Mapping[str, torch.Tensor],
    names: Mapping[str, str],
    *,
    source: str,
    ignored: Iterable[str] = (),
) -> None:
    """Put every tensor in its place. names: the file's name to ours; ignored: names a file may hold that are not used.

    Nothing may be left over on either side and every shape must agree: ForeignWeights lists what does not.
    Counters of batch normalisation (num_batches_tracked) say nothing at inference and may be absent.
    """
    ours = network.state_dict()
    needed = {theirs: our for theirs, our in names.items() if our in ours}
    counters = {name for name in state if name.endswith("num_batches_tracked")}
    missing = sorted(
        theirs for theirs, our in needed.items() if theirs not in state and not our.endswith("num_batches_tracked")
    )
    foreign = sorted(set(state) - set(needed) - counters - set(ignored))
    shapes = [
        f"{theirs} is {tuple(state[theirs].shape)}, {tuple(ours[our].shape)} is expected"
        for theirs, our in needed.items()
        if theirs in state and state[theirs].shape != ours[our].shape
    ]
    unmapped = sorted(set(ours) - set(needed.values()))
    if unmapped:
        raise KeyError(f"no name in the file is known for {_some(unmapped)}")
    if missing or foreign or shapes:
        parts = []
        if missing:
            parts.append(f"missing: {_some(missing)}")
        if foreign:
            parts.append(f"foreign: {_some(foreign)}")
        if shapes:
            parts.append(f"of another shape: {_some(shapes)}")
        raise ForeignWeights(f"{source} does not fit {type(network).__name__}; " + "; ".join(parts))
    network.load_state_dict({our: state[theirs] for theirs, our in needed.items() if theirs in state}, strict=False)


def _some(names: list[str], shown: int = 6) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
