"""A reader's own site: rendered where something changed or was damaged, once, whole or not at all."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from deepfeatures.study import artifacts, build, rendered, site, staging


@pytest.fixture
def renders(tiny: Path, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Renders so far; each writes two pages in place of Jupyter Book."""
    done: list[Path] = []

    def render(chapters: Path, out: Path, *, strict: bool, notice: str | None) -> Path:
        done.append(out)
        shutil.rmtree(out, ignore_errors=True)
        (out / "chapters").mkdir(parents=True)
        for name in ("index.html", "chapters/tiny.html"):
            (out / name).write_text("a page")
        return out / "index.html"

    monkeypatch.setattr(site, "render", render)
    (tiny / "_config.yml").touch()
    monkeypatch.setattr(build, "gather", lambda planned, into: into)
    return done


def own() -> Path:
    return rendered.own(build.plan_book("default"), "default").parent


def test_a_site_that_is_up_to_date_is_left_alone(renders: list[Path]) -> None:
    assert own() == own() and len(renders) == 1


DAMAGES = {
    "a page that changed": lambda out: (out / "chapters" / "tiny.html").write_text("b page"),
    "a page that is gone": lambda out: (out / "chapters" / "tiny.html").unlink(),
    "the first page": lambda out: (out / "index.html").unlink(),
    "the stamp, half-written": lambda out: (out / "rendered-from").write_text('{"files": {}, "fr'),
    "a stamp of before there were records": lambda out: (out / "rendered-from").write_text("0" * 64),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_site_that_was_damaged_is_rendered_again(how: str, renders: list[Path]) -> None:
    DAMAGES[how](own())
    out = own()
    assert len(renders) == 2 and (out / "chapters" / "tiny.html").read_text() == "a page"
    own()
    assert len(renders) == 2


def test_changed_pages_of_the_book_are_rendered(renders: list[Path], tiny: Path) -> None:
    own()
    (tiny / "book" / "more.md").write_text("# More")
    own()
    assert len(renders) == 2


def test_of_two_builds_at_once_one_renders(renders: list[Path], runs_folder: Path) -> None:
    with build.one_build():
        threads = [threading.Thread(target=own) for _ in range(2)]
        for thread in threads:
            thread.start()
        threads[0].join(0.3)
        assert renders == []
    for thread in threads:
        thread.join(60)
    assert len(renders) == 1


@pytest.mark.parametrize("failure", [
    OSError(28, "No space left on device"),
    shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
    site.SiteError("jupyter-book ended with status 1:\nOSError: [Errno 28] No space left on device"),
], ids=lambda one: type(one).__name__)  # fmt: skip
def test_a_full_disk_is_said_and_the_former_site_stays(
    failure: Exception, tiny: Path, runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = runs_folder / "site"
    out.mkdir()
    (out / "index.html").write_text("the former site")

    def full(chapters: Path, stage: Path, notice: str | None) -> Path:
        (stage / "half").write_text("written")
        raise failure

    monkeypatch.setattr(staging, "fill", full)
    with pytest.raises(artifacts.DiskFull, match=f"no space left while writing the site under {runs_folder} "):
        site.render(tiny, out, strict=True)
    assert (out / "index.html").read_text() == "the former site"
    assert [path.name for path in (runs_folder / "stage").iterdir()] == [".lock"]  # nothing takes space


def test_another_failure_is_what_it_is(tiny: Path, runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Path:
        raise staging.StagingError("chapter tiny: no title")

    monkeypatch.setattr(staging, "fill", refused)
    with pytest.raises(staging.StagingError, match="no title"):
        site.render(tiny, runs_folder / "site", strict=True)
    assert [path.name for path in (runs_folder / "stage").iterdir()] == [".lock"]
