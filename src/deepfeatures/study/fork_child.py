"""In a child of a build's fork server (study.fork_server): be what the client would have been, then end."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from deepfeatures.study import fork_client

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


@dataclass
class Job:
    """What a client asked for, in the child that does it. streams: the client's standard ones; server: its pid."""

    request: dict[str, Any]
    streams: list[int]
    server: int

    def do(self) -> None:
        self._begin()
        if self.request["task"] == "kernel":
            from ipykernel import kernelapp

            sys.argv = ["ipykernel_launcher", *self.request["words"]]
            kernelapp.launch_new_instance()
        else:
            from deepfeatures import cli

            sys.argv = ["deepfeatures", *self.request["words"]]
            cli.main()

    def _begin(self) -> None:
        """Be what the client would have been, and end where the server ends."""
        os.setsid()
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != self.server:
            os._exit(fork_client.KILLED)
        if not self.request["deaf"]:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, stream in enumerate(self.streams):
            os.dup2(stream, number)
            os.close(stream)
        environment = self.request["environment"]
        at_once = bool(environment.get("PYTHONUNBUFFERED"))
        sys.stdout.reconfigure(line_buffering=os.isatty(1), write_through=at_once)  # type: ignore[union-attr]
        sys.stderr.reconfigure(line_buffering=True, write_through=at_once)  # type: ignore[union-attr]
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(self.request["folder"])
        numpy.random.seed()  # else all children would draw the same where nobody gave a seed


def to_the_end(work: Callable[[], None]) -> None:
    """Do it and end the process as Python does, but for freeing all that was imported: that takes half a second."""
    code: Any = 0
    try:
        work()
    except SystemExit as end:
        code = end.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as children of multiprocessing end
    atexit._run_exitfuncs()
    for text in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # whoever read it may have gone
            text.flush()
    os._exit(code)
