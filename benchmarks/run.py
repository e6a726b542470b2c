"""Ratios against a peer, measured side by side in one run.

    python benchmarks/run.py NAME [--rounds N] [--json]

Every benchmark alternates ours and the peer for some rounds and reports medians, so that a slow minute of the machine
falls on both. `ratio` is how many times faster ours is. Names: see BENCHMARKS.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

BENCHMARKS = {
    "lenet-training": "lenet_training",
    "feature-extraction": "feature_extraction",
    "spectrum": "spectrum",
    "block-diagonal": "block_diagonal",
    "face-rendering": "face_rendering",
    "attribute-svm": "attribute_svm",
    "ridge-path": "ridge_path",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", choices=[*BENCHMARKS, "all"], default="all")
    parser.add_argument("--rounds", type=int, default=3, help="how often ours and the peer take turns")
    parser.add_argument("--json", action="store_true", help="one JSON object (a list for all)")
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error(f"--rounds {given.rounds}: at least 1")
    names = list(BENCHMARKS) if given.name == "all" else [given.name]
    found = []
    for name in names:
        measured = importlib.import_module(BENCHMARKS[name]).measure(given.rounds)
        found.append(
            {"name": name, "rounds": given.rounds, "cores": os.cpu_count(), "cpu": platform.machine(), **measured}
        )
        if not given.json:
            print("\n".join(f"{key:>28}: {value}" for key, value in found[-1].items()), end="\n\n")
    if given.json:
        print(json.dumps(found if given.name == "all" else found[0], indent=1))


if __name__ == "__main__":
    main()
