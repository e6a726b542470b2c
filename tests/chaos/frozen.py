"""The code and data that a run tries: copies, so that whoever edits the checkout meanwhile changes no outcome."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from deepfeatures.data import digits, mnist
from deepfeatures.study import catalogue, paths, strict_yaml

# What a build reads of a checkout.
PARTS = ("src", "workflow", "profiles", "book", "benchmarks", "notebooks", "claims", "_config.yml", "requirements.lock")
LEFT = shutil.ignore_patterns("__pycache__", "*.egg-info", ".ipynb_checkpoints", "_generated", "_build", ".*")


def tree(into: Path) -> Path:
    """A copy of what a build reads of this checkout, in place of any former one."""
    here = paths.root()
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for name in PARTS:
        if (here / name).is_dir():
            shutil.copytree(here / name, into / name, ignore=LEFT)
        elif (here / name).is_file():
            shutil.copyfile(here / name, into / name)
    for folder in into.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o755)  # a read-only checkout has a copy that can be removed again
    return into


def smaller(whole: Path, into: Path, chapters: Sequence[str]) -> Path:
    """A checkout like `whole` with some of its chapters and their claims. Raises UnknownChapter."""
    known = slugs(whole)
    for slug in chapters:
        if slug not in known:
            raise catalogue.UnknownChapter(f"no chapter {slug}; there are: {', '.join(known)}")
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for name in ("notebooks", "claims", "book"):
        (into / name).mkdir()
    for name in (*PARTS, *(f"book/{path.name}" for path in (whole / "book").iterdir())):
        if not (into / name).exists() and (whole / name).exists():
            (into / name).symlink_to(os.path.relpath(whole / name, (into / name).parent))
    lacking = "|".join(sorted(known.keys() - set(chapters), key=len, reverse=True)) or "-"
    for path in (into / "book").glob("*.md"):  # links to a chapter that is not here
        text = path.read_text("utf-8")
        path.unlink()
        path.write_text(re.sub(rf"(?m)^:link: chapters/({lacking})$", f":link: chapters/{chapters[0]}", text), "utf-8")
    for slug in chapters:
        text = known[slug].read_text("utf-8")
        text = re.sub(rf"\{{doc\}}`(?:[^`<]*<)?({lacking})>?`", r"`\1`", text)  # the same in chapters
        (into / "notebooks" / known[slug].name).write_text(text, "utf-8")
    for path in sorted((whole / "claims").glob("*.yaml")):
        ledger = strict_yaml.load(path.read_text("utf-8"))
        ledger["claims"] = [one for one in ledger["claims"] if one.get("chapter") in (None, *chapters)]
        if ledger["claims"]:
            (into / "claims" / path.name).write_text(yaml.safe_dump(ledger, allow_unicode=True), "utf-8")
    return into


def slugs(checkout: Path) -> dict[str, Path]:
    """Slug to notebook, in the book's order."""
    return {path.stem.partition("-")[2]: path for path in sorted((checkout / "notebooks").glob("[0-9][0-9]-*.py"))}


def reads_digits(notebook: Path) -> bool:
    """True of a chapter whose parameters choose among data sets of digits."""
    return re.search(r"^dataset\b.*=", notebook.read_text("utf-8"), re.MULTILINE) is not None


def data(into: Path) -> str:
    """Copy MNIST where it is, verified, in place of whatever an earlier run left; gives its fingerprint, '' of none.

    It is copied because files of it will be taken away. Photographs play no part in the smoke profile.
    """
    given = paths.data_root()
    shutil.rmtree(into, ignore_errors=True)
    mnist.folder(into).parent.parent.mkdir(parents=True)
    if not mnist.present(given):
        return ""
    mnist.folder(into).mkdir(parents=True)
    for name in mnist.FILES:  # copyfile: the original may be read-only, and its copies are moved
        shutil.copyfile(mnist.folder(given) / name, mnist.folder(into) / name)
    mnist.verify(into)
    return mnist.FINGERPRINT


def environment(checkout: Path, data_root: Path) -> dict[str, str]:
    """What a build is told: this code, this data, and no downloads in place of data that was taken away."""
    behind = os.environ.get("PYTHONPATH", "")
    nowhere = "http://127.0.0.1:9"  # the port of `discard`: refused at once
    return {
        "DEEPFEATURES_ROOT": str(checkout),
        "DEEPFEATURES_DATA": str(data_root),
        "PYTHONPATH": os.pathsep.join([str(checkout / "src"), *([behind] if behind else [])]),
        digits._TRIED: "nothing is downloaded while accidents are tried",
        **{name: nowhere for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")},
    }


def digest(*folders: Path) -> str:
    """Of every file below the folders, by its path and content."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(folder).as_posix()}\0".encode())
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:20]
