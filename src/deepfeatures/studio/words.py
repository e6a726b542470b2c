"""How the studio's pages say things: times, titles, what a run was asked to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from deepfeatures.studio.form import as_texts
from deepfeatures.studio.runs import Run
from deepfeatures.study import catalogue, paths, profiles
from deepfeatures.study.parameters import Value


def title(text: str) -> str:
    """A heading without its Markdown."""
    return re.sub(r"[`$*]", "", text)


def heading(slug: str) -> str:
    """A chapter's title, or its slug where it is no more."""
    return title(catalogue.chapter(slug).title) if slug in catalogue.slugs() else slug


def when(moment: str) -> str:
    """ISO 8601 in UTC as a reader's own time, to the minute."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def lasted(status: Mapping[str, Any]) -> str:
    """'3 min 5 s', of a run that has begun."""
    if "started" not in status:
        return ""
    ended = datetime.fromisoformat(status["ended"]) if "ended" in status else datetime.now(UTC)
    minutes, seconds = divmod(round((ended - datetime.fromisoformat(status["started"])).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def asked(run: Run) -> str:
    """The profile that a run is nearest to, and what differs from it."""
    stored = run.request["parameters"]
    try:
        away = {name: _differing(values, stored) for name, values in _presets(run.slug).items()}
    except ValueError:  # the chapter has been changed or removed since
        return "parameters of an earlier version of the chapter"
    nearest = min(away, key=lambda name: (len(away[name]), name != "default"))
    return f"profile {nearest}" + (", but " + "; ".join(away[nearest]) if away[nearest] else "")


def _presets(slug: str) -> dict[str, dict[str, Value]]:
    """Every profile's values of a chapter, read again only when a file changed: lists show many runs."""
    files = [catalogue.chapter(slug).path, *sorted(paths.profiles().glob("*.yaml"))]
    return _read_presets(slug, tuple((str(file), file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=64)
def _read_presets(slug: str, files: tuple[tuple[str, int], ...]) -> dict[str, dict[str, Value]]:
    return {name: catalogue.resolve(slug, name, {}) for name in profiles.names()}


def _differing(profile: Mapping[str, Value], stored: Mapping[str, Any]) -> list[str]:
    changed = {name: as_texts(value) for name, value in stored.items() if profile.get(name) != value}
    absent = [f"no {name}" for name in profile if name not in stored]
    return [f"{name} = {', '.join(texts) or 'none'}" for name, texts in changed.items()] + absent
