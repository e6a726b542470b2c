"""One chapter, executed: jupytext makes the notebook, papermill runs it, the scrubbed result is put in place whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jupytext
import nbformat

from deepfeatures.study import (
    artifacts,
    catalogue,
    chapter_key,
    downloads,
    fork_client,
    locks,
    paths,
    provenance,
    recorded_weights,
    scrub,
    threads,
)
from deepfeatures.study.recipes import THREADS

if TYPE_CHECKING:
    from papermill import PapermillExecutionError

INLINE = (
    "module://matplotlib_inline.backend_inline"  # a backend of the caller (agg, say) would make every figure vanish
)
KERNEL = "python3"  # as chapters name it
NOTEBOOK, RESULTS, PROVENANCE = "chapter.ipynb", "results.json", "provenance.json"
FILES = (NOTEBOOK, RESULTS, PROVENANCE)
DOWNLOADS = "downloads.zip"  # a chapter is complete without it: runs of before have none


# What a cell raises is told by papermill. A kernel itself warns that it talks over TCP (to this machine alone), and now
# and then that the interrupt which comes before its end was caught. Every figure is drawn as vectors too,
# for readers to take away (study.downloads).
_KERNEL = """c = get_config()
c.IPKernelApp.log_level = 50
c.IPKernelApp.exec_PYTHONSTARTUP = False
c.InlineBackend.figure_formats = {"png", "svg", "pdf"}
"""
# How IPython names the place in a cell, outermost call first: "Cell In[3], line 2".
_IN_CELL = re.compile(r"Cell In\s?\[\d+\], line (\d+)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Identifiers in vectors come from a fixed salt. Not by InlineBackend.rc: it is read at the first figure, inside a style
# that takes it back.
_MATPLOTLIB = Path(__file__).with_name("kernel.matplotlibrc")


class ChapterFailed(RuntimeError):
    """A cell of a chapter raised. The message names the cell and where the partial notebook is kept."""


def folder(planned: chapter_key.Planned) -> Path:
    """Where the executed chapter lies once it is complete."""
    return paths.runs() / "chapters" / planned.slug / planned.key


def complete(planned: chapter_key.Planned) -> bool:
    """True where the chapter was executed with exactly this plan, and its files are what was written."""
    there = all((folder(planned) / name).is_file() for name in FILES)
    return there and damage(planned) is None and _said_of(planned)


def _said_of(planned: chapter_key.Planned) -> bool:
    """True where the results name the profile and tier of this plan, and its data where no artifact stands for them.

    The key holds values and artifacts alone: a profile may have come to have the values of a run that was nobody's, and
    a chapter without artifacts may have been run on other data.
    """
    try:
        results = json.loads((folder(planned) / RESULTS).read_text("utf-8"))
    except (OSError, ValueError):  # another process may be putting it in place just now
        return False
    now = {
        "profile": catalogue.profile_of(planned.slug, planned.parameters),
        "tier": planned.source.tier,
    }
    if not planned.recipes:
        now["data_fingerprint"] = planned.source.fingerprint
    return isinstance(results, dict) and all(results.get(name, value) == value for name, value in now.items())


def damage(planned: chapter_key.Planned) -> artifacts.Damaged | None:
    """What is wrong with an executed chapter, None where nothing is. A folder of before there were records has none."""
    try:
        if (folder(planned) / artifacts.RECORD).is_file():
            artifacts.verify(folder(planned))
    except artifacts.Damaged as found:
        return found
    return None


def execute(planned: chapter_key.Planned, *, progress: bool = True, make_first: bool = True) -> Path:
    """Run the chapter and return its folder: notebook, results.json, provenance.json, put in place by one rename.

    make_first: make its artifacts before the notebook starts; else its cells make them, which spares a small run a
    second process that imports torch.

    Safe against other processes: one executes it, another waits and takes what it made. Raises ChapterFailed where a
    cell raises (the partial notebook is kept under runs/failed), artifacts.DiskFull.
    """
    recorded_weights.check(recipe for group in planned.recipes.values() for recipe in group)
    for group in planned.recipes.values():
        for recipe in group:
            if make_first:
                artifacts.ensure(recipe)
            else:
                artifacts.mend(recipe)
    before = complete(planned)
    with locks.lock(f"chapter-{planned.slug}-{planned.key}"):
        if before or not complete(planned):
            _execute(planned, progress)
    return folder(planned)


def _execute(planned: chapter_key.Planned, progress: bool) -> None:
    where = folder(planned)
    for left in where.parent.glob(f".unfinished-{planned.key}-*"):  # of killed processes: the lock says none runs
        shutil.rmtree(left, ignore_errors=True)
    temporary = where.parent / f".unfinished-{planned.key}-{os.getpid()}"
    started, began = datetime.now(UTC), time.monotonic()
    try:
        temporary.mkdir(parents=True)
        notebook = _run(planned, temporary, progress)
        if not (temporary / RESULTS).is_file():
            raise ChapterFailed(f"chapter {planned.slug}: no cell called study.verdicts(), so nothing was reported")
        files = downloads.take(notebook)
        files[f"{planned.slug}.py"] = catalogue.chapter(planned.slug).path.read_bytes()
        downloads.pack(files, temporary / DOWNLOADS)
        (temporary / NOTEBOOK).write_text(scrub.dumps(scrub.scrub(notebook)), "utf-8")
        facts = provenance.collect(
            started=started, finished=datetime.now(UTC), wall_s=time.monotonic() - began,
            threads=THREADS, device=_device(temporary), root=paths.root(),
        )  # fmt: skip
        made = {"depends_on": dict(planned.parts), "data": {planned.source.name: planned.source.fingerprint}}
        (temporary / PROVENANCE).write_text(json.dumps({**facts, **made}, indent=1, sort_keys=True) + "\n")
        for left in temporary.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name not in (*FILES, DOWNLOADS):
                left.unlink()
        record = {"key": planned.key, "files": artifacts.recorded(temporary, (*FILES, DOWNLOADS))}
        (temporary / artifacts.RECORD).write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
        shutil.rmtree(where, ignore_errors=True)
        temporary.rename(where)
    except OSError as failure:
        if artifacts.out_of_space(failure):
            raise artifacts.disk_full(f"chapter {planned.slug}") from failure
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _run(planned: chapter_key.Planned, temporary: Path, progress: bool) -> Any:
    import papermill
    from nbclient.exceptions import DeadKernelError

    from deepfeatures.study.chapter import RUN_FOLDER  # it imports pandas, which planning does without

    source, output = temporary / "source.ipynb", temporary / "executed.ipynb"
    jupytext.write(jupytext.read(catalogue.chapter(planned.slug).path, fmt="py:percent"), source, fmt="ipynb")
    environment = {
        RUN_FOLDER: str(temporary),
        "IPYTHONDIR": str(_own_profile(temporary)),
        "JUPYTER_PATH": str(_own_kernel(temporary)),
        **kernel_environment(),
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)  # the kernel inherits it; papermill takes no environment of its own
    try:
        papermill.execute_notebook(
            _as_it_is(source),
            _as_it_is(output),
            parameters=dict(sorted(planned.parameters.items())),  # a plan read from its file has them sorted too
            kernel_name=KERNEL,
            cwd=str(paths.root()),
            progress_bar={"desc": planned.slug, "mininterval": 1} if progress else False,
            log_output=False,
        )
    except DeadKernelError as failure:
        raise ChapterFailed(
            f"chapter {planned.slug}: its kernel died, killed or out of memory\n"
            f"the partial notebook is kept: {_keep(output, planned)}"
        ) from failure
    except papermill.PapermillExecutionError as failure:
        kept = _keep(output, planned)
        raise ChapterFailed(
            f"chapter {planned.slug}, cell {failure.cell_index + 1}{_line_of(failure)} raised {failure.ename}: "
            f"{failure.evalue}\nthe partial notebook is kept: {kept}"
        ) from failure
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    return nbformat.read(output, as_version=4)


def _line_of(failure: PapermillExecutionError) -> str:
    """Which line of its cell failed, by number and in words; its first where the traceback names none."""
    lines = failure.source.splitlines()
    told = _IN_CELL.search(_COLOURS.sub("", "\n".join(failure.traceback)))
    if told and 0 < int(told[1]) <= len(lines):
        return f", line {told[1]} ({lines[int(told[1]) - 1].strip()!r})"
    return f" ({next((line.strip() for line in lines if line.strip()), '')!r})"


def _as_it_is(path: Path) -> str:
    """The path for papermill, which fills in what stands in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _own_profile(temporary: Path) -> Path:
    """An IPython folder of this run's own: a reader's start-up scripts would change what a chapter says."""
    profile = temporary / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(_KERNEL)
    return profile.parent


def _own_kernel(temporary: Path) -> Path:
    """Where Jupyter finds the kernel that chapters name: this Python's, by the build's fork server if there is one."""
    folder = temporary / "jupyter" / "kernels" / KERNEL
    folder.mkdir(parents=True)
    command = [sys.executable, "-I", "-S", fork_client.__file__, "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return folder.parents[1]


def kernel_environment() -> dict[str, str]:
    """What has to be said before a kernel imports anything; none of a reader's own settings of matplotlib are found."""
    return {
        **threads.environment(),
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLBACKEND": INLINE,
        "MATPLOTLIBRC": str(_MATPLOTLIB),
    }


def _keep(notebook: Path, planned: chapter_key.Planned) -> Path:
    kept = paths.runs() / "failed" / f"{planned.slug}-{planned.key}.ipynb"  # several runs of a chapter may fail at once
    kept.parent.mkdir(exist_ok=True)
    shutil.copyfile(notebook, kept)
    return kept


def _device(folder: Path) -> str:
    return str(json.loads((folder / RESULTS).read_text())["device"])
