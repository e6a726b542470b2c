"""What table 1 of Rudd et al. 2017 says by itself: whether its totals follow from its rows, and what a constant
would score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from deepfeatures.analysis.pose_error import expected_error
from deepfeatures.data.rudd2017_table1 import (
    COUNTS,
    EDGES_DEG,
    ERRORS_DEG,
    PRINTED_COUNT,
    RANGES,
    TEST_IMAGES,
    TOTALS_DEG,
)

ROUNDING_DEG = 0.05  # a printed decimal stands for this much on either side


@dataclass(frozen=True)
class Counts:
    """Images by the rows of the table, as its last row says, and in CelebA's official test set."""

    of_rows: int = sum(COUNTS)
    printed: int = PRINTED_COUNT
    official: int = TEST_IMAGES


@dataclass(frozen=True)
class BestConstant:
    """The constant with the least total error if |yaw| is spread evenly inside every range. rows_deg: its error by
    range.

    total_deg: over the counts of the table. least_deg, most_deg: by range, whatever the spread inside it.
    """

    constant_deg: float
    rows_deg: np.ndarray
    total_deg: float
    least_deg: np.ndarray
    most_deg: np.ndarray


def totals() -> pd.DataFrame:
    """column, of_rows (mean of the rows by their counts, degrees), printed, follows: within what rounding allows."""
    share = np.array(COUNTS) / sum(COUNTS)
    rows = []
    for column, errors in ERRORS_DEG.items():
        computed = float(share @ errors)
        follows = abs(computed - TOTALS_DEG[column]) <= 2 * ROUNDING_DEG
        rows.append({"column": column, "of_rows": computed, "printed": TOTALS_DEG[column], "follows": follows})
    return pd.DataFrame(rows)


def constant(answer_deg: float) -> BestConstant:
    """What always answering `answer_deg` scores."""
    low, high = np.array(EDGES_DEG[:-1]), np.array(EDGES_DEG[1:])
    to_low, to_high = np.abs(answer_deg - low), np.abs(high - answer_deg)
    inside = (answer_deg >= low) & (answer_deg <= high)
    # The mean of |x - c| over x even in [a, b]: half the squares inside, the distance to the middle outside.
    even = np.where(inside, (to_low**2 + to_high**2) / (2 * (high - low)), np.abs(answer_deg - (low + high) / 2))
    share = np.array(COUNTS) / sum(COUNTS)
    least = np.where(inside, 0.0, np.minimum(to_low, to_high))
    return BestConstant(answer_deg, even, float(share @ even), least, np.maximum(to_low, to_high))


def best_constant(step_deg: float = 0.1) -> BestConstant:
    """The best of all constants from 0 to 90 degrees, `step_deg` apart."""
    return min(
        (constant(float(one)) for one in np.arange(0, 90 + step_deg, step_deg)), key=lambda found: found.total_deg
    )


def calibrated_reader(total_deg: float, points: int = 60) -> np.ndarray:
    """Error by range, (4,) degrees, of a least-squares reader with this total, |yaw| spread evenly inside every
    range.

    Least squares ties everything to one number, its R2: what it says has slope R2 on the truth, is right on average,
    and has noise of variance R2 (1 - R2) Var(|yaw|), here Gaussian and the same at every angle. So rows that differ
    from these are no regression to the mean of the counted images. Raises ValueError for a total that no R2 gives.
    """
    place = (np.arange(points) + 0.5) / points
    low, high = np.array(EDGES_DEG[:-1])[:, None], np.array(EDGES_DEG[1:])[:, None]
    yaw, share = low + (high - low) * place, np.array(COUNTS) / sum(COUNTS)
    mean = float(share @ yaw.mean(axis=1))
    variance = float(share @ np.square(yaw - mean).mean(axis=1))

    def rows(explained: float) -> np.ndarray:
        bias = (1 - explained) * (mean - yaw)
        return expected_error(bias, np.sqrt(explained * (1 - explained) * variance)).mean(axis=1)

    grid = np.linspace(0, 1, 201)
    missed = np.array([share @ rows(one) for one in grid]) - total_deg
    falls = np.flatnonzero((missed[:-1] > 0) & (missed[1:] <= 0))
    if not len(falls):
        raise ValueError(
            f"total {total_deg:g} degrees is not among {missed.min() + total_deg:.1f}..{missed.max() + total_deg:.1f}"
        )
    at = falls[0]
    return rows(brentq(lambda one: share @ rows(one) - total_deg, grid[at], grid[at + 1]))


def calibrated() -> pd.DataFrame:
    """Rows as printed beside those of a calibrated reader of the same total: range, then two columns a network."""
    table = pd.DataFrame({"range": RANGES})
    for column, errors in ERRORS_DEG.items():
        table[column] = list(errors)
        try:
            table[f"{column}, calibrated"] = calibrated_reader(TOTALS_DEG[column])
        except ValueError:  # a total above every constant's: no least squares leads there
            table[f"{column}, calibrated"] = np.nan
    return table


def beside_the_paper() -> pd.DataFrame:
    """Table 1 with the best constant as a further column: range, the paper's columns, constant, its least and most,
    count.
    """
    best = best_constant()
    table = pd.DataFrame({"range": RANGES, **{column: list(errors) for column, errors in ERRORS_DEG.items()}})
    table["constant"], table["at least"], table["at most"] = best.rows_deg, best.least_deg, best.most_deg
    table["count"] = list(COUNTS)
    share = np.array(COUNTS) / sum(COUNTS)
    last = {"range": "total", **TOTALS_DEG, "constant": best.total_deg, "at least": float(share @ best.least_deg),
            "at most": float(share @ best.most_deg), "count": sum(COUNTS)}  # fmt: skip
    return pd.concat([table, pd.DataFrame([last])], ignore_index=True)
