"""The grid of a sweep: what a command line means, and what it may not say."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.study import catalogue, grid
from deepfeatures.study.parameters import ParameterError
from tests.conftest import ROOT
from tests.study import made_up_runs
from tests.study.made_up_runs import SLUG

WHOLE = st.integers(100, 900)
BARE = st.text(st.characters(codec="ascii", exclude_characters="\"'[],"), min_size=1).map(str.strip).filter(bool)


@pytest.fixture(scope="module", autouse=True)
def checkout(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFEATURES_ROOT", str(root))
        yield made_up_runs.write_checkout(root)


def axes(*assignments):
    return dict(grid.read(SLUG, "default", assignments).axes)


@given(st.lists(BARE, min_size=1))
def test_bare_texts_part_at_commas(texts):
    assert grid.split(",".join(texts)) == texts


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters='"')), min_size=1))
def test_quotes_keep_whatever_they_hold(texts):
    assert grid.split(" , ".join(f'"{text}"' for text in texts)) == [f'"{text}"' for text in texts]


@given(st.lists(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False), BARE)), min_size=1))
def test_each_list_in_brackets_is_one_value(lists):
    assert [json.loads(part) for part in grid.split(",".join(map(json.dumps, lists)))] == lists


@given(WHOLE, st.integers(0, 60), st.integers(1, 20))
def test_a_range_is_what_it_says(first, more, step):
    assert axes(f"resamples={first}..{first + more}") == {"resamples": list(range(first, first + more + 1))}
    assert axes(f"resamples={first} .. {first + more} .. {step}")["resamples"] == list(
        range(first, first + more + 1, step)
    )


@given(st.lists(WHOLE, min_size=1, max_size=6, unique=True), st.lists(WHOLE, min_size=1, max_size=6, unique=True))
def test_the_points_are_the_product_in_the_order_given(one, other):
    found = grid.read(
        SLUG, "smoke", [f"first_seed={','.join(map(str, one))}", f"resamples={','.join(map(str, other))}"]
    )
    assert [tuple(point.at.values()) for point in found.points] == list(itertools.product(one, other))
    for point in found.points:  # each is what `run` would resolve
        assert point.parameters == catalogue.resolve(SLUG, "smoke", point.at)


def test_values_of_every_type():
    assert axes(
        "tolerance_pp=0,.5,1e0", "normalise='global',per-feature", "pair_weights=[0.1,1],[2]", "variants=[]"
    ) == {
        "tolerance_pp": [0.0, 0.5, 1.0],
        "normalise": ["global", "per-feature"],
        "pair_weights": [[0.1, 1.0], [2.0]],
        "variants": [[]],
    }


@pytest.mark.parametrize(("chapter", "meant"), [("rotated-mnist", "iterations_cap"), ("pose", "steps")])
def test_iterations_stand_for_what_a_chapter_calls_them(chapter, meant, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(ROOT))
    found = grid.read(chapter, "paper", ["iterations=1000,3000,10000", "seed=0..1"])
    assert found.swept == [meant, "seed"] and len(found.points) == 6
    assert [point.parameters[meant] for point in found.points] == [1000, 1000, 3000, 3000, 10_000, 10_000]
    with pytest.raises(ParameterError, match=f"parameter {meant}: given two -p options"):
        grid.read(chapter, "paper", ["iterations=1000", f"{meant}=1000,2000"])


def test_a_chapter_without_iterations_says_what_it_has():
    with pytest.raises(ParameterError, match="parameter iterations: given"):
        grid.read(SLUG, "paper", ["iterations=10,20"])


def test_seed_stands_for_one_network_a_point():
    found = grid.read(SLUG, "paper", ["resamples=100,200", "seed=3..5"])
    assert found.swept == ["resamples", "seed"] and found.replicate == "seed"
    assert {point.parameters["seeds"] for point in found.points} == {1}  # the profile has 2
    assert [point.parameters["first_seed"] for point in found.points] == [3, 4, 5] * 2
    assert all("seed" not in point.parameters for point in found.points)


@pytest.mark.parametrize(
    ("given", "replicate"),
    [
        (["first_seed=0,2,4", "seeds=2"], "first_seed"),
        (["first_seed=0..2", "seeds=2"], None),  # runs that share networks are no repetitions
        (["first_seed=0..2"], "first_seed"),
        (["seed=4"], None),
        (["resamples=100,200"], None),
    ],
)
def test_what_counts_as_repetition(given, replicate):
    assert grid.read(SLUG, "default", given).replicate == replicate


def test_the_name_is_that_of_the_grid():
    def name(*given, profile="default"):
        return grid.read(SLUG, profile, given).name

    assert name("resamples=100..102") == name("resamples=100,101,1.02e2")
    assert len({name("resamples=100,101"), name("resamples=100"), name("resamples=100,101", profile="smoke")}) == 3
    assert name("resamples=100").startswith("curve-")


REFUSED = {
    "nothing": ([], "parameter (none): given nothing to sweep; allowed: -p NAME=VALUES"),
    "no sign": (["resamples"], "parameter resamples: given 'resamples'; allowed: name=values"),
    "an unknown name": (["iterations=1,2"], "parameter iterations: given '1,2' (str) for a name the chapter does not"),
    "a near name": (["resample=1,2"], "(did you mean 'resamples'?)"),
    "a word": (["resamples=100,many"], "parameter resamples: given 'many'; allowed: int, a whole number from 100 to"),
    "out of range": (
        ["resamples=100,99"],
        "parameter resamples: given 99 (int); allowed: int, a whole number from 100",
    ),
    "a range out of range": (
        ["resamples=98..100"],
        "parameter resamples: given 98 (int); allowed: int, a whole number",
    ),
    "a range backwards": (
        ["seed=4..0"],
        "parameter seed: given '4..0'; allowed: a range from the smaller to the larger",
    ),
    "no step": (["seed=0..4..0"], "parameter seed: given '0..4..0'; allowed: a range"),
    "a range of reals": (
        ["tolerance_pp=0..1"],
        "parameter tolerance_pp: given '0..1'; allowed: float, a number from 0",
    ),
    "another word": (["normalise=global,locl"], "parameter normalise: given 'locl' (str); allowed: str, one of global"),
    "a gap": (["resamples=100,,200"], "parameter resamples: given ''; allowed: int"),
    "twice the value": (["resamples=100,1e2"], "parameter resamples: given 100 twice; allowed: each value once"),
    "twice the name": (["seed=0", "seed=1"], "parameter seed: given two -p options; allowed: one, with all its values"),
    "a list without brackets": (["pair_weights=0.1,1"], "given '0.1'; allowed: list[float], in a sweep each list in"),
    "an open quote": (
        ["normalise='global"],
        "given \"'global\"; allowed: values separated by commas; a ' is not closed",
    ),
    "an open bracket": (["pair_weights=[1,2"], "allowed: values separated by commas; a square bracket is not closed"),
    "seed and first_seed": (["seed=0..1", "first_seed=3"], "given together with first_seed; allowed: seed alone"),
    "too many": (["seed=0..99", "resamples=100..110"], "given 100 of seed x 11 of resamples = 1,100 runs; allowed: at"),
    "a range too long": (["seed=0..1e9,2", "seed=0"], "given '0..1e9'"),
    "far too many": (["seed=0..1000000000"], "given '0..1000000000', 1,000,000,001 values; allowed: at most 1,000"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_what_was_given_and_what_is_allowed(what):
    assignments, message = REFUSED[what]
    with pytest.raises(ParameterError) as refused:
        grid.read(SLUG, "default", assignments)
    assert str(refused.value).startswith("chapter curve, ") and message in str(refused.value)


def test_points_that_share_any_network_are_no_repetitions():
    """`attribute_seeds` networks are trained from first_seed on too, one for each."""
    def repeated(each):
        points = [
            grid.Point({"seed": seed}, {"first_seed": seed, "seeds": 1, "attribute_seeds": each}) for seed in (0, 2)
        ]
        return grid.Grid("attributes", "default", {"seed": [0, 2]}, points).replicate

    assert (repeated(1), repeated(2), repeated(3)) == ("seed", "seed", None)
