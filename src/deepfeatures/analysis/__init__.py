"""What the features are: spectrum, blocks, units, distances; and the intervals of every number."""
from deepfeatures.analysis import (
    block_contrast,
    block_diagonal,
    bootstrap,
    collapse,
    distances,
    per_digit,
    rank,
    spectrum,
    trend,
    units,
)

__all__ = [
    "block_contrast",
    "block_diagonal",
    "bootstrap",
    "collapse",
    "distances",
    "per_digit",
    "rank",
    "spectrum",
    "trend",
    "units",
]
