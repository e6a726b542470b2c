"""Table 1 of Rudd et al. 2017, typed from its page: mean |predicted - hyperface| of |yaw| on CelebA's test set,
degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SOURCE = "Rudd et al. 2017, table 1 (section 3.2)"
EDGES_DEG = (0.0, 15.0, 30.0, 45.0, 90.0)  # the last row is printed as ">45"
RANGES = ("0–15", "15–30", "30–45", ">45")
TOTAL = "total"
COUNTS = (14_255, 4_527, 872, 268)
PRINTED_COUNT = 19_922
TEST_IMAGES = 19_962  # of CelebA's official partition
ERRORS_DEG: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "AFFACT": (6.1, 4.6, 5.6, 9.1),
        "VGG": (7.7, 6.3, 7.2, 11.4),
        "deep features": (8.1, 5.8, 5.7, 10.3),
        "triplet loss": (10.6, 7.1, 6.7, 13.9),
    }
)
TOTALS_DEG: Mapping[str, float] = MappingProxyType(
    {"AFFACT": 5.8, "VGG": 7.4, "deep features": 7.5, "triplet loss": 9.7}
)
WIDTHS: Mapping[str, int] = MappingProxyType({"AFFACT": 1_000, "VGG": 4_096, "deep features": 832, "triplet loss": 256})
