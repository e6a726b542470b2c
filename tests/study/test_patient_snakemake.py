"""Jobs that the Slurm plugin forgets are asked about again; Kubernetes' pods share their volume."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from deepfeatures.study.patient_snakemake import patient


class Forgetful:
    """As the plugin's Executor: while the controller is away it says nothing of any job."""

    def __init__(self) -> None:
        self.away = False
        self.ended: list[tuple[str, str]] = []

    def report_job_success(self, job_info: Any) -> None:
        self.ended.append(("success", job_info))

    def report_job_error(self, job_info: Any, msg: str = "") -> None:
        self.ended.append(("error", job_info))

    async def check_active_jobs(self, active_jobs: list[Any]) -> AsyncGenerator[Any, None]:
        for job in active_jobs if not self.away else []:
            if job == "done":
                self.report_job_success(job)
            elif job == "failed":
                self.report_job_error(job, msg="it failed")
            else:
                yield job


def active(executor: Any, jobs: list[str]) -> list[str]:
    async def ask() -> list[str]:
        return [job async for job in executor.check_active_jobs(jobs)]

    return asyncio.run(ask())


def test_jobs_stay_active_while_the_controller_is_away() -> None:
    executor = patient(Forgetful)()
    jobs = ["running", "done", "failed"]
    executor.away = True
    for _ in range(2):
        assert sorted(active(executor, jobs)) == sorted(jobs)
        assert executor.ended == []
    executor.away = False
    assert active(executor, jobs) == ["running"]
    assert executor.ended == [("success", "done"), ("error", "failed")]


def test_the_plugin_still_has_what_is_set_right_here() -> None:
    """In a process of its own, where plugins that are installed are changed as in a build."""
    there = [name for name in ("slurm", "kubernetes") if importlib.util.find_spec(f"snakemake_executor_plugin_{name}")]
    if not there:
        pytest.skip("no executor plugin is installed: make cluster, make cluster FOR=kubernetes")
    ask = (
        "import importlib, json, sys\nfrom deepfeatures.study import patient_snakemake\n"
        "def told(name):\n    plugin = importlib.import_module('snakemake_executor_plugin_' + name)\n"
        "    named = [base.__name__ for base in plugin.Executor.__mro__[:2]]\n"
        "    return [named, plugin.common_settings.implies_no_shared_fs, plugin.common_settings.job_deploy_sources]\n"
        "before = {name: told(name) for name in sys.argv[1:]}\npatient_snakemake.set_right()\n"
        "print(json.dumps([before, {name: told(name) for name in sys.argv[1:]}]))"
    )
    done = subprocess.run([sys.executable, "-c", ask, *there], capture_output=True, text=True, check=True)
    before, after = json.loads(done.stdout)
    if "slurm" in there:
        assert before["slurm"][0] == ["Executor", "RemoteExecutor"]
        assert after["slurm"][0] == ["Patient", "Executor"]
    if "kubernetes" in there:
        assert before["kubernetes"][1:] == [True, True]
        assert after["kubernetes"][1:] == [False, False]
