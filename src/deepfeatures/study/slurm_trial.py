"""The trial on a real Slurm, scenario by scenario: `make slurm-test` keeps it in benchmarks/results/slurm-test.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepfeatures.study.benchmarks import as_printed

WORDS = {
    "plain": "features in parts, each a job",
    "cancelled": "a job cancelled",
    "killed": "a job's process killed at its work",
    "drained": "a node drained",
    "controller": "the controller killed, and started again",
    "node-lost": "a node lost, with the job on it",
    "chapter": "a chapter, its networks and read-outs jobs of their own",
    "sweep": "a sweep, its points jobs",
}


def page(result: Mapping[str, Any] | None) -> str:
    """Markdown. result: as the trial saved it, None where it was never kept."""
    if result is None:
        return "No outcome was kept for this book: `make slurm-test ARGS=--save` keeps one."
    rows = [
        f"| {WORDS.get(one['name'], one['name'])} | {'passed' if one['passed'] else '**failed**'} | "
        f"{as_printed(one['said'])} | {one['date']} |"
        for one in result["scenarios"]
    ]
    untried = [words for name, words in WORDS.items() if name not in {one["name"] for one in result["scenarios"]}]
    last = (
        f"Slurm {result['slurm']}, {result['nodes']} nodes: {result['passed']} passed, {result['failed']} failed "
        "([what it was tried on](#benchmark-slurm-test))."
    )
    heads = ["| Scenario | Outcome | What happened | Tried on |", "|---|---|---|---|"]
    return "\n\n".join(["\n".join([*heads, *rows]), last, *([f"Not tried: {'; '.join(untried)}."] if untried else [])])
