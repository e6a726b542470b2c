"""Files of an artifact that somebody else packed: that each is of the kind its name says, read without running it.

A record only says that a file is what its packer wrote. Whoever packs a bundle writes the records too.
"""

from __future__ import annotations

import json
import tokenize
from collections.abc import Iterable
from pathlib import Path

import numpy as np

# numpy reads a header as a Python literal: what is no header, or too deep a one, is an error of the parser
_HEADER_ERRORS = (ValueError, TypeError, IndexError, KeyError, AttributeError, SyntaxError, tokenize.TokenError)


def trouble(folder: Path, names: Iterable[str]) -> str | None:
    """What is wrong with the first bad file of an artifact, None where all are arrays, tensors and JSON as they say."""
    for name in sorted(names):
        path = folder / name
        if path.suffix not in _READ:
            return f"{name} ends in none of {', '.join(_READ)}"
        try:
            _READ[path.suffix](path)
        except ValueError as wrong:
            return f"{name} {wrong}"
    return None


def _array(path: Path) -> None:
    """Raises ValueError where the header promises another size than the file has, or Python objects (a pickle)."""
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
        except (MemoryError, RecursionError) as damage:  # each Python words it otherwise
            raise ValueError("is no array: its header is too deep to be read") from damage
        except _HEADER_ERRORS as damage:
            why = (str(damage).splitlines() or [type(damage).__name__])[0]
            raise ValueError(f"is no array: {why}") from damage
        if dtype.hasobject:
            raise ValueError("holds Python objects, which are code when they are read")
        promised = file.tell() + dtype.itemsize * int(np.prod([int(side) for side in shape], dtype=object))
    if min(shape, default=0) < 0 or promised != path.stat().st_size:
        raise ValueError(f"promises {promised:,} bytes and has {path.stat().st_size:,}")


def _tensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:  # the header is checked against the file's size
            list(file.keys())
    except (SafetensorError, OSError) as damage:
        raise ValueError(f"is no file of tensors: {damage}") from damage


def _json(path: Path) -> None:
    try:
        json.loads(path.read_text("utf-8"))
    except RecursionError as damage:
        raise ValueError("holds brackets within brackets, too deep to be read") from damage
    except ValueError as damage:
        raise ValueError(f"is no JSON: {damage}") from damage


def _text(path: Path) -> None:
    try:
        path.read_text("utf-8")
    except ValueError as damage:
        raise ValueError(f"is no text: {damage}") from damage


_READ = {".npy": _array, ".safetensors": _tensors, ".json": _json, ".txt": _text}
