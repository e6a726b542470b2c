"""What must be the same after any accident: the rendered site, outside what says when and how it was made."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

# Commit, times, hardware: a page a chapter, and the file of it among what readers can take away.
_WHEN_AND_HOW = re.compile(r"(^|/)(provenance-[a-z0-9-]+\.(html|md|ipynb)|[a-z0-9-]+\.provenance\.json)$")
_STAMP = "rendered-from"
_INDEX = "searchindex.js"


def site_tree(folder: Path) -> dict[str, str]:
    """Path below the site -> SHA-256 of every file but provenance; of search index and archives, what is not it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or name == _STAMP or _WHEN_AND_HOW.search(name):
            continue
        content = path.read_bytes()
        if path.name == _INDEX:
            content = without_provenance(content)
        elif path.suffix == ".zip":
            content = members(content)
        found[name] = hashlib.sha256(content).hexdigest()
    return found


def members(archive: bytes) -> bytes:
    """What is in a zip archive, in its order, but for provenance; an archive that cannot be read is itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            names = [name for name in opened.namelist() if not _WHEN_AND_HOW.search(name)]
            return b"".join(f"{name}\0".encode() + hashlib.sha256(opened.read(name)).digest() for name in names)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return archive


def without_provenance(index: bytes) -> bytes:
    """Sphinx's search index without the words of provenance pages: a second of wall time is such a word."""
    data = json.loads(index.decode().removeprefix("Search.setIndex(").removesuffix(")"))
    theirs = {number for number, name in enumerate(data["docnames"]) if _WHEN_AND_HOW.search(f"{name}.html")}

    def of_others(entries: dict[str, int | list[int]]) -> dict[str, list[int]]:
        kept = {word: [at] if isinstance(at, int) else at for word, at in entries.items()}
        kept = {word: [one for one in at if one not in theirs] for word, at in kept.items()}
        return {word: at for word, at in sorted(kept.items()) if at}

    for words in ("terms", "titleterms"):
        data[words] = of_others(data[words])
    return json.dumps(data, sort_keys=True).encode()


def difference(found: dict[str, str], expected: dict[str, str]) -> str:
    """One line on how two trees differ, '' where they do not."""
    parts = {
        "missing": sorted(expected.keys() - found.keys()),
        "too many": sorted(found.keys() - expected.keys()),
        "different": sorted(name for name in found.keys() & expected.keys() if found[name] != expected[name]),
    }
    return "; ".join(
        f"{len(names)} {what} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for what, names in parts.items() if names
    )  # fmt: skip
