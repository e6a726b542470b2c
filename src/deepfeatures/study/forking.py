"""A build's fork server (study.fork_server), started and ended: the build's side of it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from deepfeatures.study import fork_client, paths

SOCKETS = "jobs-*.socket"  # under runs/, with the build's process for the star
WANTED = "DEEPFEATURES_FORK"  # 0: no server
# What makers of some kinds import when they are called; torchvision brings a thousand modules.
OF_KINDS = {"rotated": "torchvision.transforms", "turned-digits": "torchvision.transforms"}
TIDY_S = 15.0  # for jobs that were interrupted


@contextlib.contextmanager
def running(kinds: Collection[str]) -> Iterator[dict[str, str]]:
    """A fork server while the body runs. Gives what the environment of jobs needs to find it: nothing where none is.

    kinds: of the artifacts that jobs here make or read. Where there are none, nothing is computed, and jobs would wait
    for imports that they have no use for.

    Where this process is killed, the server does what it has begun and ends.
    """
    if not kinds or sys.platform != "linux" or not hasattr(os, "pidfd_open") or os.environ.get(WANTED) == "0":
        yield {}
        return
    for left in paths.runs().glob(SOCKETS):  # of killed builds: the lock of builds says that none of them runs
        left.unlink(missing_ok=True)
    address = paths.runs() / SOCKETS.replace("*", str(os.getpid()))
    with contextlib.ExitStack() as stack:
        try:
            server = _started(address, kinds, stack)
        except OSError as failure:  # a file system without sockets, no space, no memory: jobs are done alone
            print(f"no fork server ({failure}): each job imports for itself", file=sys.stderr)
            server = None
        if server is None:
            yield {}
            return
        try:
            yield {fork_client.VARIABLE: str(address)}
        finally:
            address.unlink(missing_ok=True)
            _end(server)


def _started(address: Path, kinds: Iterable[str], stack: contextlib.ExitStack) -> subprocess.Popen[bytes]:
    """The server, whose first clients wait while it imports. Raises OSError."""
    from deepfeatures.study.execute import kernel_environment

    with listening(address) as listener:
        stack.callback(address.unlink, missing_ok=True)
        environment = {**os.environ, **kernel_environment()}
        also = sorted({OF_KINDS[kind] for kind in kinds if kind in OF_KINDS})
        command = [sys.executable, "-m", "deepfeatures.study.fork_server", str(listener.fileno()), *also]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, cwd=paths.root(), env=environment, pass_fds=[listener.fileno()]
        )


def _end(server: subprocess.Popen[bytes]) -> None:
    """Jobs still run where the build was interrupted: they were too, and tidy up."""
    import psutil

    assert server.stdin is not None
    server.stdin.close()
    try:
        if psutil.Process(server.pid).children():
            server.wait(TIDY_S)
    except (psutil.Error, subprocess.TimeoutExpired):
        pass
    server.kill()
    server.wait()


def listening(address: Path) -> socket.socket:
    """A socket of this user's alone at this path, at which clients may wait already. Raises OSError."""
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
