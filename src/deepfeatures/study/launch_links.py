"""Links that open the book on Binder and Colab: made where the repository's address is known, typed by nobody.

On GitHub Actions the address stands in the environment; elsewhere the clone's `origin` says it, where it is on GitHub.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

BRANCH = "main"  # the one that .github/workflows/publish.yml publishes
NOTEBOOK = "launch/colab.ipynb"
_OWNER_AND_NAME = r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+"
_GITHUB = re.compile(rf"(?:https://|git@|ssh://git@)github\.com[/:]({_OWNER_AND_NAME}?)(?:\.git)?/?")


def repository(root: Path) -> str | None:
    """owner/name on GitHub: $GITHUB_REPOSITORY, else of the remote `origin`; None where neither says."""
    given = os.environ.get("GITHUB_REPOSITORY", "")
    if re.fullmatch(_OWNER_AND_NAME, given):
        return given
    command = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git here
        return None
    found = _GITHUB.fullmatch(said)
    return found.group(1) if found else None


def page(name: str | None) -> str:
    """The links as Markdown, or why there are none. name: owner/name on GitHub."""
    if name is None:
        return (
            ":::{note}\nThis copy was rendered where its repository's address is not known, so it has no links here. "
            "They appear by themselves where GitHub Actions publishes the book, in a clone whose `origin` is on "
            "GitHub, or with `GITHUB_REPOSITORY=owner/name make site`.\n:::"
        )
    colab = f"https://colab.research.google.com/github/{name}/blob/{BRANCH}/{NOTEBOOK}"
    return (
        f"- [Open on Binder](https://mybinder.org/v2/gh/{name}/{BRANCH}?urlpath=lab/tree/notebooks)\n"
        f"- [Open on Colab]({colab}); the address that its first cell asks for is `https://github.com/{name}`"
    )
