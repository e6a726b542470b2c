"""Parameters, YAML, tables and notebooks made to harm: refused with a short message, or shown and never run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from deepfeatures.data import celeba, pose_table
from deepfeatures.study import (
    active_content,
    brought,
    build,
    catalogue,
    chapter_key,
    downloads,
    execute,
    offered,
    parameters,
    paths,
    profiles,
    staging,
)
from deepfeatures.study import claims as ledger
from deepfeatures.study.parameters import ParameterError
from tests.conftest import ROOT
from tests.data.made_up_faces import write_celeba
from tests.study.made_up import SLUG

EVIL = (
    "$(touch pwned)", "`touch pwned`", "1; touch pwned", "1 && touch pwned", "1 | touch pwned", "> pwned",
    "__import__('os').system('touch pwned')", "{plan}", "{config[plan]}", "{{7*7}}", "%(x)s", "../../etc/passwd",
    "1\nimport os", "1\r\n2", "1\0", "\x1b[2J1", "\u202e1", "1\u200b", "⁵", "NaN", "Infinity", "-inf", "1e999",
    "0x10", "1_", "true\n", "9" * 5_000, "[" * 100_000, "x" * 1_000_000, "\udcff", "!!python/object:os.system",
)  # fmt: skip


@pytest.mark.parametrize("name", ["seeds", "dataset", "resamples"])
@pytest.mark.parametrize("value", EVIL, ids=lambda value: ascii(value[:20]))
def test_a_parameter_that_is_no_value_is_refused_in_one_short_line(name: str, value: str, tiny: Path) -> None:
    declared = catalogue.chapter(SLUG).parameters
    began = time.process_time()
    with pytest.raises(ParameterError) as refused:
        catalogue.resolve(SLUG, "default", dict([parameters.parse_assignment(f"{name}={value}", declared, SLUG)]))
    told = str(refused.value)
    assert time.process_time() - began < 30  # a guard against work without end, whatever else the machine does
    assert f"chapter tiny, parameter {name}: given " in told and "allowed: " in told
    assert len(told) < 600 and told.isprintable()


NAMES = ("", "=1", "seeds", "__class__=1", "se\u0435ds=1", "seeds\0=1", "x" * 1_000_000 + "=1", "\u202esdees=1",
         "seeds;touch pwned=1")  # fmt: skip


@pytest.mark.parametrize("text", NAMES, ids=lambda text: ascii(text[:12]))
def test_a_name_that_is_none_is_refused_in_one_short_line(text: str, tiny: Path) -> None:
    with pytest.raises(ParameterError) as refused:
        parameters.parse_assignment(text, catalogue.chapter(SLUG).parameters, SLUG)
    assert len(str(refused.value)) < 800 and str(refused.value).isprintable()


PLACES = ("../tiny", "tiny/../tiny", "/etc/passwd", "tiny\0", "*", "", "x" * 1_000_000, "$(touch pwned)", "tiny\n",
          "\u202eynit")  # fmt: skip


@pytest.mark.parametrize("name", PLACES, ids=lambda name: ascii(name[:12]))
def test_a_chapter_or_profile_that_is_none_is_refused_in_one_short_line(name: str, tiny: Path) -> None:
    for look in (catalogue.chapter, profiles.load):
        with pytest.raises(ValueError, match="^no (chapter|profile) ") as refused:
            look(name)
        assert len(str(refused.value)) < 400 and str(refused.value).isprintable()


def test_the_runs_folder_may_have_any_name(tiny: Path, tmp_path: Path, monkeypatch) -> None:
    """Through Snakemake, which reads values as YAML, formats braces and starts shells. Nothing is left of the name."""
    runs = tmp_path / "it's $(touch pwned) `touch pwned` {odd}: #1 \"quoted\"\n; touch pwned"
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(runs))
    (tiny / "workflow").mkdir()
    text = (ROOT / "workflow" / "Snakefile").read_text()
    job = "deepfeatures execute --plan {config[plan]:q} {wildcards.key}"
    assert job in text  # the plan in the place of a job that takes long: whether it can be read there
    text = text.replace(f'"{job}"', '"test -f {config[plan]:q} && mkdir -p $(dirname {output:q}) && touch {output:q}"')
    (tiny / "workflow" / "Snakefile").write_text(text)
    (plan,) = build.plan_book("default")
    build.build([plan])
    assert (execute.folder(plan) / execute.NOTEBOOK).is_file()
    assert not list(tmp_path.rglob("pwned")) and not Path("pwned").exists()


TENFOLD = ", ".join(["*{0}"] * 10)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{TENFOLD.format(old)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML = {
    "alias *a, line 2: write it out": BOMB,
    "too deep to be read": "all: " + "[" * 20_000,
    "at most 1,000,000 are read": "all: {}\n#" + "x" * 1_000_000,
    "could not determine a constructor for the tag": "all: !!python/object/apply:os.system ['touch pwned']",
    "a value cannot be read: month must be in 1..12": "all: 2026-13-01",
    "a value cannot be read: Exceeds the limit": "all: " + "9" * 5_000,
    "stands a second time": "all: {}\nall: {}",
    "special characters are not allowed": "all: {}\n\0",
}


@pytest.mark.parametrize("message", YAML)
def test_yaml_made_to_harm_is_refused(message: str, tmp_path: Path) -> None:
    began = time.process_time()
    for name, read, error in (
        ("evil", lambda: profiles.load("evil", tmp_path), profiles.ProfileError),
        ("rudd2017", lambda: ledger.load(tmp_path / "rudd2017.yaml"), ledger.ClaimsError),
    ):
        (tmp_path / f"{name}.yaml").write_text(YAML[message])
        with pytest.raises(error) as refused:
            read()
        assert f"{name}.yaml: not YAML: " in str(refused.value) and message in str(refused.value)
        assert len(str(refused.value)) < 1_000
    assert time.process_time() - began < 60 and not Path("pwned").exists()


HEADER = ",".join(pose_table.COLUMNS)
TABLES = {
    "a million columns": (HEADER + "".join(f",c{n}" for n in range(1_000_000)) + "\n", "line 1 is longer than 65,536"),
    "a cell of a megabyte": (f"{HEADER}\n{'x' * 1_000_000},0,0,0,9,1\n", "line 2 is longer than 65,536 bytes"),
    "a long name": (f"{HEADER}\n{'x' * 300}.jpg,0,0,0,9,1\n", "line 2 begins with a name of 304 bytes"),
    "a cell over many lines": (HEADER + '\n"' + "x\n" * 50_000 + '",0,0,0,9,1\n', "line 2 has a quote that does not"),
    "zero bytes": (f"{HEADER}\na.jpg,0,0\0,0,9,1\n", "line 2 holds a zero byte"),
}


@pytest.mark.parametrize("how", TABLES)
@pytest.mark.parametrize("file", ["pose_estimates.csv", "landmarks.csv", "identity_CelebA.txt"])
def test_a_table_made_to_fill_memory_is_refused_before_it_is_parsed(file: str, how: str, tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2], [0, 0, 1])
    brought.check_tables(tmp_path)
    content, message = TABLES[how]
    (tmp_path / "celeba" / file).write_text(content)
    with pytest.raises(brought.BadTable) as refused:
        brought.check_tables(tmp_path)
    assert message in str(refused.value) and file in str(refused.value) and len(str(refused.value)) < 400


def test_chapters_on_photographs_look_their_tables_over_first(tmp_path: Path) -> None:
    from deepfeatures.study import data_status, sources

    write_celeba(tmp_path, [1, 1, 2], [0, 0, 1])
    (tmp_path / "celeba" / "pose_estimates.csv").write_text(TABLES["a million columns"][0])
    with pytest.raises(brought.BadTable, match="pose_estimates.csv, line 1 is longer"):
        sources.resolve({"photographs": "auto"}, tmp_path)
    assert sources.resolve({"photographs": "none"}, tmp_path).tier == "rendered"
    found = {one.what: one for one in data_status.everything(tmp_path)}
    assert found["celeba pose table"].state == "damaged" and "is longer than" in found["celeba pose table"].told
    (tmp_path / "celeba" / "list_attr_celeba.txt").write_text("x" * 1_000_000)
    found = {one.what: one for one in data_status.everything(tmp_path)}
    assert found["celeba"].state == "damaged" and "list_attr_celeba.txt, line 1 is longer" in found["celeba"].told


def test_a_pipe_for_a_table_does_not_stop_the_book(tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2], [0, 0, 1])
    os.mkfifo(tmp_path / "celeba" / "landmarks.csv")
    with pytest.raises(brought.BadTable, match="landmarks.csv is no file"):
        brought.check_tables(tmp_path)
    assert celeba.present(tmp_path)


def shown(mime: str, text: str) -> nbformat.NotebookNode:
    return new_code_cell("1", outputs=[new_output("display_data", {mime: text})], execution_count=1)


ACTIVE = {
    "a script": shown("text/html", "<p>fine</p><script>alert(1)</script>"),
    "a script from elsewhere": shown("text/html", '<script src="https://example.org/x.js"></script>'),
    "a script in capitals": shown("text/html", "<SCRIPT\n>alert(1)</SCRIPT >"),
    "a module in disguise": shown("text/html", '<script type="application/json" src="x.js"></script>'),
    "data that end early": shown("text/html", '<script type="application/json">"</script><script>1</script>"</script>'),
    "an event": shown("text/html", '<img src="x" onerror="alert(1)">'),
    "an event after a slash": shown("text/html", "<svg/onload=alert(1)>"),
    "an event behind a quote": shown("text/html", "<p title='a'onclick=alert(1)>"),
    "hidden from parsers": shown("text/html", '<noscript><p title="</noscript><img src=x onerror=alert(1)>">'),
    "a frame": shown("text/html", '<iframe src="file:///etc/passwd"></iframe>'),
    "a frame of its own text": shown("text/html", "<p srcdoc='&lt;b>'>"),
    "an address that runs": shown("text/html", '<a href="java&#115;cript&colon;alert(1)">more</a>'),
    "an address with a tab": shown("text/html", '<a href=" java\tscript:alert(1)">more</a>'),
    "a picture that runs": shown("text/html", '<img src="data:image/svg+xml;base64,PHN2Zz4=">'),
    "a form": shown("text/html", '<form action="https://example.org"><input name="password"></form>'),
    "a page that leads away": shown("text/html", '<meta http-equiv="refresh" content="0;url=https://example.org">'),
    "a program": shown("application/javascript", "alert(1)"),
    "a drawing that runs": shown("image/svg+xml", "<svg><script>alert(1)</script></svg>"),
    "a drawing with an event": shown("image/svg+xml", "<svg><animate onbegin='alert(1)'/></svg>"),
    "a script by another name": shown("image/svg+xml", '<svg><s_1:script xmlns:s_1="x">alert(1)</s_1:script></svg>'),
    "a drawing with a page inside": shown("image/svg+xml", "<svg><foreignObject><p>x</p></foreignObject></svg>"),
    "a drawing from elsewhere": shown("image/svg+xml", '<svg><image href="https://example.org/x.png"/></svg>'),
    "a style from elsewhere": shown("image/svg+xml", "<svg><style>p{fill:url(https://example.org/x)}</style></svg>"),
    "a drawing that hides words": shown("image/svg+xml", '<!DOCTYPE svg [<!ENTITY s "script">]><svg>&s;</svg>'),
    "a drawing with a program for its style": shown("image/svg+xml", '<?xml-stylesheet href="x.xsl"?><svg/>'),
    "Markdown": shown("text/markdown", "fine\n\n<script>alert(1)</script>"),
    "a link of Markdown": shown("text/markdown", "[more](javascript:alert(1))"),
    "prose": new_markdown_cell("fine <img src=x onerror=alert(1)>"),
    "a raw cell": new_raw_cell("<script>alert(1)</script>"),
    "a caption": new_code_cell("1", metadata={"mystnb": {"figure": {"caption": "<script>alert(1)</script>"}}}),
}


@pytest.mark.parametrize("how", ACTIVE)
def test_a_notebook_that_would_act_in_a_browser_is_refused(how: str) -> None:
    with pytest.raises(staging.StagingError) as refused:
        staging.refuse_active(new_notebook(cells=[new_markdown_cell("# A title"), ACTIVE[how]]), "mine")
    told = str(refused.value)
    assert told.startswith("chapter mine, cell 2: ") and "would act in the browser of" in told and len(told) < 500


HARMLESS = {
    "text": new_code_cell("1", outputs=[new_output("stream", text="<script>alert(1)</script> onerror=1")]),
    "plain text": shown("text/plain", "<script>alert(1)</script>"),
    "code": new_code_cell("html = '<script>alert(1)</script>'"),
    "a table": shown("text/html", "<table><tr><td>one = 1, only = 2</td><td>a &lt; script</td></tr></table>"),
    "an explorer's data": shown("text/html", '<script type="application/json">{"a":"\\u003cscript>"}</script>'),
    "a picture": shown("text/html", '<img alt="on" src="data:image/png;base64,iVBORw0KGgo=">'),
    "a drawing": shown("image/svg+xml", '<svg><metadata/><use xlink:href="#a"/><g clip-path="url(#b)"/>'
                                        '<image xlink:href="data:image/png;base64,iVBORw0KGgo="/></svg>'),
}


@pytest.mark.parametrize("how", HARMLESS)
def test_what_is_only_shown_is_let_by(how: str) -> None:
    assert active_content.in_cell(HARMLESS[how]) is None


def test_no_published_chapter_acts() -> None:
    for path in sorted((paths.book() / "chapters").glob("*.ipynb")):
        staging.refuse_active(nbformat.read(path, as_version=4), path.stem)
    vectors = [(path.name, name, content) for path in sorted((paths.book() / "chapters").glob("*.downloads.zip"))
               for name, content in downloads.read(path).items() if name.endswith(".svg")]  # fmt: skip
    assert vectors
    for archive, name, content in vectors:
        assert active_content.in_svg(content.decode()) is None, (archive, name)


def test_a_drawing_that_would_act_is_refused_among_what_readers_take_away(
    tiny: Path, runs_folder: Path, tmp_path: Path
) -> None:
    """A zip of downloads comes with a stranger's chapter, and its drawings lie on the site as files of their own."""
    made = tmp_path / "made"
    made.mkdir()
    notebook = new_notebook(cells=[new_markdown_cell("# A title")])
    nbformat.write(notebook, made / "tiny.ipynb")
    downloads.pack({"figures/one.svg": b"<svg onload='alert(1)'/>"}, made / "tiny.downloads.zip")
    with pytest.raises(downloads.BadDownloads, match=r"chapter tiny: .*onload.* in its figures/one.svg would act"):
        offered.collect(made, "tiny", {}, {}, [], [])


def test_a_plan_by_hand_runs_nothing(tiny: Path, tmp_path: Path) -> None:
    """What jobs take from a plan is checked as what a reader types is."""
    path = build.write_plan(build.plan_book("default"))
    plan = json.loads(path.read_text())
    (key,) = plan["chapters"]
    plan["chapters"][key]["parameters"]["seeds"] = "1; touch pwned"
    forged = tmp_path / "plan.json"
    forged.write_text(json.dumps(plan))
    with pytest.raises(build.BadPlan, match="is not what was written"):
        build.read_plan(forged)
    assert chapter_key.plan(SLUG, catalogue.resolve(SLUG, "default", {})).key == key  # a job holds its plan to it


def test_the_command_says_it_in_one_line() -> None:
    """As a reader meets it: exit status 2 and one line, never a traceback."""
    command = Path(sys.executable).with_name("deepfeatures")
    done = subprocess.run(
        [command, "run", "rotated-mnist", "-p", "seeds=$(touch pwned)\n`id`"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "") and len(done.stderr.splitlines()) == 1
    assert "parameter seeds: given '$(touch pwned)\\n`id`'; allowed: int, a whole number from 1 to 20" in done.stderr
    assert not (ROOT / "pwned").exists()
