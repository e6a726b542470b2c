"""Where things lie: one place that knows the folders of a checkout.

All are absolute. Jobs and kernels run in other folders than the command that planned them: `settle` first.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLES = ("DEEPFEATURES_DATA", "DEEPFEATURES_ROOT", "DEEPFEATURES_RUNS")
_RUNS = "set DEEPFEATURES_RUNS to a folder that you may write to"


def settle() -> None:
    """Make what the variables name absolute, for the processes that this one starts in other folders."""
    for name in VARIABLES:
        if given := os.environ.get(name):
            os.environ[name] = str(Path(given).resolve())


def root() -> Path:
    """The checkout: $DEEPFEATURES_ROOT, else the folder this package is installed from.

    Raises FileNotFoundError where there is no `notebooks/` (a package copied without its book).
    """
    given = os.environ.get("DEEPFEATURES_ROOT")
    folder = Path(given).resolve() if given else Path(__file__).resolve().parents[3]
    if not (folder / "notebooks").is_dir():
        raise FileNotFoundError(
            f"no notebooks/ in {folder}: run from a checkout of the book, or set DEEPFEATURES_ROOT to one"
        )
    return folder


def runs() -> Path:
    """Everything computed: $DEEPFEATURES_RUNS, else `runs/` in the checkout. Made when first asked for."""
    given = os.environ.get("DEEPFEATURES_RUNS")
    folder = Path(given).resolve() if given else root() / "runs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as failure:
        raise type(failure)(f"{folder} can be no folder for runs ({failure.strerror}): {_RUNS}") from None
    return folder


def writable_runs() -> Path:
    """The same, where something is about to be written. Raises PermissionError, which says what to do."""
    folder = runs()
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(f"nothing can be written into {folder}: {_RUNS}")
    return folder


def notebooks() -> Path:
    """The chapters' sources."""
    return root() / "notebooks"


def claims() -> Path:
    """The claim ledger."""
    return root() / "claims"


def profiles() -> Path:
    """Parameter presets."""
    return root() / "profiles"


def book() -> Path:
    """Hand-written pages and the published chapters."""
    return root() / "book"


def data_root() -> Path:
    """Where real data is looked for: $DEEPFEATURES_DATA, else `data/` in the checkout."""
    given = os.environ.get("DEEPFEATURES_DATA")
    folder = Path(given).resolve() if given else root() / "data"
    if folder.is_file():
        raise NotADirectoryError(f"the data root {folder} is a file: set DEEPFEATURES_DATA to a folder")
    return folder
