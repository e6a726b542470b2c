"""What every test starts from: which data, one thread, the same random examples each time in CI."""
from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import turns

# Before numpy and torch are imported: tests run in parallel processes, and results must not depend on the thread count.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_variable] = "1"
os.environ.setdefault("MPLBACKEND", "agg")

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

if "DEEPFEATURES_DATA" not in os.environ and SHARED_DATA.is_dir():
    os.environ["DEEPFEATURES_DATA"] = str(SHARED_DATA)

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def data_root() -> Path:
    """Where the tests look for real data: the same rule as the package's."""
    return Path(os.environ.get("DEEPFEATURES_DATA") or ROOT / "data")


def has_mnist() -> bool:
    return (data_root() / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file()


def pytest_report_header() -> str:
    if has_mnist():
        return f"data: MNIST from {data_root()}"
    return f"data: no MNIST/raw in {data_root()}; tests that need MNIST are skipped, others use scikit-learn's digits"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: turns.turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return turns.scheduler(config, log)


@pytest.fixture
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the package takes for `runs/`, in this process and in those it starts."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(folder))
    return folder


@pytest.fixture(scope="session")
def mnist_root() -> Path:
    """A data root with MNIST's four files; skips, saying why, where there is none."""
    if not has_mnist():
        pytest.skip(f"no MNIST under {data_root()}: set DEEPFEATURES_DATA, or `deepfeatures data fetch mnist`")
    return data_root()


@pytest.fixture(autouse=True)
def first_try_of_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test looks for its data afresh: a failed download is remembered in the environment."""
    monkeypatch.delenv("DEEPFEATURES_DOWNLOAD_FAILED", raising=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium. Without one the test fails in CI and is skipped elsewhere."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "no Chromium on the path: the pages were not opened in a browser (Debian: apt-get install chromium)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
