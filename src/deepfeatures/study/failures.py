"""Why a job failed, kept for whoever started the build: a job is a process of its own, and many may fail at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deepfeatures.study import artifacts, paths
from deepfeatures.study.chapter_key import Planned

SILENT = "its job ended without a word: killed, or out of memory"
NOT_REACHED = "the build ended before its turn"


@contextmanager
def noted(key: str) -> Iterator[None]:
    """Keep the message of what the body raises. key: of an artifact, a piece of one (<key>-0-of-2) or a chapter."""
    _begun(key).parent.mkdir(parents=True, exist_ok=True)
    _begun(key).write_text("")
    try:
        yield
    except Exception as failure:
        _begun(key).write_text(f"{failure}\n", "utf-8")
        raise
    _begun(key).unlink(missing_ok=True)


def forget(planned: Sequence[Planned]) -> None:
    """Forget what was noted of chapters and their artifacts: before they are built again."""
    for key in {key for chapter in planned for key in (chapter.key, *_artifacts(chapter))}:
        for noted in _notes(key):
            noted.unlink(missing_ok=True)


def reason(chapter: Planned) -> str:
    """Why a chapter is not complete, in words; its own failure, or that of an artifact that it needs."""
    for noted in _notes(chapter.key):
        return noted.read_text("utf-8").strip() or SILENT
    for key, kind in _artifacts(chapter).items():
        for noted in _notes(key):
            return f"its {kind} could not be made: {noted.read_text('utf-8').strip() or SILENT}"
    return NOT_REACHED


def _artifacts(chapter: Planned) -> dict[str, str]:
    """Key to kind of every artifact that the chapter needs and that is not there, inputs first."""
    wanted = [recipe for group in chapter.recipes.values() for recipe in group]
    every = {key: inner for recipe in wanted for key, inner in recipe.closure().items()}
    return {key: recipe.kind for key, recipe in every.items() if not artifacts.exists(recipe)}


def _notes(key: str) -> list[Path]:
    """Of a chapter or an artifact, and of the pieces that an artifact's work is shared among."""
    folder = _begun(key).parent
    return [path for path in (_begun(key), *sorted(folder.glob(f"{key}-*.txt"))) if path.is_file()]


def _begun(key: str) -> Path:
    """Empty while the job is at work, gone when it is done, its message where it failed."""
    return paths.runs() / "failed" / "jobs" / f"{key}.txt"
