"""One chapter through the runner: the same bytes each time, and every failure says which cell."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile

import nbformat
import pytest

from deepfeatures.study import artifacts, catalogue, chapter_key, execute, scrub
from deepfeatures.study.execute import ChapterFailed
from tests.conftest import ROOT
from tests.study.made_up import BEGIN, END, MEASURED, SLUG, notebook

FILES = {"chapter.ipynb", "results.json", "provenance.json", "downloads.zip"}


def planned(**given):
    return chapter_key.plan(SLUG, catalogue.resolve(SLUG, "default", given))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write(tiny, *cells):
    (tiny / "notebooks" / "01-tiny.py").write_text(notebook(*cells))


def unfinished(runs):
    return [path.name for path in (runs / "chapters" / SLUG).glob(".unfinished*")]


CHILD = """
from deepfeatures.study import execute, plans
from tests.study.test_execute import planned
plans.PLANS["tiny"] = lambda *_: {}
execute.execute(planned(), progress=False)
"""
# Waits only where the test asks for it, so that the same chapter can be killed once and run undisturbed later.
WAITS = """\
import os
from pathlib import Path
from time import sleep

asked = Path(os.environ["TINY_WAITS"])
asked.exists() and asked.with_name("pid").write_text(str(os.getpid())) and sleep(600);"""


DRAWN = """\
import matplotlib.pyplot as plt

_ = plt.subplots()[1].plot([0, 1, 4], clip_on=True)"""


def test_twice_gives_the_same_bytes_and_a_kill_in_between_changes_nothing(tiny, runs_folder, tmp_path, monkeypatch):
    write(tiny, BEGIN, WAITS, MEASURED, DRAWN, END)
    monkeypatch.setenv("TINY_WAITS", str(tmp_path / "wait"))
    plan = planned(seeds=1)
    assert not execute.complete(plan)
    first = files(execute.execute(plan, progress=False))
    assert execute.complete(plan) and set(first) == FILES
    for path in execute.folder(plan).iterdir():
        path.unlink()

    (tmp_path / "wait").touch()
    with subprocess.Popen([sys.executable, "-c", CHILD], cwd=ROOT, stderr=subprocess.DEVNULL) as child:
        until = time.monotonic() + 1500  # a loaded machine is slow; a wrong one is caught by poll()
        while not (pid := tmp_path / "pid").exists() or not pid.read_text():
            assert child.poll() is None and time.monotonic() < until
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)  # papermill's process, in the middle of a cell
    assert child.returncode == -signal.SIGKILL and not execute.complete(plan)
    os.kill(int(pid.read_text()), signal.SIGKILL)  # the kernel it left, which would end by itself within a second
    (tmp_path / "wait").unlink()

    second = files(execute.execute(plan, progress=False))
    for name in ("chapter.ipynb", "results.json", "downloads.zip"):
        assert second[name] == first[name], name

    result = json.loads(second["results.json"])
    assert (result["chapter"], result["profile"], result["tier"]) == ("tiny", "default", "substitute")
    assert result["parameters"] == {"dataset": "digits", "seeds": 1, "resamples": 100, "device": "cpu"}
    (record,) = result["records"]
    assert (record["claim"], record["value"], record["interval"], record["n"], record["seeds"]) == (
        "paper-x/answer", 42.5, [41.0, 43.0], 360, 1
    )  # fmt: skip
    provenance = json.loads(second["provenance.json"])
    assert provenance["depends_on"] == plan.parts and provenance["threads"] == 1 and provenance["device"] == "cpu"
    assert provenance["data"] == {"digits": plan.source.fingerprint}
    text = second["chapter.ipynb"].decode()
    assert str(tmp_path) not in text and str(runs_folder) not in text and provenance["started"] not in text
    kept = nbformat.reads(text, as_version=4)
    assert kept == scrub.scrub(kept)
    shown = [output for cell in kept.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("42.5 for 1 seeds" in output.get("text", "") for output in shown)
    assert any("preview" in str(output.get("data", "")) for output in shown)
    assert sum("image/png" in output.get("data", {}) for output in shown) == 1

    offered = zipfile.ZipFile(io.BytesIO(second["downloads.zip"]))
    table = "tables/table-01-claims-of-this-chapter-tier-substitute-profile.csv"
    assert sorted(offered.namelist()) == ["figures/figure-01.pdf", "figures/figure-01.svg", table, "tiny.py"]
    assert offered.read("tiny.py") == (tiny / "notebooks" / "01-tiny.py").read_bytes()
    assert b"42.0,42.5,41.0,43.0,preview" in offered.read(table)
    for name in ("figures/figure-01.pdf", "figures/figure-01.svg"):
        assert not re.search(rb"Matplotlib v|CreationDate|<dc:date>", offered.read(name)), name
    kinds = {kind for output in shown for kind in output.get("data", {})}
    assert not kinds & {"image/svg+xml", "application/pdf", "text/csv"}


def test_parameters_reach_the_cells_and_make_another_run(tiny):
    one, two = planned(), planned(seeds=2, resamples=200)
    assert one.key != two.key
    result = json.loads((execute.execute(two, progress=False) / "results.json").read_text())
    assert result["records"][0]["value"] == 43.5 and result["profile"] == "paper"
    assert not execute.complete(one)


def test_a_cell_that_raises_is_named_and_the_partial_notebook_kept(tiny, runs_folder):
    write(tiny, BEGIN, "before = 1 + 1\nbefore", "# a comment first\n1 / 0", END)
    plan = planned()
    with pytest.raises(ChapterFailed) as failed:
        execute.execute(plan, progress=False)
    kept = runs_folder / "failed" / f"tiny-{plan.key}.ipynb"
    # title, parameters, injected parameters, begin, before, then the cell: the sixth of the notebook that is kept
    assert str(failed.value) == (
        "chapter tiny, cell 6 ('# a comment first') raised ZeroDivisionError: division by zero\n"
        f"the partial notebook is kept: {kept}"
    )
    cells = [c for c in nbformat.read(kept, as_version=4).cells if "papermill-error-cell-tag" not in c.metadata.tags]
    assert cells[5].source == "# a comment first\n1 / 0"
    assert cells[4].outputs[0]["data"]["text/plain"] == "2"  # what ran before can be read
    assert cells[6].execution_count is None  # and what stands after was not run
    assert not execute.complete(plan) and not execute.folder(plan).exists() and unfinished(runs_folder) == []


def test_an_unknown_claim_surfaces_with_those_of_the_chapter(tiny):
    write(tiny, BEGIN, MEASURED.replace("paper-x/answer", "paper-x/anwser"), END)
    with pytest.raises(ChapterFailed) as failed:
        execute.execute(planned(), progress=False)
    assert "raised UnknownClaim: chapter tiny reports claim 'paper-x/anwser', which no file in claims/ holds" in str(
        failed.value
    )
    assert "(did you mean 'paper-x/answer'?); this chapter's are: paper-x/answer" in str(failed.value)


def test_a_chapter_that_never_gives_its_verdicts_is_refused(tiny, runs_folder):
    write(tiny, BEGIN, MEASURED)
    plan = planned()
    message = r"^chapter tiny: no cell called study.verdicts\(\), so nothing was reported$"
    with pytest.raises(ChapterFailed, match=message):
        execute.execute(plan, progress=False)
    assert not execute.complete(plan) and unfinished(runs_folder) == []


def test_a_kernel_that_dies_is_no_silent_end(tiny, runs_folder):
    write(tiny, BEGIN, "import os\n\nos.kill(os.getpid(), 9)", END)
    with pytest.raises(ChapterFailed, match="^chapter tiny: its kernel died, killed or out of memory\nthe partial"):
        execute.execute(planned(), progress=False)
    assert (runs_folder / "failed" / f"tiny-{planned().key}.ipynb").is_file()


@pytest.fixture
def without_kernel(monkeypatch):
    """`_run` replaced: writes results.json and gives a notebook that holds nothing."""

    def run(plan, temporary, progress):
        (temporary / "results.json").write_text('{"device": "cpu"}')
        return nbformat.v4.new_notebook()

    monkeypatch.setattr(execute, "_run", run)


def test_a_full_disk_is_said_and_nothing_kept(tiny, runs_folder, without_kernel, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(execute.provenance, "collect", full)
    plan = planned()
    with pytest.raises(artifacts.DiskFull) as refused:
        execute.execute(plan, progress=False)
    assert f"no space left while chapter tiny was written under {runs_folder}: nothing half-written was kept" in str(
        refused.value
    )
    assert not execute.folder(plan).exists() and unfinished(runs_folder) == []


def test_an_older_run_of_the_same_plan_is_replaced_whole(tiny, without_kernel):
    plan = planned()
    execute.folder(plan).mkdir(parents=True)
    (execute.folder(plan) / "stray").touch()
    assert set(files(execute.execute(plan, progress=False))) == FILES


def test_the_environment_is_left_as_it_was(tiny, monkeypatch):
    import papermill

    seen = {}

    def run(source, output, **given):
        seen.update(os.environ, parameters=given["parameters"], folder=given["cwd"])
        nbformat.write(nbformat.v4.new_notebook(), output)

    monkeypatch.setattr(papermill, "execute_notebook", run)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.delenv("DEEPFEATURES_RUN_FOLDER", raising=False)
    with pytest.raises(ChapterFailed, match="no cell called"):
        execute.execute(planned(), progress=False)
    assert seen["PYTHONHASHSEED"] == "0" and "DEEPFEATURES_RUN_FOLDER" in seen  # the kernel's
    assert seen["folder"] == str(tiny) and seen["parameters"]["seeds"] == 1
    assert os.environ["PYTHONHASHSEED"] == "7" and "DEEPFEATURES_RUN_FOLDER" not in os.environ
