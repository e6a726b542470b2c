"""Snakemake on a cluster, with two assumptions of its executor plugins set right. Called as Snakemake is.

Slurm: while the controller is away (a restart, a short failure) no status can be had. The plugin then forgets the jobs
it asked about, and the workflow waits for them for ever (snakemake-executor-plugin-slurm, issue 207; seen with 2.8.0).
Here they stay active, and are asked about again.

Kubernetes: the plugin takes it that pods share no files. This workflow keeps everything on one volume that all of them
mount, and its jobs read and write there (workflow/profiles/kubernetes).
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import AsyncGenerator
from typing import Any


def patient(executor: type[Any]) -> type[Any]:
    """The Slurm plugin's Executor, which keeps jobs that were neither reported as ended nor as still active."""

    class Patient(executor):
        def __init__(self, *given: Any, **named: Any) -> None:
            self._told: set[int] = set()
            super().__init__(*given, **named)

        def report_job_success(self, job_info: Any) -> None:
            self._told.add(id(job_info))
            super().report_job_success(job_info)

        def report_job_error(self, job_info: Any, *args: Any, **named: Any) -> None:
            self._told.add(id(job_info))
            super().report_job_error(job_info, *args, **named)

        async def check_active_jobs(self, active_jobs: list[Any]) -> AsyncGenerator[Any, None]:
            self._told = set()
            async for job in super().check_active_jobs(active_jobs):
                self._told.add(id(job))
                yield job
            for job in active_jobs:
                if id(job) not in self._told:
                    yield job

    return Patient


def set_right() -> None:
    """Change the plugins that are installed, in this process."""
    if slurm := _plugin("slurm"):
        slurm.Executor = patient(slurm.Executor)
    if kubernetes := _plugin("kubernetes"):
        kubernetes.common_settings = dataclasses.replace(
            kubernetes.common_settings,
            implies_no_shared_fs=False,
            job_deploy_sources=False,
            auto_deploy_default_storage_provider=False,
        )


def _plugin(name: str) -> Any:
    try:
        return importlib.import_module(f"snakemake_executor_plugin_{name}")
    except ModuleNotFoundError:
        return None


def main() -> None:
    set_right()  # first: Snakemake reads its plugins where it is imported
    from snakemake.cli import main as snakemake

    snakemake()


if __name__ == "__main__":
    main()
