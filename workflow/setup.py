"""Make .venv from requirements.lock, once. Standard library only: it runs before anything is installed.

    python workflow/setup.py        # what every target of the Makefile calls first; instant when nothing changed

The environment is finished when `.venv/.ready` holds the fingerprint of what it was made from. That file is written
last and atomically, so an interrupted set-up is made again from the start; a lock keeps two set-ups apart.
"""
from __future__ import annotations

import fcntl
import hashlib
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ((3, 11), (3, 12), (3, 13))
LOCK, SETUP_LOCK = "requirements.lock", "requirements-setup.lock"

# Distributions whose module has another name than the distribution (dashes apart).
MODULES = {
    "scikit-learn": "sklearn", "scikit-image": "skimage", "pyyaml": "yaml", "pillow": "PIL", "beautifulsoup4": "bs4",
}  # fmt: skip

Step = Callable[[str, list[str]], None]  # (what it does, command): raises SetupError where the command fails


class SetupError(RuntimeError):
    """The environment could not be made; the message says at which step and what to do."""


def fingerprint(root: Path) -> str:
    """What an environment is made from: both locks, the packaging part of pyproject.toml, Python 3.x, the folder."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packaging = {
        "build-system": project.get("build-system"),
        "project": project.get("project"),
        "setuptools": project.get("tool", {}).get("setuptools"),
    }
    parts = [
        (root / LOCK).read_bytes(),
        (root / SETUP_LOCK).read_bytes(),
        json.dumps(packaging, sort_keys=True).encode(),
        f"{sys.version_info.major}.{sys.version_info.minor}".encode(),
        str(root).encode(),  # scripts in .venv/bin hold absolute paths: a moved folder needs a new environment
    ]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def is_ready(root: Path) -> bool:
    """True where .venv was finished from exactly this fingerprint and its Python still runs."""
    stamp, python = root / ".venv/.ready", root / ".venv/bin/python"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8").strip() != fingerprint(root):
        return False
    if Path(sys.prefix) == root / ".venv":
        return True
    try:
        return python.exists() and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0
    except OSError:  # of another processor, on a home that machines share, or without the right to execute
        return False


def main_modules(root: Path) -> list[str]:
    """Import names of the dependencies that pyproject.toml declares (the test extra apart), and the package itself."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = []
    for requirement in project["dependencies"]:
        end = next((i for i, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), len(requirement))
        name = requirement[:end].lower()
        names.append(MODULES.get(name, name.replace("-", "_")))
    return [*names, project["name"]]


def failing_imports(modules: Iterable[str]) -> list[str]:
    """Import each module once, in this process: one line for each that fails, with the reason."""
    failures = []
    for name in modules:
        try:
            module = importlib.import_module(name)
            if name == "torchvision":
                # torchvision imports beside a torch it was not compiled for; only its operators tell.
                torch = importlib.import_module("torch")
                module.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
        except Exception as failure:  # a broken binary may raise anything
            reason = str(failure).strip().splitlines() or ["no reason given"]
            failures.append(f"{name}: {type(failure).__name__}: {reason[0]}")
    return failures


@contextmanager
def exclusive(root: Path) -> Iterator[int]:
    """Hold the set-up lock of this folder. Yields its descriptor: children that inherit it keep the lock alive, so a
    killed set-up whose installer still runs is waited for."""
    descriptor = os.open(root / ".venv.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is running in this folder: waiting for it.", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def prepare(root: Path, step: Step | None = None) -> bool:
    """Make the environment where it is missing, unfinished or out of date. True where it was made."""
    if is_ready(root):
        return False
    with exclusive(root) as descriptor:
        if is_ready(root):  # by the set-up that was waited for
            return False
        build(root, step or Shell(root, descriptor))
        partial = root / ".venv/.ready.partial"
        partial.write_text(fingerprint(root) + "\n", encoding="utf-8")
        os.replace(partial, root / ".venv/.ready")
    return True


def build(root: Path, step: Step) -> None:
    """The steps, in order: a bare environment, the installer, the locked packages, this package, a look at each."""
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            f"{sys.executable} cannot make environments with pip (no ensurepip): install your system's venv package "
            f"(Debian, Ubuntu: apt install python3-venv), or name another Python: make PYTHON=/path/to/python3"
        )
    stamp, python = root / ".venv/.ready", str(root / ".venv/bin/python")
    stamp.unlink(missing_ok=True)
    # The interpreter outside any environment: .venv's own is about to be replaced.
    base = getattr(sys, "_base_executable", None) or sys.executable
    step("making .venv", [base, "-m", "venv", "--clear", str(root / ".venv")])
    hashed = ["--require-hashes", "-r"]
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    try:
        step("fetching the installer uv", [*pip, *hashed, str(root / SETUP_LOCK)])
        install = [str(root / ".venv/bin/uv"), "pip", "install", "--python", python]
        install += [] if sys.stderr.isatty() else ["--quiet"]
    except SetupError:
        print("uv cannot be had here: installing with pip instead, which takes several times as long.", flush=True)
        install = pip
    step(f"installing {LOCK} (several GB on Linux, once)", [*install, *hashed, str(root / LOCK)])
    own = ["--no-deps", "--no-build-isolation", "--editable", str(root)]
    step("installing this package", [*install, *own])
    step("importing every main dependency", [python, "-X", "faulthandler", str(Path(__file__).resolve()), "--imports"])


class Shell:
    """Runs the steps as commands in `root`, telling each and its seconds."""

    def __init__(self, root: Path, lock_descriptor: int) -> None:
        self.root, self.lock_descriptor = root, lock_descriptor
        # torch's wheel is large and the default patience of uv is 30 s.
        self.environment = {"UV_HTTP_TIMEOUT": "180", **os.environ}

    def __call__(self, title: str, command: list[str]) -> None:
        print(f"  {title} ...", flush=True)
        begun = time.monotonic()
        status = subprocess.run(
            command, cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL, pass_fds=(self.lock_descriptor,)
        ).returncode
        if status:
            raise SetupError(f"set-up failed while {title} (exit status {status}); the lines above say why")
        print(f"  {title}: {time.monotonic() - begun:.0f} s", flush=True)


def main(arguments: list[str]) -> int:
    """Exit status 0 where the environment is ready."""
    if sys.version_info[:2] not in SUPPORTED:
        print(f"Python 3.11, 3.12 or 3.13 is needed; {sys.executable} is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    if arguments == ["--imports"]:
        failures = failing_imports(main_modules(ROOT))
        for line in failures:
            print(f"  cannot import {line}", file=sys.stderr)
        return 1 if failures else 0
    if not is_ready(ROOT):
        print(f"Setting up .venv with Python {sys.version.split()[0]}:", flush=True)
    try:
        if prepare(ROOT):
            print("The environment is ready.", flush=True)
    except SetupError as failure:
        print(f"{failure}\nWhat was downloaded is kept: run the same command again to go on.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
