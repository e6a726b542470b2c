"""Programs of the checkout that are no part of the package, loaded by their path for tests and trials."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def loaded(path: str) -> ModuleType:
    """A fresh module of a file, named from the checkout's folder, such as 'benchmarks/run.py'."""
    name = Path(path).with_suffix("").as_posix().replace("/", "_")
    specification = importlib.util.spec_from_file_location(name, ROOT / path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
