"""A checkout with one chapter, `tiny`, that runs in a second on scikit-learn's digits and needs no artifact."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import ROOT

SLUG = "tiny"
PARAMETERS = """\
dataset: str = "digits"  # which digits
seeds: int = 1           # networks that would be trained
resamples: int = 100     # bootstrap resamples
device: str = "cpu"      # where"""
BEGIN = """\
import deepfeatures as df
from deepfeatures.study.plans import PLANS

PLANS["tiny"] = lambda *_: {}
study = df.chapter("tiny", globals())"""
MEASURED = """\
from types import SimpleNamespace

measured = SimpleNamespace(value=41.5 + seeds, interval=(41.0, 43.0), n=360, unit="digit")
study.report("paper-x/answer", measured)
print(f"{measured.value} for {seeds} seeds")"""
END = "study.verdicts()"
LEDGER = """\
paper: paper-x
title: A made-up paper
claims:
  - id: paper-x/answer
    location: section 1
    statement: The answer is forty-two.
    paper_value: 42.0
    unit: things
    measure: the answer
    judge: {rule: tolerance, tolerance: 1.0}
    chapter: tiny
  - id: paper-x/opinion
    location: section 2
    statement: It is a nice number.
    not_attempted: an opinion
"""
PROFILES = {"default": "all: {}\n", "smoke": "all: {resamples: 101}\n", "paper": "all: {resamples: 200, seeds: 2}\n"}


def notebook(*cells: str, title: str = "A tiny chapter") -> str:
    """py:percent text: the title, the parameters, then the given cells."""
    kernel = "#   kernelspec:\n#     display_name: Python 3\n#     language: python\n#     name: python3\n"
    head = f"# ---\n# jupyter:\n#   jupytext:\n#     formats: py:percent\n{kernel}# ---\n\n# %% [markdown]\n"
    body = "\n\n".join(f"# %%\n{cell}" for cell in cells)
    return f'{head}# # {title}\n\n# %% tags=["parameters"]\n{PARAMETERS}\n\n{body}\n'


def write_checkout(root: Path, text: str | None = None) -> Path:
    """Notebook, ledger, profiles and figure style as a checkout has them."""
    for name in ("notebooks", "claims", "profiles", "book", "src/deepfeatures/figures"):
        (root / name).mkdir(parents=True)
    (root / "notebooks" / "01-tiny.py").write_text(text or notebook(BEGIN, MEASURED, END))
    (root / "claims" / "paper-x.yaml").write_text(LEDGER)
    for name, content in PROFILES.items():
        (root / "profiles" / f"{name}.yaml").write_text(content)
    style = "src/deepfeatures/figures/house.mplstyle"
    (root / style).write_bytes((ROOT / style).read_bytes())
    return root
