"""How a run is named, and what is listed."""

import json

import pytest

from deepfeatures.study import kept, paths, sweep
from deepfeatures.study.catalogue import UnknownChapter
from deepfeatures.study.kept import UnknownRun
from tests.study import made_up_runs
from tests.study.made_up_runs import SLUG, record, write_run

KEYS = ("aaaa1111222233334444", "aaaa2222222233334444", "bbbb1111222233334444")


@pytest.fixture(autouse=True)
def checkout(tmp_path, runs_folder, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    root = made_up_runs.write_checkout(tmp_path / "checkout")
    for value, key in enumerate(KEYS):
        write_run(runs_folder / "chapters" / SLUG / key, record("height", float(value)))
    return root


def value(name):
    return kept.find(name).results["records"][0]["value"]


def test_a_run_by_its_key_or_the_start_of_it(tmp_path):
    assert [value(name) for name in (KEYS[0], "aaaa1", "aaaa2", "bbbb")] == [0, 0, 1, 2]
    assert kept.find("bbbb").name == "bbbb"


def test_a_run_by_its_folder_or_a_file_in_it(tmp_path):
    write_run(tmp_path / "moved here", record("height", 7.0))
    assert value(str(tmp_path / "moved here")) == value(str(tmp_path / "moved here" / "chapter.ipynb")) == 7


def test_the_published_page(checkout):
    folder = write_run(checkout / "elsewhere", record("height", 9.0))
    for name, ending in (
        ("results.json", "results.json"),
        ("provenance.json", "provenance.json"),
        ("chapter.ipynb", "ipynb"),
    ):
        (checkout / "book" / "chapters" / f"{SLUG}.{ending}").write_bytes((folder / name).read_bytes())
    found = kept.find(f"published:{SLUG}")
    assert found.results["records"][0]["value"] == 9 and found.notebook.is_file() and found.finished[:4] == "2026"


def test_one_that_cannot_be_read_hides_no_other(runs_folder, capsys):
    (runs_folder / "chapters" / SLUG / KEYS[1] / "results.json").write_text('{"chapter": "cur')
    (runs_folder / "sweeps" / "broken").mkdir(parents=True)
    (runs_folder / "sweeps" / "broken" / "sweep.json").write_text("[]")
    assert {run.name for run in kept.every()} == {KEYS[0], KEYS[2]} and kept.sweeps() == []
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2 and all(line.startswith("left out: ") for line in told)
    assert "results.json cannot be read as JSON" in told[0] and "sweep.json is not what a sweep writes" in told[1]


def test_a_point_of_a_sweep_by_number_values_or_folder(tmp_path):
    def gathered(into):
        asked = [(100, "global", None), (100, "per-feature", None), (200, "global", "no disk")]
        points = [
            {"number": n, "key": f"{n:020x}", "at": {"resamples": r, "normalise": w}, "failure": failure}
            for n, (r, w, failure) in enumerate(asked, start=1)
        ]
        sweep.write(into / "sweep.json", json.dumps({"name": into.name, "points": points}))
        for one in points[:2]:
            write_run(into / "points" / one["key"], record("height", 10.0 * one["number"]))

    gathered(paths.runs() / "sweeps" / "curve-1")
    gathered(tmp_path / "mine")
    lists = paths.runs() / "sweeps" / "lists"
    points = [{"number": n, "key": f"{n:020x}", "at": {"rates": [0.1, n / 100]}, "failure": None} for n in (1, 2)]
    sweep.write(lists / "sweep.json", json.dumps({"name": "lists", "points": points}))
    for one in points:
        write_run(lists / "points" / one["key"], record("height", 10.0 * one["number"]))
    assert value("lists:rates=[0.1,0.02]") == value("lists:2") == 20
    with pytest.raises(UnknownRun, match=r"0 points of lists are 'rates=\[0.1'"):
        kept.find("lists:rates=[0.1")
    assert (
        value("curve-1:2")
        == value("curve-1:resamples=100,normalise=per-feature")
        == value("curve-1:normalise=per-feature")
    )
    assert (
        value("curve-1:1")
        == value(f"{tmp_path / 'mine'}:1")
        == value(str(tmp_path / "mine" / "points" / f"{1:020x}"))
        == 10
    )
    assert [told["name"] for told in kept.sweeps()] == ["curve-1", "lists"]
    for name, message in {
        "curve-2:1": "no sweep 'curve-2' (did you mean 'curve-1'?); there are: curve-1, lists",
        "curve-1:4": "0 points of curve-1 are '4': give its number, 1 to 3, or values that only one has, such as "
                     "resamples=100,normalise=global",
        "curve-1:resamples=100": "2 points of curve-1 are 'resamples=100': give its number",
        "curve-1:3": "point 3 of curve-1 failed: no disk",
    }.items():  # fmt: skip
        with pytest.raises(UnknownRun) as refused:
            kept.find(name)
        assert str(refused.value).startswith(message)


WRONG = {
    "aaaa": "'aaaa' begins 2 keys: aaaa1111222233334444 (curve), aaaa2222222233334444 (curve); give more of it",
    "bb": "no run 'bb'; a key is named by at least 4 of its letters; a run is published:CHAPTER, a folder with",
    "cccc": "no run 'cccc'; a run is published:CHAPTER",
    "curve": "no run 'curve' (for the published page of that chapter: published:curve)",
    "": "no run ''; a run is",
    "../../etc": "no run '../../etc'; a run is",
    "*": "no run '*'; a key is named by",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_name_of_no_run_or_several_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path) if name else monkeypatch.setattr(kept.Path, "exists", lambda path: False)
    with pytest.raises(UnknownRun) as refused:
        kept.find(name)
    assert str(refused.value).startswith(WRONG[name])


def test_files_that_are_no_run_are_refused(tmp_path, checkout):
    folder = tmp_path / "other"
    folder.mkdir()
    with pytest.raises(UnknownRun, match="other holds no results.json, so it is no run"):
        kept.find(str(folder))
    for content, message in (
        ("[", "cannot be read as JSON"),
        ("[]", "holds a list, not an object"),
        ("{}", "is not what a"),
    ):
        (folder / "results.json").write_text(content)
        with pytest.raises(UnknownRun, match=message):
            kept.find(str(folder))
    with pytest.raises(UnknownChapter):
        kept.find("published:crve")
    with pytest.raises(UnknownRun, match=r"curve.results.json cannot be read"):
        kept.find(f"published:{SLUG}")


def test_every_complete_run_is_listed_with_what_differs_from_its_profile(runs_folder):
    whole = {"dataset": "digits", "seeds": 1, "first_seed": 0, "normalise": "global", "pair_weights": [0.1, 1.0],
             "variants": [], "tolerance_pp": 0.5, "device": "cpu"}  # fmt: skip
    write_run(runs_folder / "chapters" / SLUG / KEYS[0], parameters={**whole, "resamples": 101, "first_seed": 3})
    write_run(runs_folder / "chapters" / SLUG / KEYS[1], parameters={**whole, "resamples": 100, "device": "cuda"})
    write_run(runs_folder / "chapters" / SLUG / KEYS[2], parameters={**whole, "resamples": 200, "seeds": 2})
    (runs_folder / "chapters" / SLUG / ".unfinished-1-2").mkdir()
    (runs_folder / "chapters" / SLUG / "cccc1111222233334444").mkdir()
    found = {run.name: kept.nearest_profile(run) for run in kept.every()}
    assert found == {KEYS[0]: ("smoke", {"first_seed": 3}), KEYS[1]: ("default", {}), KEYS[2]: ("paper", {})}
