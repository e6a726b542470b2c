"""What leaves the notebook for the zip, under which names, and which zips are refused."""

import base64
import csv
import json
import zipfile

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from deepfeatures.study import downloads
from deepfeatures.study.tables import Table
from tests.book import made_up

INFO = (
    b"<< /Creator (Matplotlib v9 \\(x\\)) /Title (kept) /CreationDate (D:20260101) /Producer (Matplotlib (pdf) v9) >>"
)
START = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9">'
SVG = START + "\n <metadata><a>2026</a></metadata><g/></svg>"


def drawn(name=None, **data):
    written = {"figure": {"name": name, "caption": "A < *b*"}, "image": {"alt": "It rises."}} if name else {}
    output = new_output("display_data", data={"image/png": made_up.png(), "text/plain": "<Figure>"} | data)
    return new_code_cell("draw()", metadata={"mystnb": written} if written else {}, outputs=[output])


def told(bundle):
    return new_code_cell("told", outputs=[new_output("execute_result", data=bundle)])


@pytest.fixture
def notebook():
    table = Table(["what", "n"], [["a", "1"]], "How well, & by what, of all the many things that were ever measured.")
    vectors = {"image/svg+xml": SVG, "application/pdf": base64.b64encode(INFO).decode()}
    return new_notebook(cells=[
        drawn("rising", **vectors), drawn(), told(table._repr_mimebundle_()),
        told(made_up.explored()._repr_mimebundle_()), told(Table(["x"], [["2"]])._repr_mimebundle_()),
    ])  # fmt: skip


def test_vectors_and_tables_leave_the_notebook(notebook):
    files = downloads.take(notebook)
    assert list(files) == [
        "figures/rising.svg", "figures/rising.pdf", "tables/table-01-how-well-by-what-of-all-the-many-things-that.csv",
        "tables/made-up.csv", "tables/table-02.csv",
    ]  # fmt: skip
    left = {mime for cell in notebook.cells for output in cell.outputs for mime in output.data}
    assert left == {"image/png", "text/html", "text/plain"}
    said = "<title>A &lt; *b*</title><desc>It rises.</desc>"
    assert files["figures/rising.svg"].decode() == f"{START}{said}<g/></svg>"
    pdf = files["figures/rising.pdf"]
    assert len(pdf) == len(INFO) and b"v9" not in pdf and b"2026" not in pdf
    assert pdf.split() == [b"<<", b"/Title", b"(kept)", b">>"]
    assert downloads.take(notebook) == {"tables/made-up.csv": files["tables/made-up.csv"]}  # an older run's notebook


def test_an_explorers_table_is_whole(notebook):
    rows = list(csv.DictReader(downloads.take(notebook)["tables/made-up.csv"].decode().splitlines()))
    assert len(rows) == 11 and list(rows[0]) == [
        "network", "layer", "turned by", "error, %", "error, %, low", "error, %, high", "note"
    ]  # fmt: skip
    assert rows[5] == {
        "network": "LeNet", "layer": "LeNet <b>ip2</b>", "turned by": "30°", "error, %": "2002", "error, %, low": "80",
        "error, %, high": "2500.5", "note": "30° & more",
    }  # fmt: skip


def test_an_explorers_drawings_are_left_out_and_its_shares_kept():
    data = {
        "choices": [{"label": "digit", "options": ["3", "8"], "rows": False}],
        "shown": [{"kind": "picture", "label": "seen"}, {"kind": "bars", "label": "answer", "names": ["3", "8"]},
                  {"kind": "number", "label": "angle", "interval": True, "own_mark": False},
                  {"kind": "curve", "label": "c"}, {"kind": "words", "label": "said"}],
        "above": [], "words": ["three", "eight"], "pictures": ["iVBOR"], "curves": ["0,0 1,1"],
        "rows": [[0, 0, [90, 10], -5, -6, None, [0, 1, 2], 0], [1, None, None, 4, 3, 5, None, 1]],
    }  # fmt: skip
    html = f'<div class="df-explorer" id="turned"><script type="application/json">{json.dumps(data)}</script></div>'
    files = downloads.take(new_notebook(cells=[told({"text/html": html})]))
    assert files["tables/turned.csv"].decode().splitlines() == [
        'digit,"answer: 3, %","answer: 8, %",angle,"angle, low","angle, high",said',
        "3,90,10,-5,-6,,three", "8,,,4,3,5,eight",
    ]  # fmt: skip


def test_an_explorer_that_is_no_table_is_given_as_it_is():
    html = '<div class="df-explorer" id="turned"><script type="application/json">{"frames":[1,2]}</script></div>'
    files = downloads.take(new_notebook(cells=[told({"text/html": html})]))
    assert files == {"tables/turned.json": b'{"frames":[1,2]}\n'}


def test_equal_files_are_equal_zips_and_come_back(tmp_path):
    one, other = {"a.py": b"1", "figures/x.svg": b"2"}, {"figures/x.svg": b"2", "a.py": b"1"}
    downloads.pack(one, tmp_path / "one")
    downloads.pack(other, tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert downloads.read(tmp_path / "one") == one and downloads.read(tmp_path / "none") == {}


@pytest.mark.parametrize("name", ["../up.py", "/etc/x.py", "figures/../../x.svg", "page.html", "figures/A.svg"])
def test_a_zip_with_other_files_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "tiny.downloads.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(downloads.BadDownloads, match="tiny.downloads.zip holds .*, which no chapter offers"):
        downloads.read(tmp_path / "tiny.downloads.zip")


def test_half_a_zip_is_refused(tmp_path):
    downloads.pack({"a.py": b"1"}, tmp_path / "z")
    (tmp_path / "z").write_bytes((tmp_path / "z").read_bytes()[:-9])
    with pytest.raises(downloads.BadDownloads, match="z is no whole zip file"):
        downloads.read(tmp_path / "z")
