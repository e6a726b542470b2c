"""Asks a build's fork server (study.fork_server) for a process that has imported already what a job needs.

Standard library alone: this stands in for a job that would import for seconds. As a script it stands in for a kernel:
`python -I -S fork_client.py -f CONNECTION_FILE`, where Jupyter would start `python -m ipykernel_launcher`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any

VARIABLE = "DEEPFEATURES_FORK_SERVER"  # the server's socket; a build sets it for its jobs
LENGTH = struct.Struct("!I")  # before each message: bytes that follow
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
KILLED = 128 + signal.SIGKILL


def run(task: str, words: list[str], *, parent: int | None = None) -> int | None:
    """Have `task` ("command" or "kernel") done with these arguments, standard streams, environment and folder.

    parent: the process whose end is this one's too, and the job's.

    Returns its exit status; None where no server takes it, so that the caller does it alone.
    """
    address = os.environ.get(VARIABLE)
    if not address:
        return None
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(_connected(address))
            request = {
                "task": task,
                "words": words,
                "folder": os.getcwd(),
                "environment": dict(os.environ),
                "code": code(),
                "deaf": _deaf(signal.SIGINT),
            }
            socket.send_fds(connection, [b"\0"], [0, 1, 2])  # with one byte: streams travel beside data alone
            tell(connection, request)
            pid = received(connection)["pid"]
        except (OSError, EOFError):  # it has ended, or refuses: its code is not what lies in the files
            return None
        for number in PASSED_ON:
            if not _deaf(number):
                signal.signal(number, lambda got, _: _pass_on(pid, got))
        try:
            while parent and not select.select([connection], [], [], 1.0)[0]:
                if os.getppid() != parent:
                    return KILLED  # and the server, which sees this process go, ends the job
            return int(received(connection)["status"])
        except (OSError, EOFError):  # the server was killed, and its children with it
            return KILLED


def code() -> list[str]:
    """Which Python runs which copy of the package: a server does not do another checkout's jobs."""
    return [sys.executable, os.path.realpath(__file__)]


def _connected(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        with short(address) as name:
            connection.connect(name)
    except OSError:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def short(address: str | os.PathLike[str]) -> Iterator[str]:
    """The socket's name, from its own folder: a path may be longer than the address of a socket can be."""
    here = os.getcwd()
    folder, name = os.path.split(address)
    os.chdir(folder)
    try:
        yield name
    finally:
        os.chdir(here)


def tell(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send a message, as `received` takes it."""
    text = json.dumps(message).encode()
    connection.sendall(LENGTH.pack(len(text)) + text)


def received(connection: socket.socket) -> dict[str, Any]:
    """The next message. Raises EOFError where the other side has gone."""
    (length,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    message: dict[str, Any] = json.loads(_exactly(connection, length))
    return message


def _exactly(connection: socket.socket, length: int) -> bytes:
    """As many bytes. Raises EOFError."""
    got = b""
    while len(got) < length:
        more = connection.recv(length - len(got))
        if not more:
            raise EOFError("the other side has gone")
        got += more
    return got


def _deaf(number: int) -> bool:
    """True where this process was told to ignore a signal, as a shell tells what it starts in the background."""
    return signal.getsignal(number) is signal.SIG_IGN


def _pass_on(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def main() -> None:
    """A kernel by the server, else as Jupyter starts it."""
    # A kernel looks whether its parent lives; the server, its parent, does when an execution has been killed.
    try:
        status = run("kernel", sys.argv[1:], parent=int(os.environ.get("JPY_PARENT_PID") or os.getppid()))
    except KeyboardInterrupt:  # before the server has answered: who started this says so
        sys.exit(128 + signal.SIGINT)
    if status is None:
        os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *sys.argv[1:]])
    sys.exit(status)


if __name__ == "__main__":
    main()
