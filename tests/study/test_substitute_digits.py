"""Every profile can be planned and begun on scikit-learn's digits, and what was cut is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.data import rotated
from deepfeatures.data.digits import load_digits, mnist_source_without_files, resolve_digits
from deepfeatures.data.split import split_digits
from deepfeatures.study import catalogue, profiles, sources, substitute_digits
from deepfeatures.study.plans import PLANS
from deepfeatures.study.recipes import Recipe

SLUGS = [slug for slug in catalogue.slugs() if "dataset" in catalogue.chapter(slug).parameters]
SUBSTITUTE = resolve_digits("digits", Path("nowhere"))
DEFAULT = {"train_digits": 4000, "test_digits": 1000, "validation_digits": 500}


def closure(named: dict[str, list[Recipe]]) -> list[Recipe]:
    return list({key: one for group in named.values() for recipe in group for key, one in recipe.closure().items()}
                .values())  # fmt: skip


@pytest.mark.parametrize("profile", profiles.names())
@pytest.mark.parametrize("slug", SLUGS)
def test_every_profile_asks_for_digits_that_there_are(slug: str, profile: str, tmp_path: Path) -> None:
    parameters = catalogue.resolve(slug, profile, {"dataset": "digits"})
    recipes = closure(PLANS[slug](SUBSTITUTE, parameters, "cpu"))
    made = [recipe for recipe in recipes if recipe.kind == "rotated"]
    assert made
    for recipe in made:  # made as a run makes it: too many digits would be refused here
        rotated.make(tmp_path, {}, tmp_path, **recipe.params)
        labels = np.load(tmp_path / "train_labels.npy")
        assert json.loads((tmp_path / "meta.json").read_text())["tier"] == "substitute"
    selections = [recipe for recipe in recipes if recipe.kind == "selection"]
    assert selections
    for recipe in selections:
        train, validation = split_digits(labels, recipe.params["validation_digits"], seed=0)
        assert len(train) > 3 * len(validation)


def test_what_was_cut_is_said_with_what_was_asked_for() -> None:
    digits = load_digits(SUBSTITUTE)
    train, test = len(digits.train_labels), len(digits.test_labels)
    cut = substitute_digits.fitted(SUBSTITUTE, DEFAULT | {"seeds": 2})
    assert cut == {"train_digits": 0, "test_digits": 0, "validation_digits": train // 5, "seeds": 2}
    note = sources.resolve({"dataset": "digits", **DEFAULT}, Path("nowhere")).note
    assert note == (
        "scikit-learn's digits, as asked, fewer than the profile asks for: "
        f"{train:,} train (4,000 asked for), {test:,} test (1,000 asked for), {train // 5:,} validate (500 asked for)"
    )


@pytest.mark.parametrize("sizes", [
    {"train_digits": 300, "test_digits": 100, "validation_digits": 200},
    {"train_digits": 0, "test_digits": 0, "validation_digits": 100},
    {},
])  # fmt: skip
def test_sizes_that_there_are_stay_as_asked(sizes: dict[str, int]) -> None:
    assert substitute_digits.fitted(SUBSTITUTE, sizes) == sizes
    assert substitute_digits.said(SUBSTITUTE, sizes) == ""
    assert sources.resolve({"dataset": "digits", **sizes}, Path("nowhere")).note == SUBSTITUTE.note


def test_mnist_is_never_cut() -> None:
    mnist = mnist_source_without_files()
    assert substitute_digits.fitted(mnist, DEFAULT) is DEFAULT
    assert substitute_digits.said(mnist, DEFAULT) == ""
