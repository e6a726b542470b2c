"""Plans of chapters that plan nothing of their own: a line in the notebook's header names whose artifacts they read.

    # jupyter:
    #   deepfeatures:
    #     artifacts_of: mu-lenet        (or: none)

Such a chapter needs no entry in `plans.PLANS`, and shares its artifacts with the chapter that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jupytext

from deepfeatures.study import catalogue
from deepfeatures.study.allowed import did_you_mean

if TYPE_CHECKING:
    from deepfeatures.study.digit_bench import Named
    from deepfeatures.study.plans import Plan

NONE = "none"


class NoPlan(ValueError):
    """A chapter does not say which artifacts it reads; the message says how to."""


def artifacts_of(slug: str) -> str | None:
    """What the notebook's header names: a chapter, 'none', or None where it names nothing."""
    notebook = jupytext.reads(catalogue.chapter(slug).path.read_text(), fmt="py:percent")
    told = notebook.metadata.get("deepfeatures", {})
    return str(told["artifacts_of"]) if isinstance(told, Mapping) and "artifacts_of" in told else None


def plan(slug: str, known: Mapping[str, Plan]) -> Plan:
    """The plan of a chapter that borrows one. known: those that can be borrowed. Raises NoPlan, UnknownChapter."""
    name, file = artifacts_of(slug), f"notebooks/{catalogue.chapter(slug).path.name}"
    if name == NONE:
        return lambda source, params, device: {}
    if name is None:
        raise NoPlan(
            f"{file} does not say which artifacts it reads: give its header `artifacts_of` under `deepfeatures:` (a "
            f"chapter, or {NONE}), or the chapter a plan of its own in src/deepfeatures/study/plans.py"
        )
    if name not in known:
        raise NoPlan(f"{file}: artifacts_of: {name}{did_you_mean(name, known)}; allowed: {NONE}, {', '.join(known)}")
    lender = known[name]
    wanted = set(catalogue.chapter(name).parameters) - {"device"}

    def borrowed(source: Any, params: Mapping[str, Any], device: str) -> Named:
        try:
            return lender(source, params, device)
        except KeyError as missing:
            if missing.args and missing.args[0] in wanted - set(params):
                raise NoPlan(f"{file} reads the artifacts of {name}, so its parameters cell needs that chapter's "
                             f"{missing.args[0]} too") from None  # fmt: skip
            raise

    return borrowed
