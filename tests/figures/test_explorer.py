"""Explorers as HTML: what is offered, what is shown first, and that no text can become mark-up. The script that goes
with them is tested in a browser, against this module: tests/book/test_explorer.py."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from deepfeatures.figures import pictures
from deepfeatures.figures.explorer import EVERY, Bars, Choice, Curve, Explorer, Number, Picture, Text, explorer

HOSTILE = "</script><b>&\"'"


def table() -> pd.DataFrame:
    rows = [
        ("CelebA", "Bald", "shape", "fc", 12.34, 10.0, 15.06, 50.0, "0.1 ×3"),
        ("CelebA", "Bald", "shape", "conv", np.nan, np.nan, np.nan, 50.0, HOSTILE),
        ("CelebA", "Smiling", "moment", "fc", 30.0, np.nan, np.nan, 40.0, "1 ×3"),
        ("rendered", "Smiling", "moment", "fc", -1.26, -2.0, 1.0, 60.0, "1 ×3"),
    ]
    columns = ["data", "attribute", "group", "layer", "error", "error_lo", "error_hi", "constant", "C"]
    return pd.DataFrame(rows, columns=columns)


CHOICES = [Choice("data"), Choice("attribute", group="group"), Choice("layer", every=True)]
SHOWN = [Number("error", "error, %", interval=True, most=100, mark="constant"), Text("C")]
WORDS = {"caption": "Errors.", "twin": "Figure 3 shows the same."}


def made(**changed: object) -> Explorer:
    return explorer(**{"name": "try", "table": table(), "choices": CHOICES, "shown": SHOWN, **WORDS, **changed})


def soup(**changed: object) -> BeautifulSoup:
    return BeautifulSoup(made(**changed).html, "html.parser")


def cells(page: BeautifulSoup) -> list[list[str]]:
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select("tr")]


def test_every_choice_is_a_labelled_native_control() -> None:
    page = soup(choices=[Choice("data", slider=True), *CHOICES[1:]])
    controls = page.select("fieldset [data-choice]")
    assert [control.name for control in controls] == ["input", "select", "select"]
    for control in controls:
        assert page.select_one(f"label[for='{control['id']}']") is not None
    slider = controls[0]
    assert (slider["type"], slider["min"], slider["max"], slider["aria-valuetext"]) == ("range", "0", "1", "CelebA")
    assert [one.get_text() for one in controls[1].select("option")] == ["Bald", "Smiling"]
    assert [one["label"] for one in controls[1].select("optgroup")] == ["shape", "moment"]
    assert [one["value"] for one in controls[2].select("option")] == [str(EVERY), "0", "1"]


def test_the_first_choice_is_drawn_with_intervals_dashes_and_bars() -> None:
    page = soup()
    assert cells(page) == [
        ["layer", "error, %", "C"],
        ["fc", "12.3 [10.0, 15.1]", "0.1 ×3"],
        ["conv", "–", HOSTILE],
    ]
    styles = [part["style"] for part in page.select(".df-bar > span")]
    assert styles == ["width:12%", "left:10%;width:5%", "left:50%"]
    assert "data: CelebA; attribute: Bald; layer: every one (2 rows)" in page.select_one("[role=status]").get_text()


def test_a_start_that_is_asked_for_is_drawn() -> None:
    page = soup(choices=[Choice("data", start="rendered"), Choice("attribute", start="Smiling"), Choice("layer")])
    assert cells(page) == [["error, %", "C"], ["−1.3 [−2.0, 1.0]", "1 ×3"]]
    assert page.select_one(".df-bar-value")["style"] == "width:0%"
    assert [option.get_text() for option in page.select("option[selected]")] == ["rendered", "Smiling", "fc"]


def test_it_says_that_it_is_precomputed_and_where_its_twin_is() -> None:
    page = soup()
    assert page.select_one("legend").get_text() == "Precomputed: choose what is shown"
    static = page.select_one(".df-explorer-static").get_text()
    assert "Precomputed: 4 rows" in static and WORDS["twin"] in static
    assert "JavaScript is off" in page.select_one("noscript").get_text()
    assert page.select_one("fieldset").has_attr("hidden")  # nothing to turn where nothing turns it


def test_nothing_in_the_data_becomes_mark_up() -> None:
    given = table().rename(columns={"layer": HOSTILE}).replace("Bald", HOSTILE).replace("shape", HOSTILE)
    given["C"] = HOSTILE
    choices = [Choice("data"), Choice("attribute", group="group"), Choice(HOSTILE, every=True)]
    made_of = made(table=given, choices=choices, caption=HOSTILE, twin=HOSTILE)
    page = BeautifulSoup(made_of.html, "html.parser")
    assert page.find_all("b") == [] and len(page.find_all("script")) == 1
    kept = json.loads(page.find("script").string)
    assert kept["words"] == [HOSTILE] and kept["choices"][1]["options"][0] == HOSTILE
    assert page.select_one("#try-caption").get_text() == HOSTILE
    assert page.select_one("option[selected]").get_text() == "CelebA"


def test_all_numbers_of_the_table_are_in_the_page_rounded() -> None:
    kept = json.loads(soup().find("script").string)
    assert kept["rows"] == [
        [0, 0, 0, 12.3, 10, 15.1, 50, 0],
        [0, 0, 1, None, None, None, 50, 1],
        [0, 1, 0, 30, None, None, 40, 2],
        [1, 1, 0, -1.3, -2, 1, 60, 2],
    ]


def test_equal_tables_make_equal_pages() -> None:
    assert made().html == made().html
    assert made(table=table().astype({"attribute": "category"})).html == made().html


def test_in_print_it_is_a_table_of_text() -> None:
    bundle = made()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"].splitlines()[-3:] == [
        "layer  error, %           C", "fc     12.3 [10.0, 15.1]  0.1 ×3", f"conv   –                  {HOSTILE}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "A b"}, "small letters, digits and hyphens"),
        ({"choices": [Choice("colour")]}, r"lacking: \['colour'\]"),
        ({"shown": [Number("constant", interval=True)]}, r"lacking: \['constant_lo', 'constant_hi'\]"),
        ({"choices": [Choice("data"), Choice("attribute")]}, r"\['CelebA', 'Bald'\] stands in the table more"),
        ({"choices": [*CHOICES[:2], Choice("layer", start="ip1")]}, "layer starts with 'ip1', which is not in the"),
        (
            {"choices": [Choice("data", start="rendered"), Choice("attribute", start="Bald"), Choice("layer")]},
            "no row for the first choice",
        ),
        ({"table": table().iloc[:0]}, "0 rows"),
    ],
)
def test_what_cannot_be_shown_is_refused(changed: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        made(**changed)


def test_a_slider_has_no_place_for_every_value() -> None:
    with pytest.raises(ValueError, match="a slider has no groups and no place"):
        Choice("data", slider=True, every=True)


def test_a_page_is_not_made_too_heavy() -> None:
    many = pd.DataFrame({"row": [f"{n} " + "x" * 1000 for n in range(1200)], "value": 1.0})
    with pytest.raises(ValueError, match="at most 1,500,000 fit a page"):
        explorer("heavy", many, [Choice("row")], [Number("value")], **WORDS)


def drawn(**changed: object) -> BeautifulSoup:
    """Two rows of one choice: the second lacks all that is drawn."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "digit": ["7", "7"], "network": ["<b>one", "two"], "seen": [rng.random((4, 5))] * 2,
        "softmax": [np.array([0.004, 0.996]), None], "units": [rng.random((2, 2)), None], "scree": ["one", "one"],
        "scree_x": [0.5, np.nan], "scree_y": [0.25, np.nan], "read": [-45.0, 15.0],
    })  # fmt: skip
    shown = [
        Bars("softmax", "softmax", ("a", "b")), Curve("scree", "scree", {"one": np.array([[0.0, 1.0], [1.0, 0.0]])}),
        Picture("units", "ip1", "Units", 40, 30, pixels=True), Number("read", "angle", least=-90, most=90, mark=0.0),
    ]  # fmt: skip
    given = {"table": table, "choices": [Choice("digit"), Choice("network", rows=True)], "shown": shown,
             "above": [Picture("seen", "what is seen", "A digit", 50, 40)], **changed}  # fmt: skip
    return BeautifulSoup(explorer("drawn", **WORDS, **given).html, "html.parser")


def test_what_always_stands_row_by_row_has_no_menu_and_is_not_said() -> None:
    page = drawn()
    assert [one["id"] for one in page.select("[data-choice]")] == ["drawn-0"]
    assert page.select_one("[role=status]").get_text() == "Shown: digit: 7 (2 rows)."
    assert [one.get_text() for one in page.select("tbody th")] == ["<b>one", "two"]


def test_shares_stand_side_by_side_and_are_heard() -> None:
    bars = drawn().select(".df-bars")
    assert [one["style"] for one in bars[0].select("[style]")] == ["height:0%", "height:100%"]
    assert [one["aria-label"] for one in bars] == ["b: 100 %"] and bars[0]["role"] == "img"


def test_a_point_lies_on_its_curve_where_its_shares_say() -> None:
    [curve] = drawn().select("svg")
    assert curve.select_one("polyline")["points"] == "4,4 108,44"  # 112 x 48 px, 4 left free; y downwards
    assert (curve.select_one("circle")["cx"], curve.select_one("circle")["cy"]) == ("56", "34")
    assert curve["aria-hidden"] == "true"  # its numbers stand beside it


def test_a_scale_that_begins_below_zero_has_a_point_not_a_bar() -> None:
    page = drawn()
    assert page.select(".df-bar-value") == []
    assert [one["style"] for one in page.select(".df-bar-point")] == ["left:25%", "left:58%"]
    assert {one["style"] for one in page.select(".df-bar-mark")} == {"left:50%"}


def test_pictures_are_kept_once_and_described_by_the_choices() -> None:
    page = drawn()
    assert [image["alt"] for image in page.select("img")] == ["A digit: digit 7", "Units: digit 7; network <b>one"]
    kept = json.loads(page.find("script").string)
    assert len(kept["pictures"]) == 2 and [row[-1] for row in kept["rows"]] == [1, 1]
    assert page.select_one(".df-explorer-pictures img")["src"] == "data:image/png;base64," + kept["pictures"][1]
    assert [cell.get_text() for cell in page.select("tbody tr")[1].select("td")][:3] == ["–", "–", "–"]


@pytest.mark.parametrize("shares", [[0.5], [0.5, 1.5], [0.5, np.nan]])
def test_what_are_no_shares_is_refused(shares: list[float]) -> None:
    table = pd.DataFrame({"digit": ["7"], "softmax": [shares]})
    with pytest.raises(ValueError, match="softmax: 2 shares of 0..1 are expected"):
        drawn(table=table, choices=[Choice("digit")], shown=[Bars("softmax", "softmax", ("a", "b"))], above=[])


def test_rows_without_a_choice_cannot_be_chosen_from() -> None:
    with pytest.raises(ValueError, match="there is no menu, slider or start"):
        Choice("network", rows=True, slider=True)


def test_a_small_picture_is_what_it_was_made_from() -> None:
    shares = np.random.default_rng(0).random((9, 7))
    back = np.asarray(decoded(pictures.grey(shares)).convert("L"))
    np.testing.assert_allclose(back[1:-1, 1:-1] / 255, shares, atol=0.5 / 15 + 0.002)
    assert back.shape == (11, 9) and back[[0, -1]].max() == back[:, [0, -1]].max() == 0
    few = np.random.default_rng(1).integers(0, 256, (31, 3), np.uint8)
    image = few[np.random.default_rng(2).integers(0, 31, (20, 20))]
    colours = np.asarray(decoded(pictures.colour(image)).convert("RGB"))
    np.testing.assert_array_equal(colours[1:-1, 1:-1], image)
    assert np.ptp(colours[[0, -1]].reshape(-1, 3), axis=0).max() == 0
    assert pictures.colour(image) == pictures.colour(image.copy())


@pytest.mark.parametrize("image", [np.full((3, 3), 1.1), np.full((3, 3), np.nan), np.zeros(3), np.zeros((3, 3, 3))])
def test_what_is_no_picture_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="picture is"):
        pictures.grey(image) if image.ndim < 3 else pictures.colour(image)


def decoded(base64_png: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(base64_png)))
