"""Two runs set beside each other, as text and as a page, on made-up runs."""

import json

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.study import compare, compare_page, kept
from deepfeatures.study.compare import Changed, NotComparable
from tests.book import checks
from tests.study import made_up_runs
from tests.study.made_up_runs import SLUG, record, write_run

NUMBER = st.floats(-1e4, 1e4)
ENDS = st.tuples(NUMBER, NUMBER).map(sorted)


@pytest.fixture(autouse=True)
def checkout(tmp_path, runs_folder, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    return made_up_runs.write_checkout(tmp_path / "checkout")


@pytest.fixture
def two(tmp_path):
    """Two runs that differ in what runs differ in."""
    one = write_run(
        tmp_path / "one", record("height", 40.0, (39, 41)), record("width", 3.0, (2, 4)), record("depth", 0.001),
        record("same", 5.0, (4, 6)), parameters={"resamples": 100, "pair_weights": [0.1], "seeds": 1},
        figures={"curve": 0, "both": 50, "first": 99},
    )  # fmt: skip
    other = write_run(
        tmp_path / "other", record("same", 5.0, (4, 6)), record("height", 42.5, (41.5, 43), unit="person"),
        record("width", 3.5, (2.5, 4.5)), record("depth", 0.0011), record("new", 1.0),
        parameters={"resamples": 200, "pair_weights": [0.1, 1.0], "normalise": "global", "seeds": 1},
        figures={"curve": 255, "both": 50, "second": 99}, not_applicable={"paper-x/width2": "no"},
    )  # fmt: skip
    return kept.find(str(one)), kept.find(str(other))


def test_what_changed_is_told(two):
    found = compare.compare(*two)
    assert found.parameters == [
        ("resamples", "100", "200"), ("pair_weights", "[0.1]", "[0.1,1.0]"), ("normalise", "–", "global")
    ]  # fmt: skip
    assert [one.cells() for one in found.changed] == [
        ["paper-x/height", "40.00 [39.00, 41.00]", "42.50 [41.50, 43.00]", "+2.50", "apart (digit / person)"],
        ["paper-x/width", "3.00 [2.00, 4.00]", "3.50 [2.50, 4.50]", "+0.50", "overlap"],
        ["paper-x/depth", "0.00100", "0.00110", "+0.00010", "no interval"],
    ]
    assert len(found.numbers) == 4 and found.only == [("paper-x/new", "–", "1.00")]
    told = compare.text(found)
    assert "Numbers that changed: 3 of 4" in told and "paper-x/same" not in told
    assert compare.OVERLAP in " ".join(told.split())
    assert "  resamples     100    200\n" in told


def test_numbers_of_the_text_are_compared_too(two):
    for run, value in zip(two, (3.0, 4.5), strict=True):
        run.results["numbers"] = {"told": {"value": value, "shown": str(value)}, "dash": {"value": None, "shown": "–"}}
    found = compare.compare(*two)
    assert found.changed[-1].cells() == ["in the text: told", "3.00", "4.50", "+1.50", "no interval"]
    assert not [one for one in (*found.numbers, *found.only) if "dash" in str(one)]


def test_a_run_against_itself_has_nothing_to_tell(two):
    found = compare.compare(two[0], two[0])
    assert not (found.parameters or found.context or found.changed or found.only)
    told = compare.text(found)
    assert "no parameter differs" in told and "Numbers that changed: 0 of 4" in told and "overlap" not in told


@given(NUMBER, ENDS, NUMBER, ENDS)
def test_intervals_overlap_where_they_share_a_point(value, one, other_value, other):
    ends = [{"value": v, "interval": i, "unit": "digit"} for v, i in ((value, one), (other_value, other))]
    forth, back = Changed("x", *ends), Changed("x", *reversed(ends))
    assert forth.overlap == back.overlap == (max(one[0], other[0]) <= min(one[1], other[1]))
    assert forth.difference == -back.difference


@given(NUMBER, NUMBER)
def test_a_difference_is_never_rounded_away(value, other):
    changed = Changed("x", *({"value": v, "interval": None, "unit": "digit"} for v in (value, other)))
    shown = float(changed.cells()[3].replace("−", "-").replace(",", ""))
    if abs(changed.difference) > 1e-7:
        assert shown == pytest.approx(changed.difference, rel=0.06)


def test_two_chapters_are_refused(two, tmp_path):
    write_run(tmp_path / "third", chapter="another")
    with pytest.raises(NotComparable) as refused:
        compare.compare(two[0], kept.find(str(tmp_path / "third")))
    assert str(refused.value) == (
        f"{tmp_path / 'one'} is a run of chapter curve, {tmp_path / 'third'} of another: "
        "only runs of one chapter report the same numbers"
    )


def test_other_data_and_other_code_are_said(two, tmp_path):
    folder = tmp_path / "other"
    result = json.loads((folder / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps({**result, "tier": "original", "data_fingerprint": "mnist-1"}))
    made = json.loads((folder / "provenance.json").read_text())
    depends = {"package code": "2", "parameters": "2", "artifact raw": "9"}
    (folder / "provenance.json").write_text(json.dumps({**made, "depends_on": depends}))
    found = compare.compare(two[0], kept.find(str(folder)))
    assert found.context == [
        ("data tier", "substitute", "original"), ("data", "made-up", "mnist-1"), ("package code", "1", "2"),
        ("artifacts, by other code, data or device", "1 of 2", "raw"),
    ]  # fmt: skip
    page = BeautifulSoup(compare_page.page(found), "html.parser")
    assert "cannot be set against the same number" in page.find(class_="warn").get_text()
    (folder / "provenance.json").unlink()
    assert compare.compare(two[0], kept.find(str(folder))).context[-1] == (
        "code and packages",
        "recorded",
        "not recorded",
    )


def test_a_claim_that_does_not_apply_in_one_says_why(tmp_path):
    one = write_run(tmp_path / "one", record("height", 1.0, (0, 2)))
    other = write_run(tmp_path / "other", not_applicable={"paper-x/height": "flat"})
    found = compare.compare(kept.find(str(one)), kept.find(str(other)))
    assert found.only == [("paper-x/height", "1.00 [0.00, 2.00]", "does not apply: flat")]


def test_the_page_sets_figures_side_by_side(two, tmp_path):
    file = compare_page.write(compare.compare(*two), tmp_path / "pages" / "c.html")
    assert checks.files(file.parent) == []
    soup = BeautifulSoup(file.read_text("utf-8"), "html.parser")
    assert [one.get_text() for one in soup.find(id="figures").find_all_next("h3")] == [
        "curve",
        "both",
        "first",
        "second",
    ]
    sides = [
        [(one.find(["figcaption", "p"]).get_text(), one.img["alt"] if one.img else one.find_all("p")[-1].get_text())
         for one in group.select(".side")]
        for group in soup.select(".sides")
    ]  # fmt: skip
    assert sides == [
        [("A", "A: curve is grey from edge to edge"), ("B", "B: curve is grey from edge to edge")],
        [("A and B, identical", "A and B, identical: both is grey from edge to edge")],
        [("A", "A: first is grey from edge to edge"), ("B", f"{two[1].name} has no such figure.")],
        [("A", f"{two[0].name} has no such figure."), ("B", "B: second is grey from edge to edge")],
    ]
    first, second = soup.select(".sides")[0].find_all("img")
    assert [one["src"] for one in (first, second)] == [f"data:image/png;base64,{made_up_runs.png(g)}" for g in (0, 255)]
    assert soup.find(string="<i>curve</i>")  # a caption is text
    assert "3 of 4 numbers changed." in soup.get_text()


def test_a_notebook_that_cannot_be_read_is_named(two, tmp_path):
    (tmp_path / "one" / "chapter.ipynb").write_text("{")
    with pytest.raises(kept.UnknownRun, match="its notebook chapter.ipynb cannot be read"):
        compare_page.page(compare.compare(*two))


def test_chapter_of_the_checkout_gives_the_pages_title(two):
    assert SLUG in compare_page.page(compare.compare(*two)) and "Does the curve rise?" in compare_page.page(
        compare.compare(*two)
    )
