"""Remarks say what their numbers show, and nothing where there are none."""

from __future__ import annotations

import json
from typing import Any

from nbformat.v4 import new_code_cell, new_notebook, new_output

from deepfeatures.study import catalogue, claims, downloads, paths, remarks
from deepfeatures.study.offered import Run
from deepfeatures.study.tables import Table


class Measured:
    def __init__(self, value: float, low: float, high: float) -> None:
        self.value, self.interval = value, (low, high)


def run(slug: str, tables: list[Table], records: dict[str, float] | None = None, tier: str = "rendered") -> Run:
    """A run with these tables and these values of claims."""
    cells = [new_code_cell("t", outputs=[new_output("display_data", data=one._repr_mimebundle_())]) for one in tables]
    notebook = new_notebook(cells=cells)
    shown, files = list(downloads.shown(notebook)), downloads.take(notebook)
    rows = [
        {"id": claim, "value": value, "interval": [value - 0.1, value + 0.1]}
        for claim, value in (records or {}).items()
    ]
    return Run(slug, {"tier": tier}, {}, shown, rows, [], {}, files)


def space(stored: float, planted: float, decoded: float) -> dict[str, Run]:
    names = (remarks.AXIS, remarks.EXEMPLAR)
    tables = [
        Table(["network, layer", "ceiling", "share of ceiling"], [[name, "", ""] for name in names], "Encoding.",
              [[name, 0.9, Measured(planted, planted - 0.01, planted + 0.01)] for name in names]),
        Table(["network, layer", "one axis", "along the axis"], [[name, "", ""] for name in names], "Axis.",
              [[names[0], 0.9, Measured(0.97, 0.96, 0.98)], [names[1], stored, Measured(0.49, 0.48, 0.5)]]),
        Table(["world", "network, layer", "decoded, linear"], [["portraits", name, ""] for name in names], "Decoding.",
              [["portraits", name, decoded] for name in names]),
    ]  # fmt: skip
    return {"parameter-space": run("parameter-space", tables)}


def page(paper: str, runs: dict[str, Run]) -> str:
    return remarks.page(paper, runs, claims.load_all())


def test_planted_units_on_the_wrong_side_of_a_bar_are_told() -> None:
    text = page("sun2019", space(0.77, 0.70, 0.44))
    assert "held to the bar of 0.75 too" in text
    assert "no axis, reach [**0.77**](#shown-parameter-space-table-02-axis)" in text
    assert "one axis reach [**0.70**](#shown-parameter-space-table-01-encoding) \\[0.69, 0.71\\]" in text
    assert "[**0.44**](#shown-parameter-space-table-03-decoding) and [**0.44**]" in text
    assert "[**0.97**](#shown-parameter-space-table-02-axis) \\[0.96, 0.98\\] lies along the axis" in text


def test_planted_units_on_the_right_side_are_not_blamed() -> None:
    text = page("sun2019", space(0.3, 0.9, 0.9))
    assert "bars" not in text and "[**0.97**]" in text
    assert "no axis" not in page("sun2019", space(0.3, 0.7, 0.44)) and "0.70" in page("sun2019", space(0.3, 0.7, 0.44))


def scenes(fine: Measured, pre_trained: Measured) -> dict[str, Run]:
    values = [["celeba", remarks.FINE, fine], ["celeba", remarks.PRE_TRAINED, pre_trained]]
    table = Table(["world", "what is compared", "recall"], [["", "", ""]] * 2, "Differences.", values)
    anet = Table(["features", "points above ANet"], [["", ""]], "ANet.", [[remarks.ATTRIBUTES_ALONE, pre_trained]])
    return {"localize-then-describe": run("localize-then-describe", [table, anet])}


def test_gain_loss_and_neither_follow_the_interval() -> None:
    text = page("liu2014", scenes(Measured(-0.18, -0.21, -0.15), Measured(0.01, -0.02, 0.04)))
    assert "−0.18**](#shown-localize-then-describe-table-01-differences) \\[−0.21, −0.15\\], a **loss**." in text
    assert "\\[−0.02, 0.04\\], no difference that could be told." in text and "rendered scenes" not in text
    assert text.count("**loss**") == 1
    assert "[**0.01**](#shown-localize-then-describe-table-02-anet)" in text
    assert text.endswith("percentage points, no difference that could be told.")
    assert ", a gain." in page("liu2014", scenes(Measured(0.2, 0.1, 0.3), Measured(0.2, 0.1, 0.3)))


def test_what_is_compared_is_named_as_the_chapter_names_it() -> None:
    from deepfeatures.analysis import described, localisation

    labels = {label for label, _, _ in localisation.PAIRS}
    assert {remarks.FINE, remarks.PRE_TRAINED, remarks.FINE_PRE_TRAINED} <= labels
    assert remarks.ATTRIBUTES_ALONE in described.LABELS.values()
    table = Table(["world", "what is compared", "recall"], [["", "", ""]], "Differences.",
                  [["celeba", remarks.FINE_PRE_TRAINED, Measured(0.2, 0.1, 0.3)]])  # fmt: skip
    text = page("liu2014", {"localize-then-describe": run("localize-then-describe", [table])})
    assert text.startswith("**Pre-training the second.**") and ", a gain." in text and "**Pre-training on" not in text


def test_signed_yaw_stands_beside_absolute_yaw() -> None:
    views = run("views-and-quality", [], {"parde2016/yaw-readable": 1.0, "parde2016/view-some-independent": 0.4})
    pose = run("pose", [], {"rudd2017/pose-readable": 2.5, "rudd2017/pose-sign-unreadable": 0.66})
    alone = page("parde2016", {"views-and-quality": views})
    assert "[**1.00**](#record-parde2016-yaw-readable)" in alone and "/chapters/pose" not in alone
    both = page("parde2016", {"views-and-quality": views, "pose": pose})
    assert "{doc}`/chapters/pose`" in both and "[**2.50**](#record-rudd2017-pose-readable)" in both
    assert "[**0.40**](#record-parde2016-view-some-independent)" in both and "passes whenever the test is weak" in both


def test_exchangeable_photographs_are_said_of_photographs_alone() -> None:
    record = {"parde2016/view-some-independent": 0.4}
    for tier, said in (("rendered", False), ("substitute", True)):
        text = page("parde2016", {"views-and-quality": run("views-and-quality", [], record, tier)})
        assert ("exchangeable" in text) is said


def test_a_render_without_the_chapter_says_nothing() -> None:
    assert [page(paper, {}) for paper in remarks.PAPERS] == [""] * 3


def test_the_published_tables_are_found() -> None:
    """A heading or a planted layer that was renamed would silence a remark."""
    from deepfeatures.study import offered, scoreboard

    known, runs = claims.load_all(), {}
    for slug in ("parameter-space", "localize-then-describe", "views-and-quality", "pose"):
        assert slug in catalogue.slugs()
        folder = paths.book() / "chapters"
        results: dict[str, Any] = json.loads((folder / f"{slug}.results.json").read_text())
        fields = {"chapter": slug, "profile": results["profile"], "tier": results["tier"]}
        records = [claims.Record.model_validate(fields | record) for record in results["records"]]
        runs[slug] = offered.collect(folder, slug, results, {}, scoreboard.rows(known, records), [])
    assert page("sun2019", runs).count("](#shown-") == 6 and page("liu2014", runs).count("](#shown-") == 11
    assert page("parde2016", runs).count("](#record-") == 4
