"""Identity and attributes for the book's matrix of what is encoded where: told by one unit, held out."""

from __future__ import annotations

from typing import Any

import pandas as pd

NETWORKS = {"proposed": "deepid2plus", "untrained": "deepid2plus-untrained"}  # others bear their names in the matrix
SUBJECTS = {"identities": "identity", "attributes of a person": "attributes"}


def cells(units: pd.DataFrame, data: str = "rendered") -> list[dict[str, Any]]:
    """Fields of study.encoded.Encoded. units: of deepid_selectivity.by_layer; only excitatory units are kept."""
    found = []
    for row in units[units["side"] == "excitatory"].to_dict("records"):
        network, layer = row["layer"].split()
        interval = None if row["lo"] != row["lo"] else (row["lo"], row["hi"])
        found.append(
            {
                "subject": SUBJECTS[row["what"]],
                "data": data,
                "network": NETWORKS.get(network, network),
                "layer": layer,
                "reading": "single unit",
                "metric": "balanced accuracy, %",
                "value": row["accuracy_percent"],
                "interval": interval,
                "n": row["people"],
                "unit": "identity",
                "seeds": int(network in NETWORKS or network.endswith("-untrained")),  # drawn or trained here
            }
        )
    return found
