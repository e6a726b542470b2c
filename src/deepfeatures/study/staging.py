"""What Jupyter Book is given: a folder with the hand-written pages, the executed chapters and the generated pages."""
from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat.v4 import new_markdown_cell
from pydantic import ValidationError

from deepfeatures.study import (
    active_content,
    added_later,
    anchors,
    benchmarks,
    catalogue,
    celeba_cost,
    claim_pages,
    claims,
    cluster_cost,
    deviations,
    every_factor,
    front,
    launch_links,
    linked,
    matrix,
    matrix_sources,
    offered,
    paths,
    remarks,
    run_pages,
    scoreboard,
    slurm_trial,
    summaries,
    surviving,
)  # fmt: skip
from deepfeatures.study.encoded import Encoded

_EXTRA = "_offered"  # a folder of the stage whose content is copied beside the pages
_TIERS = {
    "original": "the data the paper used.",
    "substitute": "other real data than the paper's; its numbers cannot be set beside the paper's.",
    "rendered": "images made by a program; no claim about the world is judged by them.",
}


class StagingError(ValueError):
    """Something a chapter left behind cannot be rendered; the message names the chapter or file."""


def fill(chapters: Path, stage: Path, notice: str | None) -> Path:
    """Fill the staging folder; gives the path of its configuration."""
    not_pages = shutil.ignore_patterns("chapters", ".chapters-*", "_generated", "_build", ".ipynb_checkpoints")
    shutil.copytree(paths.book(), stage, ignore=not_pages, dirs_exist_ok=True)
    toc = yaml.safe_load((stage / "_toc.yml").read_text("utf-8"))
    slugs = _slugs(toc)
    titles: dict[str, str] = {}
    results: dict[str, dict[str, Any]] = {}
    provenance: dict[str, Any] = {}
    made: dict[str, str] = {}
    differs: dict[str, deviations.Listed] = {}
    (stage / "chapters").mkdir()
    (stage / "_generated").mkdir()
    for slug in slugs:
        if not (chapters / f"{slug}.ipynb").is_file():
            continue
        results[slug] = _read_json(chapters / f"{slug}.results.json")
        provenance[slug] = _read_json(chapters / f"{slug}.provenance.json")
    ledger = claims.load_all(known_chapters=slugs)
    records = _records(results)
    rows = scoreboard.rows(ledger, records, _not_applicable(results))
    later = added_later.read(ledger)
    cells, mapped = _cells(results), matrix_sources.load()
    references = (paths.book() / "references.bib").read_text("utf-8")
    in_matrix = [mapped.of_encoded(cell) for cell in cells]
    config = yaml.safe_load((paths.root() / "_config.yml").read_text("utf-8"))
    on_github = launch_links.repository(paths.root())
    repository = (config.get("repository") or {}).get("url") or (on_github and f"https://github.com/{on_github}")

    runs: dict[str, offered.Run] = {}
    for slug in results:
        own = [cell for cell in cells if cell.chapter == slug]
        run = runs[slug] = offered.collect(chapters, slug, results[slug], provenance[slug], rows, own)
        differs[slug] = deviations.listed(nbformat.read(chapters / f"{slug}.ipynb", as_version=4))
        titles[slug] = _stage_notebook(
            chapters, run, stage / "chapters", claim_pages.section(slug, rows, ledger, results[slug]["tier"])
        )
        more = matrix_sources.cells(mapped, slug, results[slug]["tier"], matrix_sources.by_claim(records), run.files)
        in_matrix += more
        made[slug] = run_pages.page(run, repository, more)
        offered.write(run, stage / _EXTRA)
    every_factor.write(stage / _EXTRA)

    measured = benchmarks.results(paths.root() / "benchmarks")
    generated = {
        "scoreboard": scoreboard.full(rows, titles, slugs),
        "found": front.page(rows),
        "sure": front.sure(rows),
        "headlines": scoreboard.brief_table(scoreboard.headline(rows), titles),
        "deviations": deviations.page(differs),
        "how-sure": scoreboard.how_sure(rows),
        "rules-before": added_later.sentence(rows, later),
        "rules-before-listed": added_later.listing(rows, later),
        "matrix": matrix.full(in_matrix, matrix_sources.papers(ledger, references)),
        "chapter-list": _chapter_list(titles, slugs),
        "provenance-list": _provenance_list(list(titles)),
        "benchmarks": benchmarks.page(paths.root() / "benchmarks"),
        "whole-celeba": _whole_celeba(),
        "every-factor": every_factor.page(titles),
        "clusters": cluster_cost.page(measured),
        "slurm-test": slurm_trial.page(measured.get("slurm-test")),
        "surviving": surviving.page(measured.get("chaos")),
        "launch-links": launch_links.page(on_github),
    }
    generated |= {f"provenance-{slug}": text for slug, text in made.items()}
    generated |= _summaries(rows, ledger, titles)
    generated |= {f"remarks-{paper}": remarks.page(paper, runs, ledger) for paper in remarks.PAPERS}
    for name, text in generated.items():
        (stage / "_generated" / f"{name}.md").write_text(text + "\n", "utf-8")
    (stage / "_toc.yml").write_text(yaml.safe_dump(_present(toc, list(titles)), sort_keys=False), "utf-8")

    config["sphinx"]["config"]["html_extra_path"].append(_EXTRA)
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


def _stage_notebook(chapters: Path, run: offered.Run, folder: Path, judged: str) -> str:
    """Copy one notebook with the banner of its data tier under its title, its claims at its end and its numbers linked;
    gives the title.
    """
    slug, results = run.slug, run.results
    notebook = nbformat.read(chapters / f"{slug}.ipynb", as_version=4)
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.lstrip().startswith("# "):
        raise StagingError(f"chapter {slug}: its first cell must be Markdown that begins with a title line '# ...'")
    refuse_active(notebook, slug)
    title, _, rest = first.source.strip().partition("\n")
    first.source = f"{title}\n\n{banner(slug, results)}\n{rest}"
    deviations.mark(notebook, slug)
    if judged:
        notebook.cells.append(new_markdown_cell(judged, id="claims"))
    linked.link(notebook, run)
    for cell in notebook.cells:
        if "outputs" in cell:
            kept = (_own_line(one, results) if _is_banner(one) else one for one in cell.outputs)
            cell.outputs = [one for one in kept if one is not None]
    nbformat.write(notebook, folder / f"{slug}.ipynb")
    return title.removeprefix("# ").strip()


def refuse_active(notebook: Mapping[str, Any], slug: str) -> None:
    """Raise StagingError, naming the cell, where a notebook holds what would act in a browser."""
    for number, cell in enumerate(notebook["cells"], start=1):
        if found := active_content.in_cell(cell):
            raise StagingError(
                f"chapter {slug}, cell {number}: {found} would act in the browser of whoever opens the page: show it "
                'as a figure or a table; data for a program of the site stands in <script type="application/json">'
            )


def _is_banner(output: Mapping[str, Any]) -> bool:
    return 'class="df-banner' in "".join(output.get("data", {}).get("text/html", ""))


def _own_line(output: Any, results: Mapping[str, Any]) -> Any:
    """The line in which a chapter tells its data: nothing where it says no more than the banner does.

    At the paper's sizes "preview" would be wrong, for a preview is a run of another profile: it is the data of this
    tier that no verdict is given on. The published notebook keeps what its kernel wrote.
    """
    if results["tier"] == "original":
        return None
    if results["profile"] == "paper":
        for mime, text in output["data"].items():
            if mime in ("text/html", "text/plain"):
                output["data"][mime] = "".join(text).replace("(preview, no verdicts)", "(no verdicts on this tier)")
    return output


def banner(slug: str, results: Mapping[str, Any]) -> str:
    """The admonition that says on which data and at which sizes a chapter was run."""
    tier, profile = results["tier"], results["profile"]
    if tier not in _TIERS:
        raise StagingError(f"chapter {slug}: unknown data tier {tier!r}; known: {', '.join(_TIERS)}")
    if profile != "paper":
        sizes = f"Run at the `{profile}` profile: a preview, which yields no verdicts."
    elif tier == "original":
        sizes = "Run at the paper's sizes; its claims are judged."
    else:
        sizes = "Run at the `paper` profile, yet its claims are not judged, for the data is not the paper's."
    return (
        f":::{{admonition}} Data: {tier}\n:class: tier-{tier}\n"
        f"{_TIERS[tier][0].upper()}{_TIERS[tier][1:]} {sizes}\n"
        f"[What the tiers mean](#data-tiers) · {{doc}}`How this page was made </_generated/provenance-{slug}>` · "
        f"[Take it with you: notebook, figures, data, command](#{anchors.downloads(slug)})\n:::\n"
    )


def _cells(results: Mapping[str, Mapping[str, Any]]) -> list[Encoded]:
    """What the chapters measured of what is encoded where, checked; a chapter may have none."""
    cells = []
    for slug, result in results.items():
        for reported in result.get("encoded", []):
            try:
                cells.append(Encoded.model_validate(reported))
            except ValidationError as error:
                raise StagingError(f"{slug}.results.json: encoded {reported.get('label')}: {error}") from error
    return cells


def _records(results: Mapping[str, Mapping[str, Any]]) -> list[claims.Record]:
    """What the chapters reported, checked."""
    records = []
    for slug, result in results.items():
        for reported in result["records"]:
            fields = {"chapter": slug, "profile": result["profile"], "tier": result["tier"]} | reported
            try:
                records.append(claims.Record.model_validate(fields))
            except ValidationError as error:
                raise StagingError(f"{slug}.results.json: claim {reported.get('claim')}: {error}") from error
    return records


def _not_applicable(results: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Claim -> why its chapter could not measure it with the data of its run."""
    return {claim: why for result in results.values() for claim, why in result.get("not_applicable", {}).items()}


def _summaries(
    rows: Sequence[scoreboard.Row], ledger: Mapping[str, claims.Claim], titles: Mapping[str, str]
) -> dict[str, str]:
    """What the page of replication summaries includes, a paper each; a checkout may have the ledgers of some only."""
    found = {"summary-all": summaries.judged_in_all(rows)}
    for paper in summaries.PAPERS:
        own = [claim for claim in ledger.values() if claim.paper == paper]
        if not own:
            found[f"summary-{paper}"] = "Its ledger is not in this checkout."
            continue
        measured_in = dict.fromkeys(claim.chapter for claim in own)
        linked_to = ", ".join(f"{{doc}}`/chapters/{slug}`" for slug in measured_in if slug in titles)
        text = summaries.results(rows, ledger, paper)
        found[f"summary-{paper}"] = f"{text}\n\n**Chapters.** {linked_to}" if linked_to else text
    return found


def _chapter_list(titles: Mapping[str, str], slugs: Sequence[str]) -> str:
    linked = [f"{{doc}}`/chapters/{slug}`" if slug in titles else f"`{slug}`: not run in this render" for slug in slugs]
    return "\n".join(f"1. {line}" for line in linked)


def _provenance_list(slugs: Sequence[str]) -> str:
    return "\n".join(f"- {{doc}}`/_generated/provenance-{slug}`" for slug in slugs) or "No chapter has been run."


def _whole_celeba() -> str:
    """What the face chapters take with all of CelebA; only in a checkout that has these chapters."""
    if not set(celeba_cost.CHAPTERS) <= set(catalogue.slugs()):
        return "This checkout does not have the chapters on faces."
    return celeba_cost.page(benchmarks.results(paths.root() / "benchmarks").get("celeba-chapters"))


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        again = f"deepfeatures run {path.name.split('.')[0]}"
        raise StagingError(f"{path.name} is missing beside its notebook; run the chapter again: {again}")
    try:
        content = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}: {error.msg}"
        raise StagingError(f"{path.name} is not JSON ({where}); run the chapter again") from error
    if not isinstance(content, dict):
        raise StagingError(f"{path.name} holds a {type(content).__name__}, not an object; run the chapter again")
    return content
