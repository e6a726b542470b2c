"""Where a result came from: commit, versions, hardware, times. Kept beside a result, never inside it, as it differs
from run to run. Holds no host name, user name or absolute path, because it is published."""
from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from deepfeatures.study import paths

DEPENDENCIES = (
    "numpy", "scipy", "torch", "torchvision", "scikit-learn", "matplotlib", "seaborn", "pandas", "safetensors",
    "papermill", "jupytext", "jupyter-book", "ipykernel", "nbformat", "snakemake", "pydantic", "typer",
)  # fmt: skip


def collect(
    *,
    started: datetime,
    finished: datetime,
    wall_s: float | None = None,
    threads: int | None = None,
    device: str = "cpu",
    root: Path | None = None,
) -> dict[str, Any]:
    """What to know about a run, ready for JSON. started, finished: with a time zone; wall_s: seconds by a monotonic
    clock, else their difference; threads: that the run computed with; device: a name such as 'cpu' or 'NVIDIA H100'."""
    root = root or paths.root()
    if started.tzinfo is None or finished.tzinfo is None:
        raise ValueError(f"started {started} and finished {finished} need a time zone: datetime.now(UTC)")
    if wall_s is None:
        wall_s = (finished - started).total_seconds()
    if wall_s < 0:
        raise ValueError(f"a run of {wall_s} s: finished {finished} is before started {started}")
    return {
        "git": git_state(root),
        "lock_sha256": _sha256(root / "requirements.lock"),
        "python": platform.python_version(),
        "platform": _platform(),
        "cpu": cpu_model(),
        "cores": _cores(),
        "threads": threads,
        "device": device,
        "packages": {name: _version(name) for name in DEPENDENCIES},
        "started": _utc(started),
        "finished": _utc(finished),
        "wall_s": round(wall_s, 3),
    }


def git_state(root: Path) -> dict[str, Any]:
    """{'sha', 'dirty'} of the checkout at `root`, both None where there is none. Untracked files count as dirty."""
    top = _git(root, "rev-parse", "--show-toplevel")
    # an unpacked archive inside somebody else's checkout must not take that one's commit for its own
    if top is None or Path(top).resolve() != root.resolve():
        return {"sha": None, "dirty": None}
    status = _git(root, "status", "--porcelain")
    return {"sha": _git(root, "rev-parse", "--verify", "HEAD"), "dirty": None if status is None else bool(status)}


def cpu_model() -> str:
    """The processor's name as the system gives it, else its architecture."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    if match := re.search(r"^model name\s*:\s*(\S.*)$", text, re.MULTILINE):
        return match[1].strip()
    if platform.system() == "Darwin" and (name := _output("sysctl", "-n", "machdep.cpu.brand_string")):
        return name
    return platform.machine()


def _cores() -> int | None:
    """Cores this process may use, where the system says so (a container or a job gets fewer), else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _platform() -> str:
    """System, architecture and C library; not the kernel's release, whose text can name the machine it was built on."""
    return " ".join(part for part in (platform.system(), platform.machine(), *platform.libc_ver()) if part)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _git(root: Path, *arguments: str) -> str | None:
    return _output("git", "-C", str(root), *arguments)


def _output(*command: str) -> str | None:
    """Standard output of the command, or None where it is missing or fails."""
    # GIT_DIR and its kin, set inside a git hook, would answer for another checkout
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
