"""Which tests go to one worker together, and whose turn comes first.

Not by xdist's own groups: pytest-xdist 3.8 writes a group into `item._nodeid`, which pytest 9.2 no longer reads, so
that each worker built the book for itself. A file is the unit here: what its fixtures make once, one worker makes. Some
files share what takes long and are one unit; long units come first, so that none is left over for the end.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

SMALL_BOOK = "the small book, rendered once"
TOGETHER = {
    "tests/book/test_accessible.py": SMALL_BOOK,
    "tests/book/test_explorer.py": SMALL_BOOK,
    "tests/book/test_navigation.py": SMALL_BOOK,
    "tests/book/test_pdf.py": SMALL_BOOK,
    "tests/book/test_site.py": SMALL_BOOK,
}
LONG = [  # the longest first
    "tests/test_chapters.py",
    SMALL_BOOK,
    "tests/book/test_published.py",
    "tests/study/test_sweep.py",
    "tests/study/test_execute.py",
    "tests/study/test_artifacts.py",
    "tests/studio/test_browser.py",
    "tests/studio/test_runs.py",
    "tests/test_cli.py",
    "tests/networks/test_face_sanity.py",
    "tests/analysis/test_feature_spaces.py",
    "tests/analysis/test_claims_of_three_chapters.py",
    "tests/data/test_synthfaces_pictures.py",
]


def unit(nodeid: str) -> str:
    """What a test goes with: its file, or what its file is part of."""
    file = nodeid.partition("::")[0]
    return TOGETHER.get(file, file)


def turn(nodeid: str) -> int:
    """A key to sort tests by: the long units first, the others as they were."""
    return LONG.index(unit(nodeid)) if unit(nodeid) in LONG else len(LONG)


def scheduler(config: pytest.Config, log: Any) -> Any:
    """What hands whole units to xdist's workers, in the order in which their first tests were collected."""
    from xdist.scheduler import LoadScopeScheduling

    class Turns(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    config.option.loadscopereorder = False
    return Turns(config, log)


def made_once(what: str, runs_base: Path) -> None:
    """Fails where another worker of this run of the tests has made `what` too.

    runs_base: `tmp_path_factory.getbasetemp()`, which lies beside those of the other workers.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    try:
        (runs_base.parent / f"made {what}").touch(exist_ok=False)
    except FileExistsError:
        pytest.fail(f"{what} was made by another worker too: put what needs it into one unit in tests/turns.py")
