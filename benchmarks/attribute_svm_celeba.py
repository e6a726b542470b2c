"""40 targets at 7 values of C on 162,770 x 832 made-up features, CelebA's training partition: one run, no peer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from attribute_data import write_features
from attribute_svm import CELEBA_ROWS, TARGETS, WIDTH, _in_its_own_process


def measure(rounds: int) -> dict[str, Any]:
    """One run whatever `rounds` is: it takes minutes, and its memory is of a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        signs = write_features(Path(folder) / "x.npy", rows=CELEBA_ROWS, width=WIDTH, targets=TARGETS)
        np.save(Path(folder) / "signs.npy", signs)
        alone = _in_its_own_process(Path(folder))
    peak = round(alone["peak_bytes"] / 1e9, 2)
    return {"unit": "s", "ours": alone["seconds"], "runs": 1, **alone, "peak_gigabytes": peak}
