"""The published record, book/chapters: changed here only, and checked against all it depends on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from deepfeatures.study import build, catalogue, execute, paths
from deepfeatures.study.chapter_key import Planned, plan_for_publication

FORMER = ".chapters-former"  # where the pages that are being replaced stand for a moment
LARGEST_BYTES = 2_000_000  # a chapter in the repository stays small


class NotPublished(RuntimeError):
    """Something is not fit for publication; the message says what and how to mend it."""


def folder() -> Path:
    """Where published chapters are kept."""
    return paths.book() / "chapters"


def publish(planned: list[Planned], *, profile: str) -> Path:
    """Copy executed chapters into book/chapters. All or nothing.

    A chapter that was not executed here keeps its page where that is up to date; its data need not be here either.

    Raises NotPublished for another profile than `paper`, data that is not to be published, a chapter that was not
    executed with exactly this plan and whose page is older, a notebook or downloads over 2 MB, or a tree with
    uncommitted changes outside book/chapters.
    """
    if profile != "paper":
        raise NotPublished(
            f"only the paper profile is published, not {profile!r}: deepfeatures book --profile paper, then publish"
        )
    with alone():
        return _publish(planned)


@contextmanager
def alone() -> Iterator[None]:
    """One publication at a time in a checkout: each clears what killed ones left, and would take another's pages for
    that. Raises NotPublished where another is at work, and outside a git checkout, whose folder holds the lock.
    """
    lock = FileLock(paths.root() / _git("rev-parse", "--git-path", "deepfeatures-publication.lock").strip())
    try:
        lock.acquire(timeout=0)
    except Timeout as busy:
        raise NotPublished("another publication is at work in this checkout: wait until it has ended") from busy
    try:
        yield
    finally:
        lock.release()


def _publish(planned: list[Planned]) -> Path:
    restore()
    refuse_uncommitted("what was run")
    executed, kept = [], []
    for chapter in planned:
        if not (complete := execute.complete(chapter)) and not changed(chapter.slug):
            kept.append(chapter.slug)
            continue
        if not chapter.source.publishable:
            raise NotPublished(
                f"chapter {chapter.slug} would run on {chapter.source.name}, tier {chapter.source.tier}: "
                f"{chapter.source.note}"
            )
        if not complete:
            raise NotPublished(
                f"chapter {chapter.slug} was not executed as planned now: deepfeatures book --profile paper"
            )
        run = execute.folder(chapter)
        refuse_large(chapter.slug, run / execute.NOTEBOOK, run / execute.DOWNLOADS)
        executed.append(chapter)
    ready = build.gather(executed, being_made())
    for slug in kept:
        for ending in (*build.ENDINGS.values(), build.OFFERED):
            page = folder() / f"{slug}.{ending}"
            if page.is_file():
                shutil.copy2(page, ready)
    return put_in_place(ready)


def being_made() -> Path:
    """Where a folder of chapters is made that will be the published one: beside it, so that one rename is enough."""
    return folder().with_name(f".chapters-{os.getpid()}")


def put_in_place(ready: Path) -> Path:
    """Make a folder of chapters the published one, by two renames; `restore` mends a kill between them."""
    former = folder().with_name(FORMER)
    if folder().exists():
        folder().rename(former)
    try:
        ready.rename(folder())
    except OSError:
        if former.is_dir():
            former.rename(folder())
        raise
    shutil.rmtree(former, ignore_errors=True)
    return folder()


def refuse_large(slug: str, notebook: Path, offered: Path) -> None:
    """Raise NotPublished where a chapter's notebook or downloads are too large to be kept in the repository."""
    for path, what in ((notebook, "its notebook"), (offered, "what it offers to download")):
        size = path.stat().st_size if path.is_file() else 0
        if size > LARGEST_BYTES:
            raise NotPublished(f"chapter {slug}: {what} has {size:,} bytes, at most {LARGEST_BYTES:,} are published")


def refuse_uncommitted(what: str) -> None:
    """Raise NotPublished where the tree has uncommitted changes outside book/chapters."""
    if dirty := uncommitted():
        raise NotPublished(
            f"the tree has uncommitted changes, so no commit would tell {what}:\n  " + "\n  ".join(dirty[:10])
        )


def restore() -> None:
    """Put the former pages back where a publication was killed between its two renames, and clear what it left."""
    former = folder().with_name(FORMER)
    if former.is_dir() and not folder().exists():
        former.rename(folder())
    for left in folder().parent.glob(".chapters-*"):
        shutil.rmtree(left, ignore_errors=True)


def stale() -> dict[str, list[str]]:
    """Chapter to what changed since it was published; empty where every page is up to date.

    Needs neither data nor artifacts: what would be run now is planned and compared, part by part.
    """
    found = {slug: changed(slug) for slug in catalogue.slugs()}
    return {slug: what for slug, what in found.items() if what}


def changed(slug: str) -> list[str]:
    """What a chapter depends on that changed since it was published, by name; empty where its page is up to date."""
    if not all((folder() / f"{slug}.{ending}").is_file() for ending in build.ENDINGS.values()):
        return ["it is not published"]
    then = json.loads((folder() / f"{slug}.provenance.json").read_text())["depends_on"]
    now = plan_for_publication(slug).parts
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def uncommitted() -> list[str]:
    """Changed files outside book/chapters, as git says them. Raises NotPublished outside a git checkout."""
    told = _git("status", "--porcelain", "--untracked-files=all")
    return [line for line in told.splitlines() if not line[3:].startswith("book/chapters/")]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=paths.root(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPublished(f"not a git checkout: {done.stderr.strip()}")
    return done.stdout
