"""Ratios against a peer, measured side by side in one run.

    python benchmarks/run.py NAME [--rounds N] [--json] [--save]

Every benchmark alternates ours and the peer for some rounds and reports medians, so that a slow minute of the machine
falls on both. `ratio` is how many times faster ours is. Names: see BENCHMARKS; what is asked of each: targets.yaml.

--save writes results/NAME.json, from which the book's benchmark page is made. Do it on an idle machine and commit the
file: it says when, at which commit and on what kind of machine, and holds no host or user name.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

BENCHMARKS = {
    "lenet-training": "lenet_training",
    "feature-extraction": "feature_extraction",
    "spectrum": "spectrum",
    "block-diagonal": "block_diagonal",
    "face-rendering": "face_rendering",
    "attribute-svm": "attribute_svm",
    "attribute-svm-celeba": "attribute_svm_celeba",
    "celeba-chapters": "celeba_chapters",
    "ridge-path": "ridge_path",
    "binary-search": "binary_search",
    "sharded-extraction": "sharded_extraction",
    "slurm-jobs": "slurm_jobs",
    "nothing-changed": "nothing_changed",
    "new-user": "new_user",
    # a function other than `measure` stands after a colon
    "neighbour-chapters": "chapter_times:neighbours",
    "face-chapters": "chapter_times:faces",
    "digit-chapters": "chapter_times:digits",
    "digit-chapters-papers-alone": "chapter_times:digits_alone",
    "digit-chapters-one-seed": "chapter_times:digits_one_seed",
}


RESULTS = Path(__file__).resolve().parent / "results"


def describe_machine() -> dict[str, Any]:
    """What kind of machine this is, and how busy: nothing that names it or its user."""
    from deepfeatures.study import provenance

    facts = provenance.collect(started=datetime.now(UTC), finished=datetime.now(UTC))
    packages = {name: facts["packages"][name] for name in ("numpy", "torch", "scikit-learn")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        **{key: facts[key] for key in ("cpu", "cores", "platform", "python")},
        "packages": packages,
        "memory_gb": round(memory / 1e9),
        "load_average": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "commit": {**facts["git"], "dirty": _dirty()},
    }


def _dirty() -> bool | None:
    """Whether anything but saved results differs from the commit: they are read by the book, not by a benchmark."""
    command = ["git", "status", "--porcelain", "--", ".", ":(exclude)benchmarks/results"]
    try:
        found = subprocess.run(command, cwd=RESULTS.parents[1], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return bool(found.stdout.strip())


def save(found: dict[str, Any], machine: dict[str, Any], folder: Path = RESULTS) -> Path:
    """Write one result whole. machine: as it was before the benchmark ran, which makes it busy itself."""
    about = {key: value for key, value in machine.items() if key != "commit"}
    kept = {**found, "date": datetime.now(UTC).date().isoformat(), "machine": about, "commit": machine["commit"]}
    folder.mkdir(exist_ok=True)
    path = folder / f"{found['name']}.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", choices=[*BENCHMARKS, "all"], default="all")
    parser.add_argument("--rounds", type=int, default=3, help="how often ours and the peer take turns")
    parser.add_argument("--json", action="store_true", help="one JSON object (a list for all)")
    parser.add_argument("--save", action="store_true", help="also write results/NAME.json for the book")
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error(f"--rounds {given.rounds}: at least 1")
    names = list(BENCHMARKS) if given.name == "all" else [given.name]
    found = []
    for name in names:
        before = describe_machine()
        module, _, function = BENCHMARKS[name].partition(":")
        measured = getattr(importlib.import_module(module), function or "measure")(given.rounds)
        found.append(
            {"name": name, "rounds": given.rounds, "cores": os.cpu_count(), "cpu": platform.machine(), **measured}
        )
        if given.save:
            print(f"saved: results/{save(found[-1], before).name}", file=sys.stderr)
        if not given.json:
            print("\n".join(f"{key:>28}: {value}" for key, value in found[-1].items()), end="\n\n")
    if given.json:
        print(json.dumps(found if given.name == "all" else found[0], indent=1))


if __name__ == "__main__":
    main()
