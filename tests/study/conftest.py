"""A kind of artifact made at once, and a checkout with one small chapter."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepfeatures.study import artifacts, plans, recipes
from tests.study import made_up, toy


@pytest.fixture
def toys(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`toy` is a kind of artifact; gives the runs folder, and forgets what was verified in other tests."""
    monkeypatch.setitem(recipes.KINDS, "toy", toy.KIND)
    monkeypatch.setattr(artifacts, "_verified", set())
    return runs_folder


@pytest.fixture
def tiny(tmp_path: Path, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the chapter `tiny`, which needs no artifact, taken by the package for its own."""
    monkeypatch.setitem(plans.PLANS, made_up.SLUG, lambda *_: {})
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    return made_up.write_checkout(tmp_path / "checkout")


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The runs folder on a filesystem of 1 MB; skips where none can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("no `mount` here: the full disk is only injected, not real")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no right to mount a small filesystem, a full disk is only injected: {done.stderr.strip()}")
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
