"""A chapter's cells that only run where photographs are, on photographs that are noise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests import made_up_root

ASKED = ["--profile", "smoke", "-p", "photographs=celeba", "-p", "more_networks=arcface-r50"]


def test_attributes_reads_photographs_and_a_network_that_a_reader_adds(tmp_path: Path, runs_folder: Path) -> None:
    root = made_up_root.write(tmp_path / "data")
    done = subprocess.run(
        [sys.executable, "-m", "deepfeatures", "run", "attributes", *ASKED, "--cores", "2"],
        env={**os.environ, "DEEPFEATURES_DATA": str(root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    (folder,) = (runs_folder / "chapters" / "attributes").iterdir()
    assert json.loads((folder / "results.json").read_text())["tier"] == "substitute"
    notebook = nbformat.read(folder / "chapter.ipynb", as_version=4)
    said = "\n".join(str(output.get("data", {})) for cell in notebook.cells for output in cell.get("outputs", []))
    whole = made_up_root.PEOPLE * made_up_root.EACH
    several = whole // made_up_root.SEVERAL
    for words in (f"{whole - several} of {whole} images kept; left out: {several} with several faces", "ArcFace R50",
                  "ArcFace R50, weights in random order", "ArcFace R50, after the triplet embedding"):  # fmt: skip
        assert words in said


def test_a_network_without_weights_ends_before_anything_is_made(tmp_path: Path, runs_folder: Path) -> None:
    root = made_up_root.write(tmp_path / "data")
    asked = [*ASKED[:-1], "more_networks=vgg-face"]
    done = subprocess.run(
        [sys.executable, "-m", "deepfeatures", "run", "pose", *asked],
        env={**os.environ, "DEEPFEATURES_DATA": str(root)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "Traceback" not in done.stderr
    for words in ("vgg-face: get vgg_face_dag.pth from", f"put it at {root / 'weights' / 'vgg_face_dag.pth'}"):
        assert words in done.stderr
    assert not (runs_folder / "artifacts").exists()


@pytest.mark.parametrize(("asked", "words"), [
    (["-p", "more_networks=arcface-r50"], "more_networks=arcface-r50: they read photographs; give photographs=celeba"),
    (["-p", "photographs=celeba", "-p", "more_networks=facenet"], "allowed: list[str], a list of 0 to 4"),
])  # fmt: skip
def test_what_cannot_be_read_is_said(asked: list[str], words: str, runs_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deepfeatures", "run", "attributes", "--profile", "smoke", *asked],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0 and words in done.stderr and "Traceback" not in done.stderr
