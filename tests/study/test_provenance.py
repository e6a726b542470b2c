"""Provenance: complete, and free of anything that names the machine or its user."""
import getpass
import hashlib
import json
import platform
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy
import pytest

from deepfeatures.study.provenance import DEPENDENCIES, collect, cpu_model, git_state

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@x", *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "requirements.lock").write_text("numpy==1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_everything_is_there(checkout):
    got = collect(started=START, finished=START + timedelta(seconds=90), threads=1, root=checkout)
    assert set(got) == {"git", "lock_sha256", "python", "platform", "cpu", "cores", "threads", "device", "packages",
                        "started", "finished", "wall_s"}  # fmt: skip
    assert got["packages"]["numpy"] == numpy.__version__ and set(got["packages"]) == set(DEPENDENCIES)
    assert (got["started"], got["finished"], got["wall_s"]) == ("2026-01-02T03:04:05Z", "2026-01-02T03:05:35Z", 90.0)
    assert got["threads"] == 1 and got["cores"] >= 1 and got["cpu"] == cpu_model() != ""
    assert got["python"] == platform.python_version()
    assert got["lock_sha256"] == hashlib.sha256(b"numpy==1\n").hexdigest()
    assert json.loads(json.dumps(got)) == got


def test_nothing_names_the_machine_or_its_user(checkout):
    text = json.dumps(collect(started=START, finished=START, root=checkout))
    assert platform.node() not in text and str(Path.home()) not in text and str(checkout) not in text
    assert "/" not in text.replace("GNU/Linux", "")
    if len(getpass.getuser()) > 4:
        assert getpass.getuser() not in text


def test_git_says_clean_and_dirty(checkout):
    clean = git_state(checkout)
    assert len(clean["sha"]) == 40 and clean["dirty"] is False
    (checkout / "a.txt").write_text("b")
    assert git_state(checkout) == {"sha": clean["sha"], "dirty": True}
    git(checkout, "checkout", "-q", "a.txt")
    (checkout / "new.txt").write_text("x")
    assert git_state(checkout)["dirty"] is True


def test_a_folder_inside_another_checkout_has_no_commit_of_its_own(checkout):
    (checkout / "unpacked").mkdir()
    assert git_state(checkout / "unpacked") == {"sha": None, "dirty": None}


def test_a_checkout_before_its_first_commit(tmp_path):
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path)["sha"] is None


def test_a_hooks_environment_does_not_answer_for_another_checkout(checkout, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(checkout / ".git"))
    assert git_state(tmp_path_factory.mktemp("plain")) == {"sha": None, "dirty": None}


def test_no_git_at_all(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_state(checkout) == {"sha": None, "dirty": None}


def test_times_are_utc_whatever_zone_they_came_in(checkout):
    there = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert collect(started=there, finished=there, root=checkout)["started"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"started": datetime(2026, 1, 1), "finished": START}, "need a time zone"),
        ({"started": START, "finished": START - timedelta(seconds=1)}, "a run of -1.0 s"),
    ],
)
def test_times_that_cannot_be(checkout, times, message):
    with pytest.raises(ValueError, match=message):
        collect(**times, root=checkout)
