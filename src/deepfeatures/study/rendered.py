"""Where sites are rendered: a reader's own run under runs/, the published book under _build/."""

from __future__ import annotations

import hashlib
from pathlib import Path

from deepfeatures.study import build, fingerprint, paths, publish, site
from deepfeatures.study.chapter_key import Planned

_STAMP = "rendered-from"


def own(planned: list[Planned], profile: str) -> Path:
    """The site of a reader's own run; rendered only where chapters, pages or the renderer changed. Gives its index."""
    out = paths.runs() / "site"
    stamp = _stamp([chapter.key for chapter in planned])
    if (out / _STAMP).is_file() and (out / _STAMP).read_text() == stamp and (out / "index.html").is_file():
        return out / "index.html"
    with build.one_build():
        chapters = build.gather(planned, paths.runs() / "stage" / "executed")
        notice = None if profile == "paper" else f"Your own run at the {profile} profile: a preview, without verdicts."
        index = site.render(chapters, out, strict=True, notice=notice)
        (out / _STAMP).write_text(stamp)
    return index


def published() -> Path:
    """The published book, from the committed chapters. Returns its index."""
    return site.render(publish.folder(), paths.root() / "_build" / "html", strict=True)


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
