"""Where the jobs of a build run: here, or as a workflow profile of Snakemake says."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from deepfeatures.study import paths
from deepfeatures.study.strict_yaml import load

VARIABLE = "DEEPFEATURES_WORKFLOW_PROFILE"
PASSED_ON = paths.VARIABLES  # to jobs that start with no environment
LOCAL = "local"
INSTALL = {"slurm": "make cluster", "kubernetes": "make cluster FOR=kubernetes"}


class NoWorkflowProfile(ValueError):
    """A workflow profile that cannot be used; the message says why and what there is."""


@dataclass(frozen=True)
class WorkflowProfile:
    """folder: with config.yaml; executor: what runs the jobs, 'local' unless the profile names one."""

    folder: Path
    executor: str


def find(name: str) -> WorkflowProfile:
    """A profile by its name under workflow/profiles/, or by the path of its folder. Raises NoWorkflowProfile."""
    kept = paths.root() / "workflow" / "profiles"
    known = sorted(path.parent.name for path in kept.glob("*/config.yaml"))
    folder = kept / name if name in known else Path(name).resolve()
    if not (folder / "config.yaml").is_file():
        raise NoWorkflowProfile(
            f"workflow profile {name!r}: allowed are {', '.join(known)}, or the path of a folder with a config.yaml"
        )
    try:
        settings = load((folder / "config.yaml").read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as damage:
        raise NoWorkflowProfile(f"{folder / 'config.yaml'} is not YAML: {damage}") from damage
    executor = settings.get("executor", LOCAL) if isinstance(settings, dict) else None
    if not isinstance(executor, str):
        raise NoWorkflowProfile(f"{folder / 'config.yaml'}: needs a mapping of options in which executor is a word")
    module = f"snakemake_executor_plugin_{executor.replace('-', '_')}"
    if executor != LOCAL and importlib.util.find_spec(module) is None:
        way = INSTALL.get(executor, "install it into .venv")
        raise NoWorkflowProfile(
            f"workflow profile {name!r} runs jobs with {executor}, and snakemake-executor-plugin-{executor} is not "
            f"installed: {way}"
        )
    return WorkflowProfile(folder, executor)


def command(name: str | None, cores: int | None) -> list[str]:
    """How Snakemake is started. name: of a profile; the environment's, else none: jobs run here, `cores` side by side.

    cores: jobs at once; the profile's number, or all cores here, unless given.
    """
    name = name or os.environ.get(VARIABLE)
    if not name:
        return [sys.executable, "-m", "snakemake", "--quiet", "all", "--cores", str(cores or os.cpu_count() or 1)]
    profile = find(name)
    start = [sys.executable, "-m", "deepfeatures.study.patient_snakemake", "--workflow-profile", str(profile.folder)]
    if cores is not None:
        start += ["--jobs", str(cores)]
    elif profile.executor == LOCAL:
        start += ["--cores", str(os.cpu_count() or 1)]
    if profile.executor == LOCAL:
        return [*start, "--quiet", "all"]
    # Elsewhere nobody sees what a job prints: Snakemake says which failed, and shows the end of its log.
    start += ["--quiet", "rules", "progress", "--show-failed-logs"]
    if profile.executor == "kubernetes":  # its pods start in an empty folder of their own
        start += ["--precommand", f"cd {shlex.quote(str(paths.runs()))}"]
    there = [variable for variable in PASSED_ON if os.environ.get(variable)]
    return [*start, "--envvars", *there] if there else start
