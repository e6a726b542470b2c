"""What a drawing function accepts: shapes, finite values, columns and intervals, refused with their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def array(name: str, values: ArrayLike, *shape: int | None) -> NDArray[np.float64]:
    """`values` as float64 of exactly `shape` (None: any length), all finite."""
    found = np.asarray(values, dtype=np.float64)
    fits = found.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, found.shape, strict=True))
    if not fits:
        wanted = "(" + ", ".join("any" if want is None else str(want) for want in shape) + ")"
        raise ValueError(f"{name} has shape {found.shape}, expected {wanted}")
    if found.size == 0:
        raise ValueError(f"{name} is empty: shape {found.shape}")
    broken = int(np.count_nonzero(~np.isfinite(found)))
    if broken:
        raise ValueError(f"{name} holds {broken} values of {found.size} that are not finite")
    return found


def networks(name: str, values: Mapping[str, Any]) -> list[str]:
    """The networks of a mapping, in its order; at least one."""
    if not values:
        raise ValueError(f"{name} holds no network; give at least one")
    return list(values)


def columns(name: str, frame: pd.DataFrame, required: Sequence[str], intervals_of: str | None = None) -> pd.DataFrame:
    """A copy of `frame` with at least the `required` columns and, given a value column, lo <= value <= hi.

    lo and hi may be absent or nan where no interval is known; they are nan in the copy.
    """
    missing = [column for column in required if column not in frame.columns]
    if missing:
        raise ValueError(f"{name} lacks the columns {missing}; it has {list(frame.columns)}")
    if frame.empty:
        raise ValueError(f"{name} has 0 rows")
    if intervals_of is None:
        return frame.copy()
    lone = {"lo", "hi"} & set(frame.columns)
    if len(lone) == 1:
        raise ValueError(f"{name} has the column {lone.pop()!r} alone; an interval needs both lo and hi")
    whole = frame.copy() if lone else frame.assign(lo=np.nan, hi=np.nan)
    value = array(f"{name}[{intervals_of!r}]", whole[intervals_of].to_numpy(), None)
    lo, hi = whole["lo"].to_numpy(dtype=np.float64), whole["hi"].to_numpy(dtype=np.float64)
    outside = np.flatnonzero((value < lo) | (value > hi) | (np.isnan(lo) != np.isnan(hi)))
    if len(outside):
        first = outside[0]
        raise ValueError(
            f"{name}: {len(outside)} of {len(value)} intervals do not hold their value; "
            f"first in row {first}: {value[first]:g} outside [{lo[first]:g}, {hi[first]:g}]"
        )
    return whole


def whiskers(frame: pd.DataFrame, value: str) -> NDArray[np.float64]:
    """(2, rows) distances from the value down to lo and up to hi, as `Axes.errorbar` wants them; nan draws none."""
    middle = frame[value].to_numpy(dtype=np.float64)
    return np.stack([middle - frame["lo"].to_numpy(dtype=np.float64), frame["hi"].to_numpy(dtype=np.float64) - middle])


def once(name: str, frame: pd.DataFrame, keys: Sequence[str]) -> None:
    """Refuse a table that gives one combination of `keys` twice: a drawing would hide one of the values."""
    twice = frame.duplicated(subset=list(keys))
    if twice.any():
        first = tuple(frame.loc[twice, list(keys)].iloc[0])
        raise ValueError(f"{name} gives {', '.join(keys)} = {first} more than once ({int(twice.sum())} rows too many)")
