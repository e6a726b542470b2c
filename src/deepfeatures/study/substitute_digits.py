"""Sizes on scikit-learn's digits, of which there are fewer than MNIST's: a chapter takes what there is, and says so.

The default profile asks for more digits than the substitute holds, and it has to run where MNIST is not at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from deepfeatures.data.digits import DigitSource, load_digits

ALL = 0  # train_digits and test_digits: every digit there is
VALIDATION_SHARE = 5  # of all digits to train on, at most every fifth is held out for validation
DOES = {"train_digits": "train", "test_digits": "test", "validation_digits": "validate"}


def fitted(source: DigitSource, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters that a plan is made with: MNIST's as they are, the substitute's at most as large as it is."""
    if source.tier != "substitute":
        return params
    return {**params, **_cut(params)}


def said(source: DigitSource, params: Mapping[str, Any]) -> str:
    """What was cut, for the banner: "1,437 digits train (4,000 asked for)"; empty where nothing was."""
    if source.tier != "substitute":
        return ""
    cut = _cut(params).items()
    return ", ".join(f"{size or _held()[name]:,} {DOES[name]} ({params[name]:,} asked for)" for name, size in cut)


def _cut(params: Mapping[str, Any]) -> dict[str, int]:
    """The sizes that change, as the plan takes them."""
    cut = {name: ALL for name in ("train_digits", "test_digits") if params.get(name, ALL) > _held()[name]}
    # What can be held out as asked is: the share is for sizes that were meant for MNIST.
    every = "train_digits" in cut or params.get("train_digits", ALL) == ALL
    share = _held()["train_digits"] // VALIDATION_SHARE
    if every and params.get("validation_digits", 0) > share:
        cut["validation_digits"] = share
    return cut


@lru_cache(maxsize=1)
def _held() -> Mapping[str, int]:
    digits = load_digits(DigitSource("digits", "substitute", "", ""))
    return {"train_digits": len(digits.train_labels), "test_digits": len(digits.test_labels)}
