"""A chapter's parameters cell as a form: what the browser is told to refuse, and what the server refuses by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from deepfeatures.study import allowed, catalogue, parameters
from deepfeatures.study.allowed import Between, Each, OneOf
from deepfeatures.study.parameters import Parameter, ParameterError, Value

_NUMBER = r"[+\-]?(\d+(\.\d*)?|\.\d+)([eE][+\-]?\d+)?"


@dataclass(frozen=True)
class Field:
    """One parameter as a form shows it.

    kind: number, choice, choices (boxes), numbers (a list typed with commas) or text. texts: what stands in it.
    low, high, step, pattern, shortest, longest: for the browser; '' or 0 where they do not apply.
    """

    name: str
    kind: str
    help: str
    allowed: str
    texts: tuple[str, ...]
    published: str = ""
    error: str = ""
    choices: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    step: str = ""
    pattern: str = ""
    required: bool = False

    @property
    def text(self) -> str:
        return ", ".join(self.texts)


class Refused(ValueError):
    """Values that cannot be used. errors: parameter to message, in the form's order; nothing was started."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def fields(
    slug: str,
    texts: Mapping[str, Sequence[str]],
    *,
    published: Mapping[str, Value] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[Field]:
    """The form of a chapter. texts: what stands in each field; published: the published chapter's values."""
    published, errors = published or {}, errors or {}
    return [
        _field(
            parameter, tuple(texts.get(name, ())), errors.get(name, ""),
            ", ".join(as_texts(published[name])) or "none" if name in published else "",
        )
        for name, parameter in catalogue.chapter(slug).parameters.items()
    ]  # fmt: skip


def as_texts(value: Value) -> list[str]:
    """A value as a person would type it: one text, or one an element."""
    return [_text(one) for one in value] if isinstance(value, list) else [_text(value)]


def shown(values: Mapping[str, Value]) -> dict[str, list[str]]:
    """The texts of a whole form."""
    return {name: as_texts(value) for name, value in values.items()}


def submitted(slug: str, texts: Mapping[str, Sequence[str]]) -> dict[str, Value]:
    """What a form sent, checked as the command line is. Raises Refused with `study.parameters`' own messages."""
    declared = catalogue.chapter(slug).parameters
    errors: dict[str, str] = {}
    values: dict[str, Value] = {}
    for name in [*declared, *(name for name in texts if name not in declared)]:
        try:
            values[name] = _checked(slug, name, list(texts.get(name, ())), declared)
        except ParameterError as refusal:
            errors[name] = str(refusal)
    if errors:
        raise Refused(errors)
    return values


def _checked(slug: str, name: str, texts: list[str], declared: Mapping[str, Parameter]) -> Value:
    rule = allowed.TABLE.get(name)
    if name in declared and isinstance(rule, Each) and isinstance(rule.rule, OneOf):
        texts = [json.dumps(texts)]  # one text a box that is ticked; none ticked is an empty list
    if name in declared and len(texts) != 1:
        raise ParameterError(slug, name, f"{len(texts)} values", f"one value: {declared[name].type}, {_words(name)}")
    _, value = parameters.parse_assignment(f"{name}={texts[0]}", declared, slug)
    return parameters.accept(slug, declared[name], value)


def _field(parameter: Parameter, texts: tuple[str, ...], error: str, published: str) -> Field:
    rule = allowed.TABLE.get(parameter.name)
    plain = Field(parameter.name, "text", parameter.help, _words(parameter.name), texts, published, error)
    match rule:
        case OneOf():
            return replace(plain, kind="choice", choices=rule.choices)
        case Between():
            step = "1" if rule.type == "int" else "any"
            return replace(plain, kind="number", low=_text(rule.low), high=_text(rule.high), step=step)
        case Each(rule=OneOf() as one):
            return replace(plain, kind="choices", choices=one.choices)
        case Each(rule=Between() as one):
            low, high, pattern = _text(one.low), _text(one.high), _list_pattern(rule)
            return replace(plain, kind="numbers", low=low, high=high, pattern=pattern, required=rule.shortest > 0)
        case _:  # whatever rules come: the server checks them all the same
            return plain


def _list_pattern(rule: Each) -> str:
    number = r"[+\-]?\d+" if rule.rule.type == "int" else _NUMBER
    filled = rf"\s*{number}\s*(,\s*{number}\s*)" + f"{{{max(rule.shortest, 1) - 1},{rule.longest - 1}}}"
    return filled if rule.shortest else f"({filled})?"


def _words(name: str) -> str:
    return allowed.describe(name) if name in allowed.TABLE else "text"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return f"{value:.17g}"
    return str(value)
