"""The site: hand-written pages, executed chapters and generated pages, staged and rendered by Jupyter Book.

Nothing is executed here. Everything is built in a fresh folder under runs/stage and put in place by renaming, so that
a render which is killed leaves the former site, or none, and never half of one.
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import yaml
from filelock import FileLock
from pydantic import ValidationError

from deepfeatures.study import claims, paths, scoreboard

# -c and not a script: the folder of scripts need not be on the path, and `python -m jupyter_book` does not exist.
_JUPYTER_BOOK = [sys.executable, "-c", "from jupyter_book.cli.main import main; main(prog_name='jupyter-book')"]

_TIERS = {
    "original": "the data the paper used.",
    "substitute": "other real data than the paper's; its numbers cannot be set beside the paper's.",
    "rendered": "images made by a program; no claim about the world is judged by them.",
}


class SiteError(RuntimeError):
    """The book could not be rendered; the message carries the last lines of the builder's log."""


def render(chapters: Path, out: Path, *, strict: bool, notice: str | None = None) -> Path:
    """Render the chapters in a folder into `out` and give the path of the index page.

    chapters: folder with <slug>.ipynb, <slug>.results.json, <slug>.provenance.json for each chapter that was run.
    strict: any warning is an error. notice: one line shown at the top of every page.
    """
    stages = paths.runs() / "stage"
    stages.mkdir(parents=True, exist_ok=True)
    out = out.resolve()
    with FileLock(stages / ".lock"):
        _sweep(stages, out)
        stage = Path(tempfile.mkdtemp(prefix="book-", dir=stages))
        config = _stage(chapters, stage, notice)
        html = _build(stage, config, strict=strict)
        _put_in_place(html, out)
        shutil.rmtree(stage, ignore_errors=True)
    return out / "index.html"


def _stage(chapters: Path, stage: Path, notice: str | None) -> Path:
    """Fill the staging folder; gives the path of its configuration."""
    not_pages = shutil.ignore_patterns("chapters", "_generated", "_build", ".ipynb_checkpoints")
    shutil.copytree(paths.book(), stage, ignore=not_pages, dirs_exist_ok=True)
    toc = yaml.safe_load((stage / "_toc.yml").read_text("utf-8"))
    slugs = _slugs(toc)
    titles: dict[str, str] = {}
    results: dict[str, dict[str, Any]] = {}
    provenance: dict[str, Any] = {}
    (stage / "chapters").mkdir()
    (stage / "_generated").mkdir()
    for slug in slugs:
        if not (chapters / f"{slug}.ipynb").is_file():
            continue
        results[slug] = _read_json(chapters / f"{slug}.results.json")
        provenance[slug] = _read_json(chapters / f"{slug}.provenance.json")
        titles[slug] = _stage_notebook(chapters, slug, results[slug], stage / "chapters")
    rows = scoreboard.rows(claims.load_all(known_chapters=slugs), _records(results))

    generated = {
        "scoreboard": scoreboard.full(rows, titles, slugs),
        "scoreboard-summary": scoreboard.summary(rows, titles),
        "how-sure": scoreboard.how_sure(rows),
        "chapter-list": _chapter_list(titles, slugs),
        "provenance-list": _provenance_list(list(titles)),
    }
    generated |= {f"provenance-{slug}": _provenance_page(slug, record) for slug, record in provenance.items()}
    for name, text in generated.items():
        (stage / "_generated" / f"{name}.md").write_text(text + "\n", "utf-8")
    (stage / "_toc.yml").write_text(yaml.safe_dump(_present(toc, list(titles)), sort_keys=False), "utf-8")

    config = yaml.safe_load((paths.root() / "_config.yml").read_text("utf-8"))
    if notice:
        config["sphinx"]["config"]["html_theme_options"]["announcement"] = escape(notice)
    (stage / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    return stage / "_config.yml"


def _slugs(toc: Mapping[str, Any]) -> list[str]:
    """The chapters' slugs in the book's order."""
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [file.removeprefix("chapters/") for file in files if file.startswith("chapters/")]


def _present(toc: Mapping[str, Any], slugs: Sequence[str]) -> dict[str, Any]:
    """The table of contents with only the chapters there are, and one provenance page for each."""
    parts = []
    for part in toc["parts"]:
        entries = []
        for entry in part["chapters"]:
            slug = entry["file"].removeprefix("chapters/")
            if entry["file"] == "provenance" and slugs:
                entries.append(entry | {"sections": [{"file": f"_generated/provenance-{slug}"} for slug in slugs]})
            elif slug == entry["file"] or slug in slugs:
                entries.append(entry)
        if entries:   # a part without entries is malformed
            parts.append(part | {"chapters": entries})
    return dict(toc) | {"parts": parts}


def _stage_notebook(chapters: Path, slug: str, results: Mapping[str, Any], folder: Path) -> str:
    """Copy one notebook with the banner of its data tier under its title; gives the title."""
    notebook = nbformat.read(chapters / f"{slug}.ipynb", as_version=4)
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.lstrip().startswith("# "):
        raise SiteError(f"chapter {slug}: its first cell must be Markdown that begins with a title line '# ...'")
    title, _, rest = first.source.strip().partition("\n")
    first.source = f"{title}\n\n{banner(slug, results)}\n{rest}"
    nbformat.write(notebook, folder / f"{slug}.ipynb")
    return title.removeprefix("# ").strip()


def banner(slug: str, results: Mapping[str, Any]) -> str:
    """The admonition that says on which data and at which sizes a chapter was run."""
    tier, profile = results["tier"], results["profile"]
    if tier not in _TIERS:
        raise SiteError(f"chapter {slug}: unknown data tier {tier!r}; known: {', '.join(_TIERS)}")
    if profile != "paper":
        sizes = f"Run at the `{profile}` profile: a preview, which yields no verdicts."
    elif tier == "original":
        sizes = "Run at the paper's sizes; its claims are judged."
    else:
        sizes = "Run at the paper's sizes, yet its claims are not judged, for the data is not the paper's."
    return (
        f":::{{admonition}} Data: {tier}\n:class: tier-{tier}\n"
        f"{_TIERS[tier][0].upper()}{_TIERS[tier][1:]} {sizes}\n"
        f"[What the tiers mean](#data-tiers) · {{doc}}`How this page was made </_generated/provenance-{slug}>`\n:::\n"
    )


def _records(results: Mapping[str, Mapping[str, Any]]) -> list[claims.Record]:
    """What the chapters reported, checked."""
    records = []
    for slug, result in results.items():
        for reported in result["records"]:
            fields = {"chapter": slug, "profile": result["profile"], "tier": result["tier"]} | reported
            try:
                records.append(claims.Record.model_validate(fields))
            except ValidationError as error:
                raise SiteError(f"{slug}.results.json: claim {reported.get('claim')}: {error}") from error
    return records


def _chapter_list(titles: Mapping[str, str], slugs: Sequence[str]) -> str:
    linked = [f"{{doc}}`/chapters/{slug}`" if slug in titles else f"`{slug}`: not run in this render" for slug in slugs]
    return "\n".join(f"1. {line}" for line in linked)


def _provenance_list(slugs: Sequence[str]) -> str:
    return "\n".join(f"- {{doc}}`/_generated/provenance-{slug}`" for slug in slugs) or "No chapter has been run."


def _provenance_page(slug: str, record: Mapping[str, Any]) -> str:
    """A provenance record as a page: plain entries as one table, each nested mapping as a section of its own."""
    plain = {key: value for key, value in record.items() if not isinstance(value, dict)}
    nested = {key: value for key, value in record.items() if isinstance(value, dict) and value}
    parts = [f"# How `{slug}` was made", f"The chapter is {{doc}}`/chapters/{slug}`."]
    if plain:
        parts.append(_fact_table(plain))
    for key, value in nested.items():
        parts += [f"## {key.replace('_', ' ').capitalize()}", _fact_table(value)]
    return "\n\n".join(parts)


def _fact_table(facts: Mapping[str, Any]) -> str:
    words = {True: "yes", False: "no", None: "–", "": "–"}
    rows = ["| | value |", "|---|---|"]
    for key, value in facts.items():
        if isinstance(value, list | dict):
            value = json.dumps(value, sort_keys=True, ensure_ascii=False)
        simple = value if isinstance(value, bool | str) or value is None else str(value)
        text = words.get(simple) or f"`{' '.join(str(simple).split())}`".replace("|", "\\|")
        rows.append(f"| {key.removesuffix('_s').replace('_', ' ')}{' (s)' if key.endswith('_s') else ''} | {text} |")
    return "\n".join(rows)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        again = f"deepfeatures run {path.name.split('.')[0]}"
        raise SiteError(f"{path.name} is missing beside its notebook; run the chapter again: {again}")
    try:
        content = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        raise SiteError(f"{path.name} is not JSON (line {error.lineno}: {error.msg}); run the chapter again") from error
    if not isinstance(content, dict):
        raise SiteError(f"{path.name} holds a {type(content).__name__}, not an object; run the chapter again")
    return content


def _build(stage: Path, config: Path, *, strict: bool) -> Path:
    """Run Jupyter Book on the staging folder; gives the folder of finished pages."""
    command = [*_JUPYTER_BOOK, "build", str(stage), "--config", str(config), "--path-output", str(stage / "_site")]
    if strict:
        command += ["-W", "--keep-going"]   # every warning is listed, then the build fails
    # A fixed hash seed, because the order of some sets reaches the pages.
    environment = os.environ | {"PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    done = subprocess.run(
        command, check=False, env=environment, cwd=stage, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    html = stage / "_site" / "_build" / "html"
    if done.returncode != 0 or not (html / "index.html").is_file():
        log = done.stdout.replace(f"{stage}{os.sep}", "").splitlines()
        told = [line for line in log if "WARNING" in line or "ERROR" in line] or log
        raise SiteError(f"jupyter-book ended with status {done.returncode}:\n" + "\n".join(told[-20:]))
    (html / ".buildinfo").unlink(missing_ok=True)   # a hash of the configuration, staging path included
    (html / ".nojekyll").touch()   # or a host that runs Jekyll drops every folder whose name begins with _
    return html


def _sweep(stages: Path, out: Path) -> None:
    """Remove what a killed render left; bring back the former site if it was killed between the two renames."""
    for folder in stages.glob("book-*"):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(_beside(out, "new"), ignore_errors=True)
    if _beside(out, "old").exists():
        if out.exists():
            shutil.rmtree(_beside(out, "old"), ignore_errors=True)
        else:
            _beside(out, "old").rename(out)


def _put_in_place(html: Path, out: Path) -> None:
    """Exchange `out` for the finished pages. They are copied beside it first: a rename does not cross filesystems."""
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(html, _beside(out, "new"))
    if out.exists():
        out.rename(_beside(out, "old"))
    _beside(out, "new").rename(out)
    shutil.rmtree(_beside(out, "old"), ignore_errors=True)


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f".{out.name}.{what}")
