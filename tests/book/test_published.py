"""The checks over the real site, as `make site` left it in _build/html: what CI publishes."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.book import checks
from tests.conftest import ROOT

pytestmark = pytest.mark.serial


@pytest.fixture(scope="module")
def published() -> Path:
    """The rendered book; without one the test fails in CI and is skipped elsewhere."""
    site = ROOT / "_build" / "html"
    if not (site / "index.html").is_file():
        reason = "no _build/html: `make site` renders it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return site


def test_published_files_are_whole(published: Path) -> None:
    assert checks.files(published) == []


def test_published_site_in_a_browser(published: Path, chromium: str) -> None:
    assert checks.browser(published, chromium, query="rotation") == []


def test_published_notebooks_are_small() -> None:
    large = {path.name: path.stat().st_size for path in (ROOT / "book").rglob("*")
             if path.is_file() and path.stat().st_size > 2_000_000}
    assert large == {}
