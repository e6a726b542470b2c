"""What the points of a sweep measured, as one table; and how a measure is laid out: x, lines, panels, seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.seed_means import over_seeds
from deepfeatures.study import catalogue, claims
from deepfeatures.study.grid import Grid
from deepfeatures.study.sweep import Done, shown

ENCODED = "what is encoded where"


@dataclass(frozen=True)
class Measure:
    """name: a claim's id, or what is encoded where; title: one sentence; unit: of the value; paper: its value there."""

    name: str
    group: str
    title: str
    unit: str
    paper: float | None = None


@dataclass(frozen=True)
class Layout:
    """Names of axes: x, line (or None), panels; words: x is drawn as words; seeds: the axis that repeats, or None."""

    x: str
    line: str | None
    panels: tuple[str, ...]
    words: bool
    logarithmic: bool
    seeds: str | None


def layout(grid: Grid) -> Layout:
    """The first swept number becomes x, the next swept parameter the lines, all further ones the panels."""
    free = [name for name in grid.swept if name != grid.replicate]
    if not free:  # seeds alone, or one point: side by side, and nothing to take a mean over
        only = grid.replicate or next(iter(grid.axes))
        return Layout(only, None, (), True, False, None)
    numbers = [name for name in free if all(_is_number(value) for value in grid.axes[name])]
    x = (numbers or free)[0]
    rest = [name for name in free if name != x]
    line, panels = (rest[0], tuple(rest[1:])) if rest else (None, ())
    return Layout(x, line, panels, x not in numbers, x in numbers and _evener_in_log(grid.axes[x]), grid.replicate)


def table(done: Sequence[Done]) -> pd.DataFrame:
    """One row a point and measure: point, key, the axes, measure, value, lo, hi, n, resampled, seeds, tier, note.

    A point that failed has one row, without a measure; `failure` says why.
    """
    rows: list[dict[str, Any]] = []
    for one in done:
        own = {"point": one.number, "key": one.key, **{name: shown(value) for name, value in one.at.items()}}
        if one.failure is not None:
            rows.append({**own, "failure": one.failure})
            continue
        result = one.result()
        for record in result["records"]:
            rows.append({**own, "measure": record["claim"], **_numbers(record), "note": record.get("note")})
        for cell in result.get("encoded", []):
            rows.append({**own, "measure": cell_name(cell), **_numbers(cell)})
    columns = [*(done[0].at if done else ()), "measure", "value", "lo", "hi", "n", "resampled", "seeds", "tier", "note"]
    return pd.DataFrame(rows, columns=["point", "key", *columns, "failure"])


def measures(done: Sequence[Done]) -> list[Measure]:
    """Every measure that a point reported, in the chapter's order: its claims, then what it says is encoded where."""
    ledger = claims.load_all(known_chapters=list(catalogue.slugs()))
    found: dict[str, Measure] = {}
    for one in done:
        if one.failure is not None:
            continue
        result = one.result()
        for record in result["records"]:
            found.setdefault(record["claim"], _of_claim(record["claim"], ledger.get(record["claim"])))
        for cell in result.get("encoded", []):
            name = cell_name(cell)
            found.setdefault(name, Measure(name, ENCODED, f"How well {name} is read.", cell["metric"]))
    return sorted(found.values(), key=lambda measure: measure.group == ENCODED)


def means(rows: pd.DataFrame, grid: Grid, placed: Layout) -> pd.DataFrame:
    """One row a drawn mark of one measure: x, line, panel, value, lo, hi, n.

    Over several seeds, the mean and its Student interval; without seeds, the run's own value and interval.
    """
    placed_rows = positions(rows, grid, placed)
    found = []
    for (x, line, panel), cell in placed_rows.groupby(["x", "line", "panel"], sort=False):
        if placed.seeds is None:
            one = cell.iloc[0]
            value, ends, n = float(one["value"]), (one["lo"], one["hi"]), 1
        else:
            mean = over_seeds(cell["value"].to_numpy(dtype=np.float64))
            value, ends, n = mean.value, mean.interval or (np.nan, np.nan), mean.n
        found.append({"x": x, "line": line, "panel": panel, "value": value, "lo": ends[0], "hi": ends[1], "n": n})
    return pd.DataFrame(found).astype({"value": float, "lo": float, "hi": float})


def positions(rows: pd.DataFrame, grid: Grid, placed: Layout) -> pd.DataFrame:
    """The rows of one measure with where they are drawn: x (a number, or a word), line and panel as texts."""
    x = rows[placed.x] if placed.words else rows[placed.x].astype(float)
    line = rows[placed.line] if placed.line else pd.Series("", index=rows.index)
    panel = pd.Series("", index=rows.index)
    for name in placed.panels:
        panel = panel + np.where(panel == "", "", ", ") + f"{name} = " + rows[name]
    return rows.assign(x=x, line=line, panel=panel)


def _numbers(record: dict[str, Any]) -> dict[str, Any]:
    lo, hi = record["interval"] or (np.nan, np.nan)
    told = {name: record[name] for name in ("value", "n", "seeds", "tier")}
    return {**told, "lo": lo, "hi": hi, "resampled": record["unit"]}


def _of_claim(name: str, claim: claims.Claim | None) -> Measure:
    if claim is None:  # of a page whose ledger was another
        return Measure(name, name.partition("/")[0], name, "")
    return Measure(name, claim.paper, claim.statement, claim.unit or "", claim.paper_value)


def cell_name(cell: dict[str, Any]) -> str:
    return f"{cell['subject']} in {cell['layer']} of {cell['network']} on {cell['data']}, {cell['reading']}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _evener_in_log(values: Sequence[Any]) -> bool:
    """True where three or more positive values, fivefold apart in all, lie more evenly on a logarithmic axis."""
    ordered = sorted(float(value) for value in values)
    if len(ordered) < 3 or ordered[0] <= 0 or ordered[-1] < 5 * ordered[0]:
        return False
    steps, ratios = np.diff(ordered), np.diff(np.log(ordered))
    return bool(ratios.std() / ratios.mean() < steps.std() / steps.mean())
