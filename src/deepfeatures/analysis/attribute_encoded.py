"""Attributes for the book's matrix of what is encoded where: balanced accuracy of those measured, by layer.

And identity beside it: the AUC of the cosine of unseen people's images, which is what the vectors are for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deepfeatures.analysis.attribute_errors import Errors
from deepfeatures.analysis.attribute_tables import Folder

Cells = list[dict[str, Any]]


def cells(errors: Mapping[str, Errors], artifacts: Mapping[str, Sequence[Folder]]) -> Cells:
    """Fields of study.encoded.Encoded for every representation named network/layer that no embedding shortened.

    The AUC is a mean over folds and has no interval.
    """
    found: Cells = []
    for data, one in errors.items():
        for name, rates in one.rates.items():
            network, _, layer = name.partition("/")
            if "+" in layer:
                continue
            right = one.interval(100 * (1 - rates.error.mean(axis=2)))
            seeds = rates.seeds if network in ("trained", "attributes") else 0
            where = {"data": data, "network": network, "layer": layer, "n": one.people, "unit": "identity"}
            found.append({
                **where, "subject": "attributes", "reading": "linear", "metric": "balanced accuracy, %",
                "value": right.value, "interval": right.interval, "seeds": seeds,
            })  # fmt: skip
            auc = [value for folder in artifacts[f"{data}/{name}"] for value in _auc(folder)]
            if auc:
                found.append({
                    **where, "subject": "identity", "reading": "cosine", "metric": "AUC",
                    "value": sum(auc) / len(auc), "interval": None, "seeds": seeds,
                })  # fmt: skip
    return found


def _auc(one: Folder) -> list[float]:
    """By fold; none where the read-out's answers are no vectors of people."""
    return list(json.loads((one.folder / "meta.json").read_text()).get("same_person_auc", []))
