"""One process of a build that has imported what its jobs need, and forks for each job and each kernel.

To import torch, scikit-learn, matplotlib and Jupyter takes seconds of a core, and every job of a build and every kernel
pays it alone: in a small build that is most of the work. Here it is paid once. What a fork computes is, byte for byte,
what a process of its own computes (tests/study/test_fork_server.py, and the tests of chapters).

Not `multiprocessing.forkserver`: its children belong to the process that started it, while these are asked for by jobs
of Snakemake and by papermill, and need the standard streams of who asks, and an orderly end.

Only where a fork is sound: on Linux, while this process has one thread. Else, and where a file of the package was
changed since it was imported, a job does the work in its own process, as on a cluster.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from deepfeatures.study import fork_client
from deepfeatures.study.fork_child import Job, to_the_end

PACKAGE = Path(__file__).resolve().parents[1]
MODULES = (
    "tqdm.auto",  # first: beside a kernel it would take this for a notebook
    "torch",
    "pandas",
    "seaborn",
    "IPython",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.backends.backend_pdf",
    "fontTools.subset",
    "myst_nb",
    "papermill",
    "deepfeatures.cli",
    "deepfeatures.figures",
    "deepfeatures.study.chapter",
    "deepfeatures.study.execute",
    "deepfeatures.study.failures",
    "deepfeatures.study.pieces",
)
PACKAGES = ("data", "networks", "training", "probes", "analysis")  # every module of them
PATIENCE_S = 10.0  # for a request that was begun


def serve(listener: socket.socket, alive: int, also: Iterable[str] = ()) -> Job | None:
    """Import, then fork a child for each request. Returns a job in the children; None at the end.

    alive: a file descriptor whose other end whoever started the server holds open. Once it is closed no more is begun.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the jobs: their clients pass it on
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with listener:
        files = _files()
        preload(also)
        if len(os.listdir("/proc/self/task")) > 1 or not _can_watch():
            return None
        gc.freeze()  # so that children share this memory until they write to it
        return _Server(listener, alive, files).serve()


def preload(also: Iterable[str] = ()) -> None:
    """Import what jobs need and `also`, and read the package's files and the ledger as plans do."""
    from deepfeatures.study import catalogue, claims, fingerprint

    inside = [module for package in PACKAGES for module in fingerprint.modules_of(f"deepfeatures.{package}")]
    for module in (*MODULES, *inside, *also):
        importlib.import_module(module)
    fingerprint.source(inside)
    fingerprint.numerics()
    claims.load_all(known_chapters=list(catalogue.slugs()))


def _can_watch() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # a system that only looks like Linux 5.3
        return False
    return True


class _Server:
    def __init__(self, listener: socket.socket, alive: int, files: dict[str, tuple[int, int]]) -> None:
        self.selector = selectors.DefaultSelector()
        self.listener, self.alive, self.files = listener, alive, files
        self.job: Job | None = None
        self.over = False
        self.children: dict[socket.socket, tuple[int, int]] = {}  # connection: its child's pid and pidfd
        self._watch(alive, self._close)
        self._watch(listener, self._asked)

    def serve(self) -> Job | None:
        while self.children or not self.over:
            for key, _ in self.selector.select():
                if self.selector.get_map().get(key.fd) is not key:  # closed by the answer to an earlier event
                    continue
                key.data()
                if self.job:
                    return self.job
        return None

    def _watch(self, what: Any, answer: Callable[[], None]) -> None:
        self.selector.register(what, selectors.EVENT_READ, answer)

    def _close(self) -> None:
        """The build is over or was killed: nothing more is begun."""
        for watched in (self.alive, self.listener):
            self.selector.unregister(watched)
        self.listener.close()
        self.over = True

    def _asked(self) -> None:
        """Fork for a request; `job` is then set in the child."""
        try:
            connection = self.listener.accept()[0]
        except OSError:  # gone again, or too many files are open
            return
        streams: list[int] = []
        try:
            connection.settimeout(PATIENCE_S)
            _, streams, _, _ = socket.recv_fds(connection, 1, 3)
            if len(streams) != 3:
                raise ValueError("no client of ours")
            request = fork_client.received(connection)
            if request["code"] != fork_client.code() or _files() != self.files:
                raise ValueError("another checkout, or one that was changed since")
            server, pid = os.getpid(), os.fork()
        except (OSError, ValueError, KeyError, TypeError, EOFError):  # the caller does it alone
            _close_all(streams)
            connection.close()
            return
        if pid == 0:
            self._forget(connection)
            self.job = Job(request, streams, server)
            return
        _close_all(streams)
        self.children[connection] = (pid, os.pidfd_open(pid))
        self._watch(self.children[connection][1], lambda: self._ended(connection))
        self._watch(connection, lambda: self._gone(connection))
        with contextlib.suppress(OSError):  # where it has gone, the next event says so
            fork_client.tell(connection, {"pid": pid})

    def _forget(self, connection: socket.socket) -> None:
        """In a child: close what belongs to the server and its other children."""
        for other, (_, handle) in self.children.items():
            other.close()
            os.close(handle)
        connection.close()
        self.selector.close()
        self.children = {}

    def _ended(self, connection: socket.socket) -> None:
        pid, handle = self.children.pop(connection)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        with contextlib.suppress(OSError):
            fork_client.tell(connection, {"status": code if code >= 0 else 128 - code})
        for watched in (handle, connection):
            if watched in self.selector.get_map():
                self.selector.unregister(watched)
        os.close(handle)
        connection.close()

    def _gone(self, connection: socket.socket) -> None:
        """The client was killed: so is what it asked for."""
        self.selector.unregister(connection)
        _kill(self.children[connection][0])


def _close_all(numbers: Iterable[int]) -> None:
    for number in numbers:
        os.close(number)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # it may not lead a group of its own yet
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _files(package: Path = PACKAGE) -> dict[str, tuple[int, int]]:
    """Every module of the package: when it was written, and its size."""
    found = {}
    for path in package.rglob("*.py"):
        with contextlib.suppress(FileNotFoundError):
            of = path.stat()
            found[str(path)] = (of.st_mtime_ns, of.st_size)
    return found


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder it was started in, where a job alone has that of the command
    job = serve(socket.socket(fileno=int(sys.argv[1])), sys.stdin.fileno(), sys.argv[2:])
    if job is not None:
        to_the_end(job.do)
