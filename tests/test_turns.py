"""Turns: what is made once is made by one worker, and the long units come first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import turns
from tests.conftest import ROOT


def test_files_that_share_something_are_one_unit() -> None:
    assert turns.unit("tests/book/test_site.py::test_a[x::y]") == turns.unit("tests/book/test_explorer.py::test_b")
    assert turns.unit("tests/study/test_build.py::test_a[x]") == "tests/study/test_build.py"


def test_long_units_come_first_and_the_others_as_they_were() -> None:
    tests = ["tests/a/test_b.py::b", "tests/book/test_site.py::s", "tests/a/test_a.py::a", "tests/test_chapters.py::c"]
    assert sorted(tests, key=turns.turn) == [tests[3], tests[1], tests[0], tests[2]]


def test_every_file_that_is_named_is_there() -> None:
    named = [*turns.TOGETHER, *(one for one in turns.LONG if one not in turns.TOGETHER.values())]
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert set(turns.TOGETHER.values()) <= set(turns.LONG) and len(set(turns.LONG)) == len(turns.LONG)


def test_what_takes_the_small_book_is_in_its_unit() -> None:
    takes = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("test_*.py")
        if "small_site" in path.read_text("utf-8") and path.name != Path(__file__).name
    }
    assert takes == {file for file, unit in turns.TOGETHER.items() if unit == turns.SMALL_BOOK}


def test_a_second_worker_that_makes_the_same_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    turns.made_once("a book", tmp_path / "gw0")
    turns.made_once("another", tmp_path / "gw1")
    with pytest.raises(pytest.fail.Exception, match="a book was made by another worker too: .* tests/turns.py"):
        turns.made_once("a book", tmp_path / "gw1")
    monkeypatch.delenv("PYTEST_XDIST_WORKER")
    turns.made_once("a book", tmp_path / "alone")
