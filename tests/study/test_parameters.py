"""Reading the parameters cell and what a reader types, with the messages a mistake gets."""
import contextlib
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.study import allowed
from deepfeatures.study.allowed import Between, OneOf
from deepfeatures.study.parameters import (
    TYPES,
    Parameter,
    ParameterError,
    parse_assignment,
    read_cell,
    resolve,
)

HEADER = "# ---\n# jupyter:\n#   jupytext:\n#     formats: py:percent\n# ---\n\n# %% [markdown]\n# # Title\n\n"
CELL = '''# %% tags=["parameters"]
dataset: str = "auto"  # mnist, digits, or auto = mnist where it is
seeds: int = 3
tolerance_pp: float = 1  # rise that counts
pair_weights: list[float] = [
    0, 0.5,  # two
]
variants: list[str] = ["torch-momentum"]  # a '#' in "text" # stays

# %%
import deepfeatures as df
'''


def read(text):
    return read_cell(HEADER + text, "mu-lenet")


def cell(lines):
    return read(f'# %% tags=["parameters"]\n{lines}\n\n# %%\n1 + 1\n')


@pytest.fixture
def params():
    return read(CELL)


def test_reads_names_types_defaults_and_help_in_order(params):
    assert list(params) == ["dataset", "seeds", "tolerance_pp", "pair_weights", "variants"]
    assert params["dataset"] == Parameter("dataset", "str", "auto", "mnist, digits, or auto = mnist where it is")
    assert params["seeds"] == Parameter("seeds", "int", 3, "")
    assert params["tolerance_pp"].default == 1.0 and type(params["tolerance_pp"].default) is float
    assert params["pair_weights"] == Parameter("pair_weights", "list[float]", [0.0, 0.5], "two")
    assert params["variants"].help == "a '#' in \"text\" # stays"


@pytest.mark.parametrize(
    "header",
    [
        '# %% tags=["parameters"]',
        '#%% tags=["parameters"]',
        '# %% tags=["hide-input", "parameters"]',
        '# %% A title tags=["parameters"]',
        '# %% {"tags": ["parameters"]}',
        '# %% tags=["parameters"] mystnb={"code_prompt_show": "Parameters"}',
    ],
)
def test_every_spelling_of_the_header(header):
    assert list(read(f"{header}\nseeds: int = 3\n\n# %%\nother: int = 4\n")) == ["seeds"]


def test_a_hash_inside_a_string_is_no_help():
    assert cell('dataset: str = "a # b"')["dataset"] == Parameter("dataset", "str", "a # b", "")


def test_only_whole_tags_count():
    with pytest.raises(ParameterError, match="given 0 such cells"):
        read('# %% tags=["injected-parameters"]\nseeds: int = 3\n')


def test_a_markdown_cell_with_the_tag_is_not_the_cell():
    with pytest.raises(ParameterError, match="given 0 such cells"):
        read('# %% [markdown] tags=["parameters"]\n# seeds: int = 3\n')


@pytest.mark.parametrize(
    ("text", "parameter", "given", "allowed"),
    [
        ("# %%\nseeds: int = 3\n", "the cell tagged 'parameters'", "0 such cells", "one cell headed"),
        ('# %% tags=["parameters"]\na: int = 1\n\n# %% tags=["parameters"]\nb: int = 1\n',
         "the cell tagged 'parameters'", "2 such cells", "one cell headed"),
    ],
)  # fmt: skip
def test_number_of_cells(text, parameter, given, allowed):
    with pytest.raises(ParameterError) as caught:
        read(text)
    for part in ("chapter mu-lenet", parameter, given, allowed):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("line", "name", "given"),
    [
        ("seeds: int = 3 * 2", "seeds", "default 3 * 2"),
        ("seeds: int = many", "seeds", "default many"),
        ("dataset: str = f'{1}'", "dataset", "default f'{1}'"),
        ("seeds = 3", "seeds", "no type"),
        ("seeds: int", "seeds", "no default"),
        ("seeds: int = '3'", "seeds", "default '3' (str)"),
        ("seeds: int = 3.0", "seeds", "default 3.0 (float)"),
        ("seeds: int = True", "seeds", "default True (bool)"),
        ("pair_weight: float = True", "pair_weight", "default True (bool)"),
        ("pair_weight: float = 1e999", "pair_weight", "default inf (float)"),
        ("flag: bool = 1", "flag", "default 1 (int)"),
        ("pair_weights: list[float] = [1.0, '2']", "pair_weights", "default [1.0, '2'] (list)"),
        ("pair_weights: list[float] = (1.0, 2.0)", "pair_weights", "default (1.0, 2.0) (tuple)"),
        ("seeds: int | None = None", "seeds", "type int | None"),
        ("seeds: list = [1]", "seeds", "type list"),
        ("seeds: int = 1\nseeds: int = 2", "seeds", "two lines"),
        ("import os", "parameters", "'import os'"),
        ("a.b: int = 3", "parameters", "'a.b: int = 3'"),
        ("seeds: int = = 3", "parameters", "invalid syntax in 'seeds: int = = 3'"),
    ],
)
def test_lines_that_are_no_parameter(line, name, given):
    with pytest.raises(ParameterError) as caught:
        cell(line)
    message = str(caught.value)
    assert message.startswith("chapter mu-lenet, parameter ")
    assert name in message and f"given {given}" in message and "; allowed: " in message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("dataset=mnist", "mnist"),
        ("dataset=a=b", "a=b"),
        ("seeds=10_000", 10_000),
        ("seeds=1e3", 1000),
        ("seeds= 7 ", 7),
        ("tolerance_pp=1e-2", 0.01),
        ("tolerance_pp=3", 3.0),
        ("pair_weights=0,0.5, 2", [0.0, 0.5, 2.0]),
        ("pair_weights=[0, 0.5]", [0.0, 0.5]),
        ("pair_weights=1", [1.0]),
        ("variants=", []),
        ("variants=[]", []),
        ("variants=a,b", ["a", "b"]),
        ('variants=["a,b"]', ["a,b"]),
    ],
)
def test_what_a_reader_types(params, text, value):
    _, got = parse_assignment(text, params, "mu-lenet")
    assert got == value and type(got) is type(value)
    if isinstance(value, list):
        assert list(map(type, got)) == list(map(type, value))


def test_int_lists_take_the_spellings_that_ints_take():
    params = {"sizes": Parameter("sizes", "list[int]", [1])}
    assert parse_assignment("sizes=1_0,1e1", params, "x") == ("sizes", [10, 10])
    assert parse_assignment("sizes=[1e1, 2]", params, "x") == ("sizes", [10, 2])
    with pytest.raises(ParameterError, match="given '\\[1.5\\]'"):
        parse_assignment("sizes=[1.5]", params, "x")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("True", True)])
def test_bools(text, value):
    assert parse_assignment(f"flag={text}", {"flag": Parameter("flag", "bool", False)}, "x") == ("flag", value)


@pytest.mark.parametrize("text", ["1", "yes", "", "0"])
def test_what_is_no_bool(text):
    with pytest.raises(ParameterError, match=f"chapter x, parameter flag: given '{text}'; allowed: bool"):
        parse_assignment(f"flag={text}", {"flag": Parameter("flag", "bool", False)}, "x")


@pytest.mark.parametrize("text", ["1.5", "1e-3", "three", "", "1e999", "1e17", "nan", "0x10", "true"])
def test_what_is_no_int(params, text):
    with pytest.raises(ParameterError) as caught:
        parse_assignment(f"seeds={text}", params, "mu-lenet")
    assert str(caught.value) == (
        f"chapter mu-lenet, parameter seeds: given {text!r}; allowed: int, a whole number from 1 to 20 "
        "(networks trained, each from its own initialisation)"
    )


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "x", "[nan]", "[true]", "[1", '{"a": 1}', "1,,2"])
def test_what_is_no_float_list(params, text):
    with pytest.raises(ParameterError, match="pair_weights: given .*; allowed: list\\[float\\], a list of 1 to 8"):
        parse_assignment(f"pair_weights={text}", params, "mu-lenet")


@pytest.mark.parametrize("text", ["seeds", "=3", ""])
def test_no_assignment(params, text):
    with pytest.raises(ParameterError, match="allowed: name=value$"):
        parse_assignment(text, params, "mu-lenet")


def test_unknown_name_on_the_command_line_offers_the_near_one(params):
    with pytest.raises(ParameterError) as caught:
        parse_assignment("seed=3", params, "mu-lenet")
    assert str(caught.value) == (
        "chapter mu-lenet, parameter seed: given '3' (str) for a name the chapter does not have; "
        "allowed: dataset, seeds, tolerance_pp, pair_weights, variants (did you mean 'seeds'?)"
    )


def test_resolve_gives_defaults_and_overrides_in_the_order_of_the_cell(params):
    values = resolve("mu-lenet", params, {"seeds": 5, "pair_weights": [1]})
    assert values == {"dataset": "auto", "seeds": 5, "tolerance_pp": 1.0, "pair_weights": [1.0],
                      "variants": ["torch-momentum"]}  # fmt: skip
    assert list(values) == list(params)
    assert type(values["pair_weights"][0]) is float


def test_resolve_does_not_hand_out_the_defaults_own_list(params):
    resolve("mu-lenet", params, {})["variants"].append("x")
    assert params["variants"].default == ["torch-momentum"]


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ({"seed": 3}, ["parameter seed: given 3 (int)", "did you mean 'seeds'?"]),
        ({"seeds": 21}, ["parameter seeds: given 21 (int)", "a whole number from 1 to 20"]),
        ({"seeds": True}, ["parameter seeds: given True (bool)", "allowed: int"]),
        ({"seeds": 3.0}, ["parameter seeds: given 3.0 (float)", "allowed: int"]),
        ({"seeds": None}, ["parameter seeds: given None (NoneType)"]),
        ({"seeds": "3"}, ["parameter seeds: given '3' (str), which is text", "allowed: int"]),
        ({"tolerance_pp": "1e-4"}, ["given '1e-4' (str), which is text", "1.0e-4"]),
        ({"tolerance_pp": True}, ["given True (bool)", "allowed: float"]),
        ({"tolerance_pp": 10**400}, ["allowed: float, a number from 0 to 10"]),
        ({"tolerance_pp": -1}, ["given -1 (int)", "a number from 0 to 10 (percentage points)"]),
        ({"dataset": "cifar"}, ["given 'cifar' (str)", "one of auto, mnist, digits"]),
        ({"variants": "torch-momentum"}, ["given 'torch-momentum' (str)", "allowed: list[str]"]),
        ({"variants": ["adam"]}, ["given ['adam'] (list)", "nearest-interpolation, torch-momentum"]),
    ],
)
def test_resolve_refuses(params, override, parts):
    with pytest.raises(ParameterError) as caught:
        resolve("mu-lenet", params, override)
    for part in ["chapter mu-lenet, ", *parts]:
        assert part in str(caught.value)


def test_resolve_checks_defaults_too():
    with pytest.raises(ParameterError, match="chapter mu-lenet, parameter seeds: given 0 \\(int\\)"):
        resolve("mu-lenet", cell("seeds: int = 0"), {})


def test_a_name_without_limits_says_where_to_add_them():
    with pytest.raises(ParameterError) as caught:
        resolve("mu-lenet", cell("seed_count: int = 3"), {})
    message = str(caught.value)
    assert "chapter mu-lenet, parameter seed_count" in message
    assert "TABLE of src/deepfeatures/study/allowed.py: add a row there" in message


def test_a_name_means_the_same_type_in_every_chapter():
    with pytest.raises(ParameterError, match="parameter seeds: given declared as float; allowed: int, as src/deep"):
        resolve("mu-lenet", cell("seeds: float = 3.0"), {})


def test_the_error_survives_another_process(params):
    with pytest.raises(ParameterError) as caught:
        resolve("mu-lenet", params, {"seeds": 21})
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and again.parameter == "seeds"


def test_every_rule_can_be_declared_in_a_cell():
    assert {rule.type for rule in allowed.TABLE.values()} <= set(TYPES)


VALUES = {
    "str": st.text(max_size=20),
    "int": st.integers(-(2**60), 2**60),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
}
VALUES |= {f"list[{name}]": st.lists(VALUES[name], max_size=5) for name in ("int", "str", "float")}
TYPED = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name]))


@given(TYPED)
def test_what_a_cell_holds_comes_back(typed):
    type_, value = typed
    read_back = cell(f"entry: {type_} = {value!r}  # its = help")["entry"]
    assert read_back == Parameter("entry", type_, value, "its = help")
    assert json.dumps(read_back.default) == json.dumps(value)


@given(TYPED)
def test_what_is_typed_comes_back(typed):
    type_, value = typed
    text = value if type_ == "str" else json.dumps(value)
    name, got = parse_assignment(f"entry={text}", {"entry": Parameter("entry", type_, value)}, "x")
    assert (name, got) == ("entry", value)
    assert json.dumps(got) == json.dumps(value)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_commas_and_json_say_the_same(numbers):
    params = {"entry": Parameter("entry", "list[float]", [])}
    commas = parse_assignment("entry=" + ",".join(map(repr, numbers)), params, "x")
    assert commas == parse_assignment("entry=" + json.dumps(numbers), params, "x") == ("entry", numbers)


@given(st.text(max_size=30))
def test_any_text_is_a_value_or_a_parameter_error(text):
    for type_ in TYPES:
        with contextlib.suppress(ParameterError):  # any other exception fails the test
            parse_assignment(f"entry={text}", {"entry": Parameter("entry", type_, 0)}, "x")


@given(st.integers())
def test_resolve_lets_through_exactly_the_range(value):
    params = cell("iterations_cap: int = 100")
    rule = allowed.TABLE["iterations_cap"]
    assert isinstance(rule, Between) and not isinstance(rule, OneOf)
    if rule.low <= value <= rule.high:
        assert resolve("x", params, {"iterations_cap": value}) == {"iterations_cap": value}
    else:
        with pytest.raises(ParameterError):
            resolve("x", params, {"iterations_cap": value})
