"""The grid behind the explorer of attributes: the chapter's own numbers, every one of them once."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis import attribute_errors, attribute_explorer, attribute_tables
from deepfeatures.data.attributes import NAMES
from tests.analysis.test_attribute_errors import ROLES, made_up

CHOSEN = np.full((3, 40), 0.01)
CHOSEN[0] = 1e-6
CHOSEN[:, NAMES.index("Bald")] = [np.nan, 1.0, 1.0]


@pytest.fixture(scope="module")
def measured() -> tuple[attribute_errors.Errors, dict[str, list[dict[str, np.ndarray]]]]:
    faces, readouts = made_up()
    errors = attribute_errors.measure(faces, readouts, resamples=100, rng=np.random.default_rng(0))
    kept = {f"celeba/{name}": [{**one, "chosen_C": CHOSEN} for one in group] for name, group in readouts.items()}
    del kept["celeba/deep/embedding+pca"][0]["chosen_C"]
    return errors, kept


def test_every_number_is_that_of_the_chapters_table(measured) -> None:
    errors, kept = measured
    grid = attribute_explorer.grid({"celeba": errors}, kept)
    assert len(grid) == len(errors.names) * len(ROLES) and set(grid["data"]) == {"CelebA"}
    by_hand = attribute_tables.by_attribute(errors, {attribute_explorer.in_words(name): name for name in ROLES})
    for kind, column in (("fn", "misses"), ("fp", "alarms")):
        theirs = by_hand[by_hand["kind"] == kind].reset_index()
        assert theirs["attribute"].str.replace("_", " ").tolist() == grid["attribute"].tolist()
        assert theirs["representation"].tolist() == grid["features"].tolist()
        for ours, name in ((column, "percent"), (f"{column}_lo", "lo"), (f"{column}_hi", "hi")):
            np.testing.assert_array_equal(grid[ours], theirs[name])
    np.testing.assert_allclose(grid["error"], (grid["misses"] + grid["alarms"]) / 2)
    assert not set(grid["attribute"]) & {"Male", "Young"}  # unknown, and too few people


def test_what_was_chosen_is_counted_over_folds(measured) -> None:
    errors, kept = measured
    grid = attribute_explorer.grid({"celeba": errors}, kept).set_index(["attribute", "features"])["chosen_C"]
    assert grid["Smiling", "both MobileFaceNets, embedding"] == "1e-06 ×1, 0.01 ×2"
    assert grid["Bald", "both MobileFaceNets, embedding, then triplet embedding"] == "1 ×2"
    assert set(grid.xs("both MobileFaceNets, embedding, then PCA", level="features")) == {"–"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pixels/pixels", "pixels"),
        ("trained/block2", "identity network, block2"),
        ("deep/embedding+triplet", "both MobileFaceNets, embedding, then triplet embedding"),
        ("mine/fc7+lda", "mine, fc7, then lda"),
    ],
)
def test_representations_in_words(name: str, words: str) -> None:
    assert attribute_explorer.in_words(name) == words


def test_no_fold_with_a_machine_has_no_vote() -> None:
    assert attribute_explorer.votes(np.array([np.nan, np.nan])) == "–"
