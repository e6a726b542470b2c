"""What running on a cluster costs: a job beside its work, and a sharded extraction from CelebA's size to 100 million.

From benchmarks/results/slurm-jobs.json and sharded-extraction.json: the second measured a whole extraction at CelebA's
size, and all its costs grow in proportion to the images, so that a larger one is a matter of multiplying. Limits that a
larger one meets are those of the measured programs and of Slurm's own defaults.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepfeatures.study import benchmarks

SIZES = (202_599, 1_000_000, 10_000_000, 100_000_000)  # CelebA, Liu et al. 2015; and beyond
JOB_S = 3600.0  # of work that a job is given: long beside its start, short beside what a lost job costs
MEMORY_GB = 2.0  # that a process may take
SLURM_JOBS = 10_000  # MaxJobCount of slurm.conf, unless set: jobs that the controller holds
PATIENCE_S = 86_400.0  # a day: the longest that one process may take for what cannot be shared


@dataclass(frozen=True)
class Scale:
    """An extraction of `images`. hours: of work, by one thread; overhead_hours: of all jobs beside it, their own start
    included; merge_s: by one process, at the end."""

    images: int
    shards: int
    jobs: int
    hours: float
    overhead_hours: float
    disk_gb: float
    merge_s: float
    memory_gb: float


@dataclass(frozen=True)
class Limit:
    """Images at which something no longer works, and what to do then."""

    images: float
    what: str
    way_out: str


def scale(extraction: Mapping[str, Any], jobs: Mapping[str, Any], images: int) -> Scale:
    """At another size, shards as large as measured. extraction, jobs: results of the two benchmarks."""
    shards = -(-images // extraction["images_a_shard"])
    work_s = images / extraction["images_per_second"]
    count = min(shards, max(1, math.ceil(work_s / JOB_S)))
    overhead_s = count * (jobs["overhead_seconds_a_job_on_slurm"] + _start_s(extraction, images))
    kept = images * (extraction["bytes_an_image"] + extraction["plan_disk_bytes_an_image"])
    return Scale(
        images,
        shards,
        count,
        work_s / 3600,
        overhead_s / 3600,
        (kept + shards * extraction["bytes_of_statistics_a_shard"]) / 1e9,
        _serial_s(extraction, images),
        _memory_gb(extraction, images),
    )


def limits(extraction: Mapping[str, Any], jobs: Mapping[str, Any]) -> list[Limit]:
    """What breaks, first things first."""
    images_a_job = extraction["images_per_second"] * JOB_S
    found = [
        Limit(
            (MEMORY_GB - _memory_gb(extraction, 0)) * 1e9 / extraction["plan_memory_bytes_an_image"],
            f"every process holds the plan, which names each image: at more it takes {MEMORY_GB:g} GB",
            "split the set into several feature stores, whose statistics merge as shards do",
        ),
        Limit(
            images_a_job * MEMORY_GB * 1e9 / jobs["planning_memory_bytes_a_job"],
            f"Snakemake holds all jobs: at more, planning them takes {MEMORY_GB:g} GB",
            "give each job more work",
        ),
        Limit(
            images_a_job * SLURM_JOBS,
            f"Slurm holds {SLURM_JOBS:,} jobs at once, unless told otherwise (`MaxJobCount`)",
            "keep `jobs:` of the profile far below it, as it is",
        ),
        Limit(
            (PATIENCE_S - extraction["ridge_seconds"]) / _serial_s_an_image(extraction),
            "one process verifies every shard and merges: at more it takes a day",
            "merge statistics of parts first",
        ),
    ]
    return sorted(found, key=lambda one: one.images)


def page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown for the book's page on clusters; a sentence where something was not measured."""
    absent = [name for name in ("slurm-jobs", "sharded-extraction") if name not in results]
    if absent:
        again = " and ".join(f"`python benchmarks/run.py {name} --save`" for name in absent)
        return f"This has not been measured yet: {again}."
    extraction, jobs = results["sharded-extraction"], results["slurm-jobs"]
    return "\n\n".join([_of_jobs(jobs), _of_extraction(extraction), _beyond(extraction, jobs)])


def _of_jobs(jobs: Mapping[str, Any]) -> str:
    rows = [
        ("its own command, from a shell", jobs["seconds_of_the_command_alone"], None),
        ("as a job of Snakemake on this machine", jobs["seconds_a_job_here"], jobs["overhead_seconds_a_job_here"]),
        ("as a job of Slurm", jobs["seconds_a_job_on_slurm"], jobs["overhead_seconds_a_job_on_slurm"]),
    ]
    table = [f"| {what} | {_seconds(took)} | {'–' if more is None else _seconds(more)} |" for what, took, more in rows]
    few, many = jobs["jobs"]
    heads = "| A job that does next to nothing | takes | beside its command |"
    return "\n".join([
        "## What a job costs beside its work", "",
        *_opened(heads, "|---|--:|--:|"), *table, ":::", "",
        f"{_measured(jobs)} Two nodes of one processor each, {few} and {many} jobs; a job's cost is what each one more "
        "added. An empty batch job, submitted and waited for, took "
        f"{_seconds(jobs['seconds_of_an_empty_batch_job_waited_for'])}, an empty job step "
        f"{_seconds(jobs['seconds_of_an_empty_step'])}: what a job costs is the start of Snakemake inside it, twice, "
        "and the pauses in which the workflow asks which jobs have ended. "
        + ("Here a job takes less than its command does from a shell, for it is forked from a process that has "
           "imported all already. " if jobs["overhead_seconds_a_job_here"] < 0 else "")
        + "Planning took "
        f"{_seconds(jobs['planning_seconds_a_job'])} and {jobs['planning_memory_bytes_a_job'] / 1e3:,.0f} kB a job.",
    ])  # fmt: skip


def _of_extraction(found: Mapping[str, Any]) -> str:
    steps = {"draw": "drawing faces", "network": "the network", "keep": "writing, with checksums",
             "statistics": "statistics of each shard"}  # fmt: skip
    seconds = found["seconds"]
    rows = [f"| {what} | {_seconds(seconds[step])} |" for step, what in steps.items()]
    rows += [
        f"| verifying all {found['shards']} shards, at the end | {_seconds(found['verify_seconds'])} |",
        f"| merging their statistics | {_seconds(found['merge_seconds'])} |",
        f"| ridge regression from the merged statistics | {_seconds(found['ridge_seconds'])} |",
    ]
    largest = max(found[f"largest_difference_of_{what}"] for what in ("means", "products", "ridge"))
    return "\n".join([
        "## An extraction as large as CelebA", "",
        f"{found['images']:,} rendered faces of {found['side_px']} px in {found['shards']} shards of "
        f"{found['images_a_shard']:,}, by {found['jobs']} processes of one thread each, none of which saw another's "
        f"shards; {found['numbers_an_image']} numbers an image are kept.", "",
        *_opened("| Step | Time of one thread |", "|---|--:|"), *rows, ":::", "",
        f"{_measured(found)} That is {found['images_per_second']:,.0f} images a second and thread. The largest process "
        f"took {found['peak_gb_of_a_job']:.2f} GB of memory, the one that merged {found['peak_gb_of_the_merge']:.2f} "
        f"GB; all features as one array took {found['peak_gb_unsharded']:.2f} GB. Merged means, products and "
        f"regression differ from those of the one array by at most {largest:.1e} of their size.",
    ])  # fmt: skip


def _beyond(extraction: Mapping[str, Any], jobs: Mapping[str, Any]) -> str:
    heads = (
        "| Images | Shards | Jobs | Hours of one thread | beside the work | Disk, GB | Merging "
        "| Memory a process, GB |"
    )
    rows = []
    for one in (scale(extraction, jobs, images) for images in SIZES):
        merging = f"{one.merge_s / 60:,.1f} min" if one.merge_s >= 60 else f"{one.merge_s:,.1f} s"
        much = "**" if one.memory_gb > MEMORY_GB else ""
        rows.append(
            f"| {one.images:,} | {one.shards:,} | {one.jobs:,} | {one.hours:,.1f} | "
            f"{100 * one.overhead_hours / one.hours:,.1f} % | {one.disk_gb:,.1f} | {merging} | "
            f"{much}{one.memory_gb:,.2f}{much} |"
        )
    first, *later = limits(extraction, jobs)
    return "\n".join([
        "## Out to 100 million images", "",
        f"The same network and sizes, in jobs of {JOB_S / 60:.0f} minutes of work; beside the work stand what Slurm "
        "adds to a job and the job's own start:", "",
        *_opened(heads, "|--:|--:|--:|--:|--:|--:|--:|--:|"), *rows, ":::", "",
        f"What breaks first, at {_millions(first.images)} images: {first.what}. The way out: {first.way_out}. Then:",
        "",
        *(f"- at {_millions(one.images)}: {one.what}. The way out: {one.way_out}." for one in later),
    ])  # fmt: skip


def _start_s(extraction: Mapping[str, Any], images: int) -> float:
    """From a job's command to its first shard, seconds: imports, the network, the plan, which names every image.

    Neither the work, which is timed shard by shard, nor a job's overhead, which is taken beside its command, has it.
    """
    more = images - extraction["images"]
    return float(max(extraction["start_seconds_a_job"] + more * extraction["plan_seconds_an_image"], 0.0))


def _serial_s(extraction: Mapping[str, Any], images: int) -> float:
    return _serial_s_an_image(extraction) * images + float(extraction["ridge_seconds"])


def _serial_s_an_image(extraction: Mapping[str, Any]) -> float:
    return float((extraction["verify_seconds"] + extraction["merge_seconds"]) / extraction["images"])


def _memory_gb(extraction: Mapping[str, Any], images: int) -> float:
    """Of the largest process: what it took at the measured size, with a plan of another."""
    more = images - extraction["images"]
    return float(max(extraction["peak_gb_of_a_job"] + more * extraction["plan_memory_bytes_an_image"] / 1e9, 0.0))


def _measured(result: Mapping[str, Any]) -> str:
    machine, load = result["machine"], result["machine"].get("load_average")
    where = f"{machine.get('cores')} cores of {machine.get('cpu')}"
    told = f"[Measured](#benchmark-{result['name']}) on {result['date']} on {where}."
    if isinstance(load, int | float) and load > benchmarks.BUSY * int(machine.get("cores") or 1):
        return f"{told} The machine was busy (load average {load:g}): times are too long."
    return told


def _opened(heads: str, rule: str) -> Sequence[str]:
    return (":::{table}", ":class: benchmarks", "", heads, rule)


def _seconds(value: float) -> str:
    if value < 0:
        return f"−{_seconds(-value)}"
    if value < 0.1:
        return f"{value * 1000:,.0f} ms"
    return f"{value:,.2f} s" if value < 10 else f"{value:,.0f} s"


def _millions(images: float) -> str:
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if images >= size:
            return f"{images / size:,.0f} {name}"
    return f"{images:,.0f}"
