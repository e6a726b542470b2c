"""A checkout with the chapter `curve`, whose numbers follow from its parameters, and executed runs made up on disk."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import nbformat
from PIL import Image

from deepfeatures.study import catalogue, sweep
from deepfeatures.study.chapter_key import Planned
from deepfeatures.study.grid import Grid
from deepfeatures.study.sweep import Done
from tests.conftest import ROOT

SLUG = "curve"
FAILS_AT = 105  # resamples
PARAMETERS = """\
dataset: str = "digits"                  # which digits
seeds: int = 1                           # networks that would be trained
first_seed: int = 0                      # the first of them
resamples: int = 100                     # bootstrap resamples
normalise: str = "global"                # a word
pair_weights: list[float] = [0.1, 1.0]   # a list
variants: list[str] = []                 # a list of words
tolerance_pp: float = 0.5                # a number that is not whole
device: str = "cpu"                      # where"""
# Writes what study.verdicts() writes, without the seconds that importing the package takes in each kernel.
CELL = f"""\
import json, os, pathlib, time
folder = pathlib.Path(os.environ["DEEPFEATURES_RUN_FOLDER"])
log = pathlib.Path(os.environ["CURVE_LOG"])
with log.open("a") as file:
    _ = file.write(f"{{resamples}} {{first_seed}} {{os.getpid()}}\\n")
while log.with_name(f"wait-{{resamples}}").exists():
    time.sleep(0.05)
assert resamples != {FAILS_AT}, "no such <b>number</b> of resamples"
record = {{"claim": "paper-x/height", "value": resamples / 10 + first_seed, "interval": [resamples / 10 - 1, resamples],
          "n": 9, "unit": "digit", "seeds": seeds, "tier": "substitute", "profile": "custom", "chapter": "{SLUG}",
          "note": None}}
result = {{"chapter": "{SLUG}", "profile": "custom", "tier": "substitute", "device": "cpu",
          "artifacts": {{}},
          "parameters": {{"resamples": resamples, "first_seed": first_seed, "seeds": seeds}},
          "not_applicable": {{}}, "records": [record], "encoded": []}}
_ = (folder / "results.json").write_text(json.dumps(result))"""
LEDGER = """\
paper: paper-x
title: A made-up paper
claims:
  - id: paper-x/height
    location: section 1
    statement: The curve rises with <resamples>.
    paper_value: 42.0
    unit: things & more
    measure: the height
    judge: {rule: tolerance, tolerance: 1.0}
    chapter: curve
  - id: paper-x/width
    location: section 2
    statement: The curve is wide.
    unit: "%"
    measure: the width
    judge: {rule: sign, expect: above}
    chapter: curve
"""
PROFILES = {"default": "all: {}\n", "smoke": "all: {resamples: 101}\n", "paper": "all: {resamples: 200, seeds: 2}\n"}


def notebook(cell: str = CELL, header: str = "artifacts_of: none") -> str:
    """py:percent text whose header names the plan."""
    return (
        "# ---\n# jupyter:\n#   deepfeatures:\n#     " + header + "\n#   jupytext:\n#     formats: py:percent\n"
        "#   kernelspec:\n#     display_name: Python 3\n#     language: python\n#     name: python3\n# ---\n\n"
        "# %% [markdown]\n# # Does the curve rise?\n\n"
        f'# %% tags=["parameters"]\n{PARAMETERS}\n\n# %%\n{cell}\n'
    )


def write_checkout(root: Path, text: str | None = None) -> Path:
    """Notebook, ledger, profiles, figure style and workflow as a checkout has them."""
    for name in ("notebooks", "claims", "profiles", "book/chapters", "src/deepfeatures/figures"):
        (root / name).mkdir(parents=True)
    (root / "notebooks" / f"01-{SLUG}.py").write_text(text or notebook())
    (root / "claims" / "paper-x.yaml").write_text(LEDGER)
    for name, content in PROFILES.items():
        (root / "profiles" / f"{name}.yaml").write_text(content)
    style = "src/deepfeatures/figures/house.mplstyle"
    (root / style).write_bytes((ROOT / style).read_bytes())
    (root / "workflow").symlink_to(ROOT / "workflow")
    return root


def record(claim: str, value: float, interval: tuple[float, float] | None = None, **more: object) -> dict[str, object]:
    """One reported number as results.json holds it."""
    told = {
        "claim": f"paper-x/{claim}",
        "value": value,
        "interval": interval and list(interval),
        "n": 360,
        "unit": "digit",
        "seeds": 1,
        "tier": "substitute",
        "profile": "custom",
        "chapter": SLUG,
        "note": None,
    }
    return {**told, **more}  # fmt: skip


def said_of(planned: Planned) -> dict[str, object]:
    """What the results of a run say of its plan."""
    return {
        "profile": catalogue.profile_of(planned.slug, planned.parameters),
        "tier": planned.source.tier,
        "data_fingerprint": planned.source.fingerprint,
    }


def png(grey: int) -> str:
    """A picture of 4 x 4 pixels, base64 as in a notebook."""
    held = io.BytesIO()
    Image.new("L", (4, 4), grey).save(held, format="PNG")
    return base64.b64encode(held.getvalue()).decode()


def write_run(
    folder: Path,
    *records: dict[str, object],
    chapter: str = SLUG,
    parameters: dict[str, object] | None = None,
    figures: dict[str, int] | None = None,
    encoded: list[dict[str, object]] | None = None,
    **more: object,
) -> Path:
    """An executed chapter. figures: name to grey value of the picture."""
    folder.mkdir(parents=True, exist_ok=True)
    result = {"chapter": chapter, "profile": "custom", "tier": "substitute", "device": "cpu",
              "data_fingerprint": "made-up", "parameters": parameters or {"resamples": 100}, "artifacts": {},
              "not_applicable": {}, "records": list(records), "encoded": encoded or [], **more}  # fmt: skip
    (folder / "results.json").write_text(json.dumps(result))
    made = {"finished": "2026-01-02T03:04:05Z", "wall_s": 2.0, "git": {"sha": "a" * 40, "dirty": False},
            "depends_on": {"package code": "1", "parameters": "2"}}  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(made))
    cells = []
    for name, grey in (figures or {}).items():
        drawn = nbformat.v4.new_output("display_data", data={"image/png": png(grey)})
        alt = f"{name} is grey from edge to edge"
        told = {"figure": {"name": name, "caption": f"<i>{name}</i>"}, "image": {"alt": alt}}
        cells.append(nbformat.v4.new_code_cell("draw()", outputs=[drawn], metadata={"mystnb": told}))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "chapter.ipynb")
    return folder


def points(grid: Grid, folder: Path, results: dict[int, list[dict[str, object]] | str]) -> list[Done]:
    """Every point of a grid as if it had been run. results: by number from 1, records, or why it failed."""
    done = []
    for number, point in enumerate(grid.points, start=1):
        key, told = f"{number:020x}", results[number]
        kept = folder / sweep.POINTS / key
        if isinstance(told, list):
            write_run(kept, *told, parameters=dict(point.parameters))
        done.append(Done(number, key, point.at, kept, told if isinstance(told, str) else None))
    return done
