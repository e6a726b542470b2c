"""What a key depends on, and that a recipe survives being written down."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.study import fingerprint, recipes
from deepfeatures.study.recipes import KINDS, Recipe, from_json

PARAMS = {"seed": 0, "pair_weight": 1e-5, "objective": "pair", "angles_deg": [-45, 0], "device": "cpu"}
ROTATED = Recipe("rotated", {"train_digits": 300})


def network(**params):
    return Recipe("network", {**PARAMS, **params}, {"rotated": ROTATED})


def key_of(**params):
    return network(**params).key


def test_a_key_is_20_hexadecimal_digits_and_repeats():
    assert key_of() == key_of()
    assert len(key_of()) == 20 and set(key_of()) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 1},
        {"pair_weight": 1.1e-5},
        {"objective": "softmax"},
        {"angles_deg": [0, -45]},
        {"device": "cuda"},
        {"new": None},
    ],
)
def test_every_parameter_counts_the_device_among_them(changed):
    assert key_of(**changed) != key_of()


def test_the_kind_and_the_inputs_count():
    plain = Recipe("network", PARAMS, {"rotated": ROTATED})
    assert Recipe("selection", PARAMS, {"rotated": ROTATED}).key != plain.key
    assert Recipe("network", PARAMS).key != plain.key
    assert Recipe("network", PARAMS, {"teacher": ROTATED}).key != plain.key  # the same input in another part
    other = Recipe("rotated", {"train_digits": 301})
    assert Recipe("network", PARAMS, {"rotated": other}).key != plain.key  # through the input's own key


@pytest.mark.parametrize("what", ["source", "numerics"])
def test_code_and_numerical_packages_count(what, monkeypatch):
    before = key_of()
    monkeypatch.setattr(fingerprint, what, lambda *_: "changed")
    assert key_of() != before


def test_the_number_of_threads_counts(monkeypatch):
    before = key_of()
    monkeypatch.setattr(recipes, "THREADS", 2)
    assert key_of() != before


def test_raw_data_is_known_by_its_checksum_not_by_the_code_that_reads_it():
    """A copy that needs no change of code must not be read again, and better messages must not retrain a network."""
    assert fingerprint.closure(KINDS["rotated"].sources) == {"deepfeatures.data.rotation"}
    for kind in ("network", "selection", "readout"):
        assert "deepfeatures.data.mnist" not in fingerprint.closure((KINDS[kind].maker,))
        assert not any(name.startswith("deepfeatures.study") for name in fingerprint.closure((KINDS[kind].maker,)))


@given(st.permutations(list(PARAMS)))
def test_the_order_of_parameters_does_not_count(order):
    assert Recipe("network", {name: PARAMS[name] for name in order}, {"rotated": ROTATED}).key == key_of()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=f"^'weights' is not a kind of artifact: {', '.join(KINDS)}$"):
        Recipe("weights", {})


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ROTATED.kind = "network"


def test_the_closure_has_inputs_before_what_uses_them():
    selection = Recipe("selection", {"cap": 60}, {"rotated": ROTATED})
    last = Recipe("network", PARAMS, {"selection": selection, "rotated": ROTATED})
    assert list(last.closure()) == [ROTATED.key, selection.key, last.key]


VALUES = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(), st.booleans(), st.none())


@given(st.dictionaries(st.text(), VALUES | st.lists(VALUES, max_size=3), max_size=5))
def test_a_recipe_comes_back_from_json_with_its_key(params):
    selection = Recipe("selection", params, {"rotated": ROTATED})
    whole = Recipe("network", params, {"selection": selection, "rotated": ROTATED})
    written = json.loads(json.dumps({key: recipe.to_json() for key, recipe in whole.closure().items()}))
    again = from_json(written, whole.key)
    assert again.key == whole.key and list(again.closure()) == list(whole.closure())
    with pytest.raises(KeyError):
        from_json({}, whole.key)
