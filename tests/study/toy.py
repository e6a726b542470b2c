"""A kind of artifact that is made at once, registered in this process and in the processes that tests start."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from deepfeatures.study import recipes
from deepfeatures.study.recipes import Kind, Recipe

KIND = Kind(__name__, ("deepfeatures.study.paths",))


def make(
    out: Path,
    inputs: dict[str, Path],
    scratch: Path,
    *,
    value: float,
    count: int = 3,
    seconds: float = 0,
    log: str = "",
) -> None:
    """values.npy: `count` times the value plus the first values of all inputs. One line in `log` for each call."""
    (scratch / "begun").write_text(str(value))
    time.sleep(seconds)
    value += sum(float(np.load(folder / "values.npy")[0]) for folder in inputs.values())
    np.save(out / "values.npy", np.full(count, value))
    (out / "said.txt").write_text(f"{value}\n")
    if log:
        with Path(log).open("a") as file:
            file.write("made\n")


def register() -> None:
    recipes.KINDS["toy"] = KIND


def toy(value: float, inputs: dict[str, Recipe] | None = None, **params: object) -> Recipe:
    return Recipe("toy", {"value": value, **params}, inputs or {})
