"""What a job of the workflow costs beside its work: its command alone, by Snakemake here, and by Slurm on two nodes.

The jobs are artifacts of two rendered faces each, which take no time beside the start of the programs. A job's cost is
the slope between few and many jobs, times the jobs that run at once; the rest is what starting a workflow costs. Slurm
is a real one of two nodes on this machine (workflow/two_node_slurm.py), with the book's own profile.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow"))
from two_node_slurm import TwoNodeSlurm  # noqa: E402

FEW, MANY, AT_ONCE = 2, 8, 2
SHORT, LONG = 200, 2000  # jobs of workflows that are only planned
# Plans, and says its peak memory. Not ru_maxrss: a child starts with its parent's, and this process holds torch.
PLAN = """
import resource, sys
from pathlib import Path
from snakemake.cli import main
try:
    main()
finally:
    status = Path("/proc/self/status")
    told = status.read_text().splitlines() if status.exists() else []
    peaks = [line.split()[1] for line in told if line.startswith("VmHWM")]
    print(peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def measure(rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, _runs(Path(folder)):
        alone = statistics.median(_command(number) for number in range(rounds))
        planning = [_planned(jobs) for jobs in (SHORT, LONG)]
        here = [_workflow(jobs, None, 1_000 * jobs) for jobs in (FEW, MANY)]
        with TwoNodeSlurm() as slurm, _environment(slurm.environment):
            empty = [_seconds("sbatch", "--wait", "--output=/dev/null", "--wrap=true") for _ in range(rounds)]
            together = _seconds("srun", f"--ntasks={AT_ONCE}", "--output=/dev/null", "true")
            there = [_workflow(jobs, "slurm", 2_000 * jobs) for jobs in (FEW, MANY)]
    local, cluster = (AT_ONCE * (many - few) / (MANY - FEW) for few, many in (here, there))
    return {
        "unit": "s",
        "jobs": [FEW, MANY],
        "jobs_at_once": AT_ONCE,
        "seconds_of_the_command_alone": round(alone, 2),
        "seconds_a_job_here": round(local, 2),
        "seconds_a_job_on_slurm": round(cluster, 2),
        "overhead_seconds_a_job_here": round(local - alone, 2),
        "overhead_seconds_a_job_on_slurm": round(cluster - alone, 2),
        "seconds_of_few_jobs": {"here": round(here[0], 1), "on_slurm": round(there[0], 1)},
        "seconds_of_an_empty_step": round(together, 3),
        "seconds_of_an_empty_batch_job_waited_for": round(statistics.median(empty), 2),
        "planning_seconds_a_job": float(f"{(planning[1][0] - planning[0][0]) / (LONG - SHORT):.3g}"),
        "planning_memory_bytes_a_job": round((planning[1][1] - planning[0][1]) / (LONG - SHORT)),
        "load_average": round(os.getloadavg()[0], 1),
    }


def _recipes(jobs: int, first_seed: int) -> dict[str, Any]:
    from deepfeatures.study.recipes import Recipe

    world = {"dataset": "rendered", "side_px": 32, "identities": 1, "images_per_identity": 2}
    made = [Recipe("faces", {**world, "seed": first_seed + number}) for number in range(jobs)]
    return {recipe.key: recipe for recipe in made}


def _command(number: int) -> float:
    """Seconds of one job's own command."""
    from deepfeatures.study import build

    recipes = _recipes(1, number)
    return _seconds("deepfeatures", "make", "--plan", str(build.save_plan(recipes, {}, {})), next(iter(recipes)))


def _workflow(jobs: int, profile: str | None, first_seed: int) -> float:
    """Seconds of a whole workflow of independent jobs."""
    from deepfeatures.study import build, workflow_profiles

    recipes = _recipes(jobs, first_seed)
    plan = build.save_plan(recipes, {}, {})
    targets = [f"artifacts/faces/{key}/record.json" for key in recipes]
    begun = time.monotonic()
    build.run_workflow(plan, workflow_profiles.command(profile, AT_ONCE), targets)
    return time.monotonic() - begun


def _planned(jobs: int) -> tuple[float, int]:
    """Seconds and bytes of memory in which Snakemake plans a workflow of that many jobs (a dry run)."""
    from deepfeatures.study import build

    recipes = _recipes(jobs, 1_000_000)
    plan = build.save_plan(recipes, {}, {})
    command = [
        sys.executable, "-c", PLAN,
        "--snakefile", str(ROOT / "workflow" / "Snakefile"), "--directory", os.environ["DEEPFEATURES_RUNS"],
        "--config", f"plan={plan}", "--cores", "1", "--dry-run", "--nolock", "--quiet", "all", "--",
        *(f"artifacts/faces/{key}/record.json" for key in recipes),
    ]  # fmt: skip
    begun = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return time.monotonic() - begun, int(done.stderr.split()[-1]) * 1024


def _seconds(*command: str) -> float:
    scripts = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": scripts + os.pathsep + os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1"}
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return time.monotonic() - begun


@contextmanager
def _runs(folder: Path) -> Iterator[None]:
    with _environment({**os.environ, "DEEPFEATURES_RUNS": str(folder)}):
        yield


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
