"""What a chapter's cells hold in their hands."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from deepfeatures.analysis.measured import NotApplicable
from deepfeatures.study import artifacts, claims, devices, plans
from deepfeatures.study.chapter import Chapter
from deepfeatures.study.opened import Opened, Readout, Selection
from deepfeatures.study.parameters import ParameterError
from deepfeatures.study.tables import Banner, Table, shown, with_interval
from tests.study.toy import toy

GIVEN = {"dataset": "digits", "seeds": 1, "resamples": 100, "device": "cpu", "unrelated": object()}
MEASURED = SimpleNamespace(value=42.5, interval=(41.0, 43.0), n=360, unit="digit")


@pytest.fixture
def study(tiny, monkeypatch):
    monkeypatch.delenv("DEEPFEATURES_RUN_FOLDER", raising=False)
    return Chapter("tiny", GIVEN)


def results(runs):
    return json.loads((runs / "interactive" / "tiny" / "results.json").read_text())


def test_a_chapter_knows_its_data_and_its_profile(study):
    assert (study.tier, study.profile, study.device) == ("substitute", "default", "cpu")
    assert Chapter("tiny", {**GIVEN, "resamples": 101}).profile == "smoke"
    assert Chapter("tiny", {**GIVEN, "resamples": 333}).profile == "custom"
    assert study.banner.line() == (
        "Data tier: substitute (scikit-learn's digits, as asked). Profile: default (preview, no verdicts)."
    )


def test_parameters_changed_in_the_notebook_are_checked_as_well(tiny):
    with pytest.raises(
        ParameterError, match="chapter tiny, parameter seeds: given 0 .int.; allowed: int, a whole number"
    ):
        Chapter("tiny", {**GIVEN, "seeds": 0})


def test_seeds_of_single_claims_take_the_place_of_the_chapters(study, runs_folder):
    study.report_all("paper-x", {"answer": MEASURED}, seeds={"answer": 0})
    study.verdicts()
    assert results(runs_folder)["records"][0]["seeds"] == 0
    with pytest.raises(ValueError, match="notes, seeds or tiers for anwser, for which nothing was measured"):
        study.report_all("paper-x", {"answer": MEASURED}, seeds={"anwser": 0})


def test_a_claim_measured_on_rendered_faces_says_so_on_a_page_of_other_data(study, runs_folder):
    study.report_all("paper-x", {"answer": MEASURED}, tiers={"answer": "rendered"})
    study.verdicts()
    assert results(runs_folder)["records"][0]["tier"] == "rendered" != study.tier


def test_what_is_reported_is_written_beside_the_run(study, runs_folder):
    study.report("paper-x/answer", MEASURED, seeds=3)
    table = study.verdicts()
    result = results(runs_folder)
    assert result["records"] == [
        {"claim": "paper-x/answer", "value": 42.5, "interval": [41.0, 43.0], "n": 360, "unit": "digit", "seeds": 3,
         "tier": "substitute", "profile": "default", "chapter": "tiny", "note": None}
    ]  # fmt: skip
    assert result["not_applicable"] == {} and result["artifacts"] == {}
    assert table.rows == [
        ["The answer is forty-two.", "42.00", "42.50 [41.00, 43.00]", "preview"]
    ]  # only its own claims


def test_a_run_folder_that_is_given_is_used(study, tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_RUN_FOLDER", str(tmp_path / "here"))
    study.verdicts()
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["results.json"]


def test_what_does_not_apply_says_why(study, runs_folder):
    study.report_all("paper-x", {"answer": NotApplicable("one seed only")})
    assert study.verdicts().rows[0][3] == "not attempted"
    assert results(runs_folder)["not_applicable"] == {"paper-x/answer": "one seed only"}
    assert results(runs_folder)["records"] == []


def test_claims_that_are_not_the_chapters_are_refused(study):
    with pytest.raises(claims.UnknownClaim, match="chapter tiny reports claim 'paper-x/nothing'"):
        study.report("paper-x/nothing", MEASURED)
    with pytest.raises(claims.UnknownClaim, match="chapter tiny reports claim 'paper-x/nothing'"):
        study.report_all("paper-x", {"nothing": NotApplicable("never")})
    with pytest.raises(claims.ClaimsError, match="claim paper-x/opinion is marked not_attempted in the ledger"):
        study.report("paper-x/opinion", MEASURED)


def test_artifacts_are_made_when_asked_for(study, toys, monkeypatch):
    monkeypatch.setitem(plans.PLANS, "tiny", lambda *_: {"raw": [toy(1.0), toy(2.0)], "raw/selection": [toy(3.0)]})
    assert not artifacts.exists(toy(1.0))
    first, second = study.readouts("raw")
    assert artifacts.exists(toy(2.0)) and not artifacts.exists(toy(3.0))
    assert second["values"].tolist() == [2, 2, 2] and isinstance(second["values"], np.memmap)
    assert study.selection("raw")["values"][0] == 3
    with pytest.raises(KeyError, match="chapter tiny has no artifact 'mu': it has raw, raw/selection"):
        study.readouts("mu")
    assert first.arrays == ["values"] and "values" in first and "labels" not in first
    with pytest.raises(KeyError, match="toy has no array 'labels': it has values"):
        first["labels"]


def test_summaries_and_curves_are_read_once(tmp_path):
    (tmp_path / "summary.json").write_text('{"accuracy": 0.5}')
    (tmp_path / "curve.json").write_text('{"chosen": 60}')
    readout, selection = Readout(tmp_path), Selection(tmp_path)
    assert readout.summary == {"accuracy": 0.5} and selection.curve["chosen"] == 60
    (tmp_path / "summary.json").unlink()
    assert readout.summary == {"accuracy": 0.5}
    assert Opened(tmp_path).arrays == []


def test_a_table_escapes_what_it_shows_and_lines_up_as_text():
    table = Table(["a < b", "n"], [["<i>x</i>", "1"], ["long & longer", "22"]], "What & why.")
    assert "<td>&lt;i&gt;x&lt;/i&gt;</td>" in table.html() and "<caption>What &amp; why.</caption>" in table.html()
    assert '<th scope="col">a &lt; b</th>' in table.html() and "<caption>" not in Table(["a"], []).html()
    assert table.text().splitlines() == ["What & why.", "a < b          n", "<i>x</i>       1", "long & longer  22"]
    assert table._repr_mimebundle_() == {
        "text/html": table.html(), "text/plain": table.text(), "text/csv": "a < b,n\n<i>x</i>,1\nlong & longer,22\n"
    }  # fmt: skip


def test_numbers_in_tables(study):
    assert (shown(-1234.567), shown(0.12345, 3)) == ("−1,234.57", "0.123")
    assert with_interval(97.183, None) == "97.18"
    assert with_interval(97.183, (-0.5, 98.0), 1) == "97.2 [−0.5, 98.0]"
    table = study.table(["what", "n", "x", "m"], [["a", 3, 0.5, MEASURED]], digits=1)
    assert table.rows == [["a", "3", "0.5", "42.5 [41.0, 43.0]"]]


def test_a_tables_csv_is_not_rounded(study):
    rows = [["a, b", np.float64(1 / 3), MEASURED], ["c", float("nan"), 2.0]]
    assert list(csv.reader(study.table(["what", "x", "m"], rows, digits=1).csv().splitlines())) == [
        ["what", "x", "m", "m, low", "m, high"],
        ["a, b", repr(1 / 3), "42.5", "41.0", "43.0"],
        ["c", "", "2.0", "", ""],
    ]
    frame = pd.DataFrame({"layer": ["ip1"], "error_percent": [12.3456], "lo": [11.0], "hi": [13.0]})
    table = study.frame(frame)
    assert table.rows == [["ip1", "12.35 [11.00, 13.00]"]]
    assert table.csv() == 'layer,"error, %","error, %, low","error, %, high"\nip1,12.3456,11.0,13.0\n'


@pytest.mark.parametrize(
    ("tier", "profile", "judged"),
    [
        ("original", "paper", "verdicts are given"),
        ("substitute", "paper", "preview, no verdicts"),
        ("original", "default", "preview, no verdicts"),
    ],
)
def test_only_the_paper_profile_on_the_papers_data_promises_verdicts(tier, profile, judged):
    banner = Banner(tier, profile, "a & b")
    assert banner.line() == f"Data tier: {tier} (a & b). Profile: {profile} ({judged})."
    html = banner._repr_mimebundle_()["text/html"]
    assert f'class="df-banner tier-{tier}"' in html and "a &amp; b" in html


def test_devices(monkeypatch):
    assert devices.pick_device("cpu") == "cpu"
    import torch

    monkeypatch.setattr(devices.Path, "exists", lambda path: True)
    for there, expected in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert devices.pick_device("auto") == expected
    with pytest.raises(
        devices.NoDevice, match="^device=cuda, but torch sees no CUDA device here: allowed are auto and cpu$"
    ):
        devices.pick_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.pick_device("cpu") == "cpu" and devices.pick_device("cuda") == "cuda"


def test_without_a_driver_torch_is_not_asked(monkeypatch):
    monkeypatch.setattr(devices.Path, "exists", lambda path: False)
    monkeypatch.setitem(__import__("sys").modules, "torch", None)  # importing it now would raise
    assert devices.pick_device("auto") == "cpu"
