"""The commands about several runs: what they print, where, and with which exit code."""

import json
import sys

import pytest

from deepfeatures import cli
from deepfeatures.study import build, execute
from tests.study import made_up_runs
from tests.study.made_up_runs import SLUG, record

DATA = "data: scikit-learn's digits, as asked: pages carry the substitute banner"


@pytest.fixture(autouse=True)
def checkout(tmp_path, runs_folder, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    return made_up_runs.write_checkout(tmp_path / "checkout")


@pytest.fixture
def ended(monkeypatch, capsys):
    """Run the command as a shell would; gives exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["deepfeatures", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        return end.value.code, told.out, told.err

    return run


@pytest.fixture
def built(monkeypatch):
    """Every point is made at once, but for those whose resamples are 105; gives what was asked to be built."""
    asked = []

    def make(planned, cores, workflow_profile):
        asked.append((sorted(chapter.parameters["resamples"] for chapter in planned), cores or workflow_profile))
        for chapter in planned:
            if chapter.parameters["resamples"] != made_up_runs.FAILS_AT:
                value = float(chapter.parameters["resamples"])
                made_up_runs.write_run(
                    execute.folder(chapter), record("height", value, (value - 1, value + 1)),
                    parameters=dict(chapter.parameters), figures={"curve": 9},
                    **made_up_runs.said_of(chapter),
                )  # fmt: skip
        if any(not execute.complete(chapter) for chapter in planned):
            raise build.BuildFailed("not everything could be made")

    monkeypatch.setattr(build, "build", make)
    return asked


def test_sweep_then_runs_then_compare(ended, built, runs_folder, tmp_path):
    code, out, err = ended("sweep", SLUG, "-p", "resamples=100,200", "--cores", 3)
    assert (code, err) == (0, f"{DATA}\n2 runs of curve\n") and built == [([100, 200], 3)]
    page = runs_folder / "sweeps" / out.strip().split("/")[-2] / "index.html"
    assert out == f"{page}\n" and page.is_file()
    again = ended("sweep", SLUG, "-p", "resamples=100,200", "--workflow-profile", "slurm")
    assert again[2] == f"{DATA}\n2 runs of curve, 2 of them done already\n" and built[1] == ([100, 200], "slurm")

    rows = json.loads(ended("runs", "--json")[1])
    assert sorted((row["chapter"], row["profile"], json.dumps(row["changed"])) for row in rows) == [
        ("curve", "default", '{"resamples": 200}'), ("curve", "default", "{}")
    ]  # fmt: skip
    listed = ended("runs")[1].splitlines()
    assert len(listed) == 3 and listed[-1] == f"{page.parent.name}  a sweep of 2 points"
    assert sorted(line.split()[4:] for line in listed[:2]) == [["substitute"], ["substitute", "resamples=200"]]

    one, other = f"{page.parent.name}:1", f"{page.parent.name}:resamples=200"
    code, out, err = ended("compare", one, other)
    assert (code, err) == (0, "") and "Numbers that changed: 1 of 1" in out and "apart" in out
    code, out, _ = ended("compare", one, other, "--html")
    assert (file := runs_folder / "compared" / out.splitlines()[-1].split("/")[-1]).is_file() and code == 0
    assert file.name.endswith(f"-1--{page.parent.name}-resamples=200.html")
    ended("compare", one, other, "-o", tmp_path / "c.txt")
    assert "Numbers that changed" in (tmp_path / "c.txt").read_text()
    assert ended("compare", one, other, "-o", tmp_path / "c.html")[1].endswith(f"{tmp_path / 'c.html'}\n")
    assert (tmp_path / "c.html").read_text().startswith("<!doctype html>")
    before = sorted(tmp_path.parent.iterdir())
    refused = f"deepfeatures: {tmp_path} is a folder: name a file\n"
    assert ended("compare", one, other, "-o", tmp_path)[::2] == (2, refused)
    assert sorted(tmp_path.parent.iterdir()) == before


def test_a_failed_point_is_named_and_the_page_written(ended, built):
    code, out, err = ended("sweep", SLUG, "-p", "resamples=100,105", "-p", "seed=0..1")
    assert code == 1 and out.endswith("/index.html\n")
    assert err.splitlines() == [
        DATA,
        "4 runs of curve",
        "the build ended early: not everything could be made",
        "failed: point 3 (resamples=105, seed=0): the build ended before its turn",
        "failed: point 4 (resamples=105, seed=1): the build ended before its turn",
        "2 of 4 points failed; the others are on the page",
    ]
    assert ended("runs")[1].splitlines()[-1].endswith("a sweep of 4 points, 2 failed")


MISTAKES = {
    "a parameter": (["sweep", SLUG, "-p", "resample=1"], "(did you mean 'resamples'?)\n"),
    "a chapter": (
        ["sweep", "crve", "-p", "resamples=100"],
        "no chapter 'crve' (did you mean 'curve'?); there are: curve\n",
    ),
    "a profile": (["sweep", SLUG, "-p", "resamples=100", "--profile", "smok"], "(did you mean 'smoke'?); there are: "),
    "a run": (["compare", "abcd", "efgh"], "no run 'abcd'; a run is published:CHAPTER"),
    "a name": (["new-chapter", "A"], "'A': a chapter's name has lower-case letters"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_one_message_and_exit_code_2(what, ended, monkeypatch):
    monkeypatch.setattr(build, "build", lambda *_, **__: pytest.fail("a build was begun"))
    arguments, message = MISTAKES[what]
    code, out, err = ended(*arguments)
    assert (code, out) == (2, "") and err.startswith("deepfeatures: ") and message in err and "Traceback" not in err


def test_no_runs_says_what_can_be_compared(ended):
    assert ended("runs") == (0, "no run is kept here; the published pages are: published:CHAPTER\n", "")
