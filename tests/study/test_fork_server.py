"""Jobs forked from one process: the same bytes as alone, the caller's streams and environment, and no survivors."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from filelock import FileLock
from nbclient import NotebookClient

from deepfeatures.study import execute, fork_client, fork_server, forking
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(os, "pidfd_open"), reason="jobs are forked on Linux alone"
)

# The server itself, importing next to nothing: what it imports makes no difference to how it forks.
QUICK = """
import socket, sys
from pathlib import Path
from deepfeatures.study import fork_server as server

server.preload = lambda also: None
server._files = lambda: sorted(path.name for path in Path(sys.argv[2]).iterdir())
job = server.serve(socket.socket(fileno=int(sys.argv[1])), sys.stdin.fileno())
if job is not None:
    server.to_the_end(job.do)
"""


@pytest.fixture
def quick(tmp_path, runs_folder, monkeypatch):
    """A running server; gives its process, and the folder that stands for the package's files."""
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # some machines set it, and it would hide what is held back
    address = runs_folder / "jobs-0.socket"
    listener = forking.listening(address)
    command = [sys.executable, "-c", QUICK, str(listener.fileno()), str(package)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, pass_fds=[listener.fileno()])
    listener.close()
    monkeypatch.setenv(fork_client.VARIABLE, str(address))
    yield server, package
    server.kill()
    server.communicate()


CLIENT = "import sys; from deepfeatures.study import fork_client; sys.exit(fork_client.run('command', sys.argv[1:]))"
# Whatever the tests were started from: a shell lets what it starts in the background ignore Ctrl-C.
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "


def asked(*words, ears="", **settings):
    """A client in a process of its own."""
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **settings}
    return subprocess.Popen([sys.executable, "-c", ears + CLIENT, *words], **settings)


def asked_alone(before=""):
    """What a client makes of its answer: None where it is to do the job itself."""
    call = f"from deepfeatures.study import fork_client{before}; print(fork_client.run('command', ['list']))"
    return subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True).stdout


def until(ready, seconds=300):
    end = time.monotonic() + seconds  # a loaded machine is slow
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def test_a_job_has_its_callers_streams_status_folder_and_environment(quick, tmp_path):
    client = asked("params", "mu-lenet", cwd=tmp_path)
    alone = subprocess.run(
        [sys.executable, "-m", "deepfeatures", "params", "mu-lenet"], capture_output=True, text=True, check=False
    )
    assert client.communicate(timeout=300) == (alone.stdout, alone.stderr) and client.returncode == 0
    assert "iterations_cap" in alone.stdout

    (tmp_path / "elsewhere").mkdir()  # the command says which checkout it looked in
    client = asked("list", env={**os.environ, "DEEPFEATURES_ROOT": "elsewhere"}, cwd=tmp_path)
    out, err = client.communicate(timeout=300)
    assert (client.returncode, out) == (2, "")
    assert err.startswith(f"deepfeatures: no notebooks/ in {tmp_path / 'elsewhere'}: ")


def test_an_error_of_the_jobs_own_has_its_traceback_and_status(quick):
    client = asked("make", "0" * 20, "--plan", "none.json", env={**os.environ, "DEEPFEATURES_TRACEBACK": "1"})
    _, err = client.communicate(timeout=300)
    assert client.returncode == 1
    assert err.startswith("Traceback") and "FileNotFoundError: the plan none.json is gone" in err


def sleeping(tmp_path):
    """A kernel that waits for what never comes; gives its client and its process."""
    connection = tmp_path / "connection.json"
    command = [sys.executable, "-I", "-S", fork_client.__file__, "-f", str(connection)]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return client, connection


def kernels(server):
    return psutil.Process(server.pid).children()


def waiting(connection):
    until(lambda: connection.exists() and connection.read_text().endswith("}"))


@pytest.mark.parametrize("killed", ["client", "server"])
def test_no_job_outlives_its_client_or_the_server(killed, quick, tmp_path):
    server, _ = quick
    client, connection = sleeping(tmp_path)
    waiting(connection)
    (kernel,) = kernels(server)
    assert not psutil.Process(client.pid).children()  # it is the server's child, not the client's
    os.kill(client.pid if killed == "client" else server.pid, signal.SIGKILL)
    until(lambda: gone(kernel))
    assert client.wait(300) == (-signal.SIGKILL if killed == "client" else fork_client.KILLED)
    if killed == "client":
        assert server.poll() is None and asked("list").wait(300) == 0  # it serves others still


def test_a_kernel_ends_with_who_executes_its_chapter(quick, tmp_path):
    """The execution is killed: its kernel, which is not its child, would compute for nobody."""
    server, _ = quick
    connection = tmp_path / "connection.json"
    command = [sys.executable, "-I", "-S", fork_client.__file__, "-f", str(connection)]
    call = f"import os, subprocess; subprocess.run({command}, env={{**os.environ, 'JPY_PARENT_PID': str(os.getpid())}})"
    execution = subprocess.Popen([sys.executable, "-c", call], env={**os.environ, "IPYTHONDIR": str(tmp_path)})
    waiting(connection)
    (kernel,) = kernels(server)
    (client,) = psutil.Process(execution.pid).children()
    execution.kill()
    execution.wait()
    until(lambda: gone(kernel) and gone(client))
    assert server.poll() is None


def test_a_killed_build_lets_its_jobs_end_and_begins_no_more(quick, tmp_path):
    """Whoever started the server is gone. What has begun is done, as without a server."""
    server, _ = quick
    client, connection = sleeping(tmp_path)
    waiting(connection)
    server.stdin.close()
    until(lambda: asked_alone() == "None\n")
    (kernel,) = kernels(server)
    assert server.poll() is None and client.poll() is None
    kernel.terminate()
    assert client.wait(300) == 128 + signal.SIGTERM and server.wait(300) == 0


def test_a_killed_job_is_told_as_the_shell_tells_it(quick, tmp_path):
    server, _ = quick
    client, connection = sleeping(tmp_path)
    waiting(connection)
    (kernel,) = kernels(server)
    kernel.send_signal(signal.SIGSEGV)
    assert client.wait(300) == 128 + signal.SIGSEGV


@pytest.mark.parametrize("ears", [HEARS, DEAF], ids=["hears", "deaf"])
def test_an_interrupt_reaches_the_job(ears, quick, tmp_path):
    """Ctrl-C, here of a job that waits for a lock; none where the caller was told to ignore it."""
    server, _ = quick
    with FileLock(tmp_path / "runs" / "build.lock"):
        client = asked("clean", ears=ears)
        assert "another build is at work in this folder" in client.stderr.readline()
        client.send_signal(signal.SIGINT)
        if ears == HEARS:
            client.wait(300)
    client.communicate(timeout=300)
    assert client.returncode == (128 + signal.SIGINT if ears == HEARS else 0)
    assert server.poll() is None and not kernels(server)


def test_changed_code_and_odd_callers_are_refused(quick):
    server, package = quick
    assert asked("list").wait(300) == 0
    with socket.socket(socket.AF_UNIX) as caller, fork_client.short(os.environ[fork_client.VARIABLE]) as name:
        caller.connect(name)
        caller.sendall(b"\0")  # no streams with it
        assert caller.recv(1) == b""
    with socket.socket(socket.AF_UNIX) as caller, fork_client.short(os.environ[fork_client.VARIABLE]) as name:
        caller.connect(name)
        socket.send_fds(caller, [b"\0"], [0, 1, 2])
        caller.sendall(fork_client.LENGTH.pack(7) + b"no JSON")
        assert caller.recv(1) == b""
    assert asked("list").wait(300) == 0 and server.poll() is None
    assert asked_alone("; fork_client.code = lambda: ['python', 'elsewhere']") == "None\n"
    (package / "new.py").touch()
    assert asked_alone() == "None\n" and server.poll() is None


def test_a_file_that_was_changed_or_added_is_seen(tmp_path):
    shutil.copytree(fork_server.PACKAGE / "study", tmp_path / "study", ignore=shutil.ignore_patterns("__pycache__"))
    before = fork_server._files(tmp_path)
    assert len(before) > 50 and fork_server._files(tmp_path) == before
    page = tmp_path / "study" / "pdf.py"
    page.write_text(page.read_text() + "\n")
    changed = fork_server._files(tmp_path)
    (tmp_path / "study" / "new.py").touch()
    assert changed != before and fork_server._files(tmp_path) != changed
    assert str(fork_server.PACKAGE / "study" / "fork_server.py") in fork_server._files()


@pytest.mark.parametrize("address", ["", "/nowhere/jobs.socket"])
def test_without_a_server_a_job_is_done_alone(address, monkeypatch):
    monkeypatch.setenv(fork_client.VARIABLE, address)
    assert fork_client.run("command", ["list"]) is None
    here = os.getcwd()
    done = subprocess.run([sys.executable, "-m", "deepfeatures", "make", "--help"], capture_output=True, check=False)
    assert done.returncode == 0 and b"Make one artifact" in done.stdout and os.getcwd() == here


def test_the_socket_is_the_users_alone_and_its_folder_may_have_a_long_name(tmp_path):
    folder = tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)
    with forking.listening(folder / "jobs-0.socket"):
        assert (folder / "jobs-0.socket").stat().st_mode & 0o077 == 0
        fork_client._connected(str(folder / "jobs-0.socket")).close()


KINDS = {"face-features"}


def test_without_room_for_a_server_a_build_goes_on(runs_folder, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(forking, "listening", full)
    with forking.running(KINDS) as found:
        assert found == {}
    assert capsys.readouterr().err == (
        "no fork server ([Errno 28] No space left on device): each job imports for itself\n"
    )


def test_off_where_nothing_is_computed(runs_folder):
    with forking.running(()) as found:
        assert found == {} and not any(runs_folder.iterdir())


def test_off_where_asked(runs_folder, monkeypatch):
    monkeypatch.setenv(forking.WANTED, "0")
    with forking.running(KINDS) as found:
        assert found == {} and not any(runs_folder.iterdir())


CELLS = [
    "import matplotlib.pyplot as plt, numpy as np, torch, deepfeatures as df",
    "import os; os.getppid()",
    "np.random.rand()",
    "sorted({'angle', 'label', 'pose', 'light'}), torch.manual_seed(0).initial_seed(), torch.rand(3) @ torch.rand(3)",
    "torch.get_num_threads()",
    "_ = plt.plot([0, 1, 4], clip_on=True), plt.title('$x^2$'), plt.xlabel('degrees')",
    "df.chapter('mu-lenet', {}).recipes['raw'][0].key",
    "np.linalg.eigh(np.cov(np.random.default_rng(0).normal(size=(50, 90))))[0][-1]",
]


def run(folder, monkeypatch):
    """The cells in a kernel as a chapter's; gives their outputs; apart its parent, and what nobody gave a seed for."""
    folder.mkdir()
    for name, value in {
        "IPYTHONDIR": str(execute._own_profile(folder)),
        "JUPYTER_PATH": str(execute._own_kernel(folder)),
        **execute.kernel_environment(),
        "SOURCE_DATE_EPOCH": "0",  # a vector says when it was drawn
    }.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, kernel_name=execute.KERNEL).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    parent, unseeded = (outputs.pop(1)[0].data["text/plain"] for _ in range(2))
    return outputs, int(parent), unseeded


def test_a_kernel_of_the_server_says_what_one_of_its_own_says(runs_folder, tmp_path, monkeypatch):
    """Figures in all three formats among it: settings and fonts are read at import. That it is the server's shows that
    what the server imports starts no threads: it would not fork.
    """
    alone, parent, _ = run(tmp_path / "alone", monkeypatch)
    assert parent == os.getpid()
    with forking.running(KINDS) as found:
        monkeypatch.setenv(fork_client.VARIABLE, found[fork_client.VARIABLE])
        forked, parent, once = run(tmp_path / "forked", monkeypatch)
        _, _, again = run(tmp_path / "again", monkeypatch)
        assert parent in [child.pid for child in psutil.Process().children()] and parent != os.getpid()
    assert forked == alone and once != again
    (drawn,) = [output.data for output in alone[3] if output.output_type == "display_data"]
    assert {"image/png", "image/svg+xml", "application/pdf"} <= set(drawn)
    assert not list(runs_folder.glob(forking.SOCKETS))
