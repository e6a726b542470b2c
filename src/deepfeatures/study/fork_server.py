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

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepfeatures.study import fork_client, paths

SOCKET = "jobs.socket"  # under runs/: the lock of a build says that there is one
WANTED = "DEEPFEATURES_FORK"  # 0: no server
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
OF_KINDS = {"rotated": "torchvision.transforms", "turned-digits": "torchvision.transforms"}  # a thousand modules
PACKAGES = ("data", "networks", "training", "probes", "analysis")  # every module of them
PATIENCE_S = 10.0  # for a request that was begun
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


@contextlib.contextmanager
def running(kinds: Iterable[str] = ()) -> Iterator[dict[str, str]]:
    """A fork server while the body runs. Gives what the environment of jobs needs to find it: nothing where none is.

    kinds: of the artifacts to be made, where what their makers import when they are called is to be imported too.
    It ends with this process, however that ends, and its children end with it.
    """
    if sys.platform != "linux" or not hasattr(os, "pidfd_open") or os.environ.get(WANTED) == "0":
        yield {}
        return
    address = paths.runs() / SOCKET
    address.unlink(missing_ok=True)
    try:
        listener = _listening(address)  # before the server starts: its first clients wait for it
    except OSError:  # a file system without sockets, or a full one
        yield {}
        return
    with listener, tempfile.TemporaryDirectory(prefix="deepfeatures-") as folder:
        from deepfeatures.study.execute import kernel_environment

        environment = {**os.environ, **kernel_environment(Path(folder))}
        also = sorted({OF_KINDS[kind] for kind in kinds if kind in OF_KINDS})
        command = [sys.executable, "-m", "deepfeatures.study.fork_server", str(listener.fileno()), *also]
        server = subprocess.Popen(
            command, stdin=subprocess.PIPE, cwd=paths.root(), env=environment, pass_fds=[listener.fileno()]
        )
        listener.close()
        try:
            yield {fork_client.VARIABLE: str(address)}
        finally:
            server.kill()
            server.communicate()
            address.unlink(missing_ok=True)


@dataclass
class _Job:
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
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, stream in enumerate(self.streams):
            os.dup2(stream, number)
            os.close(stream)
        for text in (sys.stdout, sys.stderr):
            text.reconfigure(line_buffering=os.isatty(text.fileno()))  # type: ignore[union-attr]  # never replaced here
        os.environ.clear()
        os.environ.update(self.request["environment"])
        os.chdir(self.request["folder"])


def _listening(address: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        with fork_client.short(address) as name:
            listener.bind(name)
            os.chmod(name, 0o600)
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def serve(listener: socket.socket, alive: int, also: Iterable[str] = ()) -> _Job | None:
    """Import, then fork a child for each request. Returns in the children, and where `alive` says that it is over.

    alive: a file descriptor whose other end whoever started the server holds open.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the jobs: their clients pass it on
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
        self.files = files
        self.job: _Job | None = None
        self.children: dict[socket.socket, tuple[int, int]] = {}  # connection: its child's pid and pidfd
        self._watch(alive, lambda: True)
        self._watch(listener, lambda: self._asked(listener.accept()[0]))

    def serve(self) -> _Job | None:
        while True:
            for key, _ in self.selector.select():
                if key.fd in self.selector.get_map() and key.data():  # not where an earlier one of these closed it
                    for pid, _ in self.children.values():
                        _kill(pid)
                    self.selector.close()
                    return self.job

    def _watch(self, what: Any, answer: Callable[[], bool]) -> None:
        self.selector.register(what, selectors.EVENT_READ, answer)

    def _asked(self, connection: socket.socket) -> bool:
        """Fork for a request. True in the child."""
        connection.settimeout(PATIENCE_S)
        streams: list[int] = []
        try:
            start, streams, _, _ = socket.recv_fds(connection, fork_client.LENGTH.size, 3)
            (length,) = fork_client.LENGTH.unpack(start)
            request = json.loads(fork_client.exactly(connection, length))
            if _files() == self.files:
                return self._forked(connection, request, streams)
        except (OSError, ValueError, EOFError, struct.error):
            pass  # a client that went away, or no client
        for stream in streams:
            os.close(stream)
        connection.close()
        return False

    def _forked(self, connection: socket.socket, request: dict[str, Any], streams: list[int]) -> bool:
        server, pid = os.getpid(), os.fork()
        if pid == 0:
            for other, (_, handle) in self.children.items():
                other.close()
                os.close(handle)
            connection.close()
            self.children = {}
            self.job = _Job(request, streams, server)
            return True
        for stream in streams:
            os.close(stream)
        self.children[connection] = (pid, os.pidfd_open(pid))
        self._watch(self.children[connection][1], lambda: self._ended(connection))
        self._watch(connection, lambda: self._gone(connection))
        with contextlib.suppress(OSError):  # where it has gone, the next event says so
            _tell(connection, {"pid": pid})
        return False

    def _ended(self, connection: socket.socket) -> bool:
        pid, handle = self.children.pop(connection)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        with contextlib.suppress(OSError):
            _tell(connection, {"status": code if code >= 0 else 128 - code})
        for watched in (handle, connection):
            if watched in self.selector.get_map():
                self.selector.unregister(watched)
        os.close(handle)
        connection.close()
        return False

    def _gone(self, connection: socket.socket) -> bool:
        """The client was killed: so is what it asked for."""
        self.selector.unregister(connection)
        _kill(self.children[connection][0])
        return False


def _tell(connection: socket.socket, message: dict[str, Any]) -> None:
    text = json.dumps(message).encode()
    connection.sendall(fork_client.LENGTH.pack(len(text)) + text)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # it may not lead a group of its own yet
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _files() -> dict[str, tuple[int, int]]:
    """Every module of the package: when it was written, and its size."""
    package = Path(__file__).resolve().parents[1]
    found = {}
    for path in package.rglob("*.py"):
        with contextlib.suppress(FileNotFoundError):
            of = path.stat()
            found[str(path)] = (of.st_mtime_ns, of.st_size)
    return found


def _to_the_end(work: Callable[[], None]) -> None:
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
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for text in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # whoever read it may have gone
            text.flush()
    os._exit(code)


if __name__ == "__main__":
    job = serve(socket.socket(fileno=int(sys.argv[1])), sys.stdin.fileno(), sys.argv[2:])
    if job is not None:
        _to_the_end(job.do)
