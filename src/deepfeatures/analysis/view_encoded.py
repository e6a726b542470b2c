"""Quality for the book's matrix of what is encoded where: still or video frame, told by a linear machine."""

from __future__ import annotations

from typing import Any

import pandas as pd


def cells(classified: pd.DataFrame) -> list[dict[str, Any]]:
    """Fields of study.encoded.Encoded. classified: of view_tables.classified; only 'frame' is kept."""
    found = []
    for row in classified[classified["label"] == "frame"].to_dict("records"):
        interval = None if row["lo"] != row["lo"] else (row["lo"], row["hi"])
        found.append({
            "subject": "quality", "data": row["world"], "network": row["network"], "layer": row["layer"],
            "reading": "linear", "metric": "balanced accuracy, %", "value": row["correct"], "interval": interval,
            "n": row["people"], "unit": "identity", "seeds": row["seeds"],
        })  # fmt: skip
    return found
