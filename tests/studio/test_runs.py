"""Runs outlive studios, are never started twice, end when asked, and never seem to run for ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import psutil
import pytest

from deepfeatures.studio import detached, runs
from deepfeatures.study import catalogue
from tests.studio.conftest import RESULTS, VALUES, until
from tests.studio.tab import enter


def resolved(**given):
    return catalogue.resolve("tiny", "default", given)


def begun(run):
    """True once its work is at it: its stand-in for a kernel lives."""
    return (run.folder / "kernel").exists() and (run.folder / ".result").exists()


def kernel_of(run):
    return psutil.Process(int((run.folder / "kernel").read_text()))


def test_a_killed_studio_stops_nothing_and_a_new_one_finds_the_run(studio, control):
    first = studio()
    place = first.tab.post("/chapters/tiny", VALUES).place
    (run,) = runs.every()
    until(lambda: begun(run))
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    second = studio()
    page = second.tab.get(place).text
    assert "Cell 3 of 6" in page and ">running<" in page
    assert kernel_of(run).is_running()
    control.finish()
    until(lambda: run.ended)
    page = second.tab.get(place).text
    assert ">done<" in page and "1 of 1 numbers changed" in page
    assert psutil.Process(second.process.pid).is_running()


def test_ctrl_c_ends_the_studio_only_and_says_what_runs(studio, control):
    one = studio()
    one.tab.post("/chapters/tiny", VALUES)
    (run,) = runs.every()
    until(lambda: begun(run))
    os.kill(one.process.pid, signal.SIGINT)
    assert f"Still running: {run.name}" in one.process.communicate(timeout=300)[0]
    assert one.process.returncode == 0 and not run.ended


def test_two_tabs_and_two_studios_start_it_once(studio, control):
    one, two = studio(), studio()
    tabs = [one.tab, enter(one.address), two.tab, enter(two.address)]
    with ThreadPoolExecutor(len(tabs)) as together:
        answers = list(together.map(lambda tab: tab.post("/chapters/tiny", VALUES), tabs))
    (run,) = runs.every()
    assert {answer.status for answer in answers} == {303}
    assert {answer.place.partition("?")[0] for answer in answers} == {f"/runs/{run.name}"}
    assert sorted(answer.place.endswith("?again") for answer in answers) == [False, True, True, True]
    assert "Nothing was started twice" in one.tab.get(f"/runs/{run.name}?again").text
    other = one.tab.post("/chapters/tiny", {**VALUES, "seeds": "3"})
    assert len(runs.every()) == 2 and not other.place.endswith("?again")
    control.finish()
    until(lambda: all(run.ended for run in runs.every()))
    assert not one.tab.post("/chapters/tiny", VALUES).place.endswith("?again")  # it ended: again is a run of its own
    assert len(runs.every()) == 3


@pytest.mark.parametrize("stubborn", [False, True], ids=["orderly", "deaf"])
def test_stop_ends_the_work_and_the_kernel_and_shows_no_result(studio, control, stubborn):
    if stubborn:
        control.stubborn()
    tab = studio().tab
    place = tab.post("/chapters/tiny", VALUES).place
    (run,) = runs.every()
    until(lambda: begun(run))
    watcher = psutil.Process(run.status["pid"])
    family = [watcher, *watcher.children(recursive=True)]
    assert kernel_of(run) in family and len(family) == 3
    assert tab.post(f"{place}/delete", {}).status == 409 and run.folder.exists()
    assert tab.post(f"{place}/stop", {}).status == 303
    assert run.status["state"] in ("stopping", "stopped")
    until(lambda: run.ended)
    _, alive = psutil.wait_procs(family, timeout=300)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    assert run.status["state"] == "stopped" and run.result("results.json") is None
    page = tab.get(place).text
    assert "there is no result" in page and "Beside the published" not in page
    assert tab.post(f"{place}/page", {}).status == 409
    assert tab.post(f"{place}/delete", {}).place == "/"
    assert runs.every() == [] and not run.folder.exists() and tab.get(place).status == 404


def test_a_failure_is_told_with_its_reason_and_log(studio, control):
    tab = studio().tab
    place = tab.post("/chapters/tiny", VALUES).place
    (run,) = runs.every()
    control.fail()
    until(lambda: run.ended)
    page = tab.get(place).text
    assert ">failed<" in page and "chapter tiny, cell 3 ('raise') raised ValueError: no" in unescape(page)
    assert "not everything could be made" in page.partition('id="log"')[2]
    assert run.status["message"].startswith("chapter tiny, cell 3")


def test_work_that_is_killed_has_failed(control):
    run, _ = runs.start("tiny", resolved(), runner=control.runner)
    control.die()
    until(lambda: run.ended)
    assert run.status["state"] == "failed" and "SIGKILL" in run.status["message"]


def test_a_run_whose_process_died_has_failed_whatever_its_number_means_now(studio, control):
    run, _ = runs.start("tiny", resolved(), runner=control.runner)
    until(lambda: begun(run))
    kernel = kernel_of(run)
    os.kill(run.status["pid"], signal.SIGKILL)
    until(lambda: run.ended)
    assert run.status["state"] == "failed" and run.status["message"] == runs.DIED
    # Its number is given to a process that lives: this one.
    runs.write(run.folder / runs.STATUS, {**run.status, "state": "running", "pid": os.getpid()})
    assert run.status["state"] == "failed"
    page = studio().tab.get(f"/runs/{run.name}").text
    assert ">failed<" in page and "3/6" in page.partition('id="log"')[2]
    runs.stop(run)  # asks nobody: this process is still here
    assert runs.start("tiny", resolved(), runner=control.runner)[1]  # and it stands in nobody's way
    kernel.kill()


def test_asked_to_stop_before_it_began(control):
    run, _ = runs.start("tiny", resolved(), runner=control.runner)
    runs.stop(run)
    until(lambda: run.ended)
    assert run.status["state"] == "stopped"


def test_what_is_half_written_is_no_result(control):
    run, _ = runs.start("tiny", resolved(), runner=control.runner)
    until(lambda: (run.folder / ".result" / "tiny.results.json").exists())
    assert run.result("results.json") is None
    control.finish()
    until(lambda: run.ended)
    assert run.result("results.json") == RESULTS
    assert json.loads((run.folder / runs.STATUS).read_text())["state"] == "done"


def test_a_request_that_a_failing_disk_left_hides_no_other_run(control):
    run, _ = runs.start("tiny", resolved(), runner=control.runner)
    control.finish()
    until(lambda: run.ended)
    for number, left in enumerate(("", "{", "[]", '{"slug": "tiny"}')):
        broken = run.folder.with_name(f"tiny.20260101-00000{number}.{'0' * 8}")
        broken.mkdir()
        (broken / runs.REQUEST).write_text(left)
    assert [one.name for one in runs.every()] == [run.name]


def test_names_that_are_none_never_reach_the_disk(control):
    for name in ("", "..", "../../etc", "tiny", "tiny.20260101-000000.zzzzzzzz", "a/b"):
        with pytest.raises(runs.UnknownRun, match="no run"):
            runs.find(name)


def test_a_lock_belongs_to_the_process_that_was_started(tmp_path):
    assert not detached.lives(tmp_path / "lock")
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    detached.launch(sleeper, tmp_path / "lock", tmp_path / "log")
    assert detached.lives(tmp_path / "lock")
    with pytest.raises(BlockingIOError):
        detached.launch(sleeper, tmp_path / "lock", tmp_path / "log")
    (child,) = [one for one in psutil.Process().children() if sleeper[-1] in one.cmdline()]
    assert os.getsid(child.pid) == child.pid
    child.kill()
    until(lambda: not detached.lives(tmp_path / "lock"))


def test_work_ends_when_nobody_watches_it_any_more(tmp_path):
    """A watcher that is killed leaves no work behind that nobody could stop."""
    sleeps = "import time; from deepfeatures.studio import work; work.end_with_parent(); print('on', flush=True)"
    child = f"subprocess.Popen([sys.executable, '-c', {sleeps + '; time.sleep(60)'!r}], process_group=0)"
    starts = f"import subprocess, sys, time; {child}; time.sleep(60)"
    watcher = subprocess.Popen([sys.executable, "-c", starts], stdout=subprocess.PIPE, text=True)
    assert watcher.stdout is not None and watcher.stdout.readline() == "on\n"
    (worker,) = psutil.Process(watcher.pid).children()
    watcher.kill()
    watcher.wait()
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_what_a_killed_studio_left_half_done_is_swept(runs_folder):
    for name in (".new-x", ".deleted-x"):
        (runs.folder() / name).mkdir()
    runs.sweep()
    assert [path.name for path in runs.folder().iterdir() if path.is_dir()] == []
    assert runs.folder().stat().st_mode & 0o077 == 0
