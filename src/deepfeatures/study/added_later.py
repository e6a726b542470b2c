"""Which claims came into the ledger after results were known, and what the book says of it.

claims/added-later.txt names them, one a line; a line that begins with # is a remark. The history of the repository
holds the same, but a page cannot read it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from deepfeatures.study import anchors, paths
from deepfeatures.study.allowed import did_you_mean
from deepfeatures.study.claims import ClaimsError

FILE = "added-later.txt"
Row = Mapping[str, Any]


def read(known: Collection[str], folder: Path | None = None) -> list[str]:
    """Ids in the file's order, none where there is no file. known: ids of the ledger; those of a paper whose ledger is
    not in this checkout are left out. Raises ClaimsError for an id that the paper's ledger lacks."""
    path = (folder or paths.claims()) / FILE
    if not path.is_file():
        return []
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    papers = {claim.partition("/")[0] for claim in known}
    ids = [line for line in lines if line and not line.startswith("#") and line.partition("/")[0] in papers]
    for number, claim in enumerate(ids):
        if claim not in known:
            near = did_you_mean(claim, known)
            raise ClaimsError(f"{FILE}: no file in claims/ holds {claim!r}{near}: correct the line")
        if claim in ids[:number]:
            raise ClaimsError(f"{FILE}: {claim} stands twice: remove one line")
    return ids


def sentence(rows: Sequence[Row], later: Collection[str]) -> str:
    """How many claims had their rule before results were known. rows: of `scoreboard.rows`; later: of `read`."""
    if not later:
        return "Each rule stood before results at the papers' sizes were known."
    measured = sum(row["id"] in later and row["chapter"] is not None for row in rows)
    return (
        f"The rules of {len(rows) - len(later)} of {len(rows)} claims stood before results at the papers' sizes were "
        f"known. The other {len(later)}, {measured} of which are measured, were found when the texts were read a "
        "second time, with results at hand; they are held to bars that the ledger already had for the same words."
    )


def listing(rows: Sequence[Row], later: Collection[str]) -> str:
    """The sentence, and each claim that was added: a measured one linked to its record."""
    known = {row["id"]: row for row in rows}
    named = [_named(known[claim]) for claim in later]
    return "\n\n".join([sentence(rows, later), *([f"Added then: {', '.join(named)}."] if named else [])])


def _named(row: Row) -> str:
    return f"[`{row['id']}`](#{anchors.record(row['id'])})" if row["value"] is not None else f"`{row['id']}`"
