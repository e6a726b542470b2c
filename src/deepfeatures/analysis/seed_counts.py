"""How many networks stand behind each statistic of a chapter that asks some of its own and some of others."""

from __future__ import annotations

from collections.abc import Mapping

from deepfeatures.analysis.measured import Measured, NotApplicable


def seeds_of(found: Mapping[str, Measured]) -> dict[str, int]:
    """Networks behind each statistic: as many as were trained here, and 1 where only published ones were asked."""
    return {claim: one.seeds for claim, one in found.items() if not isinstance(one, NotApplicable)}
