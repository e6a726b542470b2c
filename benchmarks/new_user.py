"""What a new user waits for who follows the book's pages: a chapter, a network, images of one's own.

The commands are those of book/own-chapter.md and book/your-own.md, at the profile at which the pages give them, each
with an empty folder of runs; set-up is not counted. The chapter is made in a copy of the checkout. The network is a
published MobileFaceNet as ONNX, which has to be under the data root; the images are rendered ones, a folder for each
person.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("book", "benchmarks", "claims", "notebooks", "profiles", "src", "tests", "workflow", "_config.yml",
          "pyproject.toml", "requirements.lock")  # fmt: skip
PEOPLE, EACH, SIDE_PX = 40, 12, 112
SLUG = "angle-again"


def measure(rounds: int) -> dict[str, Any]:
    from deepfeatures.networks.face_catalogue import CATALOGUE
    from deepfeatures.study import paths

    entry = CATALOGUE["mobilefacenet-ms1m-onnx"]
    network = entry.path(paths.data_root())
    scale = ["--mean", ",".join(map(str, entry.input.mean)), "--std", ",".join(map(str, entry.input.std))]
    if not network.is_file():
        raise RuntimeError(f"{network} is not there: what the page asks of one's own network cannot be tried")
    seconds: dict[str, list[float]] = {"own_chapter": [], "own_network": [], "own_images": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            checkout = _checkout(folder / "checkout")
            images = _images(folder / "people")
            tests = ["-m", "pytest", "-q", f"tests/chapters/test_{SLUG.replace('-', '_')}.py"]
            for name, commands in {
                "own_chapter": [["new-chapter", SLUG, "--title", "Can the angle be read again?"],
                                ["run", SLUG, "--profile", "smoke"], tests],
                "own_network": [["probe", "--network", str(network), *scale]],
                "own_images": [["probe", "--images", str(images)]],
            }.items():  # fmt: skip
                started = time.perf_counter()
                for command in commands:
                    _run(command, checkout, folder / f"runs-{name}")
                seconds[name].append(time.perf_counter() - started)
    medians = {f"{name}_seconds": round(statistics.median(one), 1) for name, one in seconds.items()}
    return {"unit": "s", **medians, "longest_seconds": max(medians.values()),
            "people": PEOPLE, "images_of_each": EACH, "side_px": SIDE_PX}  # fmt: skip


def _checkout(into: Path) -> Path:
    into.mkdir()
    for name in COPIED:
        of = ROOT / name
        if of.is_dir():
            shutil.copytree(of, into / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif of.is_file():
            shutil.copy2(of, into / name)
    return into


def _images(into: Path) -> Path:
    from PIL import Image

    from deepfeatures.data.synthfaces import SynthFaces

    world = SynthFaces(7, PEOPLE, EACH, SIDE_PX)
    for number, (image, person) in enumerate(zip(world.render(), world.truth()["identity"], strict=True)):
        path = into / f"person-{int(person):03d}" / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return into


def _run(command: list[str], checkout: Path, runs: Path) -> None:
    words = [sys.executable, *(command if command[0] == "-m" else ["-m", "deepfeatures", *command])]
    environment = {**os.environ, "DEEPFEATURES_ROOT": str(checkout), "DEEPFEATURES_RUNS": str(runs),
                   "PYTHONPATH": str(checkout / "src")}  # fmt: skip
    done = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = re.sub(r"\s+", " ", done.stderr + done.stdout)[-600:]
        raise RuntimeError(f"{' '.join(command[:2])} ended with status {done.returncode}: {said}")
