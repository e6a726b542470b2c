"""The command `deepfeatures`: what it prints, and what it says to a mistake."""

import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from deepfeatures import cli
from deepfeatures.study import build, catalogue, execute, plans, publish, site, threads
from tests.conftest import ROOT
from tests.study import made_up

COMMAND = Path(sys.executable).with_name("deepfeatures")
SLUGS = list(catalogue.slugs())
KEYS = ["id", "paper", "location", "statement", "paper_value", "value", "interval", "n", "unit", "seeds", "profile",
        "tier", "verdict", "chapter"]  # fmt: skip


@pytest.fixture
def checkout(tmp_path, runs_folder, monkeypatch):
    """The small checkout with one chapter that needs nothing."""
    monkeypatch.setitem(plans.PLANS, "tiny", lambda *_: {})
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    return made_up.write_checkout(tmp_path / "checkout")


@pytest.fixture
def ended(monkeypatch, capsys):
    """Run the command as a shell would; gives exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["deepfeatures", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        return end.value.code, told.out, told.err

    return run


@pytest.fixture
def no_build(monkeypatch):
    """Whatever is wrong must be found before anything runs."""
    monkeypatch.setattr(build, "build", lambda *_, **__: pytest.fail("a build was begun"))


def test_list_in_the_books_order(ended):
    code, out, err = ended("list")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == SLUGS
    for line in out.splitlines():
        slug, title = line.split(maxsplit=1)
        assert title == catalogue.chapter(slug).title


@pytest.mark.parametrize("slug", SLUGS)
def test_params_say_value_type_limits_and_meaning(slug, ended):
    code, out, _ = ended("params", slug)
    assert code == 0
    lines = out.splitlines()
    declared = catalogue.chapter(slug).parameters
    assert len(lines) == 2 * len(declared)
    for parameter, head, meaning in zip(declared.values(), lines[::2], lines[1::2], strict=True):
        assert head.startswith(f"{parameter.name} = {json.dumps(parameter.default)}   ({parameter.type}, ")
        assert meaning == f"    {parameter.help}" and parameter.help


def test_params_at_a_profile(ended):
    assert "seeds = 3   (int, a whole number from 1 to 20 (" in ended("params", SLUGS[0], "--profile", "paper")[1]
    code, out, err = ended("params", SLUGS[0], "--profile", "papre")
    assert (code, out) == (2, "")
    assert err == "deepfeatures: no profile 'papre' (did you mean 'paper'?); there are: default, paper, smoke\n"


MISTAKES = {
    "an unknown chapter": (
        ["run", "tinny"],
        "no chapter 'tinny' (did you mean 'tiny'?); there are: tiny",
    ),
    "an unknown parameter": (
        ["run", "tiny", "-p", "seed=2"],
        "chapter tiny, parameter seed: given '2' (str) for a name the chapter does not have; allowed: dataset, seeds, "
        "resamples, device (did you mean 'seeds'?)",
    ),
    "another type": (
        ["run", "tiny", "-p", "seeds=two"],
        "chapter tiny, parameter seeds: given 'two'; allowed: int, a whole number from 1 to 20 (networks trained, each "
        "from its own initialisation)",
    ),
    "a fraction": (
        ["run", "tiny", "-p", "seeds=1.5"],
        "chapter tiny, parameter seeds: given '1.5'; allowed: int, a whole number from 1 to 20 (networks trained, each "
        "from its own initialisation)",
    ),
    "out of range": (
        ["run", "tiny", "-p", "seeds=0"],
        "chapter tiny, parameter seeds: given 0 (int); allowed: int, a whole number from 1 to 20 (networks trained, "
        "each from its own initialisation)",
    ),
    "another word": (
        ["run", "tiny", "-p", "dataset=minst"],
        "chapter tiny, parameter dataset: given 'minst' (str); allowed: str, one of auto, mnist, digits",
    ),
    "no value": (
        ["run", "tiny", "-p", "seeds"],
        "chapter tiny, parameter seeds: given 'seeds'; allowed: name=value",
    ),
    "a chapter of the book that is none": (
        ["book", "-p", "tinny.seeds=2"],
        "no chapter 'tinny' (did you mean 'tiny'?); there are: tiny",
    ),
    "a parameter of the book out of range": (
        ["book", "-p", "tiny.resamples=1"],
        "chapter tiny, parameter resamples: given 1 (int); allowed: int, a whole number from 100 to 100,000 (bootstrap "
        "resamples)",
    ),
    "a device that is not there": (
        ["run", "tiny", "-p", "device=cuda"],
        "device=cuda, but torch sees no CUDA device here: allowed are auto and cpu",
    ),
    "one chapter published alone": (
        ["publish", "tiny"],
        "all chapters are published together (pages that are up to date stay), not tiny alone; single ones go with "
        "--prose",
    ),
    "mending and only looking": (
        ["publish", "--prose", "--check"],
        "--prose mends and --check only looks: give one of them",
    ),
    "a profile that is not published": (
        ["publish", "--profile", "default"],
        "only the paper profile is published, not 'default'",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_one_message_and_exit_code_2(what, checkout, no_build, ended, monkeypatch):
    from deepfeatures.study import devices

    monkeypatch.setattr(devices.Path, "exists", lambda path: os.path.exists(path) and not str(path).startswith("/dev/"))
    arguments, message = MISTAKES[what]
    assert ended(*arguments) == (2, "", f"deepfeatures: {message}\n")


def test_what_nobody_expected_keeps_its_traceback(monkeypatch):
    def fail():
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_a_traceback_can_be_asked_for(checkout, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_TRACEBACK", "1")
    monkeypatch.setattr(sys, "argv", ["deepfeatures", "run", "tinny"])
    with pytest.raises(catalogue.UnknownChapter):
        cli.main()


@pytest.mark.parametrize("job", ["make", "execute"])
def test_a_job_computes_with_one_thread_whatever_it_was_started_with(job, ended, tmp_path, monkeypatch):
    """Said before numpy is loaded, whose BLAS reads it then: another process, as a scheduler starts it."""
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    code, _, err = ended(job, "0" * 20, "--plan", str(tmp_path / "nowhere.json"))
    assert code == 2 and "is gone: start the build again" in err
    assert {os.environ[name] for name in threads.VARIABLES} == {"1"}
    loaded = "import sys, deepfeatures.cli, deepfeatures.study.threads; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def finish(plan, *records):
    execute.folder(plan).mkdir(parents=True)
    for name in (execute.NOTEBOOK, execute.PROVENANCE):
        (execute.folder(plan) / name).write_text("{}")
    (execute.folder(plan) / execute.RESULTS).write_text(json.dumps({"records": records}))


RECORD = {"claim": "paper-x/answer", "value": 42.5, "interval": [41.0, 43.0], "n": 360, "unit": "digit", "seeds": 1,
          "tier": "substitute", "profile": "default", "chapter": "tiny"}  # fmt: skip


def test_run_prints_what_was_measured_and_where_it_is(checkout, ended, monkeypatch):
    asked = []

    def run(planned, cores, **_):
        asked.append((planned[0].parameters["seeds"], cores))
        finish(planned[0], RECORD, {**RECORD, "interval": None, "claim": "paper-x/other"})

    monkeypatch.setattr(build, "build", run)
    code, out, _ = ended("run", "tiny", "-p", "seeds=4", "-p", "resamples=1_000", "--cores", "2")
    claim, other, path = out.splitlines()
    assert (code, asked) == (0, [(4, 2)])
    assert (claim, other) == ("paper-x/answer: 42.5 [41, 43]", "paper-x/other: 42.5")
    assert Path(path).name == "chapter.ipynb" and Path(path).is_file()


def test_book_runs_renders_and_says_what_was_substituted(checkout, ended, monkeypatch):
    from deepfeatures.study import rendered

    seen = []
    monkeypatch.setattr(build, "build", lambda planned, **_: seen.append([p.parameters["seeds"] for p in planned]))
    monkeypatch.setattr(rendered, "own", lambda planned, profile: f"/pages/{profile}/index.html")
    code, out, err = ended("book", "--profile", "smoke", "-p", "tiny.seeds=5")
    assert (code, out, seen) == (0, "/pages/smoke/index.html\n", [[5]])
    assert err == "data: scikit-learn's digits, as asked: pages carry the substitute banner\n"


def test_claims_as_records_for_a_program(ended):
    code, out, err = ended("claims", "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)
    assert len(rows) > 50 and len({row["id"] for row in rows}) == len(rows)
    verdicts = {"reproduced", "reproduced in direction", "not reproduced", "not comparable", "not attempted", "preview"}
    for row in rows:
        assert list(row) == KEYS
        assert row["id"].startswith(f"{row['paper']}/") and row["statement"] and row["location"]
        assert row["verdict"] in verdicts and row["chapter"] in {*SLUGS, None}
        if row["value"] is None:
            assert row["verdict"] == "not attempted"


def test_claims_of_ones_own_run(checkout, ended):
    (plan,) = build.plan_book("default")
    finish(plan, RECORD)
    rows = json.loads(ended("claims", "--json", "--profile", "default")[1])
    assert [(row["id"], row["value"], row["verdict"]) for row in rows] == [
        ("paper-x/answer", 42.5, "preview"),
        ("paper-x/opinion", None, "not attempted"),
    ]
    assert rows[0]["interval"] == [41.0, 43.0] and rows[0]["unit"] == "digit" and rows[0]["profile"] == "default"
    first, second = ended("claims", "--profile", "default")[1].splitlines()
    assert first.split()[:3] == ["preview", "paper-x/answer", "42.5"] and second.startswith("not attempted ")


def test_a_ledger_that_names_no_chapter_of_the_book_is_refused(checkout, ended):
    path = checkout / "claims" / "paper-x.yaml"
    path.write_text(path.read_text().replace("chapter: tiny", "chapter: tinny"))
    assert ended("claims") == (
        2,
        "",
        "deepfeatures: paper-x.yaml: claim paper-x/answer, field chapter: no chapter tinny (did you mean 'tiny'?); "
        "there are: tiny\n",
    )


@pytest.mark.parametrize(
    ("stale", "code", "out", "err"),
    [
        ({}, 0, "1 published chapters are up to date\n", ""),
        ({"tiny": ["claims", "package code"]}, 1, "", "tiny is older than: claims, package code\n"),
    ],
)
def test_published_pages_are_checked(stale, code, out, err, checkout, ended, monkeypatch):
    monkeypatch.setattr(publish, "stale", lambda: stale)
    assert ended("publish", "--check") == (code, out, err)


@pytest.mark.parametrize(
    ("mended", "said"),
    [(["tiny"], "prose mended: tiny\n"), ([], "the prose of these chapters is as published\n")],
)
def test_words_are_mended_and_the_book_is_rendered_strictly(mended, said, checkout, ended, monkeypatch):
    from deepfeatures.study import prose, rendered

    asked = []
    monkeypatch.setattr(prose, "mend", lambda slugs, check: asked.append((slugs, check)) or mended)
    assert ended("publish", "--prose", "tiny") == (0, said, "")
    assert asked == [(["tiny"], rendered.strictly)]


def test_clean_keeps_artifacts_unless_told(checkout, runs_folder, ended):
    for name in ("chapters", "failed", "stage", "plans", "interactive", "artifacts", "scratch", "locks"):
        (runs_folder / name).mkdir()
    (runs_folder / "stage" / "book-abc" / "html").mkdir(parents=True)
    kept = {"stage"}  # and in it the lock alone: a render may wait for it
    assert ended("clean")[0] == 0
    assert {path.name for path in runs_folder.iterdir() if path.is_dir()} == {"artifacts", "scratch", "locks"} | kept
    assert {path.name for path in (runs_folder / "stage").iterdir()} <= {".lock"}
    assert ended("clean", "--everything")[0] == 0
    assert {path.name for path in runs_folder.iterdir() if path.is_dir()} == kept


def test_clean_waits_for_a_render(checkout, runs_folder, ended):
    (runs_folder / "stage" / "book-abc").mkdir(parents=True)
    with concurrent.futures.ThreadPoolExecutor() as beside:
        with FileLock(runs_folder / "stage" / ".lock"):
            cleaned = beside.submit(site.forget_stages)
            with pytest.raises(concurrent.futures.TimeoutError):
                cleaned.result(0.3)
            assert (runs_folder / "stage" / "book-abc").is_dir()
        cleaned.result(30)
    assert not (runs_folder / "stage" / "book-abc").exists()


def test_data_status_with_mnist(mnist_root, ended):
    code, out, _ = ended("data", "status")
    assert code == 0
    root, mnist, looked, *_, used = out.splitlines()
    assert root == f"data root: {mnist_root} (${'DEEPFEATURES_DATA'})" or root.endswith("(the default)")
    assert mnist == "mnist: found, checksums right" and looked == f"    looked: {mnist_root / 'MNIST' / 'raw'}"
    assert used.startswith("dataset=auto: mnist (tier original; fingerprint mnist-")


def test_data_status_without_mnist(tmp_path, ended, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    code, out, _ = ended("data", "status")
    _, mnist, *_, used = out.splitlines()
    assert code == 0 and mnist.startswith("mnist: absent") and "    to do: deepfeatures data fetch mnist" in out
    assert "celeba: absent" in out and "weights arcface-r50: absent" in out
    assert used.startswith("dataset=auto: digits (tier substitute; fingerprint scikit-")
    records = json.loads(ended("data", "status", "--json")[1])
    assert {record["state"] for record in records} == {"absent"} and len(records) > 6


def test_data_fetch(tmp_path, ended, monkeypatch):
    from deepfeatures.data import mnist

    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    monkeypatch.setattr(mnist, "fetch", lambda root: "URLError: no network")
    assert ended("data", "fetch", "mnist") == (
        2, "", "deepfeatures: mnist could not be downloaded (URLError: no network): put the four idx files, from "
        f"elsewhere, into {tmp_path / 'MNIST' / 'raw'}\n"
    )  # fmt: skip
    monkeypatch.setattr(mnist, "fetch", lambda root: None)
    assert ended("data", "fetch", "mnist") == (0, f"mnist is in {tmp_path}, checksums right\n", "")
    monkeypatch.setattr(mnist, "present", lambda root: True)
    monkeypatch.setattr(mnist, "verify", lambda root: None)
    assert ended("data", "fetch", "mnist")[1] == f"mnist is in {tmp_path} already, checksums right\n"

    def damaged(root):
        raise mnist.DamagedFile("labels have 5 bytes; `deepfeatures data fetch mnist`")

    monkeypatch.setattr(mnist, "verify", damaged)
    told = (0, f"mnist is in {tmp_path}, checksums right\n", "labels have 5 bytes: fetching it anew\n")
    assert ended("data", "fetch", "mnist") == told
    code, _, err = ended("data", "fetch", "celeba")
    assert code == 2 and "'celeba': the data set that can be fetched is mnist" in err


def test_an_incomplete_copy_is_fetched_anew(tmp_path, ended, monkeypatch):
    from deepfeatures.data import mnist

    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    monkeypatch.setattr(mnist, "fetch", lambda root: None)
    raw = mnist.folder(tmp_path)
    raw.mkdir(parents=True)
    (raw / "train-labels-idx1-ubyte").write_bytes(b"one of four")
    code, out, err = ended("data", "fetch", "mnist")
    assert (code, out) == (0, f"mnist is in {tmp_path}, checksums right\n")
    missing = raw / "train-images-idx3-ubyte"
    assert err == f"{missing} is missing while others of MNIST are there: fetching it anew\n"


def test_notebooks_that_cannot_be_chapters_are_named(checkout, ended):
    there = checkout / "notebooks" / "01-tiny.py"
    twin = there.with_name("05-tiny.py")
    twin.write_bytes(there.read_bytes())
    both = f"01-tiny.py and 05-tiny.py in {there.parent} are both chapter 'tiny'"
    assert ended("list") == (2, "", f"deepfeatures: {both}: rename one of them\n")
    twin.unlink()
    there.write_bytes(b"# \xe9t\xe9\n" + there.read_bytes())
    told = f"deepfeatures: {there} is not text in UTF-8 (byte 2): save it as UTF-8\n"
    assert ended("run", "tiny") == (2, "", told)


def test_data_damage_is_a_message(tmp_path, ended, monkeypatch):
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    (tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte").write_bytes(b"short")
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    code, out, err = ended("data", "status")
    assert code == 2 and "mnist: damaged, " in out
    assert "train-images-idx3-ubyte has 5 bytes, 47,040,016 are expected" in out
    assert "celeba: absent" in out and "Traceback" not in err  # the rest is told all the same
    code, out, _ = ended("data", "status", "--json")
    assert code == 2 and json.loads(out)[0]["state"] == "damaged"


def test_a_pose_table_of_ones_own(tmp_path, ended, monkeypatch):
    import numpy as np
    from PIL import Image

    from tests.networks.made_up_pose import write

    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path))
    asked = ["data", "pose", "--images", str(tmp_path / "faces"), "--out", str(tmp_path / "t.csv"), "--positive"]
    code, _, err = ended(*asked, "left,up,clockwise")
    assert code == 2 and f"no pose network at {tmp_path / 'weights' / 'pose.onnx'}: put any ONNX network there" in err
    assert "github.com/thohemp/6DRepNet" in err and "no checksum is published" in err
    (tmp_path / "weights").mkdir()
    write(tmp_path / "weights" / "pose.onnx")
    code, _, err = ended(*asked, "left,up")
    assert code == 2 and "right or left, then up or down, then clockwise or counterclockwise" in err
    code, _, err = ended(*asked, "left,up,clockwise")
    assert code == 2 and "faces is not a folder: --images is where the images lie" in err
    (tmp_path / "faces").mkdir()
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(np.full((20, 20, 3), 90, np.uint8)).save(tmp_path / "faces" / name)
    (tmp_path / "faces" / "d.jpg").write_bytes(b"no image")
    code, out, err = ended(*asked, "left,up,clockwise", "--batch", "2")
    assert (code, out) == (
        0, f"{tmp_path / 't.csv'}: 3 rows, 1 images left out; largest angle 23.1 degrees\n"
    )  # fmt: skip
    assert "pose.onnx: sha256-" in err and "2 of 4 images" in err and "left out: d.jpg cannot be decoded" in err
    code, _, err = ended(*asked, "left,up,clockwise")
    assert code == 2 and "t.csv is there already: move it away, or give another --out" in err


def test_bundles(checkout, ended, tmp_path):
    file = tmp_path / "b.tar.gz"
    assert ended("bundle", "pack", str(file), "--profile", "default") == (0, f"{file}: 0 artifacts, 0 MB\n", "")
    assert ended("bundle", "unpack", str(file)) == (0, "0 artifacts are new\n", "")
    file.write_text("no bundle")
    code, _, err = ended("bundle", "unpack", str(file))
    assert code == 2 and err.startswith("deepfeatures: b.tar.gz: ")


def test_a_chapter_that_changed_after_planning_is_not_executed(checkout, ended):
    planned = build.plan_book("default")
    plan = build.write_plan(planned)
    path = checkout / "notebooks" / "01-tiny.py"
    path.write_text(path.read_text().replace("A tiny", "A changed"))
    assert ended("execute", planned[0].key, "--plan", str(plan)) == (
        2, "", "deepfeatures: chapter tiny changed since it was planned: start again\n"
    )  # fmt: skip


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"),
                                     RuntimeError("I/O error: No space left on device (os error 28)")])  # fmt: skip
def test_a_full_disk_met_anywhere_is_said_with_the_way_out(failure, checkout, runs_folder, ended, monkeypatch):
    def full(*_):
        raise failure

    monkeypatch.setattr(build, "write_plan", full)
    code, out, err = ended("run", "tiny")
    assert (code, out) == (2, "") and f"no space left while writing a file under {runs_folder} (" in err
    assert err.endswith("or point DEEPFEATURES_RUNS at a larger disk, and run again\n")


def test_a_full_disk_elsewhere_is_not_taken_for_that_of_runs(checkout, runs_folder, tmp_path, ended, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def full(*_):
        raise OSError(28, "No space left on device", str(elsewhere / "book.tar.gz"))

    monkeypatch.setattr(build, "write_plan", full)
    code, _, err = ended("run", "tiny")
    told = err.splitlines()[-1]
    assert code == 2 and told.startswith(f"deepfeatures: no space left while writing {elsewhere / 'book.tar.gz'} (")
    assert f"MB are free under {elsewhere}" in err and "DEEPFEATURES_RUNS" not in err


def test_a_plan_that_vanished_is_named(checkout, ended):
    plan = build.write_plan(build.plan_book("default"))
    plan.unlink()
    for job in ("execute", "make"):
        message = f"deepfeatures: the plan {plan} is gone: start the build again\n"
        assert ended(job, "tiny", "--plan", str(plan)) == (2, "", message)


def test_help_for_every_command():
    runner = CliRunner()
    top = runner.invoke(cli.app, ["--help"])
    assert top.exit_code == 0
    for command in ("list", "params", "run", "book", "probe", "site", "publish", "claims", "clean", "data", "bundle",
                    "sweep", "compare", "runs", "new-chapter"):  # fmt: skip
        assert f" {command} " in top.stdout
        shown = runner.invoke(cli.app, [command, "--help"])
        assert shown.exit_code == 0 and "Usage:" in shown.stdout
    for hidden in ("make", "execute"):  # jobs of the workflow
        assert f" {hidden} " not in top.stdout
    assert "Which data there is, and where it was looked for." in runner.invoke(cli.app, ["data", "--help"]).stdout
    assert runner.invoke(cli.app, []).exit_code == 2  # no command: the help, and not success


def shell(*command, **environment):
    return subprocess.run(
        command, env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_installed_command_and_its_shell_completion():
    done = shell(COMMAND, "run", "rotated-mnits")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "deepfeatures: no chapter 'rotated-mnits' (did you mean 'rotated-mnist'?); there are: "
    )
    completed = shell(COMMAND, _DEEPFEATURES_COMPLETE="complete_bash", COMP_WORDS="deepfeatures pub", COMP_CWORD="1")
    assert completed.stdout.split() == ["publish"]
    if shutil.which("bash"):
        script = shell("bash", "-c", f"'{COMMAND}' --show-completion; true")
        assert "complete -o default -F" in script.stdout and "deepfeatures" in script.stdout


def test_run_says_what_was_substituted(checkout, ended, monkeypatch):
    def stop(*_, **__):
        raise build.BuildFailed("enough")

    monkeypatch.setattr(build, "build", stop)
    code, out, err = ended("run", "tiny")
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "data: scikit-learn's digits, as asked: pages carry the substitute banner"


def test_one_name_given_twice_is_refused(checkout, ended, no_build):
    code, _, err = ended("run", "tiny", "-p", "seeds=4", "-p", "seeds=5")
    assert code == 2 and "parameter seeds: given 4 and 5; allowed: one value of each name" in err
    code, _, err = ended("book", "-p", "tiny.seeds=4", "-p", "tiny.seeds=5")
    assert code == 2 and "parameter seeds: given 4 and 5" in err


@pytest.mark.parametrize("text", ["seeds=3", "tiny", "tiny.seeds", "seeds=0.5"])
def test_a_books_parameter_without_its_chapter_says_the_form(text, checkout, ended, no_build):
    code, _, err = ended("book", "-p", text)
    assert code == 2 and f"{text!r}: allowed is CHAPTER.NAME=VALUE" in " ".join(err.replace("\u2502", " ").split())


def test_a_cell_that_is_no_python_is_named(checkout, ended, no_build):
    notebook = checkout / "notebooks" / "01-tiny.py"
    notebook.write_text(notebook.read_text() + "\n\n# %%\nx = 1\nif:\n")
    code, _, err = ended("run", "tiny")
    assert code == 2 and "Traceback" not in err
    assert err.startswith("deepfeatures: chapter tiny, cell ")
    assert err.endswith(" ('x = 1'), line 2 of it: invalid syntax\n")


@pytest.mark.parametrize("made", ["file", "below"])
def test_runs_that_can_be_no_folder_are_said_with_the_way_out(made, checkout, ended, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    given = tmp_path / "file" if made == "file" else tmp_path / "file" / "below"
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(given))
    code, _, err = ended("run", "tiny")
    assert code == 2 and f"{given} can be no folder for runs" in err
    assert "set DEEPFEATURES_RUNS to a folder that you may write to" in err


def test_a_data_root_that_is_a_file_is_said_with_the_way_out(ended, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path / "file"))
    for words in (["data", "status"], ["run", "rotated-mnist", "--profile", "smoke"]):
        code, _, err = ended(*words)
        assert code == 2
        assert err.endswith(f"the data root {tmp_path / 'file'} is a file: set DEEPFEATURES_DATA to a folder\n")


def test_a_profile_that_was_never_run_is_said(checkout, ended):
    code, _, err = ended("claims", "--profile", "default")
    assert (code, err) == (0, "no chapter has been run at default with its own parameters: nothing is measured\n")


@pytest.mark.parametrize(("words", "place", "expected"), [
    (["run", "rot"], 2, "rotated-mnist"), (["params", "mu"], 2, "mu-lenet"),
    (["run", "mu-lenet", "--profile", "sm"], 4, "smoke"), (["run", "mu-lenet", "-p", "normal"], 4, "normalise="),
    (["run", "mu-lenet", "-p", "normalise=per"], 4, "normalise=per-feature"),
    (["sweep", "mu-lenet", "-p", "first_"], 4, "first_seed="), (["book", "-p", "mu-"], 3, "mu-lenet."),
    (["book", "-p", "mu-lenet.normal"], 3, "mu-lenet.normalise="), (["data", "fetch", ""], 3, "mnist"),
    (["run", "mu-lenet", "--workflow-profile", "sl"], 4, "slurm"),
])  # fmt: skip
def test_a_shell_completes_chapters_profiles_and_parameters(words, place, expected):
    environment = {
        **os.environ, "_DEEPFEATURES_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(["deepfeatures", *words]),
        "COMP_CWORD": str(place),
    }  # fmt: skip
    told = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, check=False)
    assert expected in told.stdout.split(), told


@pytest.mark.parametrize("words", [["list"], ["make", "key", "--plan", "plan.json"]])
def test_an_interruption_is_no_traceback(words, monkeypatch, capsys):
    from deepfeatures import __main__ as command

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["deepfeatures", *words])
    monkeypatch.setattr(cli, "main", interrupted)
    monkeypatch.setattr(command.fork_client, "run", interrupted)
    with pytest.raises(SystemExit) as end:
        command.main()
    said = "deepfeatures: interrupted; what was finished is kept for the next time\n" if words == ["list"] else ""
    assert (end.value.code, capsys.readouterr().err) == (130, said)
