"""Where jobs run: profiles by name and by path, what is wrong with them, and that Snakemake plans with each of them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deepfeatures.study import build, workflow_profiles
from deepfeatures.study.recipes import Recipe
from deepfeatures.study.workflow_profiles import NoWorkflowProfile
from tests.conftest import ROOT

PROFILES = ("kubernetes", "slurm")


@pytest.fixture(autouse=True)
def none_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(workflow_profiles.VARIABLE, raising=False)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """All plugins count as installed: nothing here starts them."""
    monkeypatch.setattr(workflow_profiles.importlib.util, "find_spec", lambda _: object())


def test_without_a_profile_jobs_run_here() -> None:
    start = [sys.executable, "-m", "snakemake", "--quiet", "all", "--cores"]
    assert workflow_profiles.command(None, 3) == [*start, "3"]
    assert workflow_profiles.command(None, None) == [*start, str(os.cpu_count())]


@pytest.mark.usefixtures("installed")
def test_a_profile_decides_how_many_jobs_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPFEATURES_DATA", "/data")
    command = workflow_profiles.command("slurm", None)
    assert command[1:3] == ["-m", "deepfeatures.study.patient_snakemake"]
    assert command[command.index("--workflow-profile") + 1] == str(ROOT / "workflow" / "profiles" / "slurm")
    assert "--jobs" not in command and "--cores" not in command
    assert "DEEPFEATURES_DATA" in command[command.index("--envvars") :]
    assert workflow_profiles.command("slurm", 7)[5:7] == ["--jobs", "7"]
    monkeypatch.setenv(workflow_profiles.VARIABLE, "slurm")
    assert workflow_profiles.command(None, None) == command


def test_a_folder_of_ones_own_may_also_run_jobs_here(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("retries: 2\n")
    command = workflow_profiles.command(str(tmp_path), None)
    assert command[command.index("--workflow-profile") + 1] == str(tmp_path)
    assert command[command.index("--cores") + 1] == str(os.cpu_count())


def test_what_is_wrong_with_a_profile_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_profiles.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NoWorkflowProfile, match="^workflow profile 'sge': allowed are kubernetes, slurm, or the "):
        workflow_profiles.find("sge")
    config = tmp_path / "config.yaml"
    for text, message in (
        ("executor: [slurm]\n", "needs a mapping of options in which executor is a word"),
        ("slurm\n", "needs a mapping of options in which executor is a word"),
        ("jobs: {\n", "is not YAML"),
        ("executor: no-such\n", "snakemake-executor-plugin-no-such is not installed: install it into .venv$"),
        ("executor: kubernetes\n", "snakemake-executor-plugin-kubernetes is not installed: make cluster FOR="),
    ):
        config.write_text(text)
        with pytest.raises(NoWorkflowProfile, match=message):
            workflow_profiles.find(str(tmp_path))


@pytest.mark.parametrize("name", PROFILES)
def test_every_option_of_a_profile_is_one_of_snakemake_or_of_its_plugin(name: str) -> None:
    from snakemake.cli import get_argument_parser

    settings = yaml.safe_load((ROOT / "workflow" / "profiles" / name / "config.yaml").read_text())
    known = {option.lstrip("-") for action in get_argument_parser()._actions for option in action.option_strings}
    plugin = f"{settings['executor']}-"
    there = importlib.util.find_spec(f"snakemake_executor_plugin_{name}") is not None
    unknown = [option for option in settings if option not in known and (there or not option.startswith(plugin))]
    assert not unknown


@pytest.mark.parametrize("name", PROFILES)
def test_snakemake_plans_with_the_profile(name: str, runs_folder: Path) -> None:
    if importlib.util.find_spec(f"snakemake_executor_plugin_{name}") is None:
        pytest.skip(f"snakemake-executor-plugin-{name} is not installed: make cluster FOR={name}")
    faces = Recipe("faces", {"dataset": "celeba", "fingerprint": "celeba-none"})
    features = Recipe("face-features", {"dataset": "celeba", "network": "pixels", "fingerprint": ""}, {"faces": faces})
    plan = build.save_plan(features.closure(), {}, {features.key: 3})
    target = f"artifacts/face-features/{features.key}/record.json"
    assert planned(workflow_profiles.command(name, None), plan, target) == {"artifact": 2, "piece": 3, "total": 5}


def planned(start: list[str], plan: Path, target: str) -> dict[str, int]:
    """Jobs by rule that a dry run lists."""
    told = [word for word in start if word not in ("--quiet", "all", "rules", "progress", "--show-failed-logs")]
    command = [
        *told, "--snakefile", str(ROOT / "workflow" / "Snakefile"), "--directory", str(plan.parents[1]),
        "--config", f"plan={plan}", "--nolock", "--rerun-triggers", "input", "--dry-run", "--", target,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    _, listed, rest = (done.stdout + done.stderr).partition("Job stats:")
    assert listed or "Nothing to be done" in done.stdout
    lines = rest.split("\n\n")[0].splitlines()
    return {line.split()[0]: int(line.split()[1]) for line in lines[3:] if line.strip()}


def test_a_dry_run_here_plans_the_parts_of_an_artifact_before_it(runs_folder: Path) -> None:
    faces = Recipe("faces", {"dataset": "celeba", "fingerprint": "celeba-none"})
    features = Recipe("face-features", {"dataset": "celeba", "network": "pixels", "fingerprint": ""}, {"faces": faces})
    plan = build.save_plan(features.closure(), {}, {features.key: 2})
    assert json.loads(plan.read_text())["pieces"] == {features.key: 2}
    target = f"artifacts/face-features/{features.key}/record.json"
    start = [sys.executable, "-m", "snakemake", "--cores", "1"]
    assert planned(start, plan, target) == {"artifact": 2, "piece": 2, "total": 4}
    made = runs_folder / target
    made.parent.mkdir(parents=True)
    made.touch()
    assert planned(start, plan, target) == {}
