"""The mapping from records and tables of chapters to the matrix: what it names is there, and is read as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepfeatures.study import claims, downloads, matrix_sources, publish
from deepfeatures.study.claims import Record
from deepfeatures.study.matrix_sources import Mapped, MatrixError, Source
from tests.conftest import ROOT

TABLE = {
    "chapter": "c", "subject": "pose", "metric": "share of variance", "meaning": "m", "reading": "linear",
    "table": "how-well",
}  # fmt: skip


def source(**given: object) -> Source:
    return Source.model_validate({**TABLE, **given})


def mapped(*sources: Source) -> Mapped:
    return Mapped(cells={}, worlds={"CelebA, spoilt": "celeba"}, leave_out=["planted axis"], sources=list(sources))


def read(one: Source, text: str, name: str = "tables/table-07-how-well.csv") -> list:
    return matrix_sources.found(mapped(one), one, "substitute", {}, {name: text.encode()})


def test_a_row_is_found_by_its_name_and_a_number_has_the_ends_beside_it() -> None:
    rows = {"lenet": {"network": "lenet", "layer": "ip1"}}
    one = source(column=["R²"], key="read from", rows=rows, data="digits", unit="digits")
    (found,) = read(one, 'read from,R²,"R², low","R², high"\nlenet,0.9,0.8,0.95\nother,0.1,0,0.2\n')
    assert (found.value, found.interval, found.where) == (0.9, (0.8, 0.95), "LeNet, ip1")
    assert found.rests == "intervals over digits, substitute data"
    assert found.place.startswith("matrix-c-pose-digits-lenet")
    assert read(one, "read from,R²\nlenet,–\n") == [] and read(one, "x\n1\n") == []
    assert read(one, "read from,R²\nlenet,0.9\n", "tables/table-07-how-well-not.csv") == []


def test_columns_name_the_place_and_of_two_equal_headings_the_path_says_which() -> None:
    one = source(column=["pitch", "share"], place={"data": "world", "network": "network, layer"}, filter={"kind": "a"})
    text = (
        'kind,world,"network, layer",yaw,share,pitch,share\n'
        "a,rendered,trained/block4,1,0.1,2,0.2\nb,rendered,trained/block3,1,0.3,2,0.4\n"
        'a,"CelebA, spoilt",pixels/pixels,1,0.5,2,"−0.60 [−0.70, 0.50] of 1,271"\n'
        "a,rendered,planted axis/units,1,1,1,1\n"
    )
    first, second = read(one, text)
    assert (first.value, first.interval, first.data) == (0.2, None, "rendered")
    assert first.where == "our identity network, block4" and first.rests == "no interval, rendered data"
    assert (second.value, second.interval, second.data, second.where) == (-0.6, (-0.7, 0.5), "celeba", "pixels")


def test_a_record_leads_to_itself_and_one_that_a_run_lacks_is_no_cell() -> None:
    record = Record(
        claim="p/x", value=0.5, interval=None, n=9, unit="identity", seeds=1, tier="rendered", profile="paper",
        chapter="c",
    )  # fmt: skip
    one = source(table="", records={"p/x": {"network": "lenet", "layer": "ip1"}})
    (found,) = matrix_sources.found(mapped(one), one, "substitute", {"p/x": record}, {})
    assert (found.place, found.data, found.rests) == ("record-p-x", "rendered", "n = 9 (identity), rendered data")
    assert matrix_sources.found(mapped(one), one, "substitute", {}, {}) == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"table": ""}, "needs `records` or `table`"),
        ({"column": ["x"]}, "`place` or `key` with `rows`"),
        ({"place": {"network": "n"}}, "a table needs `column`"),
        ({"metric": "F1", "column": ["x"], "place": {"network": "n"}}, "metric 'F1' is not one of"),
        ({"subject": "mood", "column": ["x"], "place": {"network": "n"}}, "subject 'mood' is not one of"),
        ({"colum": "x"}, "colum"),
    ],
)
def test_a_source_that_cannot_be_read_is_refused(wrong: dict, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "matrix.yaml"
    path.write_text(json.dumps({"cells": {}, "worlds": {}, "leave_out": [], "sources": [{**TABLE, **wrong}]}))
    with pytest.raises(MatrixError, match=complaint):
        matrix_sources.load(path)


def test_everything_that_the_mapping_names_stands_in_the_published_chapters() -> None:
    known, ledger = matrix_sources.load(), claims.load_all()
    every, missing, used = [], [], set()
    for number, one in enumerate(known.sources):
        results = json.loads((publish.folder() / f"{one.chapter}.results.json").read_text())
        records = {record["claim"]: Record.model_validate(record) for record in results["records"]}
        files = downloads.read(publish.folder() / f"{one.chapter}.downloads.zip")
        missing += [f"{one.chapter}: {claim}" for claim in one.records if claim not in records or claim not in ledger]
        found = matrix_sources.found(known, one, results["tier"], records, files)
        if one.rows:
            missing += [f"source {number}: {row}" for row, at in one.rows.items()
                        if not any((cell.network, cell.layer) == (at.network, at.layer) for cell in found)]  # fmt: skip
        missing += [] if found else [f"source {number} of {one.chapter} has no number"]
        text = (matrix_sources.table(one, files) or b"").decode() if one.table else ""
        used |= {world for world in known.worlds if world in text}
        every += found
    assert missing == [] and used == set(known.worlds)
    places = [cell.place for cell in every]
    assert len(places) == len(set(places))


def test_every_chapter_but_those_without_measurements_of_a_layer_is_in_the_matrix() -> None:
    known, ledger = matrix_sources.load(), claims.load_all()
    reported = {}
    for path in publish.folder().glob("*.results.json"):
        results = json.loads(path.read_text())
        reported |= {cell["label"]: results["chapter"] for cell in results["encoded"]}
    assert set(reported) == set(known.cells)
    chapters = {one.chapter for one in known.sources} | set(reported.values())
    assert chapters == {path.name.split(".")[0] for path in publish.folder().glob("*.ipynb")}
    papers = matrix_sources.papers(ledger, (ROOT / "book" / "references.bib").read_text("utf-8"))
    assert papers["views-and-quality"] == "{cite:t}`parde2016`" and "rendered-faces" not in papers
    assert len({*papers.values()}) == 5 and all(paper.startswith("{cite:t}`") for paper in papers.values())
    assert matrix_sources.papers(ledger, "@misc{other,\n")["pose"] == "`rudd2017`"


def test_a_checkout_without_a_mapping_has_no_such_cells(tmp_path: Path) -> None:
    assert matrix_sources.load(tmp_path / "matrix.yaml").sources == []
