"""Attributes for the book's matrix of what is encoded where: ANet's units, read by linear machines and one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepfeatures.analysis.attribute_errors import Errors
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.described import mean_error
from deepfeatures.analysis.unit_semantics import Strength

NETWORKS = {  # representation of `described`: (network of the matrix, layer)
    "anet/units": ("ANet", "units"),
    "anet-identity/units": ("ANet, identity alone", "units"),
    "anet-untrained/units": ("ANet, random weights", "units"),
}


def linear(errors: Errors) -> list[dict[str, Any]]:
    """Fields of study.encoded.Encoded: mean balanced accuracy of all measured attributes, %."""
    if not errors.names:
        return []
    return [
        _cell(network, layer, "linear", "balanced accuracy, %", errors.interval(100 - mean_error(errors, name)))
        for name, (network, layer) in NETWORKS.items()
    ]


def single_units(strengths: Mapping[str, Strength]) -> list[dict[str, Any]]:
    """The same of single units: mean AUC of the attribute chosen on other people. strengths: by name on the page."""
    labels = {"ANet": "ANet", "ANet, identity alone": "ANet, identity alone", "random weights": "ANet, random weights"}
    return [
        _cell(network, "units", "single unit", "AUC", strengths[name].mean())
        for name, network in labels.items()
        if name in strengths
    ]


def _cell(network: str, layer: str, reading: str, metric: str, found: Interval) -> dict[str, Any]:
    return {
        "subject": "attributes", "data": "rendered", "network": network, "layer": layer, "reading": reading,
        "metric": metric, "value": found.value, "interval": found.interval, "n": found.n, "unit": found.unit,
        "seeds": 0 if network.endswith("random weights") else found.seeds,
    }  # fmt: skip
