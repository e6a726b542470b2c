"""A small book to render: the real pages and configuration, a ledger and chapters made up in `made_up`."""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from deepfeatures.study import site
from tests import turns
from tests.book import accessible, made_up
from tests.conftest import ROOT


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the real book, its chapters and ledger aside."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("book", "_config.yml"):
        (root / name).symlink_to(ROOT / name)
    for name in ("notebooks", "claims"):
        (root / name).mkdir()
    (root / "claims" / "rudd2017.yaml").write_text(made_up.LEDGER, "utf-8")
    made_up.write(root / "run")
    return root


@pytest.fixture
def small_checkout(small_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, taken by the package for its own checkout, with runs/ in it."""
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(small_root))
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(small_root / "runs"))
    return small_root


@pytest.fixture(scope="session")
def small_site(small_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book rendered strictly, once for all tests of this folder."""
    turns.made_once("the small book", tmp_path_factory.getbasetemp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFEATURES_ROOT", str(small_root))
        patch.setenv("DEEPFEATURES_RUNS", str(small_root / "runs"))
        return site.render(small_root / "run", small_root / "html", strict=True, notice="A small & made-up book").parent


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with accessible.opened(chromium) as opened:
        yield opened


@pytest.fixture(scope="session")
def published() -> Path:
    """The rendered book; without one the test fails in CI and is skipped elsewhere."""
    site = ROOT / "_build" / "html"
    if not (site / "index.html").is_file():
        reason = "no _build/html: `make site` renders it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return site
