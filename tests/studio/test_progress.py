"""What a log and the artifacts' folder say of how far a run is."""

from __future__ import annotations

import io
import os

from tqdm import tqdm

from deepfeatures.studio import progress, runs


def a_run(runs_folder, log, plan=None):
    folder = runs.folder() / "tiny.20260101-000000.00000000"
    folder.mkdir()
    (folder / runs.LOG).write_bytes(log)
    if plan is not None:
        runs.write(folder / runs.PLAN, {"key": "k", "artifacts": plan})
    return runs.Run(folder, {"slug": "tiny"})


def test_cells_as_papermills_bar_says_them(runs_folder):
    text = io.StringIO()
    bar = tqdm(total=7, desc="tiny", unit="cell", file=text, ascii=False, mininterval=0)
    for _ in range(5):
        bar.update()
    told = progress.of(a_run(runs_folder, b"another: 100%|##| 9/9 [x\n" + text.getvalue().encode()))
    assert (told.cell, told.cells, told.line()) == (5, 7, "Cell 5 of 7.")


def test_artifacts_made_at_work_and_left_behind(runs_folder):
    plan = {
        "a" * 20: {"kind": "rotated", "name": "rotated", "seed": None},
        "b" * 20: {"kind": "network", "name": "mu", "seed": 3},
        "c" * 20: {"kind": "readout", "name": "", "seed": 3},
    }
    made = runs_folder / "artifacts" / "rotated" / ("a" * 20)
    made.mkdir(parents=True)
    (made / "record.json").write_text("{}")
    unfinished = runs_folder / "artifacts" / ".unfinished"
    for name in (f"{'b' * 20}-{os.getpid()}", f"{'c' * 20}-{2**22 + 1}", f"{'d' * 20}-{os.getpid()}"):
        (unfinished / name).mkdir(parents=True)
    told = progress.of(a_run(runs_folder, b"", plan))
    assert (told.made, told.needed, told.making) == (1, 3, ("network (mu, seed 3)",))
    assert told.line() == "1 of 3 artifacts there, making network (mu, seed 3)."


def test_a_run_that_waits_for_another_build_says_so(runs_folder):
    line = b"another build is at work in this folder: waiting for it to end\n"
    assert progress.of(a_run(runs_folder, line, {})).line().startswith("Waiting")


def test_the_build_says_what_is_looked_for(runs_folder, capsys):
    """The words are `study.build`'s: were they changed there, this would fail."""
    from filelock import FileLock

    from deepfeatures.study import build

    with FileLock(runs_folder / "build.lock"):
        build.one_build()
    assert capsys.readouterr().err.startswith(progress.WAITING)


def test_a_log_reads_as_a_terminal_would_leave_it(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"\r 0%\r 50%\r100%\ndone \x1b[31mred\x1b[0m \xff\r\n\x07end")
    assert progress.tail(log) == "100%\ndone red �\nend"
    log.write_bytes(b"x" * 50 + b"\n" + b"line\n" * progress.TAIL_BYTES)
    assert set(progress.tail(log).split("\n")) == {"line", ""}
    assert progress.tail(tmp_path / "none") == "" and progress.first_complaint(tmp_path / "none") == ""
