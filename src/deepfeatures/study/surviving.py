"""The page of what builds survive: accidents by kind, from benchmarks/results/chaos.json (`make chaos ARGS=--save`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepfeatures.study.benchmarks import as_printed

WORDS = {
    "smoke builds killed": "SIGKILL to a smoke build and all its jobs, at random moments of building and rendering; "
    "of the small book, several in a row; one series in five of the whole book",
    "commands killed beside their jobs": "SIGKILL to the command alone, whose jobs go on beside the next build",
    "default builds killed": "the same to a book at `default`, from nothing on, whose networks train for longer",
    "artifacts with a flipped bit": "one bit of one file turned over: a batch of the small book, then of the whole one",
    "chapters and pages with a flipped bit": "the same in an executed chapter, or in a page of the site",
    "builds on a full disk": "a filesystem that runs full while chapters are executed or pages are written",
    "inputs removed": "an artifact, a file of one, all of them, results, a page, the plan: before a build or during it",
    "data removed": "a file of MNIST before a build, all of it during one",
    "two builds at once": "in one folder: of the same book, of another, and one killed beside the other",
    "clocks set back": "by 400 days before a build, by 90 while it runs (`libfaketime`)",
}


def page(result: Mapping[str, Any] | None) -> str:
    """The page's table in Markdown. result: as `tests/chaos` saved it, None where it was never run."""
    if result is None:
        return "`make chaos` was not run for this book."
    rows = []
    for name, wanted in result["wanted"].items():
        happened, checks = result[name.replace(" ", "_")], result["checks"][name]
        noted = "".join(f"; {count:,} {what}" for what, count in result["noted"].get(name, {}).items())
        rows.append(f"| {name} | {WORDS.get(name, '')} | {happened:,} of {wanted:,}{noted} | {checks:,} |")
    total = result["passed"] + result["failed"]
    books = "; ".join(f"the {name} book: {', '.join(chapters)}" for name, chapters in result["books"].items())
    outcome = (
        f"{result['passed']:,} of {total:,} checks passed, {result['failed']:,} failed "
        f"(seed {result['seed']}, {result['date']}, {result['seconds'] / 60:.0f} minutes on {result['cores']} cores). "
        f"Chapters of {books}. [What it was measured on](#benchmark-chaos)."
    )
    failures = [f"- failed: {as_printed(one)}" for one in result["failures"]]
    left_out = [f"- left out: {as_printed(one)}" for one in result["left_out"]]
    table = ["| Accident | | Happened | Checks |", "|---|---|---|---|", *rows]
    return "\n\n".join(["\n".join(table), outcome, *(["\n".join(failures + left_out)] if failures or left_out else [])])
