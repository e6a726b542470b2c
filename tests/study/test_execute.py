"""One chapter through the runner: the same bytes each time, and every failure says which cell."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile

import nbformat
import pytest

from deepfeatures.study import artifacts, catalogue, chapter_key, execute, scrub, threads
from deepfeatures.study.execute import ChapterFailed
from tests.conftest import ROOT
from tests.study.made_up import BEGIN, END, MEASURED, SLUG, notebook
from tests.study.toy import toy

FILES = {*execute.FILES, execute.DOWNLOADS, artifacts.RECORD}


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


# In a style, as every figure of the book is drawn.
DRAWN = """\
import matplotlib.pyplot as plt

with plt.style.context("default"):
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
        "chapter tiny, cell 6, line 2 ('1 / 0') raised ZeroDivisionError: division by zero\n"
        f"the partial notebook is kept: {kept}"
    )
    cells = [c for c in nbformat.read(kept, as_version=4).cells if "papermill-error-cell-tag" not in c.metadata.tags]
    assert cells[5].source == "# a comment first\n1 / 0"
    assert cells[4].outputs[0]["data"]["text/plain"] == "2"  # what ran before can be read
    assert cells[6].execution_count is None  # and what stands after was not run
    assert not execute.complete(plan) and not execute.folder(plan).exists() and unfinished(runs_folder) == []


def test_the_line_named_is_of_the_cell_and_not_of_what_it_calls(tiny):
    write(tiny, BEGIN, "def inner():\n    return 1 / 0\n\n\n[inner() for _ in range(2)]", END)
    with pytest.raises(ChapterFailed, match=r"^chapter tiny, cell 5, line 5 \('\[inner\(\) for _ in range\(2\)\]'\) "):
        execute.execute(planned(), progress=False)


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
    told = str(refused.value)
    assert f"no space left while writing chapter tiny under {runs_folder} (" in told and "DEEPFEATURES_RUNS" in told
    assert not execute.folder(plan).exists() and unfinished(runs_folder) == []


def test_an_older_run_of_the_same_plan_is_replaced_whole(tiny, without_kernel):
    plan = planned()
    execute.folder(plan).mkdir(parents=True)
    (execute.folder(plan) / "stray").touch()
    assert set(files(execute.execute(plan, progress=False))) == FILES


def flip(path, position=-2):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["chapter.ipynb", "results.json", "provenance.json", "record.json"])
def test_a_flipped_bit_makes_a_chapter_incomplete(name, tiny, without_kernel):
    plan = planned()
    flip(execute.execute(plan, progress=False) / name)
    assert not execute.complete(plan)
    told = "cannot be read" if name == "record.json" else "is not what was written"
    assert f"tiny/{plan.key}: {name} {told}" in str(execute.damage(plan))


def test_a_chapter_of_before_there_were_records_is_taken_as_it_is(tiny, without_kernel):
    plan = planned()
    (execute.execute(plan, progress=False) / "record.json").unlink()
    assert execute.complete(plan) and execute.damage(plan) is None


def test_a_clock_set_back_meanwhile_loses_nothing(tiny, without_kernel, monkeypatch):
    """The time that a chapter took comes from a clock that is never set."""
    class Back(execute.datetime):
        times = iter([execute.datetime(2026, 3, 29, 2, tzinfo=execute.UTC)])

        @classmethod
        def now(cls, tz=None):
            return next(cls.times, execute.datetime(2020, 1, 1, tzinfo=execute.UTC))

    monkeypatch.setattr(execute, "datetime", Back)
    provenance = json.loads((execute.execute(planned(), progress=False) / "provenance.json").read_text())
    assert provenance["finished"] < provenance["started"] and 0 <= provenance["wall_s"] < 60


def test_what_killed_processes_left_of_a_chapter_is_swept(tiny, runs_folder, without_kernel):
    plan = planned()
    folder = runs_folder / "chapters" / SLUG
    for name in (f".unfinished-{plan.key}-99999", ".unfinished-0123456789abcdef0123-99999"):
        (folder / name).mkdir(parents=True)
    execute.execute(plan, progress=False)
    assert unfinished(runs_folder) == [".unfinished-0123456789abcdef0123-99999"]  # another's, which may be at work


def test_a_chapter_that_another_process_executes_is_waited_for(tiny, runs_folder, monkeypatch):
    """Jobs of a killed build may still be at work when the next one begins: they do not get in each other's way."""
    began, go, runs = threading.Event(), threading.Event(), []

    def run(plan, temporary, progress):
        runs.append(temporary)
        began.set()
        assert go.wait(30)
        (temporary / "results.json").write_text('{"device": "cpu"}')
        return nbformat.v4.new_notebook()

    monkeypatch.setattr(execute, "_run", run)
    threads = [threading.Thread(target=execute.execute, args=(planned(),), kwargs={"progress": False}) for _ in "ab"]
    threads[0].start()
    assert began.wait(30)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()
    go.set()
    for thread in threads:
        thread.join(30)
    assert len(runs) == 1 and execute.complete(planned()) and unfinished(runs_folder) == []


def test_damage_is_mended_before_the_notebook_begins(tiny, toys, without_kernel, monkeypatch, capsys):
    """Found from a cell, it would be told on the chapter's page for good."""
    inner, never = toy(1.0), toy(3.0)
    outer = toy(2.0, {"inner": inner})
    monkeypatch.setitem(execute.chapter_key.PLANS, SLUG, lambda *_: {"raw": [outer, never]})
    for one in (inner, outer):
        flip(artifacts.ensure(one) / "values.npy")
    monkeypatch.setattr(artifacts, "_verified", set())
    execute.execute(planned(), progress=False, make_first=False)
    told = capsys.readouterr().err
    assert told.count("damaged artifact, made again: ") == 2 and inner.key in told and outer.key in told
    assert not artifacts.exists(never)  # that is for the cell which asks for it
    for one in (inner, outer):
        artifacts.verify(artifacts.folder(one))


def test_braces_in_the_name_of_the_runs_folder_are_a_name(tiny, tmp_path, monkeypatch):
    """papermill fills in what stands in braces of a path, attributes of parameters included."""
    import papermill
    from papermill.parameterize import parameterize_path

    folder = tmp_path / "{seeds} {nothing} {seeds.__class__}"
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(folder))

    def run(source, output, *, parameters, **given):
        read, written = (execute.Path(parameterize_path(path, parameters)) for path in (source, output))
        assert read.is_file() and read.is_relative_to(folder)
        nbformat.write(nbformat.read(read, as_version=4), written)
        (written.parent / "results.json").write_text('{"device": "cpu"}')

    monkeypatch.setattr(papermill, "execute_notebook", run)
    assert execute.execute(planned(), progress=False).is_relative_to(folder)


def test_the_environment_is_left_as_it_was(tiny, monkeypatch):
    import papermill

    seen = {}

    def run(source, output, **given):
        seen.update(os.environ, parameters=given["parameters"], folder=given["cwd"])
        nbformat.write(nbformat.v4.new_notebook(), output)

    monkeypatch.setattr(papermill, "execute_notebook", run)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("DEEPFEATURES_RUN_FOLDER", raising=False)
    with pytest.raises(ChapterFailed, match="no cell called"):
        execute.execute(planned(), progress=False)
    assert seen["PYTHONHASHSEED"] == "0" and "DEEPFEATURES_RUN_FOLDER" in seen  # the kernel's
    assert {seen[name] for name in threads.VARIABLES} == {"1"} and os.environ["OMP_NUM_THREADS"] == "7"
    assert seen["folder"] == str(tiny) and seen["parameters"]["seeds"] == 1
    assert os.environ["PYTHONHASHSEED"] == "7" and "DEEPFEATURES_RUN_FOLDER" not in os.environ
