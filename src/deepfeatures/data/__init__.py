"""Where samples come from. Nothing here knows of networks. Names load on first use: most commands need no torch."""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ANGLES_DEG": "rotation",
    "DigitSource": "digits",
    "Digits": "digits",
    "load_digits": "digits",
    "resolve_digits": "digits",
    "rotate": "rotation",
    "rotated_copies": "rotation",
    "split_digits": "split",
    "SynthFaces": "synthfaces",
}

_MODULES = ("attributes", "synthfaces")  # those that chapters name as a whole

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"deepfeatures.data.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'deepfeatures.data' has no attribute {name!r}")
    return getattr(importlib.import_module(f"deepfeatures.data.{_HOMES[name]}"), name)
