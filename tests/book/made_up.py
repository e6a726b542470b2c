"""Two made-up chapters with everything a real one has: tables, mathematics, a captioned figure, citations, terms. One
was run when runs kept files to take away, the other before.
"""
from __future__ import annotations

import base64
import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from deepfeatures.figures.explorer import Bars, Choice, Curve, Explorer, Number, Picture, Text, explorer
from deepfeatures.study import downloads
from deepfeatures.study.tables import Table

LEDGER = """\
paper: rudd2017
title: What's Hiding in my Deep Features?
claims:
  - id: rudd2017/softmax-raw
    location: section 4.1, paragraph 3
    statement: The softmax of the plain LeNet is nearly always right, $p < 1$ and `ip1` | aside.
    paper_value: 98.98
    unit: "% of test images"
    measure: accuracy of the softmax
    judge: {rule: tolerance, tolerance: 0.3}
    chapter: rotated-mnist
  - id: rudd2017/mav-raw
    location: section 4.1, paragraph 4
    statement: Class means do worse than the softmax.
    paper_value: 89.9
    unit: "% of test images"
    measure: accuracy of cosine to class means
    judge: {rule: tolerance, tolerance: 0.5, expect: below, threshold: 98.98}
    chapter: rotated-mnist
  - id: rudd2017/mav-mu
    location: section 4.2.1
    statement: Regression to class means helps.
    unit: points of accuracy
    measure: gain
    judge: {rule: ordering, expect: above}
    chapter: mu-lenet
  - id: rudd2017/mav-pair
    location: section 4.2.2
    statement: So does a pair.
    unit: points of accuracy
    measure: gain
    judge: {rule: ordering, expect: above}
    chapter: pair-lenet
  - id: rudd2017/future
    location: section 5
    statement: Invariance is hard.
    not_attempted: an opinion, with nothing to measure
"""

# Wider than a telephone, as tables of ten digits are.
WIDE_TABLE = ('<table class="table df-table"><thead><tr>' + "".join(f"<th>digit {n}</th>" for n in range(10))
              + "</tr></thead><tbody><tr>" + "<td>98.76 ± 0.12</td>" * 10 + "</tr></tbody></table>")

RECORDS = {
    "rotated-mnist": [
        {"claim": "rudd2017/softmax-raw", "value": 98.91, "interval": [98.8, 99.02], "n": 10000, "unit": "digit",
         "seeds": 3},
        {"claim": "rudd2017/mav-raw", "value": 91.2, "interval": [90.9, 91.5], "n": 10000, "unit": "digit", "seeds": 3},
    ],
    "mu-lenet": [
        {"claim": "rudd2017/mav-mu", "value": -0.04, "interval": [-0.2, 0.1], "n": 10000, "unit": "digit", "seeds": 3},
    ],
}


@dataclass(frozen=True)
class Measured:
    value: float
    interval: tuple[float, float] | None = None


# The first number answers rudd2017/mav-mu; the second is shown alike, but is another.
MEASURED = Table(
    ["scored by", "paper", "gain [interval]", "of"],
    [["class means", "0.5", "−0.04 [−0.20, 0.10]", "10,000"], ["by chance", "0", "−0.04 [−0.20, 0.10]", "10,000"]],
    "Gains & losses.",
    [["class means", 0.5, Measured(-0.04, (-0.2, 0.1)), 10000], ["by chance", 0, Measured(-0.041, (-0.2, 0.1)), 10000]],
)
WITH_FILES = "mu-lenet"


def write(
    folder: Path, *, tier: str = "original", profile: str = "paper", slugs: tuple[str, ...] = tuple(RECORDS)
) -> Path:
    """Write the notebooks, results and provenance of `slugs` into a folder of chapters."""
    folder.mkdir(parents=True, exist_ok=True)
    for slug in slugs:
        nbformat.write(notebook(slug), folder / f"{slug}.ipynb")
        result = {"chapter": slug, "profile": profile, "tier": tier, "parameters": {"seeds": 3},
                  "data_fingerprint": "0" * 64, "records": RECORDS[slug]}
        if slug == WITH_FILES:
            result["numbers"] = {"gain": {"value": -0.0412, "shown": "−0.04"}}
            executed = nbformat.read(folder / f"{slug}.ipynb", as_version=4)
            kept = downloads.take(executed) | {f"{slug}.py": b"# the source\n"}
            nbformat.write(executed, folder / f"{slug}.ipynb")
            downloads.pack(kept, folder / f"{slug}.downloads.zip")
        (folder / f"{slug}.results.json").write_text(json.dumps(result), "utf-8")
        provenance = {"git": {"sha": "f" * 40, "dirty": False}, "python": "3.11.7", "threads": None, "wall_s": 12.5,
                      "packages": {"numpy": "2.1.0"}, "depends_on": {f"notebooks/09-{slug}.py": "0" * 64}}
        (folder / f"{slug}.provenance.json").write_text(json.dumps(provenance), "utf-8")
    return folder


def notebook(slug: str, *, alt: str = "A grey square that fills the whole picture.") -> nbformat.NotebookNode:
    """A small executed chapter. alt: alternative text of its figure; empty to see the checks fail."""
    figure = {"figure": {"name": f"square-{slug}", "caption": "A square, *grey* throughout."}, "image": {"alt": alt}}
    cells = [
        new_markdown_cell(f"# Is {slug} grey?\n\nSo {{cite}}`rudd2017` say, of the {{term}}`MAV`."),
        new_code_cell("seeds: int = 3", metadata={"tags": ["parameters"]}, execution_count=1),
        new_markdown_cell("## Method\n\n$$E_{il} = \\sum_j \\frac{a_j}{\\boldsymbol{b}_j}$$\n\n"
                          f"See {{numref}}`square-{slug}`, {{ref}}`deviations` and [D3](#d3)."),
        new_code_cell("draw()", metadata={"mystnb": figure}, execution_count=2, outputs=[
            new_output("display_data", data={"image/png": png(), "text/plain": "<Figure>", **vectors(slug)}),
        ]),
        new_code_cell("table", execution_count=3, outputs=[
            new_output("execute_result", execution_count=3, data={
                "text/html": WIDE_TABLE, "text/plain": "digit\n3"}),
            new_output("display_data", data={
                "text/html": '<p class="df-banner tier-original">Data tier: original.</p>', "text/plain": "Data tier"}),
            new_output("stream", name="stdout", text="data tier: original\n"),
        ]),
        new_code_cell("explorer", metadata={"tags": ["hide-input"]}, execution_count=4, outputs=[
            new_output("execute_result", execution_count=4, data=explored()._repr_mimebundle_()),
        ]),
        new_code_cell("pictured", execution_count=5, outputs=[
            new_output("execute_result", execution_count=5, data=pictured()._repr_mimebundle_()),
        ]),
    ]
    if slug == WITH_FILES:
        cells += [
            new_code_cell("measured", execution_count=5, outputs=[
                new_output("execute_result", execution_count=5, data=MEASURED._repr_mimebundle_()),
                new_output("display_data", metadata={"scrapbook": {"mime_prefix": _GLUED, "name": "gain"}},
                           data={f"{_GLUED}text/plain": "'−0.04'"}),
            ]),
            new_markdown_cell("It gains {glue:text}`gain` points."),
        ]  # fmt: skip
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:03d}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


_GLUED = "application/papermill.record/"


def vectors(slug: str) -> dict[str, str]:
    """A figure's vectors, as a run's kernel adds them; an older run has none."""
    if slug != WITH_FILES:
        return {}
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>'
    return {"image/svg+xml": svg, "application/pdf": base64.b64encode(b"%PDF-1.4").decode()}


def explored() -> Explorer:
    """An explorer with two menus, of which the second depends on the first, a slider, and words that look like tags."""
    angles = ["0°", "15°", "30°"]
    rows = [(network, f"{network} <b>ip{layer}</b>", angle, 1000.0 * number + layer, 40.0 * number, float("nan"),
             f"{angle} & more")
            for network in ("LeNet", "PAIR") for layer in (1, 2) for number, angle in enumerate(angles)
            if (network, layer, number) != ("PAIR", 2, 2)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["network", "layer", "angle", "error", "error_lo", "error_hi", "note"])
    table.loc[table["network"] == "LeNet", "error_hi"] = 2500.5
    return explorer(
        "made-up", table, [Choice("network"), Choice("layer", every=True), Choice("angle", "turned by", slider=True)],
        [Number("error", "error, %", interval=True, most=3000, mark=1500), Text("note")],
        caption="Errors, made up.", twin="The table above shows the same.",
    )  # fmt: skip


def pictured() -> Explorer:
    """An explorer with all that is drawn: pictures above and in rows, shares, curves, points; a network lacks some."""
    rng = np.random.default_rng(0)
    curves = {"LeNet": np.array([[0, 1], [0.5, 0.25], [1, 0]]), "mu & co": np.array([[0, 0.5], [1, 0.125]])}
    rows = []
    for digit in ("1", "7"):
        for angle in ("-15°", "0°", "15°"):
            seen = rng.random((6, 5))
            for network in curves:
                whole = network == "LeNet"
                rows.append({
                    "digit": digit, "angle": angle, "network": network, "seen": seen,
                    "face": rng.integers(0, 256, (8, 8, 3), np.uint8) if digit == "7" else None,
                    "softmax": rng.dirichlet(np.ones(3)) if whole else None, "read": rng.normal(0, 20),
                    "read_lo": -30.0, "read_hi": 30.0, "true": float(angle[:-1]), "scree": network,
                    "scree_x": rng.random() if whole else np.nan, "scree_y": rng.random(),
                    "units": rng.random((3, 4)) if whole else None,
                })  # fmt: skip
    return explorer(
        "pictured", pd.DataFrame(rows),
        [Choice("digit"), Choice("angle", "rotated by", slider=True, start="0°"), Choice("network", rows=True)],
        [Bars("softmax", "softmax", ("a", "b", "<c>")),
         Number("read", "angle, degrees", interval=True, least=-45, most=45, mark="true"),
         Curve("scree", "scree", curves), Picture("units", "ip1", "Three by four units", 60, 50, pixels=True)],
        above=[Picture("seen", "what is seen & more", "A made-up digit", 70, 80, pixels=True),
               Picture("face", "a face", "Noise", 64, 64)],
        caption="All that is drawn.", twin="The square above shows nothing of it.",
    )  # fmt: skip


def png(side_px: int = 64) -> str:
    """A grey PNG in base64, written by hand so that the page tests need no drawing library."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x88" * side_px for _ in range(side_px))
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(data).decode("ascii")
