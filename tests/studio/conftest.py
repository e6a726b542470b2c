"""Studios of the tiny checkout, each a process of its own, whose runs end when the test says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.studio.tab import Tab, enter
from tests.study import made_up

HERE = Path(__file__).resolve().parent
VALUES = {"dataset": "digits", "seeds": "2", "resamples": "100", "device": "cpu"}
RESULTS = {
    "chapter": "tiny", "profile": "custom", "tier": "original", "device": "cpu", "data_fingerprint": "digits-1",
    "parameters": {"dataset": "digits", "seeds": 2, "resamples": 100, "device": "cpu"}, "not_applicable": {},
    "records": [{
        "chapter": "tiny", "claim": "paper-x/answer", "value": 43.5, "interval": [43.25, 43.75], "n": 360,
        "unit": "digit", "seeds": 2, "tier": "original", "profile": "custom", "note": None,
    }],
}  # fmt: skip
PUBLISHED = {
    **RESULTS, "profile": "paper", "parameters": {**RESULTS["parameters"], "seeds": 1},
    "records": [{**RESULTS["records"][0], "value": 42.5, "interval": [42.0, 43.0], "seeds": 1, "profile": "paper"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny checkout, published, taken for its own by this process and by those it starts."""
    root = made_up.write_checkout(tmp_path / "checkout")
    (root / "book" / "chapters").mkdir()
    (root / "book" / "chapters" / "tiny.results.json").write_text(json.dumps(PUBLISHED))
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(root))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), str(ROOT)]))
    return root


@dataclass
class Control:
    """How the fake work ends, of every run of the test."""

    folder: Path

    def finish(self) -> None:
        self._tell("finish", json.dumps(RESULTS))

    def fail(self) -> None:
        self._tell("fail")

    def die(self) -> None:
        self._tell("die")

    def stubborn(self) -> None:
        self._tell("stubborn")

    def _tell(self, name: str, text: str = "") -> None:
        (self.folder / f".{name}").write_text(text)
        (self.folder / f".{name}").rename(self.folder / name)

    @property
    def runner(self) -> tuple[str, ...]:
        return (sys.executable, str(HERE / "fake_runner.py"), str(self.folder))


@pytest.fixture
def control(tmp_path: Path, runs_folder: Path) -> Iterator[Control]:
    """Steers the fake work; whatever still runs when the test is over ends by itself then, orphans too."""
    folder = tmp_path / "control"
    folder.mkdir()
    yield Control(folder)
    Control(folder).finish()


@dataclass
class Studio:
    """A studio's process, the address it printed and one tab."""

    process: subprocess.Popen[str]
    address: str
    tab: Tab


@pytest.fixture
def studio(control: Control) -> Iterator[Callable[[], Studio]]:
    """Starts a studio; call it again for another one."""
    started: list[subprocess.Popen[str]] = []

    def start() -> Studio:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "fake_studio.py"), str(control.folder)], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        return Studio(process, lines[1].strip(), enter(lines[1].strip()))

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.wait()


def until(true: Callable[[], object], seconds: float = 300) -> None:
    """Wait for what another process does, on a busy machine too."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
