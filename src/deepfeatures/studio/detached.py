"""Processes that outlive the studio, and how anybody can tell, without process numbers, whether one still lives.

Whoever starts a process takes a lock on a file and hands the open file over. The system gives the lock back when the
process ends, however it ends: a killed one never counts as running, and a process number that was given to somebody
else is never mistaken for it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path


def launch(command: Sequence[str], lock: Path, log: Path) -> None:
    """Start `command LOCK_DESCRIPTOR` in a session of its own, its output appended to `log`, holding `lock`.

    Raises BlockingIOError where the lock is held: that process still lives.
    """
    held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(held)
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*command, str(held)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C or a closed terminal ends the studio, not this
                pass_fds=[held],
            )
    finally:
        os.close(held)
    threading.Thread(target=process.wait, daemon=True).start()  # else it stays a zombie while the studio lives


def _lock(held: int) -> None:
    """Take the lock; who only looks (`lives`) has it for a moment, so it is asked for a few times."""
    for pause_s in (0.02, 0.05, 0.1, 0.2):
        try:
            return fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause_s)
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def keep(descriptor: int) -> None:
    """What the started process calls first: what it starts in turn does not hold the lock."""
    os.set_inheritable(descriptor, False)


def lives(lock: Path) -> bool:
    """True while the process that was started with this lock lives."""
    try:
        seen = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(seen, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who look do not take each other for the process
    except BlockingIOError:
        return True
    finally:
        os.close(seen)
    return False
