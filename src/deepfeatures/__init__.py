"""What's Hiding in Deep Features: replications of five papers on what deep face and digit features encode.

Chapters use one alias, `import deepfeatures as df`. Sub-packages load on first use, so that the command line
answers without waiting for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from deepfeatures import analysis, data, figures, networks, probes, study, training
    from deepfeatures.study.chapter import Chapter, chapter

_PACKAGES = ("data", "networks", "training", "probes", "analysis", "figures", "study")

__all__ = ["Chapter", "analysis", "chapter", "data", "figures", "networks", "probes", "study", "training"]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"deepfeatures.{name}")
    if name in ("chapter", "Chapter"):
        return getattr(importlib.import_module("deepfeatures.study.chapter"), name)
    raise AttributeError(f"module 'deepfeatures' has no attribute {name!r}")
