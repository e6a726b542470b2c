"""The set-up: finished or made again, one at a time, and clear about what is missing. Nothing is installed here."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.programs import loaded

ROOT = Path(__file__).resolve().parent.parent


setup = loaded("workflow/setup.py")


class Steps:
    """Stands for the shell: notes each step, makes what `python -m venv` would, and fails where it is told to."""

    def __init__(self, root: Path, fail_at: str = "nothing") -> None:
        self.root, self.fail_at, self.titles, self.commands = root, fail_at, [], []

    def __call__(self, title: str, command: list[str]) -> None:
        self.titles.append(title)
        self.commands.append(command)
        if title == "making .venv":
            python = self.root / ".venv/bin/python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.unlink(missing_ok=True)
            python.symlink_to(sys.executable)
        if self.fail_at in title:
            raise setup.SetupError(f"set-up failed while {title}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "requirements.lock", "requirements-setup.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_made_once_then_left_alone(project: Path) -> None:
    first, second = Steps(project), Steps(project)
    assert setup.prepare(project, first) is True
    assert setup.prepare(project, second) is False
    assert first.titles[0] == "making .venv" and first.titles[-1] == "importing every main dependency"
    assert second.titles == []


def test_hashes_are_required_of_everything_that_is_fetched(project: Path) -> None:
    steps = Steps(project)
    setup.prepare(project, steps)
    for command in steps.commands:
        if "-r" in command:
            assert "--require-hashes" in command
        elif "install" in command:
            assert "--no-deps" in command and "--no-build-isolation" in command


@pytest.mark.parametrize("where", ["making .venv", "installing requirements.lock", "importing"])
def test_an_unfinished_set_up_is_made_again(project: Path, where: str) -> None:
    with pytest.raises(setup.SetupError, match=f"set-up failed while {where}"):
        setup.prepare(project, Steps(project, fail_at=where))
    assert not setup.is_ready(project)
    assert setup.prepare(project, Steps(project)) is True


@pytest.mark.parametrize("change", ["lock", "dependency", "python", "folder"])
def test_a_change_of_what_it_was_made_from_makes_it_again(
    project: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.prepare(project, Steps(project))
    if change == "lock":
        with (project / "requirements.lock").open("a") as lock:
            lock.write("# one more line\n")
    elif change == "dependency":
        pyproject = project / "pyproject.toml"
        pyproject.write_text(pyproject.read_text().replace('"tqdm>=', '"tqdm>4.0,>='))
    elif change == "python":
        version = type("Version", (tuple,), {"major": 3, "minor": 99})
        monkeypatch.setattr(setup.sys, "version_info", version((3, 99, 0)))
    else:
        moved = project.with_name("moved")
        project.rename(moved)
        project = moved
    assert not setup.is_ready(project)


def test_settings_of_other_tools_do_not_make_it_again(project: Path) -> None:
    setup.prepare(project, Steps(project))
    with (project / "pyproject.toml").open("a") as pyproject:
        pyproject.write('\n[tool.another]\nline = "120"\n')
    assert setup.is_ready(project)


def test_an_environment_whose_python_is_gone_is_made_again(project: Path) -> None:
    setup.prepare(project, Steps(project))
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").symlink_to(project / "uninstalled")
    assert not setup.is_ready(project)


def test_an_environment_whose_python_cannot_be_executed_is_made_again(project: Path) -> None:
    setup.prepare(project, Steps(project))
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").write_bytes(b"\x7fELF of another processor")
    (project / ".venv/bin/python").chmod(0o755)
    assert not setup.is_ready(project)


def test_without_uv_pip_installs_and_that_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = Steps(project, fail_at="uv")
    assert setup.prepare(project, steps) is True
    assert "installing with pip instead" in capsys.readouterr().out
    locked = next(command for command in steps.commands if str(project / "requirements.lock") in command)
    assert locked[1:4] == ["-m", "pip", "install"] and "--require-hashes" in locked


def test_two_at_once_make_one_environment(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Steps):
        def __call__(self, title: str, command: list[str]) -> None:
            inside.set()
            assert go_on.wait(20)
            super().__call__(title, command)

    made: dict[str, bool] = {}
    second_steps = Steps(project)
    first = threading.Thread(target=lambda: made.update(first=setup.prepare(project, Slow(project))))
    second = threading.Thread(target=lambda: made.update(second=setup.prepare(project, second_steps)))
    first.start()
    assert inside.wait(20)
    second.start()
    second.join(0.5)
    assert second.is_alive()  # waits: the first is not done
    go_on.set()
    first.join(20)
    second.join(20)
    assert made == {"first": True, "second": False}
    assert second_steps.titles == []
    assert "waiting for it" in capsys.readouterr().out


def test_a_step_that_outlives_its_set_up_keeps_the_lock(project: Path) -> None:
    with setup.exclusive(project) as descriptor:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(descriptor,))
    probe = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    attempt = [sys.executable, "-c", probe, str(project / ".venv.lock")]
    assert subprocess.run(attempt, capture_output=True).returncode != 0
    child.communicate(b"\n")
    assert subprocess.run(attempt, capture_output=True).returncode == 0


def test_a_dependency_that_does_not_import_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_binary.py").write_text("raise OSError('libmissing.so: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert setup.failing_imports(["json", "broken_binary", "not_installed_at_all"]) == [
        "broken_binary: OSError: libmissing.so: cannot open shared object file",
        "not_installed_at_all: ModuleNotFoundError: No module named 'not_installed_at_all'",
    ]


def test_a_torchvision_of_another_torch_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Such a torchvision may import; its compiled operators then raise when they are called.
    body = "class ops:\n    def nms(*_):\n        raise RuntimeError('operator torchvision::nms does not exist')\n"
    (tmp_path / "torchvision.py").write_text(body)
    (tmp_path / "torch.py").write_text("def zeros(*shape):\n    return shape\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    try:
        failures = setup.failing_imports(["torchvision"])
    finally:
        for name in ("torch", "torchvision"):
            sys.modules.pop(name, None)
    assert failures == ["torchvision: RuntimeError: operator torchvision::nms does not exist"]


def test_a_failing_step_says_which_and_its_exit_status(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        shell = setup.Shell(tmp_path, lock.fileno())
        with pytest.raises(setup.SetupError, match=r"failed while trying \(exit status 3\)"):
            shell("trying", [sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_another_python_is_refused(
    version: tuple[int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup.sys, "version_info", (*version, 0))
    assert setup.main([]) == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in capsys.readouterr().err


class TestInterpreterOfTheMakefile:
    """`make setup` in a folder with the real Makefile and a set-up that only tells which Python runs it."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        shutil.copy(ROOT / "Makefile", tmp_path)
        (tmp_path / "workflow").mkdir()
        (tmp_path / "workflow/setup.py").write_text("import os; print('chosen:', os.environ.get('CHOSEN'))\n")
        (tmp_path / "path").mkdir()
        for tool in ("make", "sh", "env"):
            (tmp_path / "path" / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool}"))
        return tmp_path

    def make(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(folder / "path")}
        return subprocess.run(
            ["make", "setup", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
        )

    def interpreter(self, path: Path, *, works: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        run = f'CHOSEN={path.name} exec "{sys.executable}" "$@"' if works else 'echo "no such version" >&2; exit 127'
        path.write_text(f"#!/bin/sh\n{run}\n")
        path.chmod(0o755)

    def test_the_first_that_runs_not_the_first_that_is_there(self, folder: Path) -> None:
        self.interpreter(folder / "path/python3.13", works=False)
        self.interpreter(folder / "path/python3.12", works=True)
        self.interpreter(folder / "path/python3", works=True)
        assert self.make(folder).stdout == "chosen: python3.12\n"

    def test_one_that_is_named_wins(self, folder: Path) -> None:
        self.interpreter(folder / "path/python3.13", works=True)
        self.interpreter(folder / "with space/mine", works=True)
        assert self.make(folder, f"PYTHON={folder}/with space/mine").stdout == "chosen: mine\n"

    def test_the_environment_keeps_its_own(self, folder: Path) -> None:
        self.interpreter(folder / "path/python3.13", works=True)
        self.interpreter(folder / ".venv/bin/python", works=True)
        assert self.make(folder).stdout == "chosen: python\n"

    def test_none_is_said_with_what_was_tried(self, folder: Path) -> None:
        self.interpreter(folder / "path/python3", works=False)
        outcome = self.make(folder)
        assert outcome.returncode != 0
        assert "No Python 3.11, 3.12 or 3.13 runs here" in outcome.stderr
        assert "python3.11" in outcome.stderr and "make PYTHON=" in outcome.stderr


def test_the_package_is_not_needed_before_it_is_installed() -> None:
    # -I: no environment variables, no user packages; -S: no site-packages at all.
    script = f"import runpy; runpy.run_path({str(ROOT / 'workflow/setup.py')!r}, run_name='looked_at')"
    outcome = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, env=os.environ)
    assert outcome.returncode == 0, outcome.stderr
