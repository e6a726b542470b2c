"""A Slurm of two nodes on this machine, for trying: started in a folder of its own, gone when it is left.

    python workflow/two_node_slurm.py -- COMMAND ...     # runs COMMAND, to which sbatch, squeue ... answer; then stops

Real daemons (Debian: `apt-get install slurm-wlm munge`): munged, slurmctld, and slurmd twice under two node names.
Standard library only. Nothing of the system's own Slurm or munge is read, written, started or stopped.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "srun")
NODES = ("node1", "node2")
# Where this process is killed, its daemons go too.
WITH_US = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
PATIENCE_S = 60  # for a daemon to answer, a node to come up
MEMORY_MB = 16_000  # that each node says it has: nothing is enforced

CONFIGURATION = """\
ClusterName=trial
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
ReturnToService=2
SlurmdTimeout=30
KillWait=5
MinJobAge=300
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdSpoolDir={folder}/spool.%n
SlurmdLogFile={folder}/slurmd.%n.log
{nodes}
PartitionName=trial Nodes={names} Default=YES MaxTime=INFINITE State=UP
"""


class NoSlurm(RuntimeError):
    """Slurm is not installed, or would not start; the message says which."""


def missing() -> list[str]:
    """Programs that are needed and not on the path (of daemons also /usr/sbin, which not every user's path has)."""
    return [name for name in NEEDED if _program(name) is None]


class TwoNodeSlurm:
    """`with TwoNodeSlurm() as slurm:` two nodes of `cpus` CPUs each; `slurm.environment` is for its clients."""

    PARTITION = "trial"

    def __init__(self, cpus: int = 1) -> None:
        if absent := missing():
            raise NoSlurm(f"not installed: {', '.join(absent)} (Debian: apt-get install slurm-wlm munge)")
        self.cpus = cpus
        self.folder = Path(tempfile.mkdtemp(prefix="two-node-slurm-"))
        self.configuration = self.folder / "slurm.conf"
        tools = os.pathsep.join([str(self.folder / "bin"), os.environ.get("PATH", "")])
        self.environment = {**os.environ, "SLURM_CONF": str(self.configuration), "PATH": tools}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> TwoNodeSlurm:
        if threading.current_thread() is threading.main_thread():  # `timeout` and schedulers end programs so
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        try:
            self._configure()
            self._start("munged", [
                "--foreground", f"--socket={self.folder}/munge.socket", f"--key-file={self.folder}/munge.key",
                f"--pid-file={self.folder}/munged.pid", f"--seed-file={self.folder}/munged.seed",
                f"--log-file={self.folder}/munged.log", "--num-threads=1",
            ])  # fmt: skip
            self._wait("munged to listen", lambda: (self.folder / "munge.socket").is_socket())
            self.start_controller()
            for node in NODES:
                self.start_node(node)
            self._wait("both nodes to be idle", lambda: set(self.states().values()) == {"idle"})
        except BaseException:
            self._stop_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_all()

    def start_controller(self) -> None:
        """Start slurmctld and wait for its answer; it goes on from its saved state."""
        self._start("slurmctld", ["-D", "-f", str(self.configuration)])
        self._wait("the controller to answer", lambda: self.answer("scontrol", "ping") is not None)

    def stop_controller(self) -> None:
        """Kill slurmctld as a crash would: jobs go on, nobody can ask about them."""
        self._stop("slurmctld", signal.SIGKILL)

    def start_node(self, node: str) -> None:
        self._start(f"slurmd {node}", ["-D", "-N", node, "-f", str(self.configuration)])

    def stop_node(self, node: str) -> None:
        """Kill a node's slurmd; what runs there is lost for Slurm."""
        self._stop(f"slurmd {node}", signal.SIGKILL)

    def drain(self, node: str) -> None:
        """Running jobs end there, no new one starts."""
        self.command("scontrol", "update", f"NodeName={node}", "State=DRAIN", "Reason=trial")

    def resume(self, node: str) -> None:
        self.command("scontrol", "update", f"NodeName={node}", "State=RESUME")

    def states(self) -> dict[str, str]:
        """'idle', 'allocated', 'draining' ... of each node; empty where the controller does not answer."""
        answer = self.answer("sinfo", "--Node", "--noheader", "--format=%N %T") or ""
        return {name: state.rstrip("*") for name, state in (line.split() for line in answer.splitlines())}

    def jobs(self, state: str = "RUNNING") -> list[tuple[str, str]]:
        """(job, node) in this state, in order of submission."""
        answer = self.answer("squeue", "--noheader", f"--states={state}", "--format=%i %N") or ""
        return sorted((job, node) for job, _, node in (line.partition(" ") for line in answer.splitlines()))

    def command(self, *command: str) -> str:
        """Standard output of a client; raises CalledProcessError with what it said."""
        given: dict[str, Any] = {"env": self.environment, "capture_output": True, "text": True}
        return subprocess.run(command, check=True, timeout=60, **given).stdout

    def answer(self, *command: str) -> str | None:
        """The same, None where it fails."""
        try:
            return self.command(*command)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None

    def _configure(self) -> None:
        for name in ("state", *(f"spool.{node}" for node in NODES)):
            (self.folder / name).mkdir(mode=0o755)
        # Snakemake's plugin starts srun inside a job without SLURM_CONF: here it has to be told again.
        (self.folder / "bin").mkdir()
        srun = self.folder / "bin" / "srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.configuration} exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        # A socket that other users cannot reach is refused by munged: the folder may be entered, its files not read.
        self.folder.chmod(0o711)
        host, ports = socket.gethostname().split(".")[0], _free_ports(1 + len(NODES))
        nodes = "\n".join(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={self.cpus} "
            f"RealMemory={MEMORY_MB} State=UNKNOWN"
            for node, port in zip(NODES, ports[1:], strict=True)
        )
        self.configuration.write_text(CONFIGURATION.format(
            host=host, port=ports[0], user=getpass.getuser(), folder=self.folder, nodes=nodes, names=",".join(NODES)
        ))  # fmt: skip
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nIgnoreSystemd=yes\n")

    def _start(self, name: str, arguments: list[str]) -> None:
        program = _program(name.split()[0])
        assert program is not None
        with (self.folder / f"{name.replace(' ', '.')}.out").open("ab") as out:
            self._daemons[name] = subprocess.Popen(
                [*WITH_US, program, *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip

    def _stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        daemon = self._daemons.pop(name, None)
        if daemon is None:
            return
        if daemon.poll() is None:
            daemon.send_signal(how)
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _stop_all(self) -> None:
        if "slurmctld" in self._daemons:
            self.answer("scancel", "--full", f"--user={getpass.getuser()}")
            deadline = time.monotonic() + 15
            while self.jobs("RUNNING,COMPLETING") and time.monotonic() < deadline:
                time.sleep(0.2)
        for name in reversed(list(self._daemons)):
            self._stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, what: str, is_so: object) -> None:
        assert callable(is_so)
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            dead = [name for name, daemon in self._daemons.items() if daemon.poll() is not None]
            if dead or time.monotonic() > deadline:
                raise NoSlurm(f"waited for {what}; not running: {', '.join(dead) or 'none'}\n{self._said()}")
            time.sleep(0.1)

    def _said(self) -> str:
        """The last lines of every log."""
        logs = sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        ends = {log.name: log.read_text(errors="replace").splitlines()[-3:] for log in logs}
        return "\n".join(f"{name}: {line}" for name, lines in ends.items() for line in lines)


def _program(name: str) -> str | None:
    folders = [os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    return shutil.which(name, path=os.pathsep.join(folders))


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or arguments[0] != "--":
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with TwoNodeSlurm() as slurm:
            return subprocess.run(arguments[1:], env=slurm.environment, check=False).returncode
    except NoSlurm as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
