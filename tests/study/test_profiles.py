"""Profiles: which values reach which chapter, and what a mistake in a file gets told."""
from pathlib import Path

import pytest

from deepfeatures.study.parameters import Parameter
from deepfeatures.study.profiles import ProfileError, check, load, names, overrides

PARAMS = {
    "seeds": Parameter("seeds", "int", 3),
    "tolerance_pp": Parameter("tolerance_pp", "float", 0.1),
    "pair_kind": Parameter("pair_kind", "str", "rotations"),
}


@pytest.fixture
def write(tmp_path):
    def write(text, name="smoke"):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_own_values_win_over_shared_ones(write):
    folder = write("all: {seeds: 1, tolerance_pp: 2}\npair-lenet: {seeds: 2}\nmu-lenet: {seeds: 9}\n")
    assert overrides("smoke", "pair-lenet", PARAMS, folder) == {"seeds": 2, "tolerance_pp": 2.0}
    assert overrides("smoke", "other", PARAMS, folder) == {"seeds": 1, "tolerance_pp": 2.0}


def test_shared_values_apply_only_where_the_chapter_has_them(write):
    folder = write("all: {seeds: 1, resamples: 100}\n")
    assert overrides("smoke", "pair-lenet", PARAMS, folder) == {"seeds": 1}


@pytest.mark.parametrize("text", ["", "# nothing\n", "all:\n", "all: {}\n", "{}\n", "pair-lenet:\n"])
def test_an_empty_profile_changes_nothing(write, text):
    assert overrides("default", "pair-lenet", PARAMS, write(text, "default")) == {}


def test_a_chapters_unknown_parameter_is_an_error(write):
    with pytest.raises(ProfileError) as caught:
        overrides("smoke", "pair-lenet", PARAMS, write("pair-lenet: {seed: 1}\n"))
    assert str(caught.value) == (
        "profiles/smoke.yaml: chapter pair-lenet has no parameter seed (did you mean 'seeds'?); "
        "it has: seeds, tolerance_pp, pair_kind"
    )


def test_a_shared_name_that_no_chapter_can_have_is_an_error(write):
    with pytest.raises(ProfileError, match="profiles/smoke.yaml: all sets seedz, .*did you mean 'seeds'"):
        overrides("smoke", "pair-lenet", PARAMS, write("all: {seedz: 1}\n"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("pair-lenet: {seeds: 99}\n", ["chapter pair-lenet, parameter seeds: given 99 (int)", "from 1 to 20"]),
        ("all: {seeds: true}\n", ["parameter seeds: given True (bool)"]),
        ("all: {tolerance_pp: 1e-4}\n", ["given '1e-4' (str), which is text", "1.0e-4"]),
        ("all: {pair_kind: no}\n", ["given False (bool)", "allowed: str, one of rotations, class"]),
        ("all: [seeds]\n", ["all holds ['seeds'], not a mapping"]),
        ("pair-lenet: 3\n", ["pair-lenet holds 3, not a mapping"]),
        ("- all\n", ["holds a list, not a mapping of chapters"]),
        ("all: {seeds: 1\n", ["not YAML"]),
        ("all: {seeds: 1}\nall: {seeds: 2}\n", ["key 'all' stands a second time in one mapping, line 2"]),
    ],
)
def test_refused_values_name_the_file(write, text, parts):
    with pytest.raises(ProfileError) as caught:
        overrides("smoke", "pair-lenet", PARAMS, write(text))
    for part in ["profiles/smoke.yaml: ", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", ["smok", "../smoke", "smoke.yaml", ""])
def test_an_unknown_profile_lists_the_known(write, name):
    folder = write("all: {}\n")
    write("all: {}\n", "paper")
    with pytest.raises(ProfileError, match=r"there are: paper, smoke"):
        load(name, folder)


def test_a_near_profile_is_offered(write):
    with pytest.raises(ProfileError, match="no profile 'smok' \\(did you mean 'smoke'\\?\\)"):
        load("smok", write("all: {}\n"))


def test_check_finds_a_slug_that_is_no_chapter(write):
    folder = write("pair-lenett: {seeds: 1}\n")
    with pytest.raises(ProfileError) as caught:
        check({"pair-lenet": PARAMS, "mu-lenet": PARAMS}, folder)
    assert str(caught.value) == (
        "profiles/smoke.yaml: no chapter pair-lenett (did you mean 'pair-lenet'?); there are: pair-lenet, mu-lenet"
    )


def test_check_finds_a_refused_value_in_any_chapter(write):
    folder = write("mu-lenet: {seeds: 0}\n")
    with pytest.raises(ProfileError, match="chapter mu-lenet, parameter seeds: given 0"):
        check({"pair-lenet": PARAMS, "mu-lenet": PARAMS}, folder)
    check({"pair-lenet": PARAMS, "mu-lenet": PARAMS}, write("mu-lenet: {seeds: 1}\n"))


def test_the_books_own_profiles_can_be_read():
    folder = Path(__file__).parents[2] / "profiles"
    assert {"smoke", "default", "paper"} <= set(names(folder))
    for name in names(folder):
        load(name, folder)
