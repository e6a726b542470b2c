"""The process behind a run: starts the work, watches it, ends it when asked, and writes down how it ended.

    python -m deepfeatures.studio.runner FOLDER LOCK_DESCRIPTOR

It does little itself, so that it is still there to say so when the work is killed for want of memory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from deepfeatures.studio import detached, runs
from deepfeatures.studio.progress import first_complaint

WORK = (sys.executable, "-m", "deepfeatures.studio.work")
LOOK_S = 0.2
TIDY_S, LAST_S = 15.0, 2.0  # for the leader after SIGINT; for whatever is left, and after each stronger signal


def attend(folder: Path, work: Sequence[str] = WORK) -> str:
    """Run `work FOLDER` to its end, or to ours where `stop` appears in the folder. Gives the state it ended in."""
    stop = folder / runs.STOP
    signal.signal(signal.SIGTERM, lambda *_: stop.touch())  # a machine that shuts down
    signal.signal(signal.SIGINT, lambda *_: None)  # a function: what is ignored would be ignored by the work too
    status = {"state": "running", "pid": os.getpid(), "started": _now()}
    runs.write(folder / runs.STATUS, status)
    code: int | None = None
    if not stop.exists():
        child = subprocess.Popen([*work, str(folder)], stdin=subprocess.DEVNULL, process_group=0)
        while (code := child.poll()) is None and not stop.exists():
            time.sleep(LOOK_S)
        if code is None:
            end(child.pid)
    done = code == 0 and (folder / runs.RESULT).is_dir()
    state = "done" if done else "stopped" if stop.exists() else "failed"
    message = "" if state != "failed" else _why(folder, code)
    runs.write(folder / runs.STATUS, {**status, "state": state, "ended": _now(), "message": message})
    return state


def end(group: int) -> None:
    """End a process group and all that descends from its leader: kernels are in sessions of their own.

    The group is interrupted, so that Python tidies up; whatever is left when its leader is gone, or did not listen, is
    terminated, then killed.
    """
    members = _family(group)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGINT)
    psutil.wait_procs(members[:1], timeout=TIDY_S)
    _, members = psutil.wait_procs(members, timeout=LAST_S)
    for kill in (False, True):
        members = list({*members, *(child for process in members for child in _family(process.pid))})
        for process in members:
            with contextlib.suppress(psutil.NoSuchProcess):  # psutil refuses where the number now means another one
                (process.kill if kill else process.terminate)()
        _, members = psutil.wait_procs(members, timeout=LAST_S)


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _why(folder: Path, code: int | None) -> str:
    told = first_complaint(folder / runs.LOG)
    if code is not None and code < 0:
        return f"its work was ended by {signal.Signals(-code).name}" + (
            ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
        )
    return told or f"its work ended with status {code}; the log says more"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def main() -> None:
    folder, descriptor = Path(sys.argv[1]), int(sys.argv[2])
    detached.keep(descriptor)
    attend(folder)


if __name__ == "__main__":
    main()
