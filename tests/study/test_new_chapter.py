"""A chapter of one's own: written whole or not at all. That it runs is tested in tests/test_chapters.py."""

import ast
import shutil

import jupytext
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.data.digits import mnist_source_without_files
from deepfeatures.study import catalogue, new_chapter
from deepfeatures.study.new_chapter import LENDERS, NotStarted
from deepfeatures.study.plans import PLANS
from tests.conftest import ROOT


@pytest.fixture
def copy(tmp_path, runs_folder, monkeypatch):
    """A copy of what a new chapter touches; the rest by links."""
    root = tmp_path / "tree"
    root.mkdir()
    for name in ("claims", "profiles", "src"):
        (root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    (root / "book").mkdir()
    shutil.copy(ROOT / "book" / "_toc.yml", root / "book")
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(root))
    return root


def tree(root):
    return {path.relative_to(root): path.read_bytes() for name in ("notebooks", "book", "tests")
            for path in sorted((root / name).rglob("*")) if path.is_file()}  # fmt: skip


@pytest.mark.parametrize("lender", LENDERS)
def test_it_stands_in_the_contents_and_shares_every_artifact(lender, copy):
    before = tree(copy)
    last = list(catalogue.slugs())[-1]
    made = new_chapter.start("angle-again", title='Is "it" still $there?', like=lender)
    assert list(catalogue.slugs())[-2:] == [last, "angle-again"]
    source = catalogue.chapter("angle-again")
    assert source.title == 'Is "it" still $there?' and source.parameters == catalogue.chapter(lender).parameters
    for profile in ("smoke", "default"):
        mine, theirs = (
            PLANS[slug](mnist_source_without_files(), catalogue.resolve(slug, profile, {}), "cpu")
            for slug in ("angle-again", lender)
        )
        assert mine == theirs
    assert {"raw", "untrained", "pixels"} <= set(mine)  # what the starter draws
    part = next(part for part in yaml.safe_load(made.contents.read_text())["parts"]
                if {"file": f"chapters/{lender}"} in part["chapters"])  # fmt: skip
    assert part["chapters"][-1] == {"file": "chapters/angle-again"}
    assert (
        made.contents.read_text().replace("      - file: chapters/angle-again\n", "").encode()
        == before[made.contents.relative_to(copy)]
    )  # comments and all
    ast.parse(made.test.read_text())
    changed = {path for path, content in tree(copy).items() if before.get(path) != content}
    assert changed == {path.relative_to(copy) for path in (made.notebook, made.contents, made.test)}
    cells = jupytext.read(made.notebook, fmt="py:percent").cells
    assert all(
        cell.source.count("\n") < 20 for cell in cells if cell.cell_type == "code" and not cell.metadata.get("tags")
    )


def test_the_title_is_made_from_the_name_where_none_is_given(copy):
    new_chapter.start("angle-again")
    assert catalogue.chapter("angle-again").title == "Angle again"


REFUSED = {
    "mu-lenet": "there is a chapter 'mu-lenet' already: notebooks/02-mu-lenet.py",
    "all": "'all' means something else here; choose a longer name",
    "custom": "'custom' means something else here",
    "none": "'none' means something else here",
    "a" * 41: "no longer than 40",
}


@pytest.mark.parametrize("slug", [*REFUSED, "", "-a", "a-", "a--b", "9a", "A", "a b", "a/b", "../a", "a\n", "ä", "a_b"])
def test_a_name_that_cannot_be_used_changes_nothing(slug, copy):
    before = tree(copy)
    with pytest.raises(NotStarted) as refused:
        new_chapter.start(slug)
    assert REFUSED.get(slug, "a chapter's name has lower-case letters, digits and single hyphens") in str(refused.value)
    assert tree(copy) == before


@given(st.text(max_size=50))
def test_only_plain_names_pass(text):
    if new_chapter.SLUG.fullmatch(text):
        assert text.isascii() and text == text.lower() and not set(text) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"like": "mu-lnet"},
            "--like mu-lnet (did you mean 'mu-lenet'?): allowed are rotated-mnist, mu-lenet, pair-lenet",
        ),
        ({"like": "pose"}, "--like pose: allowed are "),
        ({"title": "a `b`"}, "title 'a `b`': a line of text, without backquotes"),
        ({"title": " "}, "title '': a line of text"),
    ],
)
def test_what_else_is_refused(given, message, copy):
    before = tree(copy)
    with pytest.raises(NotStarted) as refused:
        new_chapter.start("angle-again", **given)
    assert str(refused.value).startswith(message) and tree(copy) == before


def test_a_test_of_that_name_is_not_written_over(copy):
    (copy / "tests" / "chapters").mkdir(parents=True)
    (copy / "tests" / "chapters" / "test_angle_again.py").write_text("mine")
    with pytest.raises(NotStarted, match="tests/chapters/test_angle_again.py is there already"):
        new_chapter.start("angle-again")


def test_contents_in_another_order_are_left_to_their_author(copy):
    contents = copy / "book" / "_toc.yml"
    contents.write_text("{format: jb-book, root: index, parts: [{chapters: [{file: chapters/rotated-mnist}]}]}\n")
    before = tree(copy)
    with pytest.raises(NotStarted, match="book/_toc.yml has 0 lines `- file: chapters/rotated-mnist`, after one of"):
        new_chapter.start("angle-again")
    assert tree(copy) == before


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_write_that_fails_leaves_nothing_behind(fails_at, copy, monkeypatch):
    before, calls, write = tree(copy), [], new_chapter.Path.write_text

    def full(path, *given, **more):
        calls.append(path)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        return write(path, *given, **more)

    monkeypatch.setattr(new_chapter.Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        new_chapter.start("angle-again")
    assert tree(copy) == before and len(calls) >= fails_at


def test_killed_between_two_files_it_can_be_given_again(copy):
    made = new_chapter.start("angle-again")
    contents = made.contents.read_text()
    for path in (made.notebook, made.test):  # the contents are written first
        path.unlink()
    assert "angle-again" not in catalogue.slugs()
    again = new_chapter.start("angle-again")
    assert again.contents.read_text() == contents and again.notebook.is_file()


def test_the_hundredth_chapter_is_refused(copy):
    (copy / "notebooks" / "11-localize-then-describe.py").rename(copy / "notebooks" / "99-localize-then-describe.py")
    with pytest.raises(NotStarted, match="chapters are numbered to 99, and that number is taken"):
        new_chapter.start("angle-again")
