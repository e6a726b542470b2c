"""All claims with what was measured: of the published book, or of a reader's own run."""

from __future__ import annotations

import json
from typing import Any

from deepfeatures.study import catalogue, claims, execute, publish, verdicts


def rows(profile: str | None = None) -> list[dict[str, Any]]:
    """One record a claim (verdicts.table). profile: of one's own run; None for the published chapters."""
    results = []
    if profile is None:
        results = [path for slug in catalogue.slugs() if (path := publish.folder() / f"{slug}.results.json").is_file()]
    else:
        from deepfeatures.study import build

        results = [
            execute.folder(chapter) / execute.RESULTS
            for chapter in build.plan_book(profile)
            if execute.complete(chapter)
        ]
    records = [
        claims.Record.model_validate(record) for path in results for record in json.loads(path.read_text())["records"]
    ]
    return verdicts.table(claims.load_all(known_chapters=list(catalogue.slugs())), records)
