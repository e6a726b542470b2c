"""What a cluster costs, on results whose answers are known."""

from __future__ import annotations

import pytest

from deepfeatures.study import cluster_cost

MACHINE = {"cores": 2, "cpu": "a processor", "load_average": 0.5}
EXTRACTION = {
    "images": 200_000, "side_px": 32, "shards": 50, "images_a_shard": 4_000, "jobs": 10, "numbers_an_image": 640,
    "seconds": {"draw": 300.0, "network": 80.0, "keep": 15.0, "statistics": 5.0}, "images_per_second": 500.0,
    "bytes_an_image": 2_500.0, "bytes_of_statistics_a_shard": 2_000_000, "verify_seconds": 1.9, "merge_seconds": 0.1,
    "ridge_seconds": 0.05, "peak_gb_of_a_job": 0.8, "peak_gb_of_the_merge": 0.7, "peak_gb_unsharded": 1.7,
    "largest_difference_of_means": 1e-13, "largest_difference_of_products": 3e-13, "largest_difference_of_ridge": 2e-12,
    "plan_memory_bytes_an_image": 200.0, "plan_disk_bytes_an_image": 20.0, "plan_seconds_an_image": 1e-6,
    "start_seconds_a_job": 7.2,
    "date": "2026-01-01", "machine": MACHINE, "name": "sharded-extraction",
}  # fmt: skip
JOBS = {
    "jobs": [2, 12], "seconds_of_the_command_alone": 3.0, "seconds_a_job_here": 4.0, "seconds_a_job_on_slurm": 13.0,
    "overhead_seconds_a_job_here": 1.0, "overhead_seconds_a_job_on_slurm": 10.0, "seconds_of_an_empty_step": 0.04,
    "seconds_of_an_empty_batch_job_waited_for": 2.5, "planning_seconds_a_job": 0.004,
    "planning_memory_bytes_a_job": 20_000, "date": "2026-01-02", "machine": MACHINE, "name": "slurm-jobs",
}  # fmt: skip


def test_costs_are_in_proportion_to_the_images() -> None:
    one = cluster_cost.scale(EXTRACTION, JOBS, 180_000_000)
    assert one.shards == 45_000
    assert one.jobs == 100  # 360,000 s of work in hours
    assert one.hours == pytest.approx(100)
    start_s = 7.2 + 179.8  # measured with a plan of 0.2 million images; 1 microsecond for each more
    assert one.overhead_hours == pytest.approx(100 * (10 + start_s) / 3600)
    assert one.disk_gb == pytest.approx(180e6 * 2_520 / 1e9 + 45_000 * 2e6 / 1e9)
    assert one.merge_s == pytest.approx(2 * 900 + 0.05)
    assert one.memory_gb == pytest.approx(0.8 + (180e6 - 0.2e6) * 200 / 1e9)


def test_the_start_of_a_job_is_not_in_its_overhead_on_slurm() -> None:
    as_measured = cluster_cost.scale(EXTRACTION, JOBS, EXTRACTION["images"])
    assert as_measured.overhead_hours == pytest.approx((10 + 7.2) / 3600)
    assert cluster_cost.scale({**EXTRACTION, "start_seconds_a_job": 0.01}, JOBS, 4_000).overhead_hours * 3600 == (
        pytest.approx(10)  # a start is never negative
    )


def test_a_small_set_is_one_job_and_no_job_is_less_than_a_shard() -> None:
    assert cluster_cost.scale(EXTRACTION, JOBS, 4_001).jobs == 1
    slow = {**EXTRACTION, "images_per_second": 0.01}
    assert cluster_cost.scale(slow, JOBS, 8_000).jobs == 2


def test_what_breaks_first_comes_first() -> None:
    found = cluster_cost.limits(EXTRACTION, JOBS)
    assert [one.images for one in found] == sorted(one.images for one in found)
    plan = next(one for one in found if "plan" in one.what and "image" in one.what)
    assert plan.images == pytest.approx((2 - (0.8 - 0.04)) * 1e9 / 200)  # 0.04 GB of the 0.8 were the plan
    day = next(one for one in found if "a day" in one.what)
    assert cluster_cost.scale(EXTRACTION, JOBS, round(day.images)).merge_s == pytest.approx(86_400, rel=1e-4)
    assert found[0] is plan


def test_the_page_has_every_size_and_what_breaks_first() -> None:
    text = cluster_cost.page({"slurm-jobs": JOBS, "sharded-extraction": EXTRACTION})
    for size in cluster_cost.SIZES:
        assert f"| {size:,} |" in text
    assert "| as a job of Slurm | 13 s | 10 s |" in text
    assert "What breaks first, at 6 million images: every process holds the plan" in text
    assert "at most 2.0e-12 of their size" in text
    assert "**20.76**" in text and "| 0.80 |" in text  # of 100 million and of CelebA: too much memory is bold
    assert "The machine was busy" not in text
    busy = {**JOBS, "machine": {**MACHINE, "load_average": 1.5}}
    told = cluster_cost.page({"slurm-jobs": busy, "sharded-extraction": EXTRACTION})
    assert told.count("The machine was busy (load average 1.5): times are too long.") == 1
    forked = {**JOBS, "seconds_a_job_here": 0.25, "overhead_seconds_a_job_here": -2.75}
    told = cluster_cost.page({"slurm-jobs": forked, "sharded-extraction": EXTRACTION})
    assert "| as a job of Snakemake on this machine | 0.25 s | −2.75 s |" in told
    assert "it is forked from a process" in told and "forked" not in text
    assert cluster_cost.page({"slurm-jobs": JOBS}).startswith("This has not been measured yet: `python benchmarks/run")
