"""The page of one finished run: its chapter, rendered as the book renders it, made fit for a sandbox.

    python -m deepfeatures.studio.page FOLDER LOCK_DESCRIPTOR
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from deepfeatures.studio import detached, runs

SHIM = "sandbox.js"


def render(folder: Path) -> Path:
    """Render the finished run in FOLDER into FOLDER/site. Raises site.SiteError."""
    from deepfeatures.study import site

    slug = json.loads((folder / runs.REQUEST).read_text())["slug"]
    notice = f"Your own run of {slug}, {folder.name.split('.')[1]}: not the published chapter."
    unfinished = site.render(folder / runs.RESULT, folder / f".{runs.SITE}", strict=False, notice=notice).parent
    (unfinished / "_static" / SHIM).write_bytes((Path(__file__).resolve().parent / "static" / SHIM).read_bytes())
    for page in unfinished.rglob("*.html"):
        up = "../" * (len(page.relative_to(unfinished).parts) - 1)
        text = page.read_text("utf-8")
        page.write_text(text.replace("<head>", f'<head><script src="{up}_static/{SHIM}"></script>', 1), "utf-8")
    shutil.rmtree(folder / runs.SITE, ignore_errors=True)
    unfinished.rename(folder / runs.SITE)
    return runs.page(runs.find(folder.name))


def main() -> None:
    folder, descriptor = Path(sys.argv[1]), int(sys.argv[2])
    detached.keep(descriptor)
    render(folder)


if __name__ == "__main__":
    main()
