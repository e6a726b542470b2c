"""Intervals that are drawn where they lie, whether or not they hold their value.

The bootstrap of few people or of a network hardly trained may lie beside what was measured; a page that a reader asked
for shows that rather than failing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from . import shapes


def checked(name: str, frame: pd.DataFrame, required: Sequence[str]) -> pd.DataFrame:
    """A copy of `frame` with the `required` columns, lo and hi: nan where none is known, else lo <= hi."""
    table = shapes.columns(name, frame, required)
    if not {"lo", "hi"} & set(table.columns):
        table = table.assign(lo=np.nan, hi=np.nan)
    turned = table[~(table["lo"] <= table["hi"]) & ~(table["lo"].isna() & table["hi"].isna())]
    if len(turned):
        first = turned.iloc[0]
        raise ValueError(f"{name}: {len(turned)} of {len(table)} intervals lack an end or end before they begin; the "
                         f"first is [{first['lo']:g}, {first['hi']:g}]: give both, the lower one as lo")  # fmt: skip
    return table


def middles(frame: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(rows,) middles and half widths of the intervals, as `Axes.errorbar` draws them; nan draws none."""
    lo, hi = frame["lo"].to_numpy(dtype=np.float64), frame["hi"].to_numpy(dtype=np.float64)
    return (lo + hi) / 2, (hi - lo) / 2
