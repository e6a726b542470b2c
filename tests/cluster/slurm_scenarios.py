"""The workflow on a real Slurm of two nodes: jobs are killed, a node drains or is lost, the controller is away.

Every run must end, and what it made must be the bytes that a run without Slurm makes.

    make slurm-test [ARGS="--only drained --keep"]      ARGS=--save: for the page on clusters

Nothing of the default test suite: it takes minutes, and needs Debian's slurm-wlm and munge and the extra `cluster`. The
work is a small made-up CelebA whose face features are made in three parts by three jobs, then put together by a fourth;
one chapter, whose networks and read-outs are jobs of their own; and a sweep of that chapter, whose points are jobs.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]
from two_node_slurm import NODES, NoSlurm, TwoNodeSlurm  # noqa: E402

from tests.programs import loaded  # noqa: E402

SAVED = "slurm-test"  # in benchmarks/results
COMMAND = str(Path(sys.executable).with_name("deepfeatures"))
PHOTOGRAPHS, PARTS = 2_100, 3  # three shards of the feature store
CHAPTER = ("rotated-mnist", "--profile", "smoke", "-p", "dataset=digits", "-p", "iterations_cap=201")
POINTS = 2  # of the sweep: the chapter at as many lengths of training
SWEEP = (*CHAPTER[:-1], "iterations_cap=101,151")  # so short that a chapter's job trains its networks itself
AT_ONCE = 2
LONGEST_S = 900  # of one scenario: a run that waits for ever is a failure
MADE = ("artifacts/*/*/*", "chapters/*/*/*", "sweeps/*/*", "sweeps/*/points/*/*")
AWAY_S = 45  # the controller: longer than the pause between two looks at the jobs


class Failed(AssertionError):
    """A scenario did not go as it must; the message says how."""


class Run:
    """One run of the workflow in a folder of its own; `slurm` None: without Slurm."""

    def __init__(self, folder: Path, data: Path, slurm: TwoNodeSlurm | None, command: list[str]) -> None:
        folder.mkdir(parents=True)
        self.folder, self.log = folder, folder.with_suffix(".log")
        environment = {**(slurm.environment if slurm else os.environ), "DEEPFEATURES_RUNS": str(folder)}
        environment |= {"DEEPFEATURES_DATA": str(data), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self.begun = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log,
                                            start_new_session=True)  # fmt: skip

    def end(self) -> float:
        """Seconds that it took. Raises Failed where it fails or does not end."""
        try:
            status = self.process.wait(max(LONGEST_S - (time.monotonic() - self.begun), 1))
        except subprocess.TimeoutExpired:
            self.stop()
            raise Failed(f"did not end in {LONGEST_S} s\n{self._said()}") from None
        if status:
            raise Failed(f"ended with status {status}\n{self._said()}")
        return time.monotonic() - self.begun

    def stop(self) -> None:
        """End it where it still runs, Snakemake and all: they are one group of processes."""
        for how in (signal.SIGINT, signal.SIGKILL):
            if self.process.poll() is None:
                os.killpg(self.process.pid, how)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(20)

    def submitted(self) -> int:
        """Jobs that were given to Slurm so far."""
        return self.log.read_text(errors="replace").count("has been submitted with SLURM jobid")

    def _said(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])


class Bench:
    """What all scenarios share: data, the plan, and what a run without Slurm makes."""

    def __init__(self, folder: Path, slurm: TwoNodeSlurm) -> None:
        self.folder, self.slurm, self.data = folder, slurm, folder / "data"
        self.runs: list[Run] = []
        from tests.data.made_up_faces import write_celeba

        write_celeba(self.data, [n // 20 for n in range(PHOTOGRAPHS)], [0] * PHOTOGRAPHS)
        self._sound: dict[str, str] | None = None

    def features(self, name: str, slurm: TwoNodeSlurm | None = None) -> Run:
        profile = "slurm" if slurm else "-"
        return self._begun(name, slurm, [sys.executable, str(Path(__file__)), "--features", profile])

    def chapter(self, name: str, slurm: TwoNodeSlurm | None = None) -> Run:
        command = [COMMAND, "run", *CHAPTER, "--cores", str(AT_ONCE)]
        command += ["--workflow-profile", "slurm"] if slurm else []
        return self._begun(name, slurm, command)

    def sweep(self, name: str, slurm: TwoNodeSlurm | None = None) -> Run:
        command = [COMMAND, "sweep", *SWEEP, "--cores", str(AT_ONCE)]
        command += ["--workflow-profile", "slurm"] if slurm else []
        return self._begun(name, slurm, command)

    def _begun(self, name: str, slurm: TwoNodeSlurm | None, command: list[str]) -> Run:
        self.runs.append(Run(self.folder / name, self.data, slurm, command))
        return self.runs[-1]

    def as_without(self, run: Run) -> None:
        """Raises Failed unless the features are those of a run without Slurm, byte by byte."""
        if self._sound is None:
            alone = self.features("without-slurm")
            alone.end()
            self._sound = digests(alone.folder)
        same(self._sound, digests(run.folder))

    def wait_for_job(self, run: Run, state: str = "RUNNING") -> tuple[str, str]:
        """(job, node) of the first job in a state."""
        while run.process.poll() is None and time.monotonic() - run.begun < LONGEST_S:
            if jobs := self.slurm.jobs(state):
                return jobs[0]
            time.sleep(0.1)
        raise Failed(f"no job was {state.lower()}\n{run._said()}")

    def wait_for_work(self, run: Run) -> list[int]:
        """Processes of this run that are making an artifact now: the package's own command, not Snakemake's."""
        while run.process.poll() is None and time.monotonic() - run.begun < LONGEST_S:
            if found := working(run.folder):
                return found
            time.sleep(0.1)
        raise Failed(f"no job was seen at work\n{run._said()}")


def plain(bench: Bench) -> str:
    run = bench.features("plain", bench.slurm)
    seconds = run.end()
    bench.as_without(run)
    if run.submitted() != PARTS + 2:
        raise Failed(f"{run.submitted()} jobs, expected the faces, {PARTS} parts and the features")
    return f"{run.submitted()} jobs in {seconds:.0f} s: features of {PHOTOGRAPHS:,} images in {PARTS} parts, merged"


def chapter(bench: Bench) -> str:
    run = bench.chapter("chapter", bench.slurm)
    seconds = run.end()
    alone = bench.chapter("chapter-without-slurm")
    alone.end()
    same(digests(alone.folder), digests(run.folder))
    return f"chapter {CHAPTER[0]} in {run.submitted()} jobs, {seconds:.0f} s"


def sweep(bench: Bench) -> str:
    run = bench.sweep("sweep", bench.slurm)
    seconds = run.end()
    alone = bench.sweep("sweep-without-slurm")
    alone.end()
    found = digests(run.folder)
    if (points := sum(name.startswith("chapters/") and name.endswith("/results.json") for name in found)) != POINTS:
        raise Failed(f"{points} points were executed, expected {POINTS}")
    if not any(name.startswith("sweeps/") and name.endswith("/table.csv") for name in found):
        raise Failed(f"no table was gathered: {', '.join(sorted(found))[:200]}")
    same(digests(alone.folder), found)
    if run.submitted() < POINTS:
        raise Failed(f"{run.submitted()} jobs, expected one for each of {POINTS} points")
    return f"{POINTS} points of chapter {SWEEP[0]} in {run.submitted()} jobs, {seconds:.0f} s, page and table"


def cancelled(bench: Bench) -> str:
    run = bench.features("cancelled", bench.slurm)
    bench.wait_for_work(run)
    job, node = bench.wait_for_job(run)
    bench.slurm.command("scancel", job)
    seconds = run.end()
    bench.as_without(run)
    return f"job {job} cancelled on {node} (scancel); {run.submitted()} jobs in {seconds:.0f} s"


def killed(bench: Bench) -> str:
    run = bench.features("killed", bench.slurm)
    victims = bench.wait_for_work(run)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    seconds = run.end()
    bench.as_without(run)
    if run.submitted() <= PARTS + 2:
        raise Failed(f"{run.submitted()} jobs: none was submitted again, so none was killed")
    return f"{len(victims)} processes killed (SIGKILL) at their work; {run.submitted()} jobs in {seconds:.0f} s"


def drained(bench: Bench) -> str:
    run = bench.features("drained", bench.slurm)
    _, node = bench.wait_for_job(run)
    bench.slurm.drain(node)
    try:
        seconds = run.end()
        state = bench.slurm.states()[node]
    finally:
        bench.slurm.resume(node)
    bench.as_without(run)
    if state != "drained":
        raise Failed(f"{node} is {state}, not drained: the run did not go on without it")
    return f"{node} drained while a job ran there, and stayed so; {run.submitted()} jobs in {seconds:.0f} s"


def node_lost(bench: Bench) -> str:
    run = bench.features("node-lost", bench.slurm)
    bench.wait_for_work(run)
    job, node = bench.wait_for_job(run)
    bench.slurm.stop_node(node)
    for victim in working(run.folder):
        os.kill(victim, signal.SIGKILL)
    try:
        seconds = run.end()
    finally:
        bench.slurm.start_node(node)
    bench.as_without(run)
    return f"{node} lost with job {job} on it (slurmd and the work killed); ended in {seconds:.0f} s"


def controller(bench: Bench) -> str:
    run = bench.features("controller", bench.slurm)
    bench.wait_for_work(run)
    bench.slurm.stop_controller()
    time.sleep(AWAY_S)
    bench.slurm.start_controller()
    seconds = run.end()
    bench.as_without(run)
    return f"controller killed, away for {AWAY_S} s, started again; {run.submitted()} jobs in {seconds:.0f} s"


SCENARIOS: dict[str, Callable[[Bench], str]] = {
    "plain": plain, "cancelled": cancelled, "killed": killed, "drained": drained, "controller": controller,
    "node-lost": node_lost, "chapter": chapter, "sweep": sweep,
}  # fmt: skip


def working(folder: Path) -> list[int]:
    """Processes of the package's hidden commands that work in this runs folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            there = (entry / "cwd").resolve() == folder.resolve()
        except OSError:  # ended meanwhile
            continue
        if there and {b"make", b"--plan"} <= set(words):
            found.append(int(entry.name))
    return found


def digests(runs: Path) -> dict[str, str]:
    """SHA-256 by path of everything made, but for how long it took and, of chapters and sweeps, when and where."""
    found = {}
    for path in sorted(path for where in MADE for path in runs.glob(where)):
        if path.name == "provenance.json" or not path.is_file():
            continue
        content = path.read_bytes()
        if path.name == "record.json":
            record = json.loads(content)
            record.pop("made", None)
            record["files"].pop("provenance.json", None)
            content = json.dumps(record).encode()
        if path.match("sweeps/*/index.html"):
            content, told = re.subn(rb"Notebooks ran for [^;]*;", b"", content)
            if told != 1:
                raise Failed(f"{path.name} of the sweep says {told} times how long its notebooks ran, expected once")
        found[str(path.relative_to(runs))] = hashlib.sha256(content).hexdigest()
    return found


def same(expected: dict[str, str], found: dict[str, str]) -> None:
    if not expected or expected != found:
        names = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        raise Failed(f"{len(names)} of {len(expected)} files are not those made without Slurm: {', '.join(names[:5])}")


def make_features(profile: str) -> None:
    """The run itself, in a process of its own: plan the features in parts, and have them made."""
    from deepfeatures.data import celeba
    from deepfeatures.study import build, paths, workflow_profiles
    from deepfeatures.study.recipes import Recipe

    fingerprint = celeba.read(paths.data_root()).fingerprint
    faces = Recipe("faces", {"dataset": "celeba", "fingerprint": fingerprint})
    # A face network, and one that needs no file of weights.
    settings = {"dataset": "celeba", "network": "mobilefacenet-ms1m-untrained", "seed": 0, "fingerprint": fingerprint}
    features = Recipe("face-features", settings, {"faces": faces})
    plan = build.save_plan(features.closure(), {}, {features.key: PARTS})
    start = workflow_profiles.command(None if profile == "-" else profile, AT_ONCE)
    build.run_workflow(plan, start, [f"artifacts/face-features/{features.key}/record.json"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="this scenario alone; may be repeated")
    parser.add_argument("--keep", action="store_true", help="keep runs and logs, and say where")
    parser.add_argument("--save", action="store_true", help=f"keep outcomes in benchmarks/results/{SAVED}.json")
    parser.add_argument("--features", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.features:
        make_features(given.features)
        return 0
    passed = failed = 0
    kept = Kept()
    folder = Path(tempfile.mkdtemp(prefix="slurm-test-"))
    try:
        with TwoNodeSlurm() as slurm:
            kept.slurm = slurm.command("sinfo", "--version").split()[1]
            print(f"Slurm {kept.slurm}, nodes {', '.join(NODES)}", flush=True)
            bench = Bench(folder, slurm)
            try:
                for name in given.only or SCENARIOS:
                    try:
                        said = f"{SCENARIOS[name](bench)}; same bytes as without Slurm"
                        passed += 1
                        kept.add(name, True, said)
                        print(f"passed  {name}: {said}", flush=True)
                    except (Failed, subprocess.CalledProcessError) as failure:
                        failed += 1
                        kept.add(name, False, str(failure).splitlines()[0])
                        print(f"FAILED  {name}: {failure}", flush=True)
                    if given.save:
                        kept.save()
                    slurm.answer("scancel", "--full", f"--partition={slurm.PARTITION}")
            finally:
                for run in bench.runs:
                    run.stop()
    except NoSlurm as failure:
        failed += 1
        print(failure)
    finally:
        if given.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


class Kept:
    """Outcomes for the book's page on clusters: of each scenario the last one, with its day and commit."""

    def __init__(self) -> None:
        self.runner, self.slurm = loaded("benchmarks/run.py"), ""
        self.machine = self.runner.describe_machine()
        self.scenarios: dict[str, dict[str, Any]] = {}
        path = ROOT / "benchmarks" / "results" / f"{SAVED}.json"
        if path.is_file():
            self.scenarios = {one["name"]: one for one in json.loads(path.read_text("utf-8"))["scenarios"]}

    def add(self, name: str, passed: bool, said: str) -> None:
        commit, day = self.machine["commit"], datetime.now(UTC).date().isoformat()
        self.scenarios[name] = {"name": name, "passed": passed, "said": said, "date": day, "commit": commit}

    def save(self) -> None:
        known = [self.scenarios[name] for name in SCENARIOS if name in self.scenarios]
        passed = sum(one["passed"] for one in known)
        found = {"name": SAVED, "rounds": 1, "slurm": self.slurm, "nodes": len(NODES), "passed": passed,
                 "failed": len(known) - passed, "scenarios": known}  # fmt: skip
        self.runner.save(found, self.machine)


if __name__ == "__main__":
    sys.exit(main())
