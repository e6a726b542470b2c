"""What chapters take from an empty runs folder: wall and CPU seconds, as a reader's own `deepfeatures` takes them.

    python benchmarks/chapter_times.py NAME [--profile smoke] [--chapter SLUG]     a part of a benchmark, printed

A chapter alone is `deepfeatures run`; several together are one build, as `deepfeatures book` makes it, so that an
artifact which two of them share is made once and jobs run side by side. Each measurement is one run in a folder of its
own, with the data that is under the data root: the result names the tier on which each chapter ran. CPU seconds are of
all processes that the command started.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DIGITS = ("rotated-mnist", "mu-lenet", "pair-lenet", "feature-spaces")
FACES = ("attributes", "pose")
NEIGHBOURS = ("views-and-quality", "parameter-space", "sparse-selective-robust", "localize-then-describe")
ONE_SEED = {"seeds": 1}
NO_VARIANTS: dict[str, Any] = {"variants": []}
MORE_SEEDS = ("more-seeds",)  # the variant that trains what one seed is the opposite of
PROFILES = ("smoke", "default")

_COMMAND = "import sys; from deepfeatures.cli import main; sys.argv[0] = 'deepfeatures'; main()"
# What `deepfeatures book` does of some chapters alone, without the site.
_TOGETHER = """
import json, sys
from deepfeatures.study import build, catalogue
from deepfeatures.study.chapter_key import plan
slugs, profile, given, left_out = json.loads(sys.argv[1])
planned = []
for slug in slugs:
    parameters = catalogue.resolve(slug, profile, given)
    if "variants" in parameters:
        parameters["variants"] = [one for one in parameters["variants"] if one not in left_out]
    planned.append(plan(slug, parameters))
build.build(planned)
"""


def neighbours(rounds: int, profiles: Sequence[str] = PROFILES, chapters: Sequence[str] = NEIGHBOURS) -> dict[str, Any]:
    """Smoke, each chapter alone; default, all together."""
    found: dict[str, Any] = {"unit": "s", "rounds": 1}
    if "smoke" in profiles:
        alone = {slug: _run(["-c", _COMMAND, "run", slug, "--profile", "smoke"]) for slug in chapters}
        found |= {
            "smoke_seconds": {slug: one["seconds"] for slug, one in alone.items()},
            "smoke_cpu_seconds": {slug: one["cpu_seconds"] for slug, one in alone.items()},
            "longest_smoke_seconds": max(one["seconds"] for one in alone.values()),
            "smoke_tiers": _tiers(alone.values()),
        }
    return found | (_together("default", chapters) if "default" in profiles else {})


def faces(rounds: int, profiles: Sequence[str] = PROFILES, chapters: Sequence[str] = FACES) -> dict[str, Any]:
    """Both chapters together, at default alone unless smoke is asked for by itself."""
    asked = [one for one in profiles if one == "default"] or profiles
    return {"unit": "s", "rounds": 1} | _each(asked, chapters)


def digits(rounds: int, profiles: Sequence[str] = PROFILES, chapters: Sequence[str] = DIGITS) -> dict[str, Any]:
    """All four together, at smoke and at default."""
    return {"unit": "s", "rounds": 1} | _each(profiles, chapters)


def digits_alone(rounds: int, profiles: Sequence[str] = ("paper",), chapters: Sequence[str] = DIGITS) -> dict[str, Any]:
    """All four together at the papers' sizes: one network of a kind instead of three, and no variants.

    That is the papers' networks and read-outs, without what is trained beside them to explain where numbers differ.
    """
    return _of_one_seed(profiles, chapters, ONE_SEED | NO_VARIANTS)


def digits_one_seed(
    rounds: int, profiles: Sequence[str] = ("paper",), chapters: Sequence[str] = DIGITS
) -> dict[str, Any]:
    """The same with every chapter's variants, but for more seeds."""
    return _of_one_seed(profiles, chapters, ONE_SEED)


def _of_one_seed(profiles: Sequence[str], chapters: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"unit": "s", "rounds": 1, "parameters": dict(given)}
    for profile in profiles:
        found |= _together(profile, chapters, given, MORE_SEEDS)
    return found


NAMES = {
    "neighbour-chapters": neighbours,
    "face-chapters": faces,
    "digit-chapters": digits,
    "digit-chapters-papers-alone": digits_alone,
    "digit-chapters-one-seed": digits_one_seed,
}


def _each(profiles: Sequence[str], chapters: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for profile in profiles:
        found |= _together(profile, chapters)
    return found


def _together(
    profile: str, chapters: Sequence[str], given: Mapping[str, Any] | None = None, left_out: Sequence[str] = ()
) -> dict[str, Any]:
    """left_out: variants that are not made."""
    one = _run(["-c", _TOGETHER, json.dumps([list(chapters), profile, given or {}, list(left_out)])])
    return {
        f"{profile}_seconds": one["seconds"],
        f"{profile}_cpu_seconds": one["cpu_seconds"],
        f"{profile}_tiers": _tiers([one]),
    }


def _run(arguments: Sequence[str]) -> dict[str, Any]:
    """Seconds of one command in a runs folder that is made for it. Raises RuntimeError with what the command said."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DEEPFEATURES_RUNS": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as the Makefile does: else every process compiles anew
        before, start = _cpu(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        seconds, cpu = time.perf_counter() - start, _cpu() - before
        if done.returncode:
            said = done.stdout[-2000:]
            raise RuntimeError(f"{' '.join(arguments[-4:])} ended with status {done.returncode}:\n{said}")
        tiers = {}
        for path in Path(folder).glob("chapters/*/*/results.json"):
            result = json.loads(path.read_text("utf-8"))
            tiers[result["chapter"]] = result["tier"]
    return {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "tiers": tiers}


def _cpu() -> float:
    """CPU seconds of all ended children and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tiers(runs: Any) -> dict[str, str]:
    return {slug: tier for one in runs for slug, tier in sorted(one["tiers"].items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--profile", action="append", help="only this one; may be given again")
    parser.add_argument("--chapter", action="append", help="only this one; may be given again")
    given = parser.parse_args()
    asked = {"profiles": given.profile, "chapters": given.chapter}
    print(json.dumps(NAMES[given.name](1, **{name: one for name, one in asked.items() if one}), indent=1))


if __name__ == "__main__":
    main()
