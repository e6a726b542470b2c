"""The harness's own judgement: what it takes for the same site, for sound, for done. `make chaos` runs the rest."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.chaos import __main__ as command
from tests.chaos import accidents, bench, builds, drive, frozen, lanes, trees
from tests.chaos.books import SLOW, SMALL, Books
from tests.chaos.drive import Kind
from tests.chaos.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path, seed=3)


@pytest.fixture
def books(tmp_path: Path, ledger: Ledger) -> Books:
    """None of them is built."""
    (tmp_path / "checkout" / "notebooks").mkdir(parents=True)
    return Books(tmp_path, ledger, tmp_path / "checkout", tmp_path / "data")


@pytest.fixture(autouse=True)
def no_deadline():
    yield
    builds.DEADLINE[0] = math.inf


def site(folder: Path, seconds: str = "12.5", **pages: str) -> Path:
    """A site of two pages and one provenance page, with its search index."""
    (folder / "_generated").mkdir(parents=True)
    (folder / "index.html").write_text(pages.get("index", "the question"))
    (folder / "_generated" / "provenance-pose.html").write_text(f"wall time {seconds} s")
    (folder / "rendered-from").write_text(seconds)
    index = {
        "docnames": ["_generated/provenance-pose", "index"],
        "terms": {"wall": 0, "question": [0, 1], seconds.replace(".", ""): 0, **({"more": 1} if pages else {})},
        "titleterms": {"made": 0, "book": [1]},
    }
    (folder / "searchindex.js").write_text(f"Search.setIndex({json.dumps(index)})")
    (folder / "pose.provenance.json").write_text(seconds)
    with zipfile.ZipFile(folder / "pose.zip", "w") as archive:
        archive.writestr("pose/pose.provenance.json", seconds)
        archive.writestr("pose/table.csv", pages.get("table", "1,2"))
    return folder


def test_sites_differ_by_pages_and_not_by_when_they_were_made(tmp_path: Path) -> None:
    one = trees.site_tree(site(tmp_path / "one"))
    assert set(one) == {"index.html", "searchindex.js", "pose.zip"}
    assert trees.difference(trees.site_tree(site(tmp_path / "two", seconds="99.1")), one) == ""
    other = trees.site_tree(site(tmp_path / "three", index="another answer"))
    assert trees.difference(other, one) == "2 different (index.html, searchindex.js)"
    table = trees.site_tree(site(tmp_path / "four", table="1,3"))
    assert trees.difference(table, one) == "2 different (pose.zip, searchindex.js)"
    (tmp_path / "two" / "pose.zip").write_bytes((tmp_path / "two" / "pose.zip").read_bytes()[:-30])
    assert trees.difference(trees.site_tree(tmp_path / "two"), one) == "1 different (pose.zip)"
    shutil.rmtree(tmp_path / "two")
    site(tmp_path / "two")
    (tmp_path / "two" / "stray.html").touch()
    (tmp_path / "two" / "index.html").unlink()
    found = trees.difference(trees.site_tree(tmp_path / "two"), one)
    assert found == "1 missing (index.html); 1 too many (stray.html)"


def made(folder: Path, content: bytes = b"whole") -> Path:
    """A folder with a file and its record."""
    from deepfeatures.study import artifacts

    folder.mkdir(parents=True)
    (folder / "values.npy").write_bytes(content)
    record = {"inputs": {}, "files": artifacts.recorded(folder, ["values.npy"])}
    (folder / "record.json").write_text(json.dumps(record))
    return folder


def test_what_looks_finished_and_is_not_is_seen(tmp_path: Path) -> None:
    made(tmp_path / "artifacts" / "toy" / "k1")
    half = tmp_path / "artifacts" / "toy" / "k2"
    half.mkdir()
    (half / "values.npy").write_bytes(b"ha")  # without a record nobody reads it
    (tmp_path / "artifacts" / ".unfinished" / "k3-1").mkdir(parents=True)
    assert builds.unsound(tmp_path) == ""
    made(half.with_name("k4")).joinpath("values.npy").write_bytes(b"wh")
    assert builds.unsound(tmp_path) == "toy/k4: values.npy is not what was written"
    (half.with_name("k4") / "values.npy").write_bytes(b"whole")
    (tmp_path / "site").mkdir()
    assert builds.unsound(tmp_path) == "the site has no first page"


def test_what_a_chapter_is_made_of() -> None:
    from deepfeatures.study import execute

    assert builds.CHAPTER == execute.FILES


def test_a_finished_chapter_without_a_record_is_unsound(tmp_path: Path) -> None:
    folder = tmp_path / "chapters" / "tiny" / "k1"
    folder.mkdir(parents=True)
    for name in ("chapter.ipynb", "results.json"):
        (folder / name).touch()
    assert builds.unsound(tmp_path) == ""
    (folder / "provenance.json").touch()
    assert "tiny/k1: record.json is missing" in builds.unsound(tmp_path)


def test_a_bit_is_flipped(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    accidents.flip(path, random.Random(0))
    assert sum(bin(byte).count("1") for byte in path.read_bytes()) == 1 and len(path.read_bytes()) == 100


def test_artifacts_of_artifacts_are_found(tmp_path: Path) -> None:
    outer = made(tmp_path / "artifacts" / "toy" / "k1")
    made(tmp_path / "artifacts" / "toy" / "k2")
    record = json.loads((outer / "record.json").read_text())
    (outer / "record.json").write_text(json.dumps({**record, "inputs": {"inner": "k2"}}))
    assert [path.name for path in bench.closure(["k1", "gone"], tmp_path)] == ["k1", "k2"]


def test_a_ledger_goes_on_where_it_stopped(ledger: Ledger, tmp_path: Path, capsys) -> None:
    with ledger.kind("kills", 3):
        first = ledger.rng().random()
        ledger.happened()
        assert ledger.missing == 2
        assert ledger.check("well") and not ledger.check("badly", "a page is different")
        ledger.note("noticed", 1)
    again = Ledger(tmp_path, seed=3)
    with again.kind("kills", 3) as tally:
        assert (tally.events, tally.tries, tally.checks) == (1, 1, 2) and again.rng().random() != first
        again.happened(2)
    again.tallies["kills"].left_out = "no water here"
    kills, left_out, failed, last = again.summary().splitlines()
    assert kills.startswith("kills: 3 of 3, 1 noticed, 1 checks passed, 1 failed")
    assert left_out.endswith("0 of 3: no water here") and failed == "  failed: badly: a page is different"
    assert last == "1 passed, 1 failed"
    assert "FAILED  kills: badly: a page is different" in capsys.readouterr().out
    with pytest.raises(ValueError, match="is of seed 3, not 4"):
        Ledger(tmp_path, seed=4)


def test_what_was_found_of_other_code_is_forgotten(tmp_path: Path, capsys) -> None:
    ledger = Ledger(tmp_path, seed=3, of="this")
    with ledger.kind("kills", 3):
        ledger.check("badly", "a page is different")
    assert Ledger(tmp_path, seed=3, of="this").failed == 1
    other = Ledger(tmp_path, seed=3, of="that")
    assert other.changed and other.failed == 0 and "of other code" in capsys.readouterr().out


def test_an_accident_counts_when_what_came_of_it_was_judged(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ledger.kind("kills", 3):
        ledger.happened()
        raise KeyboardInterrupt
    kept = Ledger(tmp_path, seed=3).tallies["kills"]
    assert (kept.events, kept.tries, kept.left_out) == (0, 1, "the run was stopped")


def test_the_page_says_what_was_tried_and_what_was_not(ledger: Ledger, books: Books) -> None:
    from deepfeatures.study import surviving

    def flipped(books, rng, number):
        ledger.happened(3)
        ledger.note("noticed", 2)
        ledger.check("badly", "a page is different")

    def clocks(books, rng, number):
        raise drive.LeftOut("no libfaketime here")

    flips = Kind("flips", 3, 0.5, flipped, lambda books: 0.0)
    back = Kind("clocks set back", 2, 0.5, clocks, lambda books: 0.0)
    drive.everything([flips, back], books, ledger, time.monotonic() + 60)
    found = {**command.result(ledger, 2), "books": {"small": ["pose"]}, "date": "2026-01-02"}
    assert (found["passed"], found["failed"], found["flips"], found["clocks_set_back"]) == (0, 1, 3, 0)
    page = surviving.page(found)
    assert "| flips |  | 3 of 3; 2 noticed | 1 |" in page
    assert "0 of 1 checks passed, 1 failed (seed 3, 2026-01-02" in page
    assert "- left out: `2 of 2 clocks set back (no libfaketime here)`" in page and "- failed: `badly: a page" in page
    assert "the small book: pose" in page
    assert {kind.name for kind in command.KINDS} == surviving.WORDS.keys()


def test_each_kind_is_tried_once_and_more_while_its_share_lasts(ledger: Ledger, books: Books) -> None:
    tried = []

    def once(books, rng, number):
        tried.append((ledger.now, number))
        ledger.happened()

    def kind(name, seconds, share):
        return Kind(name, 3, share, once, lambda books: seconds)

    kinds = [kind("quick", 0.0, 0.5), kind("slow", 20.0, 0.25), kind("slower", 40.0, 0.01), kind("fits", 20.0, 0.24)]
    drive.everything(kinds, books, ledger, time.monotonic() + 30)
    assert tried[:4] == [("quick", 0), ("slow", 0), ("slower", 0), ("fits", 0)]
    assert tried[4:8] == [("quick", 1), ("quick", 2), ("fits", 1), ("fits", 2)]  # half of 30 s is no time for 20 s
    assert tried[8:] == [("slow", 2), ("slow", 3)]  # nobody needed the rest; the try that had no time counts too
    assert {name: tally.left_out for name, tally in ledger.tallies.items()} == {
        "quick": "", "slow": "", "slower": drive.TIME, "fits": "",
    }  # fmt: skip
    tried.clear()
    again = Ledger(ledger.path.parent, seed=3)
    drive.everything(kinds, books, again, time.monotonic() - 1)
    assert not tried


def test_lanes_are_one_ledger_in_the_end(tmp_path: Path) -> None:
    for lane, name in enumerate(("kills", "floods")):
        lanes.folder(tmp_path, lane).mkdir()
        one = Ledger(lanes.folder(tmp_path, lane), seed=3, of=f"digest of {name}")
        with one.kind(name, 3):
            one.check("well")
        one.seconds = 60.0 * (lane + 1)
        one.save()
    whole = lanes.merged(tmp_path, {0: 0, 1: 0}, 3, ["floods", "kills"])
    assert list(whole.tallies) == ["floods", "kills"] and whole.seconds == 120.0
    assert whole.summary().endswith("\n2 passed, 0 failed")
    broken = lanes.merged(tmp_path, {0: 0, 1: -9}, 3, ["floods", "kills"])
    assert broken.summary().endswith("\n2 passed, 1 failed")
    assert "it ended with status -9" in broken.summary()


def test_a_stray_exception_is_one_failed_check(ledger: Ledger, books: Books) -> None:
    def once(books, rng, number):
        ledger.happened()
        if number != 1:
            raise FileExistsError("work")

    kinds = [Kind("strays", 5, 0.5, once, lambda books: 0.0), Kind("others", 1, 0.5, once, lambda books: 0.0)]
    drive.everything(kinds, books, ledger, time.monotonic() + 60)
    strays = ledger.tallies["strays"]
    assert (strays.events, strays.tries, len(strays.failures)) == (1, 4, 3)  # three times, and the kind is given up
    assert "FileExistsError: work (stray-1.log)" in strays.failures[0]
    assert "Traceback" in (books.folder / "stray-1.log").read_text()
    assert (ledger.tallies["others"].tries, ledger.tallies["others"].events) == (2, 1)


def test_what_never_happens_is_given_up(ledger: Ledger, books: Books) -> None:
    kinds = [Kind("never", 2, 1.0, lambda books, rng, number: None, lambda books: 0.0)]
    drive.everything(kinds, books, ledger, time.monotonic() + 60)
    assert "8 tries made no more" in ledger.tallies["never"].left_out


def test_an_end_is_judged_by_what_it_says_and_by_the_site(ledger: Ledger, tmp_path: Path) -> None:
    judged = bench.Bench.__new__(bench.Bench)
    judged.ledger, judged.tree = ledger, trees.site_tree(site(tmp_path / "reference" / "site"))
    site(tmp_path / "same" / "site", seconds="1.0")
    site(tmp_path / "other" / "site", index="another answer")
    with ledger.kind("disks", 1):
        assert judged.refused("a", builds.Ended(0, "fine", 1.0, tmp_path / "same"), "no space")
        assert not judged.refused("a", builds.Ended(0, "fine", 1.0, tmp_path / "other"), "no space")
        assert judged.refused("b", builds.Ended(2, "deepfeatures: no space left while", 1.0), "no (space|room)")
        assert not judged.refused("c", builds.Ended(2, "deepfeatures: something", 1.0), "no space")
        assert not judged.refused("d", builds.Ended(-7, "no space", 1.0), "no space")  # a signal says nothing
        assert not judged.refused("e", builds.Ended(1, "Traceback: no space", 1.0), "no space")
    assert len(ledger.tallies["disks"].failures) == 4


def test_a_missing_plan_is_named_and_not_any_missing_file() -> None:
    from tests.chaos import removals

    def judged(told: str) -> str:
        return builds.Ended(2, told, 1.0).unexplained(*removals.PLAN)

    assert judged("deepfeatures: the plan /runs/plans/0a.json is gone: start the build again") == ""
    assert judged("FileNotFoundError: [Errno 2] No such file or directory: 'plans/0a1b.json'") == ""
    assert judged("[Errno 2] No such file or directory: 'artifacts/k1' (deepfeatures make --plan plans/0a.json)")


def test_a_smaller_book_has_its_chapters_and_their_claims(tmp_path: Path) -> None:
    whole = frozen.tree(tmp_path / "whole")
    assert frozen.slugs(whole).keys() == frozen.slugs(ROOT).keys() and {*SMALL, *SLOW} <= frozen.slugs(whole).keys()
    assert ":link: chapters/rotated-mnist\n" in (whole / "book" / "index.md").read_text()
    small = frozen.smaller(whole, tmp_path / "small", ["pose", "mu-lenet"])
    assert ":link: chapters/pose\n" in (small / "book" / "index.md").read_text()
    assert list(frozen.slugs(small)) == ["mu-lenet", "pose"]
    assert [frozen.reads_digits(path) for path in frozen.slugs(small).values()] == [True, False]
    assert (small / "src" / "deepfeatures" / "cli.py").read_bytes() == (ROOT / "src/deepfeatures/cli.py").read_bytes()
    first = frozen.smaller(whole, tmp_path / "first", ["rotated-mnist"])
    for book, links in ((whole, True), (first, False)):
        assert ("{doc}`mu-lenet`" in frozen.slugs(book)["rotated-mnist"].read_text()) == links
    claims = "".join(path.read_text() for path in (small / "claims").glob("*.yaml"))
    assert "chapter: pose" in claims and "chapter: attributes" not in claims
    with pytest.raises(ValueError, match="no chapter poses; there are: rotated-mnist"):
        frozen.smaller(whole, tmp_path / "none", ["poses"])
    before = frozen.digest(whole)
    (whole / "book" / "index.md").write_text("edited")
    assert frozen.digest(whole) != before


def test_a_copy_of_a_read_only_checkout_can_be_changed(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "here" / "notebooks").mkdir(parents=True)
    (tmp_path / "here" / "src" / "deep").mkdir(parents=True)
    (tmp_path / "here" / "src" / "deep").chmod(0o555)
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "here"))
    assert (frozen.tree(tmp_path / "copy") / "src" / "deep").stat().st_mode & 0o777 == 0o755
    (tmp_path / "here" / "src" / "deep").chmod(0o755)


def test_builds_read_the_copies_and_download_nothing(tmp_path: Path, monkeypatch) -> None:
    from deepfeatures.data import digits

    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    told = frozen.environment(tmp_path / "checkout", tmp_path / "data")
    assert told["PYTHONPATH"] == os.pathsep.join([str(tmp_path / "checkout" / "src"), "elsewhere"])
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(FileNotFoundError, match="nothing is downloaded while accidents are tried"):
        digits.resolve_digits("mnist", tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_data_is_put_back_whatever_stands_there(tmp_path: Path, mnist_root: Path, monkeypatch) -> None:
    monkeypatch.setenv("DEEPFEATURES_DATA", str(mnist_root))
    for name in ("train-labels-idx1-ubyte", "stray"):
        (tmp_path / "data" / "MNIST" / "raw").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / "MNIST" / "raw" / name).write_text("half a download")
    assert frozen.data(tmp_path / "data").startswith("mnist-")
    assert len(list((tmp_path / "data" / "MNIST" / "raw").iterdir())) == 4
    monkeypatch.setenv("DEEPFEATURES_DATA", str(tmp_path / "nowhere"))
    assert frozen.data(tmp_path / "data") == "" and not (tmp_path / "data" / "MNIST").exists()


def test_a_killed_build_takes_its_group_with_it(tmp_path: Path, monkeypatch) -> None:
    """A stand-in for the command that starts a process, as Snakemake does, and one in a session, as kernels are."""
    script = tmp_path / "deepfeatures"
    script.write_text(
        f"#!{sys.executable}\nimport subprocess, time\nsleep = ['sleep', '60']\n"
        "subprocess.Popen(sleep)\nsubprocess.Popen(sleep, start_new_session=True)\ntime.sleep(60)\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(builds.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(builds, "ORPHAN_S", 0.5)
    build = builds.Build(tmp_path / "runs", "book")
    until = time.monotonic() + 30
    while len(builds.orphans(tmp_path / "runs")) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert not build.ends_within(0.1)
    build.kill()
    assert builds.outlived(tmp_path / "runs") == "sleep 60"  # the one in a session; it is killed then
    assert builds.outlived(tmp_path / "runs") == ""
    assert build.end().code == -9


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch) -> Path:
    """A stand-in for the command that takes a minute."""
    script = tmp_path / "deepfeatures"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr(builds.sys, "executable", str(tmp_path / "python"))
    return tmp_path / "runs"


def test_a_build_ends_with_the_time_of_the_harness(sleeper: Path) -> None:
    build = builds.Build(sleeper, "book")
    builds.DEADLINE[0] = time.monotonic() + 0.2
    with pytest.raises(builds.TimeOver):
        build.end()
    assert build.process.returncode == -9 and not builds.orphans(sleeper)


def test_a_build_that_hangs_is_killed_and_said(sleeper: Path) -> None:
    ended = builds.Build(sleeper, "book", limit_s=0.2).end()
    assert ended.code == -9 and ended.hung == " (it hangs: killed after 0 s)"


def test_shares_of_time_are_a_whole(capsys, monkeypatch) -> None:
    kinds = command.KINDS
    assert len({kind.name for kind in kinds}) == len(kinds)
    for lane in (0, 1):
        assert sum(kind.share for kind in kinds if kind.lane == lane) == pytest.approx(1.0)
    for wrong, told in (
        (["--minutes", "0"], "more than 0"), (["--minutes", "nan"], "more than 0"),
        (["--only", "flood"], "smoke builds"), (["--chapters", "poses"], "--chapters poses: of rotated-mnist"),
    ):  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["chaos", *wrong])
        with pytest.raises(SystemExit):
            command.main()
        assert told in capsys.readouterr().err


def test_a_real_job_is_killed_while_it_writes_and_its_artifact_flipped(
    tmp_path: Path, runs_folder: Path, monkeypatch
) -> None:
    """A small `make chaos`: the job of one artifact is killed at work; what is made then has a bit turned over."""
    from deepfeatures.data.digits import resolve_digits
    from deepfeatures.study import artifacts, build, catalogue
    from deepfeatures.study.plans import PLANS

    source = resolve_digits("digits", tmp_path)
    # Enough digits that the job can be caught while it writes.
    given = {"dataset": "digits", "train_digits": 1_200, "test_digits": 300}
    planned = PLANS["rotated-mnist"](source, catalogue.resolve("rotated-mnist", "smoke", given), "cpu")
    recipe = planned["rotated"][0]
    plan = build.save_plan({recipe.key: recipe}, {}, {})
    where, environment = artifacts.folder(recipe), frozen.environment(ROOT, tmp_path)

    first = builds.Build(runs_folder, "make", recipe.key, "--plan", str(plan), environment=environment)
    until = time.monotonic() + 120
    while not list(runs_folder.glob("artifacts/.unfinished/*/*")) and time.monotonic() < until:
        assert not first.ends_within(0.005)
    assert first.kill() and list(runs_folder.glob("artifacts/.unfinished/*/*")) and not where.exists()
    assert builds.outlived(runs_folder) == "" and builds.unsound(runs_folder) == ""
    artifacts.ensure(recipe)  # one more, in this process
    assert builds.unsound(runs_folder) == "" and not list(runs_folder.glob("artifacts/.unfinished/*"))

    made = {path.name: path.read_bytes() for path in where.iterdir() if path.name != artifacts.RECORD}
    accidents.flip(where / min(made), random.Random(1))
    assert bench.damaged([where]) == {f"rotated/{recipe.key}"} and builds.unsound(runs_folder)
    monkeypatch.setattr(artifacts, "_verified", set())  # as in a process of its own
    artifacts.ensure(recipe)
    assert {path.name: path.read_bytes() for path in where.iterdir() if path.name != artifacts.RECORD} == made
