"""What a claim is answered with: a statistic and its interval, or the reason why it cannot be judged here."""
from __future__ import annotations

from dataclasses import dataclass

from deepfeatures.analysis.bootstrap import Interval


@dataclass(frozen=True)
class NotApplicable:
    """A claim that is judged under a condition which these networks do not meet; reason: the condition, in numbers."""

    reason: str


Measured = Interval | NotApplicable
