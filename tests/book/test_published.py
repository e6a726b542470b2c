"""The checks over the real site, as `make site` left it in _build/html: what CI publishes."""
from __future__ import annotations

from pathlib import Path

from tests.book import checks
from tests.conftest import ROOT


def test_published_files_are_whole(published: Path) -> None:
    assert checks.files(published) == []


def test_published_site_in_a_browser(published: Path, chromium: str) -> None:
    assert checks.browser(published, chromium, query="rotation") == []


def test_published_notebooks_are_small() -> None:
    large = {path.name: path.stat().st_size for path in (ROOT / "book").rglob("*")
             if path.is_file() and path.stat().st_size > 2_000_000}
    assert large == {}
