"""What a sweep's page says, read back from the page."""

import base64
import csv
import math
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from scipy import stats

from deepfeatures.study import grid, sweep, sweep_measures, sweep_page
from tests.book import checks
from tests.study import made_up_runs
from tests.study.made_up_runs import SLUG, record


@pytest.fixture(autouse=True)
def checkout(tmp_path, runs_folder, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    return made_up_runs.write_checkout(tmp_path / "checkout")


def read(*given):
    return grid.read(SLUG, "default", given)


def written(found, folder, results):
    """(page, rows of table.csv) of a sweep whose points reported these results."""
    done = made_up_runs.points(found, folder, results)
    command = ["deepfeatures", "sweep", SLUG, "-p", "variants=[a, b]"]
    page = sweep_page.write(found, done, folder, command)
    return BeautifulSoup(page.read_text("utf-8"), "html.parser"), list(csv.DictReader(open(folder / "table.csv")))


def table(soup, caption):
    """The rows, as texts, of the table whose caption begins so."""
    (found,) = [one for one in soup.find_all("table") if one.caption.get_text(strip=True).startswith(caption)]
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])] for row in found.find_all("tr")]


def test_means_over_seeds_with_their_interval(tmp_path):
    found = read("resamples=100,1000", "normalise=global,per-feature", "seed=0..2")
    values = np.random.default_rng(0).normal(50, 5, len(found.points)).round(3)
    results = {n: [record("height", float(v), (v - 1, v + 1)), record("width", float(v) / 100)]
               for n, v in enumerate(values, start=1)}  # fmt: skip
    soup, rows = written(found, tmp_path / "out", results)
    head, *body = table(soup.find(id="measure-1"), "Mean over seeds")
    assert head == ["resamples", "normalise", "mean [interval]", "seeds", "single runs (point)"] and len(body) == 4
    for cell, row in zip(values.reshape(4, 3), body, strict=True):
        ends = stats.ttest_1samp(cell, 0).confidence_interval(0.95)
        assert row[2] == f"{cell.mean():.2f} [{ends.low:.2f}, {ends.high:.2f}]" and row[3] == "3"
    assert [row[:2] for row in body] == [["100", "global"], ["100", "per-feature"], ["1,000", "global"],
                                         ["1,000", "per-feature"]]  # fmt: skip
    assert body[0][4] == ", ".join(f"{v:.2f} ({n})" for n, v in zip((1, 2, 3), values, strict=False))
    caption = soup.find(id="measure-1").figcaption.get_text()
    assert "95 % interval of that mean" in caption and "unit: seed" in caption
    assert [float(row["value"]) for row in rows if row["measure"] == "paper-x/height"] == pytest.approx(list(values))
    assert {row["resampled"] for row in rows} == {"digit"} and rows[0]["seed"] == "0"
    place = values.reshape(4, 3).mean(axis=1)
    head, first, _ = table(soup, "Each measure's lowest")
    assert first[1] == f"{place.min():.2f}" and first[3] == f"{place.max():.2f}"
    widths = [np.diff(stats.ttest_1samp(cell, 0).confidence_interval(0.95))[0] / 2 for cell in values.reshape(4, 3)]
    assert first[5] == f"± {np.median(widths):.2f}"
    assert first[2] == "resamples {}, normalise {}".format(*body[int(place.argmin())][:2])


def test_without_seeds_each_runs_own_interval_is_shown(tmp_path):
    found = read("resamples=100,200")
    results = {1: [record("height", 40.0, (39.0, 41.5))], 2: [record("height", 44.0)]}
    soup, _ = written(found, tmp_path / "out", results)
    section = soup.find(id="measure-1")
    assert table(section, "Every run")[1:] == [["100", "40.00 [39.00, 41.50]", "360 × digit"],
                                              ["200", "44.00", "360 × digit"]]  # fmt: skip
    assert "the interval that the chapter reports for each (resampled: digit)" in section.figcaption.get_text()
    assert section.img["alt"] == "things & more against resamples. 40.00 at 100, 44.00 at 200."
    assert section.h3.get_text() == "paper-x/height, things & more"
    told = "What the paper says: The curve rises with <resamples>. Its figure: 42.00, at its own sizes."
    assert told in section.get_text()  # as text, not as a tag


def test_the_page_stands_alone_and_every_link_leads_somewhere(tmp_path):
    found = read("resamples=100,200", "seed=0..1")
    results = {1: [record("height", 1.0)], 2: "out of <memory>", 3: [record("height", 2.0)], 4: [record("height", 3.0)]}
    soup, rows = written(found, tmp_path / "out", results)
    assert checks.files(tmp_path / "out") == []
    text = soup.get_text(" ", strip=True)
    assert "1 of 4 runs failed" in text and "point 2 (resamples=100, seed=1) : out of <memory>" in text
    assert "4 runs (2 of resamples × 2 of seed), 3 completed." in text
    assert soup.find("code").get_text() == "deepfeatures sweep curve -p 'variants=[a, b]'"
    assert (
        "no verdicts" in soup.find(class_="banner").get_text() and "substitute" in soup.find(class_="banner").get_text()
    )
    listed = table(soup, "Every point")
    assert [row[:3] for row in listed[1:]] == [
        ["1", "100", "0"],
        ["2", "100", "1"],
        ["3", "200", "0"],
        ["4", "200", "1"],
    ]
    assert [row[-1] == "failed" for row in listed[1:]] == [False, True, False, False]
    assert table(soup.find(id="measure-1"), "Mean")[1][2:4] == ["1.00", "1"] or "1.00" in str(soup.find(id="measure-1"))
    (failed,) = [row for row in rows if row["failure"]]
    assert (failed["point"], failed["measure"], failed["failure"]) == ("2", "", "out of <memory>")
    options = [option.get_text() for option in soup.find_all("option")]
    assert options == ["height (things & more)"]
    meanings = {row[0]: row[1] for row in table(soup, "Profile default")}
    assert (
        meanings["resamples"] == "100, 200" and meanings["seed"] == "0, 1" and meanings["pair_weights"] == "[0.1,1.0]"
    )
    assert "first_seed" not in meanings


def test_a_mean_of_which_one_run_is_left_has_no_interval(tmp_path):
    found = read("resamples=100,200", "seed=0..1")
    results = {1: [record("height", 1.0, (0, 2))], 2: "no", 3: [record("height", 2.0)], 4: [record("height", 3.0)]}
    soup, _ = written(found, tmp_path / "out", results)
    (row,) = table(soup, "Each measure's lowest")[1:]
    assert row[5] == "± 6.35"
    assert [row[1:3] for row in table(soup.find(id="measure-1"), "Mean")[1:]] == [
        ["1.00", "1"], ["2.50 [−3.85, 8.85]", "2"]
    ]  # fmt: skip


def test_what_does_not_move_says_so(tmp_path):
    results = {n: [record("height", 4.0, (3, 5)), record("width", 1.0)] for n in (1, 2)}
    soup, _ = written(read("resamples=100,200"), tmp_path / "out", results)
    assert table(soup, "Each measure's lowest")[1:] == [
        ["paper-x/height", "4.00", "everywhere", "4.00", "everywhere", "± 1.00"],
        ["paper-x/width", "1.00", "everywhere", "1.00", "everywhere", "–"],
    ]


def test_all_failed_is_a_page_too(tmp_path):
    soup, _ = written(read("resamples=100,200"), tmp_path / "out", {1: "a", 2: "b"})
    assert "2 of 2 runs failed" in soup.get_text(" ", strip=True) and not soup.find("section")


def test_measures_of_what_is_encoded_follow_the_claims(tmp_path):
    cell = {"subject": "pose", "data": "rendered", "network": "trained", "layer": "embedding", "reading": "linear",
            "metric": "AUC", "value": 0.75, "interval": [0.7, 0.8], "n": 12, "unit": "person", "seeds": 1,
            "label": "here", "chapter": SLUG, "tier": "rendered", "profile": "custom"}  # fmt: skip
    found = read("resamples=100,200")
    done = made_up_runs.points(found, tmp_path, {1: [record("height", 1.0)], 2: []})
    made_up_runs.write_run(done[1].folder, encoded=[cell])
    measures = sweep_measures.measures(done)
    assert [one.group for one in measures] == ["paper-x", sweep_measures.ENCODED]
    page = BeautifulSoup(sweep_page.write(found, done, tmp_path, []).read_text(), "html.parser")
    assert [group["label"] for group in page.find_all("optgroup")] == ["paper-x", "what is encoded where"]
    section = page.find(id="measure-2")
    assert "pose in embedding of trained on rendered, linear" in section.get_text()
    assert table(section, "Every run")[1:] == [["200", "0.750 [0.700, 0.800]", "12 × person"]]


WORDS = "normalise=global,per-feature"
LAYOUTS = {  # what is given: x, line, panels, words, logarithmic
    ("resamples=100,1000,10000", WORDS, "seed=0..1"): ("resamples", "normalise", (), False, True),
    (WORDS, "resamples=100,200"): ("resamples", "normalise", (), False, False),
    (WORDS, "seed=0..1"): ("normalise", None, (), True, False),
    ("seed=0..3",): ("seed", None, (), True, False),
    ("resamples=100..103", "tolerance_pp=0,1,10", WORDS): ("resamples", "tolerance_pp", ("normalise",), False, False),
    ("pair_weights=[1],[2]", "first_seed=0..1"): ("pair_weights", None, (), True, False),
    ("first_seed=0..1", "seeds=1,2"): ("first_seed", "seeds", (), False, False),
    ("resamples=150",): ("resamples", None, (), True, False),
}


@pytest.mark.parametrize("given", LAYOUTS)
def test_numbers_are_axes_words_are_marks_and_seeds_are_averaged(given):
    placed = sweep_measures.layout(read(*given))
    assert (placed.x, placed.line, placed.panels, placed.words, placed.logarithmic) == LAYOUTS[given]


def test_three_parameters_are_drawn_in_panels(tmp_path):
    found = read("resamples=100,200", "tolerance_pp=0,1", "normalise=global,per-feature")
    soup, _ = written(found, tmp_path / "out", {n: [record("height", float(n))] for n in range(1, 9)})
    rows = table(soup.find(id="measure-1"), "Every run")
    assert rows[0][:3] == ["resamples", "tolerance_pp", "normalise"]
    assert rows[4][:4] == ["100", "1.0", "normalise = per-feature", "4.00"]
    pictures = [soup.find(id="measure-1").img["src"], soup.find(id="measure-1").source["srcset"]]
    wide, narrow = (base64.b64decode(one.removeprefix("data:image/svg+xml;base64,")).decode() for one in pictures)
    widths = [float(re.search(r'width="([\d.]+)pt"', drawn)[1]) for drawn in (wide, narrow)]
    assert widths == pytest.approx([72 * sweep_page.WIDE_IN, 72 * sweep_page.NARROW_IN])
    assert len({drawn.count('id="axes_') for drawn in (wide, narrow)}) == 1 and 'id="axes_2"' in wide


def test_the_same_points_give_the_same_bytes(tmp_path):
    found = read("resamples=100,200", "seed=0..1")
    results = {n: [record("height", math.sqrt(n))] for n in range(1, 5)}
    first, second = (tmp_path / name for name in "ab")
    written(found, first, results)
    written(found, second, results)
    for name in ("index.html", "table.csv"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_values_are_shown_as_a_command_line_takes_them():
    for assignment in ("pair_weights=[0.1,1.0]", "normalise=per-feature", "resamples=1000", "tolerance_pp=0.5"):
        name, _, text = assignment.partition("=")
        (value,) = read(assignment).axes[name]
        assert sweep.shown(value) == text
