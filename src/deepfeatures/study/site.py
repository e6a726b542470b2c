"""The site: hand-written pages, executed chapters and generated pages, staged and rendered by Jupyter Book.

Nothing is executed here. Everything is built in a fresh folder under runs/stage and put in place by renaming, so that
a render which is killed leaves the former site, or none, and never half of one.
"""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from deepfeatures.study import artifacts, mended, paths, staging

# -c and not a script: the folder of scripts need not be on the path, and `python -m jupyter_book` does not exist.
_JUPYTER_BOOK = [sys.executable, "-c", "from jupyter_book.cli.main import main; main(prog_name='jupyter-book')"]


LOCK = ".lock"  # under runs/stage: one render at a time


class SiteError(RuntimeError):
    """The book could not be rendered; the message carries the last lines of the builder's log."""


def render(chapters: Path, out: Path, *, strict: bool, notice: str | None = None) -> Path:
    """Render the chapters in a folder into `out` and give the path of the index page.

    chapters: folder with <slug>.ipynb, <slug>.results.json, <slug>.provenance.json for each chapter that was run.
    strict: any warning is an error. notice: one line shown at the top of every page.
    """
    stages = paths.runs() / "stage"
    stages.mkdir(parents=True, exist_ok=True)
    out = out.resolve()
    with FileLock(stages / LOCK):
        _sweep(stages, out)
        stage = Path(tempfile.mkdtemp(prefix="book-", dir=stages))
        try:
            config = staging.fill(chapters, stage, notice)
            html = _build(stage, config, strict=strict)
            _put_in_place(html, out)
        except Exception as failure:
            if artifacts.out_of_space(failure):
                raise artifacts.disk_full("the site") from failure
            raise
        finally:  # a failed render too takes no space any more
            shutil.rmtree(stage, ignore_errors=True)
            shutil.rmtree(_beside(out, "new"), ignore_errors=True)
    return out / "index.html"


def forget_stages() -> None:
    """Remove what renders left behind, once none is at work."""
    stages = paths.runs() / "stage"
    if stages.is_dir():
        with FileLock(stages / LOCK):
            for left in stages.iterdir():
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                elif left.name != LOCK:
                    left.unlink(missing_ok=True)


def _build(stage: Path, config: Path, *, strict: bool) -> Path:
    """Run Jupyter Book on the staging folder; gives the folder of finished pages."""
    command = [*_JUPYTER_BOOK, "build", str(stage), "--config", str(config), "--path-output", str(stage / "_site")]
    if strict:
        command += ["-W", "--keep-going"]   # every warning is listed, then the build fails
    # A fixed hash seed, because the order of some sets reaches the pages.
    environment = os.environ | {"PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    done = subprocess.run(
        command, check=False, env=environment, cwd=stage, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    html = stage / "_site" / "_build" / "html"
    if done.returncode != 0 or not (html / "index.html").is_file():
        log = done.stdout.replace(f"{stage}{os.sep}", "").splitlines()
        told = [line for line in log if "WARNING" in line or "ERROR" in line or "No space left" in line] or log
        raise SiteError(f"jupyter-book ended with status {done.returncode}:\n" + "\n".join(told[-20:]))
    mended.mend(html)
    (html / ".buildinfo").unlink(missing_ok=True)   # a hash of the configuration, staging path included
    (html / ".nojekyll").touch()   # or a host that runs Jekyll drops every folder whose name begins with _
    return html


def _sweep(stages: Path, out: Path) -> None:
    """Remove what a killed render left; bring back the former site if it was killed between the two renames."""
    for folder in stages.glob("book-*"):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(_beside(out, "new"), ignore_errors=True)
    if _beside(out, "old").exists():
        if out.exists():
            shutil.rmtree(_beside(out, "old"), ignore_errors=True)
        else:
            _beside(out, "old").rename(out)


def _put_in_place(html: Path, out: Path) -> None:
    """Exchange `out` for the finished pages. They are copied beside it first: a rename does not cross filesystems."""
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(html, _beside(out, "new"))
    if out.exists():
        out.rename(_beside(out, "old"))
    _beside(out, "new").rename(out)
    shutil.rmtree(_beside(out, "old"), ignore_errors=True)


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f".{out.name}.{what}")
