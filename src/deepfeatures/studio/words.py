"""How the studio's pages say things: times, titles, what a run was asked to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deepfeatures.studio.form import as_texts
from deepfeatures.studio.runs import Run
from deepfeatures.study import catalogue


def title(text: str) -> str:
    """A heading without its Markdown."""
    return re.sub(r"[`$*]", "", text)


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
    """The profile whose values a run has, and what differs from the default one where it is none."""
    try:
        stored = run.request["parameters"]
        profile = catalogue.profile_of(run.slug, stored)
        if profile != catalogue.CUSTOM:
            return f"profile {profile}"
        default = catalogue.resolve(run.slug, "default", {})
    except (ValueError, KeyError):  # the chapter has been changed or removed since
        return "parameters of an earlier version of the chapter"
    changed = {name: as_texts(value) for name, value in stored.items() if default.get(name) != value}
    return "default but " + "; ".join(f"{name} = {', '.join(texts) or 'none'}" for name, texts in changed.items())
