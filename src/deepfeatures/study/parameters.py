"""A chapter's parameters: read from its tagged cell, checked before anything runs.

The cell tagged `parameters` of a py:percent notebook is the only place that names them: `name: type = literal  # help`.
papermill's own inspection drops some of these silently and only warns of unknown names, so the cell is read with `ast`.
"""
from __future__ import annotations

import ast
import io
import json
import math
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import jupytext

from deepfeatures.study import allowed
from deepfeatures.study.allowed import did_you_mean

Value = bool | int | float | str | list[int] | list[float] | list[str]
TYPES = ("str", "int", "float", "bool", "list[int]", "list[str]", "list[float]")
_CELL = "(the cell tagged 'parameters')"
_LINE = "lines of the form `name: type = literal  # help` with a type of " + ", ".join(TYPES)
LONGEST = 200  # characters of a given value that a message repeats
_LARGEST_EXACT = 2**53  # above it, a float such as 1e17 no longer names one whole number


@dataclass(frozen=True)
class Parameter:
    """One line of the parameters cell."""

    name: str
    type: str
    default: Value
    help: str = ""


class ParameterError(ValueError):
    """A parameter that cannot be used. The message names chapter, parameter, what was given and what is allowed."""

    def __init__(self, chapter: str, parameter: str, given: str, allowed: str) -> None:
        super().__init__(chapter, parameter, given, allowed)  # all four: the exception survives pickling
        self.chapter, self.parameter, self.given, self.allowed = chapter, parameter, given, allowed

    def __str__(self) -> str:
        return f"chapter {self.chapter}, parameter {self.parameter}: given {self.given}; allowed: {self.allowed}"


def read_cell(source_text: str, chapter: str = "(unnamed)") -> dict[str, Parameter]:
    """The parameters of a py:percent notebook, in the order of the cell. `chapter` is for messages only."""
    source = _tagged_source(source_text, chapter)
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(chapter, _CELL, f"{error.msg} in {(error.text or '').strip()!r}", _LINE) from None
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for statement in statements:
        name, type_, default = _entry(statement, chapter)
        if name in found:
            raise ParameterError(chapter, name, "two lines", "one line a parameter")
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        text = " ".join(comments[line] for line in lines if line in comments)
        found[name] = Parameter(name, type_, default, text)
    return found


def parse_assignment(text: str, params: Mapping[str, Parameter], chapter: str) -> tuple[str, Value]:
    """'name=value' of a command line -> (name, value of the parameter's type).

    int: 10_000, or 1e3 as it is whole; bool: true or false; lists: comma-separated or JSON, an empty one [] or nothing.
    Limits are not checked here but in `resolve`, where all sources of a value meet.
    """
    name, equals, raw = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise ParameterError(chapter, _named(name) if name else "(no name)", shortened(text), "name=value")
    parameter = _known(chapter, name, raw, params)
    try:
        return name, _from_text(raw, parameter.type)
    except (ValueError, RecursionError):  # the latter for brackets within brackets
        raise ParameterError(chapter, name, shortened(raw), _expected(parameter)) from None


def parse_all(texts: Sequence[str], params: Mapping[str, Parameter], chapter: str) -> dict[str, Value]:
    """`parse_assignment` of each; one name given twice is an error, for one of the two would be lost."""
    found: dict[str, Value] = {}
    for text in texts:
        name, value = parse_assignment(text, params, chapter)
        if name in found:
            twice = f"{json.dumps(found[name])} and {json.dumps(value)}"
            raise ParameterError(chapter, name, twice, "one value of each name")
        found[name] = value
    return found


def resolve(chapter: str, params: Mapping[str, Parameter], overrides: Mapping[str, object]) -> dict[str, Value]:
    """Every parameter's value: the override where there is one, else the default; all checked by `accept`."""
    for name, value in overrides.items():
        _known(chapter, name, value, params)
    return {name: accept(chapter, p, overrides.get(name, p.default)) for name, p in params.items()}


def accept(chapter: str, parameter: Parameter, value: object) -> Value:
    """The value as the parameter's type, if `allowed.TABLE` lets it. An int becomes a float; a bool is no number."""
    rule = allowed.TABLE.get(parameter.name)
    if rule is None:
        raise ParameterError(chapter, parameter.name, "a name that no limits are known for",
                             "names in TABLE of src/deepfeatures/study/allowed.py: add a row there"
                             + did_you_mean(parameter.name, allowed.TABLE))
    if rule.type != parameter.type:
        raise ParameterError(chapter, parameter.name, f"declared as {parameter.type}",
                             f"{rule.type}, as src/deepfeatures/study/allowed.py has it for every chapter")
    try:
        typed = _typed(value, parameter.type)
    except ValueError:
        raise ParameterError(chapter, parameter.name, _shown(value) + _yaml_hint(value, parameter.type),
                             _expected(parameter)) from None
    if not rule.accepts(typed):
        raise ParameterError(chapter, parameter.name, _shown(value), _expected(parameter))
    return typed


def _tagged_source(source_text: str, chapter: str) -> str:
    notebook = jupytext.reads(source_text.removeprefix("\ufeff"), fmt="py:percent")
    sources = [
        str(cell.source)
        for cell in notebook.cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    ]
    if len(sources) != 1:
        raise ParameterError(chapter, _CELL, f"{len(sources)} such cells", 'one cell headed `# %% tags=["parameters"]`')
    return sources[0]


def _entry(statement: ast.stmt, chapter: str) -> tuple[str, str, Value]:
    """(name, type, default) of one statement of the cell."""
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        raise ParameterError(chapter, statement.targets[0].id, "no type", _LINE)
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        raise ParameterError(chapter, _CELL, repr(ast.unparse(statement)), _LINE)
    name, type_ = statement.target.id, ast.unparse(statement.annotation)
    if type_ not in TYPES:
        raise ParameterError(chapter, name, f"type {type_}", ", ".join(TYPES))
    if statement.value is None:
        raise ParameterError(chapter, name, "no default", f"a literal {type_}")
    try:
        value = ast.literal_eval(statement.value)
    except ValueError:
        raise ParameterError(chapter, name, f"default {ast.unparse(statement.value)}",
                             f"a literal {type_}, not an expression") from None
    try:
        return name, type_, _typed(value, type_)
    except ValueError:
        raise ParameterError(chapter, name, f"default {_shown(value)}", f"a literal {type_}") from None


def _comments(source: str) -> dict[int, str]:
    """Line number -> text of the comment on it. tokenize, because a '#' inside a string is no comment."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT}


def _typed(value: object, type_: str) -> Value:
    """The value if it is of the type, an int turned to float where that is asked; ValueError otherwise."""
    if type_.startswith("list["):
        if not isinstance(value, list):
            raise ValueError(value)
        return cast(Value, [_typed(item, type_[5:-1]) for item in value])  # one element type, known only at run time
    if type_ == "bool" and isinstance(value, bool):
        return value
    if type_ == "str" and isinstance(value, str):
        return value
    if type_ == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if type_ == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            if math.isfinite(number := float(value)):
                return number
        except OverflowError:  # an int beyond the largest float
            pass
    raise ValueError(value)


def _from_text(text: str, type_: str) -> Value:
    """What a reader typed, as the type; ValueError where it is none."""
    if type_ == "str":
        return text
    text = text.strip()
    if type_.startswith("list["):
        element = type_[5:-1]
        if text.startswith("["):
            items = json.loads(text)  # JSONDecodeError is a ValueError
            return _typed([_whole(item) if element == "int" else item for item in items], type_)
        return _typed([_from_text(item.strip(), element) for item in text.split(",")] if text else [], type_)
    if type_ == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    if type_ == "float":
        return _typed(float(text), type_)
    try:
        return int(text)
    except ValueError:
        return _typed(_whole(float(text)), type_)


def _whole(number: object) -> object:
    """1e3 -> 1000; anything that is not a float with an exact whole value is left as it is."""
    if isinstance(number, float) and number.is_integer() and abs(number) <= _LARGEST_EXACT:
        return int(number)
    return number


def _known(chapter: str, name: str, value: object, params: Mapping[str, Parameter]) -> Parameter:
    if name not in params:
        names = ", ".join(params) or "none, the chapter has no parameters"
        raise ParameterError(chapter, _named(name), f"{_shown(value)} for a name the chapter does not have",
                             names + did_you_mean(name, params))
    return params[name]


def _expected(parameter: Parameter) -> str:
    """Type and limits in words; bare type for a name that the table lacks."""
    rule = allowed.TABLE.get(parameter.name)
    return f"{parameter.type}, {rule.describe()}" if rule else parameter.type


def _named(name: str) -> str:
    """A name as it is where it could be one, else as `shortened` shows it."""
    return name if name.isidentifier() and len(name) <= LONGEST else shortened(name)


def _shown(value: object) -> str:
    return f"{shortened(value)} ({type(value).__name__})"


def shortened(value: object) -> str:
    """As Python writes it, control characters and changes of direction escaped; the middle of what is long left out."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 20]}... ({len(text):,} characters)"


def _yaml_hint(value: object, type_: str) -> str:
    """YAML 1.1 reads 1e-4, with no dot, as text: say so instead of leaving the reader to wonder."""
    if isinstance(value, str) and type_ in ("int", "float"):
        try:
            float(value)
        except ValueError:
            return ""
        return ", which is text: YAML reads so what is quoted or has an exponent without a dot (write 1.0e-4 or 10000)"
    return ""
