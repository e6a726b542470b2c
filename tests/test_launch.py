"""Files for a container, Binder, Colab and the site: what they name is there, and says what the README says.

Without a network and a container engine nothing of this is run; repo2docker and docker read the same lines.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import nbformat
import pytest
import yaml

from deepfeatures.study import catalogue, launch_links
from tests.conftest import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "publish.yml"
HOST = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host")


def instructions(text: str) -> list[tuple[str, str]]:
    """(word, rest) of each instruction of a Dockerfile, comments left out and continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    split = (line.partition(" ") for line in joined.split("\n"))
    return [(word.upper(), rest.strip()) for word, _, rest in split if word]


def complaints(text: str, root: Path) -> Iterator[str]:
    """What is wrong with a Dockerfile of this book."""
    found = instructions(text)
    words = [word for word, _ in found]
    known = {"FROM", "RUN", "WORKDIR", "ENV", "COPY", "USER", "VOLUME", "ENTRYPOINT", "CMD"}
    if strange := set(words) - known:
        yield f"unknown instructions {sorted(strange)}"
    for word, rest in found:
        if word == "FROM" and not re.fullmatch(r"[a-z]+:\d+\.\d+[\w.-]*", rest):
            yield f"FROM {rest}: no version, or a registry's host"
        if word in ("ENTRYPOINT", "CMD") and not (isinstance(json.loads(rest), list) and json.loads(rest)):
            yield f"{word} {rest}: a list of words, so that signals reach the command"
        if word == "COPY":
            *sources, _ = (part for part in rest.split() if not part.startswith("--"))
            for source in sources:
                if not (root / source).exists():
                    yield f"COPY {source}: there is none"
        if HOST.search(rest):
            yield f"{word} {rest}: names a host"
    if words[:1] != ["FROM"] or words[-1:] != ["CMD"]:
        yield "begins with FROM and ends with CMD"
    users = [rest for word, rest in found if word == "USER"]
    if not users or users[-1] in ("root", "0"):
        yield "runs as root"
    installs = [rest for word, rest in found if word == "RUN" and "pip install" in rest]
    if not installs or "--require-hashes -r requirements.lock" not in installs[0]:
        yield "packages without hashes"


DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_container_has_a_version_hashes_sources_and_a_plain_user() -> None:
    assert not list(complaints(DOCKERFILE, ROOT))
    assert ("CMD", '["book"]') in instructions(DOCKERFILE)
    python = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"][0].removeprefix("python=")
    assert dict(instructions(DOCKERFILE))["FROM"].startswith(f"python:{python}-")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("FROM python:3.12-slim-bookworm", "FROM python", "no version"),
        ("FROM python:3.12-slim-bookworm", "FROM registry.example/python:3.12", "registry's host"),
        ("COPY requirements.lock", "COPY requirements.txt", "there is none"),
        ("USER reader\n", "", "runs as root"),
        ("USER reader\n", "USER root\n", "runs as root"),
        ("--require-hashes ", "", "without hashes"),
        ("--require-hashes ", "--require-hashes --index-url https://example.org ", "names a host"),
        ('CMD ["book"]', "", "ends with CMD"),
        ('["deepfeatures"]', '"deepfeatures"', "a list of words"),
        ("VOLUME", "VOLUM", "unknown instructions"),
    ],
)
def test_each_rule_catches_what_it_is_for(old: str, new: str, what: str) -> None:
    assert old in DOCKERFILE
    assert any(what in one for one in complaints(DOCKERFILE.replace(old, new), ROOT))


def test_what_is_computed_or_secret_stays_out_of_the_container() -> None:
    left_out = (ROOT / ".dockerignore").read_text("utf-8").split()
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    computed = [line.strip("/") for line in ignored if line.startswith("/")]
    assert {*computed, ".venv", ".git"} <= set(left_out)


def test_binder_makes_the_environment_of_conda_and_installs_as_the_readme_says() -> None:
    ours, theirs = (yaml.safe_load(path.read_text("utf-8"))
                    for path in (ROOT / "binder/environment.yml", ROOT / "environment.yml"))  # fmt: skip
    lock = ours["dependencies"][-1]["pip"][0].removeprefix("-r ")
    assert (ROOT / "binder" / lock).resolve() == ROOT / "requirements.lock"  # conda reads paths from the file's folder
    ours["dependencies"][-1]["pip"] = ["-r requirements.lock"]
    assert ours == theirs
    after = ROOT / "binder" / "postBuild"
    assert after.stat().st_mode & 0o100 and after.read_bytes().startswith(b"#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", after], check=False).returncode == 0
    installs = re.search(r"pip install --no-deps .*", after.read_text("utf-8"))
    assert installs and installs[0] in (ROOT / "README.md").read_text("utf-8")


def test_colabs_notebook_is_one_and_its_commands_are_those_of_the_book() -> None:
    notebook = nbformat.read(ROOT / launch_links.NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert all(not cell.get("outputs") for cell in notebook.cells)
    targets = set(re.findall(r"^!make (\w+)$", code, re.MULTILINE))
    assert targets and targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    runs = re.findall(r"^!\.venv/bin/deepfeatures run (\S+) --profile (\S+)(?: -p (\S+))?$", code, re.MULTILINE)
    assert len(runs) == len(re.findall(r"deepfeatures", code)) >= 2
    for slug, profile, given in runs:
        changed = [] if not given else [given.split("=")]
        assert catalogue.resolve(slug, profile, dict(changed))  # UnknownChapter, ParameterError or ProfileError else
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(f"deepfeatures run {slug} -p {given}" in readme for slug, _, given in runs if given)
    assert not HOST.search(code)


def test_the_workflow_publishes_what_the_checks_rendered() -> None:
    flow = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    check, pages = flow["jobs"]["check"], flow["jobs"]["pages"]
    commands = [step["run"] for step in check["steps"] if "run" in step]
    assert commands == ["bash .ci/run"] and (ROOT / ".ci/run").is_file()
    folder = next(step["with"]["path"] for step in check["steps"] if "upload-pages-artifact" in step.get("uses", ""))
    assert PurePosixPath(folder).parts[0] == "_build" and "make site" in (ROOT / ".ci/run").read_text("utf-8")
    assert pages["needs"] == "check" and flow["permissions"] == {"contents": "read"}
    used = [step["uses"] for job in (check, pages) for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", one) for one in used)  # GitHub's own, each with a version
    assert flow[True]["push"]["branches"] == [launch_links.BRANCH]  # YAML 1.1 reads `on` as true


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/someone/a-book.git", "someone/a-book"),
        ("https://github.com/someone/a.book", "someone/a.book"),
        ("git@github.com:someone/book.git", "someone/book"),
        ("ssh://git@github.com/someone/book", "someone/book"),
        ("https://example.org/someone/book", None),
        ("https://github.com/someone/book/tree/main", None),
        ("https://evil.example/github.com/a/b", None),
        ("", None),
    ],
)
def test_the_address_is_that_of_the_clone(
    address: str, name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    for command in (["init", "-q"], *([["config", "remote.origin.url", address]] if address else [])):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    assert launch_links.repository(tmp_path) == name
    monkeypatch.setenv("GITHUB_REPOSITORY", "an-owner/its-book")
    assert launch_links.repository(tmp_path) == "an-owner/its-book"
    monkeypatch.setenv("GITHUB_REPOSITORY", "x](javascript:alert(1))/y")
    assert launch_links.repository(tmp_path) == name


def test_links_where_the_address_is_known_and_a_reason_where_not() -> None:
    known = launch_links.page("an-owner/its-book")
    assert "(https://mybinder.org/v2/gh/an-owner/its-book/main?urlpath=lab/tree/notebooks)" in known
    assert f"/github/an-owner/its-book/blob/main/{launch_links.NOTEBOOK})" in known
    assert "http" not in launch_links.page(None) and "GITHUB_REPOSITORY=" in launch_links.page(None)
