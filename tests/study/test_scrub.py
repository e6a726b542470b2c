"""Scrubbing: what is noise goes, what would differ from run to run is refused with the cell's name, the rest stays."""
import base64
import copy
import re
import struct
import zlib
from pathlib import Path

import jupytext
import matplotlib
import nbformat
import papermill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from deepfeatures.study import png
from deepfeatures.study.scrub import _KERNEL_FILE, _LIBRARY, ScrubError, dumps, scrub

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project folder, with notebooks/ so that paths.root() takes it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "notebooks").mkdir()
    return folder


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, project):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(project))
    for name in ("DEEPFEATURES_RUNS", "DEEPFEATURES_DATA"):
        monkeypatch.delenv(name, raising=False)


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(data, **metadata):
    return new_output("display_data", data=data, metadata=metadata)


def code(*outputs, source="draw()", count=7, **metadata):
    return new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


def scrubbed(*cells, **metadata):
    return scrub(new_notebook(cells=list(cells), metadata=metadata))


def outputs(*given, **cell):
    return scrubbed(code(*given, **cell)).cells[0].outputs


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_text(data, text):
    """The PNG with a text chunk after its header, as matplotlib puts it."""
    return data[:33] + chunk(b"tEXt", b"Software\0" + text) + data[33:]


def test_cells_are_named_by_position_and_numbered_in_order():
    notebook = scrubbed(new_markdown_cell("# T"), code(count=12), code(count=None, source=""), code(count=31))
    assert [cell.id for cell in notebook.cells] == ["cell-001", "cell-002", "cell-003", "cell-004"]
    assert [cell.get("execution_count") for cell in notebook.cells] == [None, 1, None, 2]
    nbformat.validate(notebook)


def test_a_results_number_is_its_cells():
    result = new_output("execute_result", data={"text/plain": "3"}, execution_count=31)
    assert outputs(result, count=31)[0].execution_count == 1


def test_metadata_keeps_what_an_author_wrote():
    figure = {"figure": {"caption": "c"}}
    notebook = scrubbed(
        code(tags=["parameters"], mystnb=figure, execution={"iopub.status.busy": "2026-01-01T00:00:00Z"},
             papermill={"duration": 1.0}, lines_to_next_cell=2),
        code(tags=[]),
        kernelspec={"name": "my-env", "display_name": "mine", "language": "python"},
        language_info={"name": "python", "version": "3.12.1"},
        jupytext={"formats": "py:percent"}, widgets={"a": 1}, mystnb={"execution_mode": "off"},
        papermill={"input_path": "/x/y.ipynb", "start_time": "2026", "parameters": {"seeds": 3, "batch": 64}},
    )  # fmt: skip
    assert notebook.cells[0].metadata == {"tags": ["parameters"], "mystnb": figure}
    assert notebook.cells[1].metadata == {}
    assert set(notebook.metadata) == {"kernelspec", "language_info", "papermill", "mystnb"}
    assert notebook.metadata.kernelspec.name == "python3" and "version" not in notebook.metadata.language_info
    assert list(notebook.metadata.papermill) == ["parameters"]
    assert list(notebook.metadata.papermill.parameters.items()) == [("batch", 64), ("seeds", 3)]


def test_the_argument_is_left_as_it_is():
    cell = code(stream("a"), stream("b"), tags=["x"])
    notebook = new_notebook(cells=[cell], metadata={"papermill": {"version": "2"}})
    before = copy.deepcopy(notebook)
    scrub(notebook)
    assert notebook == before


def test_how_streams_were_cut_does_not_matter():
    whole = outputs(stream("a\nb\n"), stream("w\n", "stderr"))
    cut = outputs(stream("a\n"), stream("w", "stderr"), stream("b\n"), stream("\n", "stderr"))
    assert cut == whole and [output.name for output in whole] == ["stdout", "stderr"]


def test_streams_are_not_joined_across_a_figure():
    kinds = [o.output_type for o in outputs(stream("a\n"), shown({"text/plain": "f"}), stream("b\n"))]
    assert kinds == ["stream", "display_data", "stream"]


@pytest.mark.parametrize(
    "text",
    [
        "\rtrain:   0%|          | 0/10 [00:00<?, ?it/s]\rtrain: 100%|████| 10/10 [00:01<00:00, 9.9it/s]\n",
        "\r0it [00:00, ?it/s]\r12it [00:01, 11.2it/s]\n",
        "\rdigits: 3.1k images [00:01, 2.9k images/s]\n",
        "\rb:   0%|          | 0/2 [00:00<?, ?it/s]\x1b[A\n\r                              \x1b[A\n",
        "\r 50% 1/2 [01:00<01:00, 60.0s/it]",
    ],
)
def test_progress_bars_go(text):
    assert outputs(stream(text, "stderr")) == []


def test_a_warning_between_progress_bars_stays():
    first, last = "\r  0%|    | 0/3 [00:00<?, ?it/s]", "\r100%|██| 3/3 [00:00<00:00, 9it/s]"
    text = f"{first}careful: 3% of rows\n{last}\nW: 50% left\n  [1]\n"
    assert outputs(stream(text, "stderr"))[0].text == "careful: 3% of rows\nW: 50% left\n  [1]\n"


def test_what_stdout_says_is_not_taken_for_a_progress_bar():
    assert outputs(stream("seed 0:  50%| half\n"))[0].text == "seed 0:  50%| half\n"


def test_png_text_chunks_go_and_pixels_stay():
    def image(text):
        return base64.b64encode(with_text(PIXEL, text)).decode() + "\n"

    first, second = (outputs(shown({"image/png": image(t)}))[0].data["image/png"] for t in (b"Matplotlib 3.9", b"3.10"))
    assert first == second == base64.b64encode(PIXEL).decode()


def test_pngs_keep_their_resolution():
    sized = PIXEL[:33] + chunk(b"pHYs", struct.pack(">IIB", 3937, 3937, 1)) + PIXEL[33:]
    assert png.strip(with_text(sized, b"x")) == sized


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"GIF89a", "not a PNG"), (PIXEL[:-5], "ends inside the chunk"), (PIXEL[:45], "which claims 13|inside the chunk")],
)
def test_a_broken_png_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        png.strip(data)


def test_text_that_is_no_base64_is_refused():
    with pytest.raises(ValueError, match="not base64"):
        png.without_text("iVBOR!")


@pytest.mark.parametrize(
    "output",
    [
        stream("<object object at 0x7f72bb7d3bc0>\n"),
        stream("see 0x7f72bb7d3bc0\n", "stderr"),
        shown({"text/plain": "[<matplotlib.lines.Line2D at 0x7f72bb7d3bc0>]"}),
        shown({"text/html": "<b>0x55d0c0ffee</b>"}),
        shown({"application/json": {"a": ["<f at 0x1f>"]}}),
    ],
)
def test_addresses_are_refused_with_the_cells_name(output):
    with pytest.raises(ScrubError) as caught:
        scrubbed(new_markdown_cell("# T"), code(output, source="\nimport x\nx.draw()"))
    assert "output of cell cell-002 ('import x') shows an address, '" in str(caught.value)


def test_short_hexadecimal_numbers_and_images_are_no_addresses():
    assert outputs(stream("mask 0xff, colour 0x1f77b4\n"))
    assert outputs(shown({"image/jpeg": "0x7f72bb7d3bc0"}))


def test_random_table_ids_are_refused():
    with pytest.raises(ScrubError, match="cell-001 .* random table id, 'T_0a1b2_row0'"):
        outputs(shown({"text/html": '<td id="T_0a1b2_row0_col0">'}))


def test_widgets_go_and_glued_names_stay():
    kept = outputs(
        shown({"application/vnd.jupyter.widget-view+json": {"model_id": "9f"}, "text/plain": "bar"}),
        shown({"text/plain": "3"}, scrapbook={"name": "n", "mime_prefix": ""}, created="2026"),
        shown({"image/png": base64.b64encode(PIXEL).decode()}, **{"image/png": {"needs_background": "light"}}),
    )
    assert [dict(output.metadata) for output in kept] == [
        {"scrapbook": {"name": "n", "mime_prefix": ""}}, {"image/png": {"needs_background": "light"}},
    ]  # fmt: skip


def test_the_projects_own_path_becomes_relative(project):
    text = outputs(stream(f"{project}/src/a.py:3: W\nin {project}\n"))[0].text
    assert text == "./src/a.py:3: W\nin .\n"


def test_a_neighbour_of_the_project_is_not_taken_for_it(project):
    with pytest.raises(ScrubError, match="holds a path of this machine"):
        outputs(stream(f"{project}2/b\n"))  # under the temporary folder


def test_kernel_files_and_libraries_lose_their_folder():
    text = "/tmp/ipykernel_8416/292848666.py:6: UserWarning\n/opt/x/lib/python3.12/site-packages/torch/a.py:1: W\n"
    assert outputs(stream(text, "stderr"))[0].text == "cell-001.py:6: UserWarning\npython/torch/a.py:1: W\n"


@pytest.mark.parametrize("folder", [Path.home() / "book", Path("/tmp/abc"), Path("/tmp")])
def test_paths_of_this_machine_are_refused(folder):
    for text in (f"saved {folder}\n", f"'{folder}/x.npy'\n", f"file://{folder}\n"):
        with pytest.raises(ScrubError, match=r"output of cell cell-001 \('draw\(\)'\) holds a path of this machine"):
            outputs(stream(text))


def test_data_outside_the_project_is_refused(monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_DATA", "/srv/pool/mnist")
    with pytest.raises(ScrubError, match="'/srv/pool/mnist'"):
        outputs(shown({"text/html": "<i>/srv/pool/mnist/raw</i>"}))


@pytest.mark.parametrize("text", ["https://example.org/tmp/a", "a/tmp/b", "../tmp", "/tmpfs", "~/tmp/x"])
def test_what_only_looks_like_such_a_path_stays(text):
    assert outputs(stream(text))[0].text == text


def test_a_home_without_a_name_matches_nothing(monkeypatch):
    monkeypatch.setenv("HOME", "/")
    assert outputs(stream("1 / 2 and /usr"))[0].text == "1 / 2 and /usr"


def test_paths_in_sources_and_parameters_are_refused(project):
    with pytest.raises(ScrubError, match="source of cell cell-001 .* holds a path"):
        scrubbed(code(source=f"open('{project}/x')"))
    with pytest.raises(ScrubError, match="the notebook's parameters holds a path"):
        scrubbed(code(), papermill={"parameters": {"data": str(project)}})


def test_a_failed_cell_is_refused_unless_it_is_meant_to_fail():
    error = new_output("error", ename="ValueError", evalue="no", traceback=["Traceback"])
    with pytest.raises(ScrubError, match=r"cell cell-001 \('draw\(\)'\) failed: ValueError: no"):
        outputs(error)
    assert outputs(error, tags=["raises-exception"])[0].ename == "ValueError"


def test_text_ends_with_one_newline_and_has_sorted_keys():
    text = dumps(scrubbed(code(stream("a\n")), papermill={"parameters": {"b": 1, "a": 2}}))
    assert text.endswith("}\n") and not text.endswith("\n\n")
    assert text.index('"a": 2') < text.index('"b": 1')
    assert nbformat.reads(text, as_version=4).cells[0].outputs[0].text == "a\n"


def test_an_invalid_notebook_is_not_written():
    notebook = scrubbed(code())
    notebook.cells[0].cell_type = "picture"
    with pytest.raises(nbformat.ValidationError):
        dumps(notebook)


PIECES = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text(st.sampled_from("ab %|1\n\r["), max_size=8)))


@given(PIECES)
def test_scrubbing_twice_changes_nothing(pieces):
    once = scrubbed(code(*(stream(text, name) for name, text in pieces)))
    assert dumps(scrub(once)) == dumps(once)
    again = scrub(nbformat.reads(dumps(once), as_version=4))
    assert dumps(again) == dumps(once)


@given(st.text(st.sampled_from("ab \n"), max_size=30), st.data())
def test_any_cut_of_a_stream_gives_the_same(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    for name in ("stdout", "stderr"):
        assert outputs(*(stream(part, name) for part in parts)) == outputs(stream(text, name))


CHAPTER = '''# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     cell_metadata_filter: tags,mystnb
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Title

# %% tags=["parameters"]
seeds: int = 3

# %%
import sys, time, warnings
import matplotlib.pyplot as plt
from tqdm import tqdm
for i in tqdm(range(3), desc="seeds"):
    print("seed", i)
    time.sleep(0.15)
    sys.stdout.flush()
warnings.warn("careful")

# %% mystnb={"image": {"alt": "A line."}, "figure": {"name": "line", "caption": "A line."}}
plt.plot([1, seeds]);

# %%
seeds
'''


def test_two_executions_give_the_same_bytes(project, tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel inherits it, and with agg it shows no figure
    texts = []
    for run in ("first", "second"):
        source, executed = tmp_path / f"{run}.ipynb", tmp_path / f"{run}-executed.ipynb"
        jupytext.write(jupytext.reads(CHAPTER, fmt="py:percent"), source)
        papermill.execute_notebook(source, executed, {"seeds": 2}, cwd=project, progress_bar=False)
        texts.append(dumps(scrub(nbformat.read(executed, as_version=4))))
    assert texts[0] == texts[1]
    notebook = nbformat.reads(texts[0], as_version=4)
    assert notebook.metadata.papermill == {"parameters": {"seeds": 2}}
    streams = [(o.name, o.text) for cell in notebook.cells for o in cell.get("outputs", []) if "text" in o]
    assert streams[0] == ("stdout", "seed 0\nseed 1\nseed 2\n")
    assert streams[1][0] == "stderr" and "UserWarning: careful" in streams[1][1] and "it/s" not in streams[1][1]
    assert notebook.cells[-2].metadata.mystnb.image.alt == "A line."
    image = base64.b64decode(notebook.cells[-2].outputs[0].data["image/png"])
    assert image.startswith(png.SIGNATURE) and f"Matplotlib version{matplotlib.__version__}".encode() not in image
    assert b"tEXt" not in image and notebook.cells[-1].outputs[0].data["text/plain"] == "2"


WORDS = st.text(alphabet="ab/.12 \n'\"()<>_-ipykernel/python3.11/lib/site-packages", max_size=60)


@given(st.lists(st.one_of(WORDS, st.sampled_from([
    "/tmp/ipykernel_12/34.py", "/x/lib/python3.11/site-packages/", "lib/python3.12/", "(/usr/lib/python3.11/a.py",
])), max_size=6).map("".join))  # fmt: skip
def test_patterns_that_begin_at_a_word_find_what_those_that_begin_anywhere_find(text):
    anywhere = re.compile(r"\S*ipykernel_\d+/\d+\.py|<ipython-input-\d+-[0-9a-f]+>")
    assert _KERNEL_FILE.sub("K", text) == anywhere.sub("K", text)
    anywhere = re.compile(r"""[^\s"'()<>]*/lib/python3\.\d+/(?:(?:site|dist)-packages/)?""")
    assert _LIBRARY.sub("L", text) == anywhere.sub("L", text)
