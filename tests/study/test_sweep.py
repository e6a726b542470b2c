"""A sweep through the real workflow, on a chapter that costs nothing: killed, resumed, and with a point that fails."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deepfeatures.study import artifacts, build, chapter_key, execute, failures, grid, plans, sweep
from tests.study import made_up_runs
from tests.study.made_up_runs import FAILS_AT, SLUG
from tests.study.toy import toy

COMMAND = [str(Path(sys.executable).with_name("deepfeatures")), "sweep", SLUG, "--cores", "1"]


@pytest.fixture
def checkout(tmp_path, runs_folder, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    monkeypatch.setenv("CURVE_LOG", str(tmp_path / "log"))
    return made_up_runs.write_checkout(tmp_path / "checkout")


def read(*given):
    return grid.read(SLUG, "default", given)


def ran(tmp_path):
    """Which points' notebooks were begun, in order: [resamples, first_seed], and the last kernel's process id."""
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    return [(int(resamples), int(seed)) for resamples, seed, _ in lines], int(lines[-1][2])


def test_killed_it_goes_on_and_a_failed_point_loses_no_other(checkout, tmp_path, runs_folder):
    given = ["-p", f"resamples=103,{FAILS_AT},104", "--profile", "smoke"]
    (tmp_path / "wait-103").touch()  # whichever is first, one of these two waits
    (tmp_path / "wait-104").touch()
    with subprocess.Popen([*COMMAND, *given], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as child:  # fmt: skip
        until = time.monotonic() + 600
        while not (log := tmp_path / "log").exists() or not any(f"{r} 0" in log.read_text() for r in (103, 104)):
            assert child.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        waits = ran(tmp_path)[0][-1][0]
        os.killpg(child.pid, signal.SIGKILL)
    os.kill(ran(tmp_path)[1], signal.SIGKILL)  # the kernel, which would end by itself within a second
    assert not list((runs_folder / "sweeps").glob("*/index.html"))  # no page of half a sweep
    for name in (103, 104):
        (tmp_path / f"wait-{name}").unlink()
    (tmp_path / "log").unlink()
    done = chapter_key.plan(SLUG, read(f"resamples={waits}").points[0].parameters)
    execute.execute(done, progress=False)  # as if the killed sweep had come one point further
    log.unlink()

    again = subprocess.run([*COMMAND, *given], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert sorted(ran(tmp_path)[0]) == sorted((r, 0) for r in (103, 104, FAILS_AT) if r != waits)
    page = Path(again.stdout.strip())
    assert page.is_file() and page.parent.parent == runs_folder / "sweeps"
    told = again.stderr.splitlines()
    (line,) = [line for line in told if line.startswith("failed: ")]
    assert line.startswith(f"failed: point 2 (resamples={FAILS_AT}): chapter curve, cell ")
    assert "raised AssertionError: no such <b>number</b> of resamples" in line
    assert told[-1] == "1 of 3 points failed; the others are on the page"
    record = sweep.read_record(page.parent)
    assert [bool(one["failure"]) for one in record["points"]] == [False, True, False]
    assert sorted(path.name for path in (page.parent / "points").iterdir()) == sorted(
        one["key"] for one in record["points"] if not one["failure"]
    )
    assert record["command"] == ["deepfeatures", "sweep", SLUG, *given]
    assert "no such &lt;b&gt;number&lt;/b&gt;" in page.read_text()
    (kept,) = (runs_folder / "failed").glob("*.ipynb")
    assert kept.name == f"{SLUG}-{record['points'][1]['key']}.ipynb"


def test_points_are_made_side_by_side(checkout, tmp_path, runs_folder):
    """Each waits until both have begun: on one core at a time neither would end."""
    waits = [tmp_path / f"wait-{name}" for name in (103, 104)]
    for wait in waits:
        wait.touch()
    log = tmp_path / "log"
    command = [*COMMAND[:-1], "2", "-p", "resamples=103,104", "--profile", "smoke"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        until = time.monotonic() + 300
        while not log.exists() or any(f"{resamples} 0 " not in log.read_text() for resamples in (103, 104)):
            assert child.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        for wait in waits:
            wait.unlink()
        assert child.stdout is not None
        page = Path(child.stdout.read().strip())
    assert child.returncode == 0
    assert [bool(one["failure"]) for one in sweep.read_record(page.parent)["points"]] == [False, False]


def finish(chapter):
    made_up_runs.write_run(
        execute.folder(chapter), made_up_runs.record("height", 1.0), **made_up_runs.said_of(chapter)
    )


def test_every_point_is_planned_as_a_run_of_its_own_would_be(checkout):
    found = read("resamples=100,200", "seed=0..1")
    planned = sweep.plan(found)
    assert [chapter.key for chapter in planned] == [
        chapter_key.plan(SLUG, point.parameters).key for point in found.points
    ]
    assert [dict(chapter.parts) for chapter in planned] == [
        dict(chapter_key.plan(SLUG, point.parameters).parts) for point in found.points
    ]
    assert len({chapter.key for chapter in planned}) == 4


def test_one_plan_holds_a_chapter_several_times_and_shared_artifacts_once(checkout, toys, monkeypatch):
    shared, own = toy(1.0), {100: toy(2.0), 200: toy(3.0)}
    monkeypatch.setitem(plans.PLANS, SLUG, lambda _, given, __: {"a": [shared], "b": [own[given["resamples"]]]})
    planned = sweep.plan(read("resamples=100,200"))
    content = json.loads(build.write_plan(planned).read_text())
    assert set(content["chapters"]) == {chapter.key for chapter in planned}
    assert {job["slug"] for job in content["chapters"].values()} == {SLUG}
    assert set(content["artifacts"]) == {shared.key, own[100].key, own[200].key}


def test_points_that_are_one_run_are_built_once(checkout, monkeypatch):
    seen = []
    monkeypatch.setattr(build, "build", lambda planned, **_: seen.append(len(planned)))
    sweep.run(sweep.plan(read("device=auto,cpu")))
    assert seen == [1]


def test_a_failed_build_of_which_nothing_is_missing_is_told(checkout, monkeypatch, capsys):
    planned = sweep.plan(read("resamples=100,200"))

    def fail(*_, **__):
        raise build.BuildFailed("no")

    monkeypatch.setattr(build, "build", fail)
    sweep.run(planned)  # its failed points are named later
    assert capsys.readouterr().err == "the build ended early: no\n"  # none of them had its turn
    for chapter in planned:
        finish(chapter)
    with pytest.raises(build.BuildFailed):
        sweep.run(planned)


def test_gathered_points_stand_by_themselves(checkout, runs_folder, tmp_path):
    found = read("resamples=100,200,300")
    planned = sweep.plan(found)
    finish(planned[0])
    finish(planned[1])
    with pytest.raises(ZeroDivisionError), failures.noted(planned[2].key):
        1 / 0  # noqa: B018
    done = sweep.gather(found, planned, tmp_path / "out", ["deepfeatures"])
    assert [one.failure for one in done] == [None, None, "division by zero"]
    assert done[2].named() == "point 3 (resamples=300)"
    (tmp_path / "out" / "points" / "stray").mkdir()
    sweep.gather(found, planned, tmp_path / "out", ["deepfeatures"])
    assert sorted(path.name for path in (tmp_path / "out" / "points").iterdir()) == sorted(
        chapter.key for chapter in planned[:2]
    )
    for name in sweep.KEPT:
        assert (done[0].folder / name).read_bytes() == (execute.folder(planned[0]) / name).read_bytes()
    # A key may be executed again, on other data; and file managers leave files behind.
    (execute.folder(planned[0]) / execute.RESULTS).write_text('{"made": "again"}')
    (tmp_path / "out" / "points" / ".DS_Store").write_bytes(b"")
    sweep.gather(found, planned, tmp_path / "out", ["deepfeatures"])
    assert (done[0].folder / execute.RESULTS).read_text() == '{"made": "again"}'
    assert (tmp_path / "out" / "points" / ".DS_Store").is_file()


def test_reasons_are_those_of_the_chapter_or_of_its_artifact(checkout, toys, monkeypatch):
    inner = toy(1.0)
    outer = toy(2.0, {"inner": inner})
    monkeypatch.setitem(plans.PLANS, SLUG, lambda *_: {"a": [outer]})
    (planned,) = sweep.plan(read("resamples=100"))
    assert failures.reason(planned) == "the build ended before its turn"
    with pytest.raises(OSError), failures.noted(inner.key):
        raise OSError("a disk")
    assert failures.reason(planned) == "its toy could not be made: a disk"
    artifacts.ensure(inner)
    assert failures.reason(planned) == "the build ended before its turn"
    (toys / "failed" / "jobs" / f"{planned.key}.txt").write_text("")  # what a killed job leaves
    assert failures.reason(planned) == "its job ended without a word: killed, or out of memory"
    failures.forget([planned])
    assert failures.reason(planned) == "the build ended before its turn"
    with pytest.raises(ValueError, match="piece"), failures.noted(f"{outer.key}-1-of-4"):
        raise ValueError("a piece")
    assert failures.reason(planned) == "its toy could not be made: a piece"
    failures.forget([planned])
    with failures.noted(planned.key):
        assert failures.reason(planned).startswith("its job ended")
    assert failures.reason(planned) == "the build ended before its turn"


def test_a_folder_that_holds_something_else_is_refused_before_anything_runs(checkout, tmp_path):
    found, other = read("resamples=100,200"), read("resamples=100,300")
    assert sweep.folder(found) == Path(os.environ["DEEPFEATURES_RUNS"]) / "sweeps" / found.name
    out = tmp_path / "out"
    assert sweep.folder(found, out) == out
    (tmp_path / "file").touch()
    with pytest.raises(sweep.SweepError, match="is a file; a sweep is written into a folder"):
        sweep.folder(found, tmp_path / "file")
    out.mkdir()
    (out / "thesis.tex").touch()
    with pytest.raises(sweep.SweepError, match="holds files that are no sweep; this sweep is curve-"):
        sweep.folder(found, out)
    (out / "thesis.tex").unlink()
    sweep.gather(found, sweep.plan(found), out, [])
    assert sweep.folder(found, out) == out
    with pytest.raises(sweep.SweepError, match=f"holds {found.name}; this sweep is {other.name}: give another folder"):
        sweep.folder(other, out)
    (out / "sweep.json").write_text("[]")
    with pytest.raises(sweep.SweepError, match="is not what a sweep writes"):
        sweep.folder(found, out)
