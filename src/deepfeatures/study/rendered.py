"""Where sites are rendered: a reader's own run under runs/, the published book under _build/."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from deepfeatures.study import artifacts, build, fingerprint, paths, publish
from deepfeatures.study.chapter_key import Planned

_STAMP = "rendered-from"


def own(planned: list[Planned], profile: str) -> Path:
    """The site of a reader's own run; rendered only where chapters, pages or the renderer changed. Gives its index."""
    out = paths.runs() / "site"
    stamp = _stamp([chapter.key for chapter in planned])
    if _up_to_date(out, stamp):
        return out / "index.html"
    with build.one_build():
        if _up_to_date(out, stamp):  # rendered by another build while this one waited
            return out / "index.html"
        chapters = build.gather(planned, paths.runs() / "stage" / "executed")
        notice = None if profile == "paper" else f"Your own run at the {profile} profile: a preview, without verdicts."
        index = _render(chapters, out, notice=notice)
        pages = [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]
        record = {"from": stamp, "files": artifacts.recorded(out, pages)}
        (out / _STAMP).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    return index


def published() -> Path:
    """The published book, from the committed chapters. Returns its index."""
    return _render(publish.folder(), paths.root() / "_build" / "html")


def strictly(chapters: Path) -> None:
    """Render the book from a folder of chapters, every warning an error, and keep nothing of it. Raises SiteError."""
    out = paths.runs() / "stage" / "tried"
    try:
        _render(chapters, out)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _render(chapters: Path, out: Path, *, notice: str | None = None) -> Path:
    from deepfeatures.study import site  # it draws faces, so it imports torch: where nothing changed, for nothing

    return site.render(chapters, out, strict=True, notice=notice)


def _up_to_date(out: Path, stamp: str) -> bool:
    """True where the site was rendered from just this, and every file of it is as it was written."""
    try:
        artifacts.verify(out, _STAMP)
        return bool(json.loads((out / _STAMP).read_text())["from"] == stamp)
    except (artifacts.Damaged, KeyError):
        return False


def _stamp(keys: list[str]) -> str:
    digest = hashlib.sha256("".join(keys).encode())
    digest.update(fingerprint.source(["deepfeatures.study.site"]).encode())
    pages = [
        path for path in sorted(paths.book().rglob("*")) if path.is_file() and publish.folder() not in path.parents
    ]
    measured = [*(paths.root() / "benchmarks").glob("results/*.json"), paths.root() / "benchmarks" / "targets.yaml"]
    for path in [paths.root() / "_config.yml", *pages, *(one for one in sorted(measured) if one.is_file())]:
        digest.update(str(path.relative_to(paths.root())).encode() + path.read_bytes())
    return digest.hexdigest()
