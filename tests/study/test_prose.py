"""Words of a published chapter mended: what is allowed, what is refused, and that outputs stay as they are."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from deepfeatures.study import chapter_key, downloads, offered, prose, publish, run_pages, scrub
from deepfeatures.study.publish import NotPublished
from tests.book.made_up import png
from tests.conftest import ROOT
from tests.study import made_up

FIGURE = '# %% mystnb={"figure": {"name": "rising", "caption": "It falls."}, "image": {"alt": "A line < b."}}\ndraw()'
TEXT = (
    made_up.notebook(made_up.BEGIN, made_up.MEASURED)
    + "\n# %% [markdown]\n# It was {glue:text}`answer`, wich is a lot.\n\n"
    + FIGURE
    + f"\n\n# %%\n{made_up.END}\n"
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>'
FILES = ("tiny.ipynb", "tiny.results.json", "tiny.provenance.json", "tiny.downloads.zip")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@x", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "a state")


def as_run(text: str) -> nbformat.NotebookNode:
    """The notebook as papermill leaves it: parameters injected, a line printed, a figure drawn three times."""
    notebook = jupytext.reads(text, fmt="py:percent")
    at = next(number for number, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    notebook.cells.insert(at + 1, new_code_cell("seeds = 2", metadata={"tags": ["injected-parameters"]}))
    drawn = {"image/png": png(), "image/svg+xml": SVG, "application/pdf": base64.b64encode(b"%PDF").decode()}
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.execution_count = number + 1
        if cell.source.startswith("draw"):
            cell.outputs = [new_output("display_data", data=drawn)]
        elif "print" in cell.source:
            cell.outputs = [new_output("stream", name="stdout", text="43.5 for 2 seeds\n")]
    return notebook


@pytest.fixture
def published(tiny: Path) -> Path:
    """The small checkout with its chapter published, committed."""
    source, folder = tiny / "notebooks" / "01-tiny.py", tiny / "book" / "chapters"
    source.write_text(TEXT)
    folder.mkdir()
    notebook = as_run(TEXT)
    downloads.pack(downloads.take(notebook) | {"tiny.py": TEXT.encode()}, folder / "tiny.downloads.zip")
    (folder / "tiny.ipynb").write_text(scrub.dumps(scrub.scrub(notebook)))
    numbers = {"answer": {"value": 43.5, "shown": "43.50"}}
    results = {"chapter": "tiny", "profile": "paper", "tier": "original", "numbers": numbers, "records": []}
    (folder / "tiny.results.json").write_text(json.dumps(results))
    parts = chapter_key.plan_for_publication("tiny").parts
    (folder / "tiny.provenance.json").write_text(json.dumps({"depends_on": parts, "git": {"sha": "f" * 40}}))
    git(tiny, "init", "-q")
    commit(tiny)
    assert publish.stale() == {}
    return tiny


def edited(checkout: Path, old: str, new: str) -> Path:
    """The checkout with a change of its notebook, committed."""
    path = checkout / "notebooks" / "01-tiny.py"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    commit(checkout)
    return checkout


def content(checkout: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((checkout / "book" / "chapters").iterdir())}


def mend(*slugs: str) -> list[str]:
    return prose.mend(slugs, check=lambda folder: None)


def notebook(checkout: Path) -> nbformat.NotebookNode:
    return nbformat.read(checkout / "book" / "chapters" / "tiny.ipynb", as_version=4)


def outputs(checkout: Path) -> list[bytes]:
    """Outputs of the code cells as they stand in the file, byte for byte."""
    text = (checkout / "book" / "chapters" / "tiny.ipynb").read_bytes()
    return re.findall(rb'^   "outputs": (.*?)^   "source"', text, re.DOTALL | re.MULTILINE)


def test_words_change_and_outputs_do_not(published: Path) -> None:
    before, files = outputs(published), content(published)
    assert len(before) == 6 and b"43.5 for 2 seeds" in b"".join(before)
    edited(published, "wich is a lot", "which is a lot")
    assert publish.stale() == {"tiny": ["notebooks/01-tiny.py"]}
    assert mend() == ["tiny"]
    assert publish.stale() == {} and outputs(published) == before
    now = content(published)
    assert set(now) == set(FILES) and now["tiny.results.json"] == files["tiny.results.json"]
    assert now["tiny.ipynb"] == files["tiny.ipynb"].replace(b"wich", b"which")
    kept = downloads.read(published / "book" / "chapters" / "tiny.downloads.zip")
    assert kept["tiny.py"] == (published / "notebooks" / "01-tiny.py").read_bytes()
    assert [path.name for path in (published / "book").iterdir()] == ["chapters"]


def test_the_run_says_when_its_words_were_mended(published: Path) -> None:
    edited(published, "wich", "which")
    mend("tiny")
    first = git(published, "rev-parse", "HEAD")
    commit(published)
    edited(published, "a lot", "much")
    mend("tiny")
    record = json.loads(content(published)["tiny.provenance.json"])
    assert [one["sha"] for one in record["prose_mended"]] == [first, git(published, "rev-parse", "HEAD")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["at"]) for one in record["prose_mended"])
    results = json.loads(content(published)["tiny.results.json"])
    run = offered.collect(published / "book" / "chapters", "tiny", results, record, [], [])
    page = run_pages.page(run, None)
    assert f"commit `{'f' * 40}`" in page and "its prose (text, captions, alternative texts) was mended since, " in page
    assert all(f"at commit `{one['sha']}`" in page for one in record["prose_mended"])
    assert "mended" not in run_pages.page(offered.collect(
        published / "book" / "chapters", "tiny", results, {**record, "prose_mended": []}, [], []), None)  # fmt: skip


def test_captions_and_alternative_texts_change_in_the_notebook_and_in_the_vectors(published: Path) -> None:
    before = outputs(published)
    edited(published, '"It falls."', '"It rises & falls."')
    edited(published, '"A line < b."', '"A bent line."')
    mend("tiny")
    (cell,) = (cell for cell in notebook(published).cells if cell.source == "draw()")
    assert cell.metadata["mystnb"] == {
        "figure": {"name": "rising", "caption": "It rises & falls."}, "image": {"alt": "A bent line."}
    }  # fmt: skip
    kept = downloads.read(published / "book" / "chapters" / "tiny.downloads.zip")
    said = "<title>It rises &amp; falls.</title><desc>A bent line.</desc>"
    assert kept["figures/rising.svg"].decode() == SVG.replace("<g/>", f"{said}<g/>")
    assert outputs(published) == before and kept["figures/rising.pdf"] == b"%PDF"


def test_a_new_markdown_cell_is_allowed(published: Path) -> None:
    before = outputs(published)
    edited(published, "# It was", "# First.\n\n# %% [markdown]\n# It was")
    mend("tiny")
    cells = notebook(published).cells
    assert [cell.source for cell in cells if cell.cell_type == "markdown"][1:] == [
        "First.", "It was {glue:text}`answer`, wich is a lot."
    ]  # fmt: skip
    assert [cell.id for cell in cells] == [f"cell-{number:03d}" for number in range(1, len(cells) + 1)]
    assert [cell.source for cell in cells][2] == "seeds = 2"  # what papermill injected stays after the parameters
    assert outputs(published) == before and publish.stale() == {}


def refused(checkout: Path, message: str, *slugs: str) -> None:
    before = content(checkout)
    with pytest.raises(NotPublished) as no:
        mend(*slugs)
    assert message in str(no.value)
    assert content(checkout) == before and [path.name for path in (checkout / "book").iterdir()] == ["chapters"]


MORE = "chapter tiny: more than prose differs from what was run: "
CHANGES = {
    "code": ("(value=41.5", "(value=40.5", "code cell 3 ('from types import SimpleNamespace');"),
    "a comment in code": ("draw()", "draw()  # it", "code cell 4 ('draw()  # it');"),
    "parameters": ("seeds: int = 1 ", "seeds: int = 4 ", "code cell 1 ('dataset: str = "),
    "tags": ('tags=["parameters"]', 'tags=["parameters", "hide-input"]', "tags or settings of code cell 1"),
    "a figure's name": ('"name": "rising"', '"name": "raising"', "tags or settings of code cell 4 ('draw()');"),
    "the kernel": ("#     name: python3", "#     name: python4", "the notebook's header;"),
    "a new code cell": ("draw()", "draw()\n\n# %%\nmore()", "6 code cells where 5 were run;"),
    "a code cell less": ("\n# %%\nstudy.verdicts()\n", "\n", "4 code cells where 5 were run;"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_more_than_prose_is_refused_and_named(what: str, published: Path) -> None:
    old, new, named = CHANGES[what]
    edited(edited(published, "wich", "which"), old, new)
    refused(published, MORE + named, "tiny")


def test_another_order_of_code_cells_is_refused(published: Path) -> None:
    edited(published, FIGURE, "# %%\nstudy.verdicts()  # moved")
    edited(published, f"# %%\n{made_up.END}\n", FIGURE + "\n")
    edited(published, "  # moved", "")
    refused(published, MORE + "code cell 4 ('study.verdicts()'); code cell 5 ('draw()');")


def test_another_part_of_the_key_is_refused_and_named(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited(published, "wich", "which")
    claims = published / "claims" / "paper-x.yaml"
    claims.write_text(claims.read_text().replace("forty-two", "42"))
    commit(published)
    monkeypatch.setattr(chapter_key.fingerprint, "of_modules", lambda *_: "changed")
    refused(published, MORE + "claims; package code; run it again: deepfeatures book --profile paper")


def test_a_number_that_the_run_did_not_keep_is_refused(published: Path) -> None:
    edited(published, "`answer`", "`anser`")
    refused(published, "chapter tiny: its prose asks for anser, which its run did not keep; it kept answer")


def test_uncommitted_words_are_refused(published: Path) -> None:
    (published / "notebooks" / "01-tiny.py").write_text(TEXT.replace("wich", "which"))
    refused(published, "no commit would tell which words were published:\n   M notebooks/01-tiny.py")


def test_a_record_without_its_source_is_refused(published: Path) -> None:
    edited(published, "wich", "which")
    path = published / "book" / "chapters" / "tiny.downloads.zip"
    kept = downloads.read(path)
    downloads.pack({name: data for name, data in kept.items() if name != "tiny.py"}, path)
    refused(published, "notebooks/01-tiny.py as it was run is not among its downloads; run it again")
    downloads.pack(kept | {"tiny.py": kept["tiny.py"] + b"#"}, path)
    refused(published, "notebooks/01-tiny.py as it was run is not among its downloads; run it again")
    path.unlink()
    refused(published, "chapter tiny is not published with its source: no tiny.downloads.zip; run it again")


def test_a_notebook_of_another_source_is_refused(published: Path) -> None:
    path = published / "book" / "chapters" / "tiny.ipynb"
    path.write_text(path.read_text().replace('"draw()"', '"drew()"'))
    edited(published, "wich", "which")
    refused(published, "its published notebook is not of the source that it names")


def test_an_output_that_names_its_cell_may_not_move(published: Path) -> None:
    path = published / "book" / "chapters" / "tiny.ipynb"
    path.write_text(path.read_text().replace("43.5 for 2 seeds", "cell-005.py:3: a warning"))
    edited(published, "# # A tiny chapter", "# # A tiny chapter\n\n# %% [markdown]\n# More.")
    refused(published, "an output of cell-005 names its cell, which would now be cell-006")


def test_what_the_check_raises_stops_everything(published: Path) -> None:
    edited(published, "wich", "which")
    before, seen = content(published), []

    def check(folder: Path) -> None:
        seen.append((folder / "tiny.ipynb").read_text())
        raise RuntimeError("a warning of the renderer")

    with pytest.raises(RuntimeError, match="a warning of the renderer"):
        prose.mend(check=check)
    assert "which is a lot" in seen[0] and content(published) == before
    assert [path.name for path in (published / "book").iterdir()] == ["chapters"]


def test_the_same_words_change_nothing(published: Path) -> None:
    before = content(published)
    assert prose.mend(check=lambda folder: pytest.fail("nothing is to be checked")) == []
    assert content(published) == before


CHILD = """
import os, signal, pathlib
from deepfeatures.study import plans, prose

plans.PLANS["tiny"] = lambda *_: {}
true_rename = pathlib.Path.rename

def rename(self, target):
    if str(target).endswith("/chapters"):  # the second: the former pages are aside, the new ones not in place
        os.kill(os.getpid(), signal.SIGKILL)
    return true_rename(self, target)

pathlib.Path.rename = rename
prose.mend(check=lambda folder: None)
"""


def test_killed_between_the_two_renames_nothing_is_lost(published: Path) -> None:
    before = content(published)
    edited(published, "wich", "which")
    environment = {**os.environ, "DEEPFEATURES_ROOT": str(published)}
    done = subprocess.run([sys.executable, "-c", CHILD], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (published / "book" / "chapters").exists()
    (published / "notes.txt").touch()  # stops the step after it has put the former pages back
    with pytest.raises(NotPublished, match=r"notes\.txt"):
        mend()
    assert content(published) == before
    (published / "notes.txt").unlink()
    assert mend() == ["tiny"] and publish.stale() == {}
    assert [path.name for path in (published / "book").iterdir()] == ["chapters"]
