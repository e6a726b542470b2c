"""The page of a sweep: a figure and a table for each measure, every run with its notebook, and what was varied."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.study import catalogue, execute, pages, sweep, sweep_measures
from deepfeatures.study.grid import SEED, Grid
from deepfeatures.study.sweep import Done, shown
from deepfeatures.study.sweep_measures import Layout, Measure
from deepfeatures.study.tables import shown as number
from deepfeatures.study.tables import with_interval

PAGE, TABLE = "index.html", "table.csv"
MOST_DRAWN = 40  # measures with a figure on the page; a chapter with more keeps the others in table.csv
WIDE_IN, NARROW_IN = 7.2, 3.5
SEEDS_CAPTION = (
    "Marks: mean over the values of {axis}. Bars: 95 % interval of that mean (Student's t; unit: seed; none where one "
    "run is left). Hollow dots: single runs. All seeds share their data, so the chance of which images were drawn is "
    "not in the bars."
)
OWN_CAPTION = "Marks: single runs. Bars: the interval that the chapter reports for each (resampled: {unit})."


def write(grid: Grid, done: Sequence[Done], into: Path, command: Sequence[str]) -> Path:
    """Write table.csv and index.html into the sweep's folder; gives the page."""
    rows = sweep_measures.table(done)
    sweep.write(into / TABLE, rows.to_csv(index=False))
    sweep.write(into / PAGE, page(grid, done, rows, command, into))
    return into / PAGE


def page(grid: Grid, done: Sequence[Done], rows: pd.DataFrame, command: Sequence[str], into: Path) -> str:
    """The page as text, for the folder `into`. rows: `sweep_measures.table(done)`."""
    placed = sweep_measures.layout(grid)
    every = sweep_measures.measures(done)
    told = [_measure(place, one, rows[rows["measure"] == one.name], grid, placed)
            for place, one in enumerate(every[:MOST_DRAWN])]  # fmt: skip
    failed = [{"named": one.named(), "failure": one.failure} for one in done if one.failure is not None]
    swept = grid.swept or list(grid.axes)
    rest = len(every) - len(told)
    return pages.fill(
        "sweep",
        sweep_name=grid.name if into == sweep.folder(grid) else None,  # elsewhere it goes by its folder
        heading=f"{grid.chapter}: sweep of {' × '.join(swept)}",
        title=catalogue.chapter(grid.chapter).title,
        banner=_banner(grid, done),
        counted=_counted(grid, done),
        command=shlex.join(command),
        failed=failed,
        measures=told,
        groups=[{"name": name, "measures": list(of)} for name, of in groupby(told, key=lambda one: one["group"])],
        left_out=f"{rest} more measures are in table.csv only." if rest else "",
        glance_caption="Each measure's lowest and highest "
        + ("mean over seeds" if placed.seeds else "value")
        + ", and where. Half the median interval stands beside them: a measure that moves by less has not been shown "
        "to move.",
        axes=list(grid.axes),
        points=[_point(one) for one in done],
        parameters=_parameters(grid),
        parameters_caption=f"Profile {grid.profile}; what the command line set is in bold.",
        made=_made(done),
    )


def _measure(place: int, measure: Measure, rows: pd.DataFrame, grid: Grid, placed: Layout) -> dict[str, Any]:
    """One section of the page."""
    means = sweep_measures.means(rows, grid, placed)
    digits = 2 if rows["value"].abs().max() >= 1 else 3
    units = " / ".join(dict.fromkeys(rows["resampled"].dropna()))
    lowest, highest = (means.iloc[int(place)] for place in (means["value"].argmin(), means["value"].argmax()))
    moved = lowest["value"] < highest["value"]
    half_width = float((means["hi"] - means["lo"]).median() / 2)
    drawn = _draw(measure, means, rows, grid, placed)
    headings, body = _numbers(rows, means, grid, placed, digits)
    return {
        "id": f"measure-{place + 1}",
        "name": measure.name,
        "short": f"{measure.name.partition('/')[2] or measure.name}{f' ({measure.unit})' if measure.unit else ''}",
        "group": measure.group,
        "title": measure.title,
        "unit": measure.unit,
        "paper": None if measure.paper is None else number(measure.paper, digits),
        "alt": _alt(measure, means, placed, digits),
        "caption": SEEDS_CAPTION.format(axis=placed.seeds) if placed.seeds else OWN_CAPTION.format(unit=units),
        "table_caption": "Mean over seeds with its 95 % interval, then the single runs by point."
        if placed.seeds
        else "Every run, with the interval that it reported.",
        "headings": headings,
        "words": len(_labels(placed)),
        "rows": body,
        "claimed": measure.group != sweep_measures.ENCODED,
        "lowest": number(lowest["value"], digits),
        "lowest_at": _where(lowest, placed) if moved else "everywhere",
        "highest": number(highest["value"], digits),
        "highest_at": _where(highest, placed) if moved else "everywhere",
        "half_width": "–" if np.isnan(half_width) else f"± {number(half_width, digits)}",
        **drawn,
    }


def _draw(measure: Measure, means: pd.DataFrame, rows: pd.DataFrame, grid: Grid, placed: Layout) -> dict[str, str]:
    """{'wide', 'narrow'}: the figure at two widths as addresses, or {'undrawn'}: why there is none."""
    import matplotlib.pyplot as plt

    from deepfeatures.figures import house
    from deepfeatures.figures.sweep import MOST_LINES, MOST_PANELS, sweep_curves

    lines, panels = means["line"].nunique(), means["panel"].nunique()
    if lines > MOST_LINES or panels > MOST_PANELS:
        many = f"{lines} lines in {panels} panels; at most {MOST_LINES} and {MOST_PANELS} can be told apart"
        return {"wide": "", "narrow": "", "undrawn": f"Not drawn: {many}. The table has all."}
    singles = sweep_measures.positions(rows, grid, placed) if placed.seeds else None
    found = {"undrawn": ""}
    for name, width_in in (("wide", WIDE_IN), ("narrow", NARROW_IN)):
        figure = sweep_curves(
            means, singles, x_label=placed.x, y_label=_wrapped(measure.unit or "value", 44 if width_in > 5 else 34),
            line_label=placed.line or "", logarithmic=placed.logarithmic, width_in=width_in,
        )  # fmt: skip
        held = io.BytesIO()
        with house():
            figure.savefig(held, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
        found[name] = pages.data_address(held.getvalue(), "image/svg+xml")
    return found


def _numbers(
    rows: pd.DataFrame, means: pd.DataFrame, grid: Grid, placed: Layout, digits: int
) -> tuple[list[str], list[list[str]]]:
    """(headings, rows): one row a mark of the figure. With seeds, single runs stand in one more column."""
    singles = sweep_measures.positions(rows, grid, placed)
    headings = [*_labels(placed), "mean [interval]" if placed.seeds else "value [interval]"]
    headings += ["seeds", "single runs (point)"] if placed.seeds else ["resampled"]
    body = []
    for _, mark in means.iterrows():
        ends = None if pd.isna(mark["lo"]) else (mark["lo"], mark["hi"])
        mine = singles[[a and b and c for a, b, c in zip(singles["x"] == mark["x"], singles["line"] == mark["line"],
                                                        singles["panel"] == mark["panel"], strict=True)]]  # fmt: skip
        told = [*_coordinates(mark, placed), with_interval(mark["value"], ends, digits)]
        if placed.seeds:
            each = [f"{number(one['value'], digits)} ({one['point']})" for _, one in mine.iterrows()]
            told += [str(mark["n"]), ", ".join(each)]
        else:
            told.append(f"{mine.iloc[0]['n']:,.0f} × {mine.iloc[0]['resampled']}")
        body.append(told)
    return headings, body


def _labels(placed: Layout) -> list[str]:
    return [placed.x, *([placed.line] if placed.line else []), *([", ".join(placed.panels)] if placed.panels else [])]


def _coordinates(mark: Any, placed: Layout) -> list[str]:
    x = mark["x"] if placed.words else f"{mark['x']:,.12g}"
    return [str(x), *([mark["line"]] if placed.line else []), *([mark["panel"]] if placed.panels else [])]


def _where(mark: Any, placed: Layout) -> str:
    x = mark["x"] if placed.words else f"{mark['x']:,.12g}"
    parts = [f"{placed.x} {x}", *([f"{placed.line} {mark['line']}"] if placed.line else [])]
    return ", ".join([*parts, *([mark["panel"]] if mark["panel"] else [])])


def _alt(measure: Measure, means: pd.DataFrame, placed: Layout, digits: int) -> str:
    """What the figure shows, in words: each line from its first to its last mark, with the extremes."""
    told = []
    for (line, panel), rows in means.groupby(["line", "panel"], sort=False):
        rows = rows if placed.words else rows.sort_values("x")
        named = ", ".join(part for part in (f"{placed.line} {line}" if placed.line else "", str(panel)) if part)
        marks = [f"{number(row['value'], digits)} at {_coordinates(row, placed)[0]}" for _, row in rows.iterrows()]
        if len(marks) > 6:
            marks = [*marks[:3], "…", *marks[-2:]]
        told.append((f"{named}: " if named else "") + ", ".join(marks))
    more = f"; and {len(told) - 4} more lines, in the table" if len(told) > 4 else ""
    return f"{measure.unit or measure.name} against {placed.x}. " + "; ".join(told[:4]) + more + "."


def _banner(grid: Grid, done: Sequence[Done]) -> str:
    """Data tier and profile, as every page of the book says them; never a verdict."""
    tiers = list(dict.fromkeys(one.result()["tier"] for one in done if one.failure is None))
    data = " and ".join(tiers) or "none, for no run was completed"
    changed = ", ".join(grid.axes)
    return (
        f"Data tier: {data}. Profile: {grid.profile}, with {changed} changed: a preview, which yields no verdicts on "
        "the papers' claims."
    )


def _counted(grid: Grid, done: Sequence[Done]) -> str:
    sizes = " × ".join(f"{len(values)} of {name}" for name, values in grid.axes.items())
    good = sum(one.failure is None for one in done)
    return f"{len(done)} runs ({sizes}), {good} completed."


def _point(one: Done) -> dict[str, Any]:
    under = f"{sweep.POINTS}/{one.key}"
    return {
        "number": one.number,
        "at": [shown(value) for value in one.at.values()],
        "key": one.key,
        "failure": one.failure,
        "tier": "" if one.failure is not None else one.result()["tier"],
        "notebook": f"{under}/{execute.NOTEBOOK}",
        "results": f"{under}/{execute.RESULTS}",
        "provenance": f"{under}/{execute.PROVENANCE}",
    }


def _parameters(grid: Grid) -> list[dict[str, Any]]:
    declared = catalogue.chapter(grid.chapter).parameters
    resolved = grid.points[0].parameters
    varied = dict(grid.axes)
    rows = [{"name": name, "value": ", ".join(map(shown, values)), "swept": True,
             "help": declared[name].help if name in declared else "first_seed, with seeds = 1"}
            for name, values in varied.items()]  # fmt: skip
    covered = {*varied, *({"first_seed", "seeds"} if SEED in varied and SEED not in declared else ())}
    return rows + [{"name": name, "value": shown(resolved[name]), "swept": False, "help": one.help}
                   for name, one in declared.items() if name not in covered]  # fmt: skip


def _made(done: Sequence[Done]) -> str:
    facts = [json.loads((one.folder / execute.PROVENANCE).read_text("utf-8")) for one in done if one.failure is None]
    if not facts:
        return ""
    shas = sorted({(fact["git"]["sha"] or "no commit")[:12] + ("+" if fact["git"]["dirty"] else "") for fact in facts})
    seconds = sum(fact["wall_s"] for fact in facts)
    last = max(fact["finished"] for fact in facts)
    return f"Notebooks ran for {seconds:,.0f} s in all, the last until {last}; commit {', '.join(shas)}."


def _wrapped(text: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))
