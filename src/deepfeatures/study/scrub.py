"""An executed notebook made deterministic: two runs of the same inputs on one machine give the same bytes.

What differs between runs is either known to be noise and removed (times, random ids, progress bars, PNG text chunks,
how output was cut into pieces) or refused with the cell's name (addresses of objects, paths of this machine).
"""
from __future__ import annotations

import copy
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from deepfeatures.study import paths
from deepfeatures.study.png import without_text

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"}
CELL_METADATA = ("tags", "mystnb", "jupyter", "slideshow")  # what an author writes; times and states are not
WIDGET = "application/vnd.jupyter.widget-view+json"

_PROGRESS = re.compile(r"\d+%\||\d\S* ?\S* \[\d+:\d\d|\[\d+:\d\d(:\d\d)?<")  # tqdm with and without a total
_BAR = re.compile(r"^.*?\[\d+:\d\d[^\]]*\]")  # a bar up to the bracket that ends it
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+\b|\b0x[0-9a-fA-F]{8,}\b")
_STYLER = re.compile(r"\bT_[0-9a-f]{5}_row\d+")  # pandas' Styler draws its table's id at random
# Both begin where a word begins: tried at each letter, a picture's million letters would take minutes.
_KERNEL_FILE = re.compile(r"(?<!\S)\S*ipykernel_\d+/\d+\.py|<ipython-input-\d+-[0-9a-f]+>")
_LIBRARY = re.compile(r"""(?<![^\s"'()<>])[^\s"'()<>]*/lib/python3\.\d+/(?:(?:site|dist)-packages/)?""")


class ScrubError(ValueError):
    """Something in a notebook that would differ from run to run or machine to machine. The message names the cell."""


def scrub(notebook: NotebookNode, root: Path | None = None) -> NotebookNode:
    """The notebook without what changes from run to run, as a copy. Scrubbing twice changes nothing more.

    Cells are named by position, `cell-001`; executed cells are numbered 1..n; papermill's metadata shrinks to the
    sorted parameters; the project's own path becomes `.`; home and temporary folders are refused.
    """
    root = root or paths.root()
    clean: NotebookNode = copy.deepcopy(notebook)
    parameters = clean.metadata.get("papermill", {}).get("parameters", {})
    written = {key: clean.metadata[key] for key in ("mystnb",) if key in clean.metadata}
    clean.metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE, **written}
    if parameters:
        clean.metadata["papermill"] = {"parameters": dict(sorted(parameters.items()))}
        _refuse_paths(repr(parameters), "the notebook's parameters", (root, *_private_folders()))
    clean.nbformat, clean.nbformat_minor = 4, 5  # 4.5 is the first that has cell ids
    executed = 0
    for position, cell in enumerate(clean.cells, start=1):
        cell.id = f"cell-{position:03d}"
        where = f"cell {cell.id} ({_first_line(cell.source)!r})"
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        _refuse_paths(cell.source, f"source of {where}", (root, Path.home()))
        if cell.cell_type == "code":
            if cell.execution_count is not None:
                executed += 1
                cell.execution_count = executed
            cell.outputs = list(_outputs(cell, where, root))
    return clean


def dumps(notebook: NotebookNode) -> str:
    """The notebook as text: keys sorted, one newline at the end. Invalid notebooks raise nbformat's ValidationError."""
    nbformat.validate(notebook)
    text: str = nbformat.v4.writes(notebook)
    return text.rstrip("\n") + "\n"


def _outputs(cell: NotebookNode, where: str, root: Path) -> Iterator[NotebookNode]:
    """The cell's outputs: streams joined, volatile metadata dropped, text cleaned or refused."""
    def text(value: str) -> str:
        return _clean_text(value, cell.id, where, root)

    for output in _joined(cell.outputs):
        kind = output.output_type
        if kind == "error" and "raises-exception" not in cell.metadata.get("tags", []):
            raise ScrubError(f"{where} failed: {output.ename}: {output.evalue}; a failed run is not published")
        if kind == "stream":
            output.text = text(output.text)
        elif kind == "error":
            output.evalue = text(output.evalue)
            output.traceback = [text(line) for line in output.traceback]
        else:
            if WIDGET in output.data:
                continue  # a live widget; its state is not in the file
            for mime, value in output.data.items():
                output.data[mime] = _clean_data(mime, value, text)
            glued = (*output.data, "scrapbook")  # scrapbook: the name under which MyST-NB glues it
            output.metadata = {key: value for key, value in output.metadata.items() if key in glued}
            if kind == "execute_result":
                output.execution_count = cell.execution_count
        output.pop("transient", None)
        yield output


def _joined(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Streams between two other outputs as one stdout and one stderr: how the kernel cuts and mixes them is chance."""
    waiting = {"stdout": "", "stderr": ""}

    def flush() -> Iterator[NotebookNode]:
        for name, text in waiting.items():
            kept = _without_progress(text) if name == "stderr" else text
            if kept:
                yield NotebookNode(output_type="stream", name=name, text=kept)
            waiting[name] = ""

    for output in outputs:
        if output.output_type == "stream":
            waiting[output.name] += output.text
        else:
            yield from flush()
            yield output
    yield from flush()


def _without_progress(text: str) -> str:
    """stderr without progress bars, the blanks that erase them and cursor movements; other lines stay."""
    kept = []
    for piece in re.split(r"[\r\n]+", _CONTROL.sub("", text)):
        while _PROGRESS.search(piece):
            # a bar ends without a newline, so a warning inside the loop begins where the bar ends
            piece = _BAR.sub("", piece, count=1) if _BAR.search(piece) else ""
        kept.append(piece.rstrip())
    return "".join(piece + "\n" for piece in kept if piece)


def _clean_data(mime: str, value: Any, text: Callable[[str], str]) -> Any:
    if mime == "image/png":
        return without_text(value)
    if mime.startswith(("image/", "application/pdf")) and mime != "image/svg+xml":
        return value  # base64: any letters may stand in it
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {key: _clean_data("text/plain", item, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean_data("text/plain", item, text) for item in value]
    return value


def _clean_text(text: str, cell_id: str, where: str, root: Path) -> str:
    text = _KERNEL_FILE.sub(f"{cell_id}.py", text)  # the kernel's temporary file holds its process id
    text = _LIBRARY.sub("python/", text)  # a warning names the file of the library that raised it
    for own in (root, root.resolve()):
        text = _path(own).sub(".", text)
    if match := _ADDRESS.search(text):
        raise ScrubError(f"output of {where} shows an address, {match[0]!r}, in {_line_of(text, match)!r}: it changes "
                         "from run to run; end the cell's last line with a semicolon or print what is meant")
    if match := _STYLER.search(text):
        raise ScrubError(f"output of {where} holds a random table id, {match[0]!r}: give Styler a fixed table uuid")
    _refuse_paths(text, f"output of {where}", _private_folders())
    return text


def _refuse_paths(text: str, where: str, folders: tuple[Path, ...]) -> None:
    for folder in folders:
        if match := _path(folder).search(text):
            raise ScrubError(f"{where} holds a path of this machine, {match[0]!r}, in {_line_of(text, match)!r}: "
                             "show a path relative to the project")


def _private_folders() -> tuple[Path, ...]:
    """Folders whose names belong to this machine or user; runs and data can lie outside the project."""
    outside = (Path.home(), Path(tempfile.gettempdir()), Path("/tmp"), paths.runs(), paths.data_root())
    return tuple(dict.fromkeys(form for folder in outside for form in (folder.absolute(), folder.resolve())))


def _path(folder: Path) -> re.Pattern[str]:
    """Matches the folder where it is a whole path or the start of one. Never matches for `/`, a home without a name."""
    if folder == Path(folder.anchor):
        return re.compile(r"(?!)")
    return re.compile(r"(?<![\w.~-])" + re.escape(str(folder)) + r"(?![\w.-])")


def _line_of(text: str, match: re.Match[str]) -> str:
    start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
    line = text[start : end if end >= 0 else len(text)].strip()
    return line if len(line) <= 120 else line[:117] + "..."


def _first_line(source: str) -> str:
    return next((line.strip()[:60] for line in source.splitlines() if line.strip()), "empty")
