"""The harness's own judgement: what it takes for the same site, for sound, for done. `make chaos` runs the rest."""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import pytest

from tests.chaos import __main__ as command
from tests.chaos import accidents, bench, builds, circumstances, trees
from tests.chaos.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path, seed=3, minutes=1)


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
    return folder


def test_sites_differ_by_pages_and_not_by_when_they_were_made(tmp_path: Path) -> None:
    one = trees.site_tree(site(tmp_path / "one"))
    assert set(one) == {"index.html", "searchindex.js"}
    assert trees.difference(trees.site_tree(site(tmp_path / "two", seconds="99.1")), one) == ""
    other = trees.site_tree(site(tmp_path / "three", index="another answer"))
    assert trees.difference(other, one) == "2 different (index.html, searchindex.js)"
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
        second = ledger.rng().random()
        assert ledger.check("well") and not ledger.check("badly", "a page is different")
    again = Ledger(tmp_path, seed=3, minutes=1)
    with again.kind("kills", 3) as tally:
        assert (tally.events, tally.checks) == (1, 2) and again.rng().random() == second != first
        again.happened(2)
    with again.kind("floods", 2) as tally:
        tally.left_out = "no water here"
    *_, floods, left_out, last = again.summary().splitlines()
    assert floods.startswith("floods: 0 of 2, 0 checks passed") and left_out.endswith("2 of 2: no water here")
    assert last == "1 passed, 1 failed" and "  failed: badly: a page is different" in again.summary()
    assert "the time was over" not in again.summary()
    assert "FAILED  kills: badly: a page is different" in capsys.readouterr().out
    with pytest.raises(ValueError, match="is of seed 3, not 4"):
        Ledger(tmp_path, seed=4, minutes=1)
    found = {**command.result(again, 60.0, 2), "chapters": "all"}
    assert (found["passed"], found["failed"], found["kills"], found["floods"]) == (1, 1, 3, 0)
    assert found["left_out"] == ["2 of 2 floods (no water here)"]
    from deepfeatures.study import surviving

    page = surviving.page({**found, "date": "2026-01-02"})
    assert "| kills |  | 3 of 3 | 2 |" in page and "1 of 2 checks passed, 1 failed (seed 3, 2026-01-02" in page
    assert "- left out: `2 of 2 floods (no water here)`" in page and "- failed: `badly: a page" in page


def test_time_that_is_over_is_said(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, seed=1, minutes=0.001)
    assert not ledger.time_for(10)
    with ledger.kind("kills", 3):
        pass
    assert "left out: 3 of 3: the time was over" in ledger.summary() and ledger.failed == 0


def test_each_kind_has_its_share_and_at_least_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, seed=1, minutes=60)
    over = command.within(ledger, time.monotonic() - 1)
    assert [over(1), over(1)] == [True, False]
    on = command.within(ledger, time.monotonic() + 1800)
    assert [on(1), on(1), on(5400)] == [True, True, False]
    assert not command.within(ledger, time.monotonic() + 1800)(5400)


def test_an_end_is_judged_by_what_it_says(ledger: Ledger, tmp_path: Path) -> None:
    judged = bench.Bench.__new__(bench.Bench)
    judged.ledger = ledger
    with ledger.kind("disks", 1):
        assert judged.refused("a", builds.Ended(0, "fine", 1.0), "no space")
        assert judged.refused("b", builds.Ended(2, "deepfeatures: no space left while", 1.0), "no space")
        assert not judged.refused("c", builds.Ended(2, "deepfeatures: something", 1.0), "no space")
        assert not judged.refused("d", builds.Ended(-7, "no space", 1.0), "no space")  # a signal says nothing
    assert len(ledger.tallies["disks"].failures) == 2


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
    until = time.monotonic() + 300
    while len(builds.orphans(tmp_path / "runs")) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert not build.ends_within(0.1)
    build.kill()
    assert builds.outlived(tmp_path / "runs") == "sleep 60"  # the one in a session; it is killed then
    assert builds.outlived(tmp_path / "runs") == ""
    assert build.end().code == -9


def test_shares_of_time_are_a_whole(capsys, monkeypatch) -> None:
    kinds = [*accidents.KINDS, *circumstances.KINDS]
    assert sum(share for _, share in kinds) == pytest.approx(1.0) and len({kind for kind, _ in kinds}) == len(kinds)
    for wrong in (["--minutes", "0"], ["--only", "flood"]):
        monkeypatch.setattr(sys, "argv", ["chaos", *wrong])
        with pytest.raises(SystemExit):
            command.main()
    assert "killed_smoke" in capsys.readouterr().err
