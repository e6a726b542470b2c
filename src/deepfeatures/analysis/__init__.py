"""What the features are, and the statistics that claims ask for; modules load on first use."""
from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

__all__ = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "__init__")


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module 'deepfeatures.analysis' has no attribute {name!r}")
    return importlib.import_module(f"deepfeatures.analysis.{name}")
