"""The page's part on the trial of Slurm: what failed or was not tried is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from deepfeatures.study import slurm_trial
from tests.programs import loaded

RESULT = {
    "slurm": "22.05.8", "nodes": 2, "passed": 1, "failed": 1,
    "scenarios": [
        {"name": "sweep", "passed": True, "said": "2 points in 3 jobs", "date": "2026-01-02"},
        {"name": "killed", "passed": False, "said": "ended with | status `1`", "date": "2026-01-03"},
    ],
}  # fmt: skip


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program itself, in a checkout of its own; Slurm is not asked for."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    return loaded("tests/cluster/slurm_scenarios.py")


def test_every_scenario_has_its_words(trial: ModuleType) -> None:
    assert set(slurm_trial.WORDS) == set(trial.SCENARIOS)


def test_failures_and_what_was_not_tried_are_said() -> None:
    text = slurm_trial.page(RESULT)
    assert "| a sweep, its points jobs | passed | `2 points in 3 jobs` | 2026-01-02 |" in text
    assert "| **failed** | `ended with / status '1'` | 2026-01-03 |" in text
    assert "Slurm 22.05.8, 2 nodes: 1 passed, 1 failed ([what it was tried on](#benchmark-slurm-test))." in text
    assert "Not tried: features in parts, each a job; a job cancelled;" in text
    assert "Not tried" not in slurm_trial.page(
        {**RESULT, "scenarios": [{**RESULT["scenarios"][0], "name": name} for name in slurm_trial.WORDS]}
    )
    assert "make slurm-test ARGS=--save" in slurm_trial.page(None)


def test_a_later_trial_of_one_scenario_leaves_the_others_as_they_were(
    trial: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = trial.Kept()
    kept.scenarios, kept.slurm = {}, "22"
    saved: list[dict[str, object]] = []
    monkeypatch.setattr(kept.runner, "save", lambda found, machine: saved.append(json.loads(json.dumps(found))))
    kept.add("sweep", False, "lost")
    kept.add("plain", True, "well")
    kept.add("sweep", True, "found")
    kept.save()
    assert [(one["name"], one["said"]) for one in saved[0]["scenarios"]] == [("plain", "well"), ("sweep", "found")]
    assert (saved[0]["passed"], saved[0]["failed"]) == (2, 0)
    assert slurm_trial.page(saved[0]).count("passed |") == 2
