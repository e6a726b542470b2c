"""The page of one finished run: its chapter, rendered as the book renders it.

    python -m deepfeatures.studio.page FOLDER LOCK_DESCRIPTOR
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from deepfeatures.studio import detached, runs


def render(folder: Path) -> Path:
    """Render the finished run in FOLDER into FOLDER/site. Raises site.SiteError."""
    from deepfeatures.study import site

    slug = json.loads((folder / runs.REQUEST).read_text())["slug"]
    notice = f"Your own run of {slug}, {folder.name.split('.')[1]}: not the published chapter."
    return site.render(folder / runs.RESULT, folder / runs.SITE, strict=False, notice=notice)


def main() -> None:
    folder, descriptor = Path(sys.argv[1]), int(sys.argv[2])
    detached.keep(descriptor)
    render(folder)


if __name__ == "__main__":
    main()
