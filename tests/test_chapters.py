"""Every chapter of the book at the smoke profile, through the runner that a reader uses."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

from deepfeatures.study import (
    artifacts,
    borrowed_plans,
    build,
    catalogue,
    claims,
    execute,
    fork_client,
    forking,
    ledger,
)
from tests import turns
from tests.conftest import ROOT

SLUGS = list(catalogue.slugs())
# For a test of a chapter of one's own, which asks for a folder of runs: the one in which the chapter lies already.
RUNS_FOLDER = """import os, pathlib, pytest

@pytest.fixture
def runs_folder():
    return pathlib.Path(os.environ["DEEPFEATURES_RUNS"])
"""
# What costs an execution of its own is asked of one chapter, and in `.ci/run` of all.
EVERY = SLUGS if os.environ.get("DEEPFEATURES_EVERY_CHAPTER") else []
# Pages that show what others measure with, and a reader's own that borrow their artifacts: they may measure no claim.
INSTRUMENTS = {"rendered-faces"} | {slug for slug in SLUGS if borrowed_plans.artifacts_of(slug)}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The whole book, built at `smoke` on two cores in a folder of its own; gives the plans by slug."""
    turns.made_once("the smoke book", tmp_path_factory.getbasetemp())
    runs = tmp_path_factory.mktemp("smoke")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFEATURES_RUNS", str(runs))
        patch.delenv(forking.WANTED, raising=False)
        patch.delenv(fork_client.VARIABLE, raising=False)
        planned = build.plan_book("smoke")
        build.build(planned, cores=2)
        yield {plan.slug: plan for plan in planned}


def result_of(plan):
    return json.loads((execute.folder(plan) / execute.RESULTS).read_text())


@pytest.mark.parametrize("slug", SLUGS)
def test_every_claim_of_the_chapter_is_measured_or_said_not_to_apply(slug, book):
    result = result_of(book[slug])
    mine = {name for name, claim in claims.load_all(known_chapters=SLUGS).items() if claim.chapter == slug}
    measured = {record["claim"] for record in result["records"]}
    assert (mine or slug in INSTRUMENTS) and measured | set(result["not_applicable"]) == mine
    assert not measured & set(result["not_applicable"]) and all(result["not_applicable"].values())
    assert len(measured) == len(result["records"])
    for record in result["records"]:
        assert record["profile"] == "smoke" and record["seeds"] <= result["parameters"]["seeds"]
        if record["interval"] is not None:
            assert record["interval"][0] <= record["value"] <= record["interval"][1], record["claim"]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_executed_notebook_is_whole(slug, book):
    source = jupytext.read(catalogue.chapter(slug).path, fmt="py:percent")
    kept = nbformat.read(execute.folder(book[slug]) / execute.NOTEBOOK, as_version=4)
    cells = [cell for cell in kept.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    assert [cell.source for cell in cells] == [cell.source for cell in source.cells]
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"{slug} warns: {output.text}"
    figures = [output for cell in code for output in cell.outputs if "image/png" in output.get("data", {})]
    [verdicts] = [str(cell.outputs) for cell in code if "Claims of this chapter: tier" in str(cell.outputs)]
    assert figures and ("preview" in verdicts) == bool(result_of(book[slug])["records"])
    assert (execute.folder(book[slug]) / execute.NOTEBOOK).stat().st_size < 2_000_000


def test_smoke_yields_no_verdict(book):
    rows = ledger.rows("smoke")
    assert {row["verdict"] for row in rows if row["value"] is not None} == {"preview"}
    assert {row["verdict"] for row in rows if row["value"] is None} <= {"not attempted"}


def test_building_again_does_nothing(book, monkeypatch):
    monkeypatch.setattr(build, "run_workflow", lambda *_: pytest.fail("a job was run"))
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))
    monkeypatch.setattr(artifacts, "ensure", lambda *_: pytest.fail("an artifact was asked for"))
    runs = Path(os.environ["DEEPFEATURES_RUNS"])
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*")}
    build.build(build.plan_book("smoke"), cores=2)
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*")} == before


def test_one_changed_parameter_reaches_its_chapter_alone(book):
    changed = build.plan_book("smoke", {SLUGS[0]: {"resamples": 123}})
    assert [plan.slug for plan in changed if not execute.complete(plan)] == [SLUGS[0]]
    assert build.unmade(changed) == []


@pytest.mark.parametrize("slug", EVERY or SLUGS[:1])
def test_a_second_execution_has_the_same_bytes(slug, book):
    plan = book[slug]
    names = (execute.NOTEBOOK, execute.RESULTS)
    first = [(execute.folder(plan) / name).read_bytes() for name in names]
    execute.execute(plan, progress=False)
    assert [(execute.folder(plan) / name).read_bytes() for name in names] == first


def test_an_artifact_made_alone_has_the_same_bytes(book, tmp_path, monkeypatch):
    """The book's were made in processes forked from one that had imported everything."""
    recipes = [recipe for plan in book.values() for group in plan.recipes.values() for recipe in group]
    recipe = next(one for one in recipes if one.kind == "identity-network")
    record = json.loads((artifacts.folder(recipe) / artifacts.RECORD).read_text())
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(tmp_path))
    again = json.loads((artifacts.ensure(recipe) / artifacts.RECORD).read_text())
    assert again["files"] == record["files"]


@pytest.mark.parametrize("slug", EVERY or SLUGS[-1:])
def test_plain_papermill_gives_the_same_results(slug, book, tmp_path):
    """`jupytext --to ipynb` and `papermill`, with no other step."""
    plan = book[slug]
    source, output = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    (tmp_path / "parameters.yaml").write_text(json.dumps(dict(plan.parameters)))
    scripts = Path(sys.executable).parent
    commands = [
        [scripts / "jupytext", "--to", "ipynb", "-o", source, catalogue.chapter(slug).path],
        [scripts / "papermill", source, output, "-f", tmp_path / "parameters.yaml", "--no-progress-bar"],
    ]
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    runs = Path(os.environ["DEEPFEATURES_RUNS"])
    assert (runs / "interactive" / slug / "results.json").read_bytes() == (
        execute.folder(plan) / execute.RESULTS
    ).read_bytes()


def test_a_chapter_of_ones_own_runs_at_once(book, tmp_path):
    """Two commands, as the page on it says, in a copy of the checkout: what it reads is made already."""
    for name in ("claims", "profiles", "workflow", "src", "requirements.lock"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("notebooks", "book"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("chapters", "_vendor"))
    command = Path(sys.executable).with_name("deepfeatures")
    environment = {**os.environ, "DEEPFEATURES_ROOT": str(tmp_path)}
    artifacts = Path(os.environ["DEEPFEATURES_RUNS"]) / "artifacts"
    made = len(list(artifacts.glob("*/*/record.json")))
    for arguments in (["new-chapter", "angle-again"], ["run", "angle-again", "--profile", "smoke", "--cores", "1"]):
        done = subprocess.run(
            [command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
    assert len(list(artifacts.glob("*/*/record.json"))) == made
    kept = nbformat.read(done.stdout.strip(), as_version=4)
    outputs = [one for cell in kept.cells for one in cell.get("outputs", [])]
    (told,) = [one for one in outputs if "angle-again-error" in str(one.get("metadata"))]
    (table,) = [cell for cell in kept.cells if "error (RMSE)" in str(cell.get("outputs"))]
    (number,) = (text.strip("'") for kind, text in told.data.items() if kind.endswith("text/plain"))
    assert float(number) > 0 and number in str(table.outputs)
    # Its own test, by the project's settings; the fixture that it asks for is this book's folder, where the run lies.
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests" / "conftest.py").write_text(RUNS_FOLDER)
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/chapters"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0 and "1 passed" in tested.stdout, tested.stdout[-3000:] + tested.stderr[-1000:]


def test_a_cell_that_raises_fails_the_build_and_is_named(book, tmp_path):
    """The command as a reader sees it, on a copy of the checkout whose first chapter has one more cell."""
    slug, path = next(iter(catalogue.slugs().items()))
    (tmp_path / "notebooks").mkdir()
    for name in ("claims", "profiles", "book", "workflow", "src", "requirements.lock"):
        (tmp_path / name).symlink_to(ROOT / name)
    for source in catalogue.slugs().values():
        text = source.read_text()
        if source == path:
            before, found, after = text.partition("import deepfeatures as df\n")
            text = f'{before}{found}\n# %%\nraise RuntimeError("on purpose")\n\n# %%\n{after}'
        (tmp_path / "notebooks" / source.name).write_text(text)
    command = [Path(sys.executable).with_name("deepfeatures"), "run", slug, "--profile", "smoke", "--cores", "2"]
    environment = {**os.environ, "DEEPFEATURES_ROOT": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    named = f"deepfeatures: chapter {slug}, cell "
    (line,) = [line for line in done.stderr.splitlines() if line.startswith(named)]
    assert line.endswith(", line 1 ('raise RuntimeError(\"on purpose\")') raised RuntimeError: on purpose")
    (kept,) = (Path(os.environ["DEEPFEATURES_RUNS"]) / "failed").glob(f"{slug}-*.ipynb")
    assert f"the partial notebook is kept: {kept}" in done.stderr
    assert "on purpose" in kept.read_text()
    assert done.stderr.splitlines()[-1] == (
        "deepfeatures: not everything could be made; the first error above says what failed"
    )
