"""Planning and building: what is up to date is left alone, and one build at a time works in a folder."""

import json
import shutil
import subprocess
import threading

import pytest
from filelock import FileLock

from deepfeatures.study import artifacts, build, chapter_key, execute, plans, recipes, threads
from deepfeatures.study.build import BuildFailed
from tests.study.toy import toy


@pytest.fixture
def snakemake(monkeypatch):
    """The commands that would be run; answers with status 0."""
    commands = []

    def run(command, **given):
        commands.append((command, given))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(build.subprocess, "run", run)
    return commands


def finish(plan):
    execute.folder(plan).mkdir(parents=True)
    for name in (execute.NOTEBOOK, execute.RESULTS, execute.PROVENANCE):
        (execute.folder(plan) / name).write_text(json.dumps({"made": name}))


def test_what_is_complete_is_not_built(tiny, snakemake):
    (plan,) = build.plan_book("default")
    finish(plan)
    build.build([plan])
    assert snakemake == []


def test_what_is_missing_is_built_with_the_plan_and_the_cores(tiny, runs_folder, snakemake):
    build.build(build.plan_book("default"), cores=3)
    ((command, given),) = snakemake
    plan = next((runs_folder / "plans").glob("*.json"))
    assert f"plan=plans/{plan.name}" in command and command[command.index("--cores") + 1] == "3"
    assert command[command.index("--directory") + 1] == str(runs_folder)
    assert command[command.index("--snakefile") + 1] == str(tiny / "workflow" / "Snakefile")
    assert given["cwd"] == tiny
    assert {given["env"][name] for name in threads.VARIABLES} == {"1"}


def test_a_failed_job_fails_the_build(tiny, monkeypatch):
    monkeypatch.setattr(build.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1))
    with pytest.raises(BuildFailed, match="^not everything could be made; the first error above says what failed$"):
        build.build(build.plan_book("default"))


def test_an_error_of_snakemake_itself_is_told(tiny, monkeypatch):
    """It is told to be quiet, and is so of its own errors too."""
    (tiny / "workflow").mkdir()
    (tiny / "workflow" / "Snakefile").write_text('rule all:\n    input: "nobody-makes-this"\n')
    with pytest.raises(BuildFailed, match="Snakemake itself fails: .*Missing input files.* nobody-makes-this"):
        build.build(build.plan_book("default"))


def test_overrides_reach_their_chapter(tiny):
    (plan,) = build.plan_book("default", {"tiny": {"seeds": 3}})
    assert plan.parameters["seeds"] == 3
    (other,) = build.plan_book("default", {"another": {"seeds": 3}})
    assert other.parameters["seeds"] == 1


def test_the_plan_is_data_that_jobs_can_read(tiny, toys, monkeypatch):
    outer = toy(2.0, {"inner": toy(1.0)})
    monkeypatch.setitem(plans.PLANS, "tiny", lambda *_: {"raw": [outer], "again": [outer]})
    planned = build.plan_book("default")
    content = json.loads(build.write_plan(planned).read_text())
    assert set(content["artifacts"]) == {outer.key, toy(1.0).key}
    assert recipes.from_json(content["artifacts"], outer.key).key == outer.key
    job = content["chapters"][planned[0].key]
    assert chapter_key.plan(job["slug"], job["parameters"]).key == planned[0].key  # what the job checks before it runs
    assert build.write_plan(planned) == build.write_plan(planned)
    assert len(list((toys / "plans").iterdir())) == 1


@pytest.mark.parametrize(
    ("training", "jobs"),
    [({"iterations_cap": 200}, 0), ({"iterations_cap": 201}, 1), ({}, 0), ({"steps": 300}, 0), ({"steps": 4000}, 1)],
)
def test_light_chapters_make_their_own_artifacts(training, jobs, tiny, toys):
    plan = chapter_key.Planned("tiny", training, None, {"raw": [toy(1.0)]}, {})
    content = json.loads(build.write_plan([plan]).read_text())
    assert len(content["chapters"][plan.key]["artifacts"]) == jobs


def test_a_damaged_chapter_is_told_and_run_again(tiny, snakemake, capsys):
    (plan,) = build.plan_book("default")
    finish(plan)
    record = {"files": artifacts.recorded(execute.folder(plan), execute.FILES)}
    (execute.folder(plan) / "record.json").write_text(json.dumps(record))
    build.build([plan])
    assert snakemake == []
    (execute.folder(plan) / execute.RESULTS).write_text("results.JSON")
    build.build([plan])
    assert len(snakemake) == 1 and not execute.folder(plan).exists()
    told = f"damaged chapter, run again: tiny/{plan.key}: results.json is not what was written\n"
    assert capsys.readouterr().err == told


PLANS = {
    "is gone: start the build again": lambda path: path.unlink(),
    "cannot be read (": lambda path: path.write_text(path.read_text()[:-20]),
    "is not what was written: start the build again": lambda path: path.write_text(
        path.read_text().replace('"seeds": 1', '"seeds": 2')
    ),
    "cannot be read (maximum recursion depth": lambda path: path.write_text("[" * 200_000),
}


@pytest.mark.parametrize("message", PLANS)
def test_a_plan_that_is_not_what_was_written_is_refused(message, tiny):
    path = build.write_plan(build.plan_book("default"))
    (chapter,) = build.read_plan(path)["chapters"].values()
    assert chapter["slug"] == "tiny"
    PLANS[message](path)
    with pytest.raises((build.BadPlan, FileNotFoundError)) as refused:
        build.read_plan(path)
    assert str(refused.value).startswith(f"the plan {path} {message}")


def test_a_plan_that_finds_no_space_leaves_nothing(tiny, runs_folder, monkeypatch):
    def full(self, text, *_):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build.Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        build.write_plan(build.plan_book("default"))
    assert list((runs_folder / "plans").iterdir()) == []


def test_a_build_that_fails_on_a_full_disk_says_so(tiny, monkeypatch):
    monkeypatch.setattr(build.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1))
    usage = shutil.disk_usage("/")._replace(free=400_000)
    monkeypatch.setattr(build.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(BuildFailed, match=r"; 0\.4 MB are free under /"):
        build.build(build.plan_book("default"))


def test_what_is_unmade_is_listed_inputs_first(toys):
    first, second = toy(1.0), toy(2.0, {"inner": toy(1.0)})
    plan = chapter_key.Planned("tiny", {}, None, {"raw": [second, first]}, {})
    assert [recipe.key for recipe in build.unmade([plan])] == [first.key, second.key]
    artifacts.ensure(first)
    assert [recipe.key for recipe in build.unmade([plan])] == [second.key]


def test_gathered_chapters_have_the_names_that_pages_have(tiny, tmp_path):
    (plan,) = build.plan_book("default")
    finish(plan)
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "stray").touch()
    into = build.gather([plan], tmp_path / "into")
    assert {path.name: json.loads(path.read_text())["made"] for path in into.iterdir()} == {
        "tiny.ipynb": "chapter.ipynb",
        "tiny.results.json": "results.json",
        "tiny.provenance.json": "provenance.json",
    }


def test_a_second_build_waits_for_the_first_and_says_so(runs_folder, capsys):
    order = []

    def second():
        with build.one_build():
            order.append("second")

    with FileLock(runs_folder / "build.lock"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]
    assert capsys.readouterr().err == "another build is at work in this folder: waiting for it to end\n"


def test_a_build_alone_does_not_wait(runs_folder, capsys):
    for _ in range(2):
        with build.one_build():
            pass
    assert capsys.readouterr().err == ""
