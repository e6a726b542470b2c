"""The grid of a sweep: `-p name=values` read into a list of values a parameter, and the product of the lists.

Values are separated by commas; `0..4` are the whole numbers from 0 to 4, `100..500..100` every hundredth of them. What
stands in quotes or in square brackets is one value, commas and all. Everything is checked before anything runs.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deepfeatures.study import catalogue, parameters
from deepfeatures.study.parameters import Parameter, ParameterError, Value

SEED, FIRST_SEED, SEEDS = "seed", "first_seed", "seeds"  # seed=k is short for first_seed=k, seeds=1
ITERATIONS, CALLED = "iterations", ("iterations_cap", "steps")  # what chapters call them
EVERY_SEEDS = (SEEDS, "attribute_seeds")  # each says how many networks a run trains, from first_seed on
MOST_POINTS = 1000  # above it a slip (0..10000) is likelier than a wish
_RANGE = re.compile(r"\s*([+-]?\d[\d_]*)\s*\.\.\s*([+-]?\d[\d_]*)\s*(?:\.\.\s*(\d[\d_]*)\s*)?")
_QUOTES = "\"'"


@dataclass(frozen=True)
class Point:
    """One run of the grid. at: its value of each parameter that was given, by name; parameters: all, resolved."""

    at: Mapping[str, Value]
    parameters: Mapping[str, Value]


@dataclass(frozen=True)
class Grid:
    """axes: the values given for each parameter (or for `seed`), in the order of the command line."""

    chapter: str
    profile: str
    axes: Mapping[str, list[Value]]
    points: Sequence[Point]

    @property
    def swept(self) -> list[str]:
        """The axes with more than one value."""
        return [name for name, values in self.axes.items() if len(values) > 1]

    @property
    def replicate(self) -> str | None:
        """The axis that repeats a run with other seeds; None where runs of it would share a network."""
        axis = next((name for name in (SEED, FIRST_SEED) if name in self.swept), None)
        if axis is None:
            return None
        if axis == SEED and FIRST_SEED not in self.points[0].parameters:  # a chapter's own, whatever it does with it
            return SEED
        firsts = sorted({int(str(point.parameters[FIRST_SEED])) for point in self.points})
        most = max(int(str(point.parameters.get(name, 1))) for point in self.points for name in EVERY_SEEDS)
        apart = all(later - earlier >= most for earlier, later in itertools.pairwise(firsts))
        return axis if apart else None

    @property
    def name(self) -> str:
        """mu-lenet-1a2b3c4d: the same for the same grid, so that a sweep started again finds what it has done."""
        told = json.dumps([self.chapter, self.profile, dict(self.axes)], sort_keys=True)
        return f"{self.chapter}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def read(chapter: str, profile: str, given: Sequence[str]) -> Grid:
    """The grid that the assignments of a command line span. Raises ParameterError, UnknownChapter, ProfileError."""
    declared = catalogue.chapter(chapter).parameters
    base = catalogue.resolve(chapter, profile, {})
    if not given:
        raise ParameterError(chapter, "(none)", "nothing to sweep", "-p NAME=VALUES, such as -p resamples=100,200")
    axes: dict[str, list[Value]] = {}
    for text in given:
        name, values = _axis(text, chapter, declared)
        if name in axes:
            raise ParameterError(chapter, name, "two -p options", "one, with all its values: -p name=a,b,c")
        axes[name] = values
    if clash := SEED in axes and SEED not in declared and {FIRST_SEED, SEEDS} & set(axes):
        raise ParameterError(chapter, SEED, f"together with {', '.join(sorted(clash))}",
                             f"{SEED} alone, which stands for {FIRST_SEED}=k and {SEEDS}=1, or those two")  # fmt: skip
    count = math.prod(map(len, axes.values()))
    if count > MOST_POINTS:
        sizes = " x ".join(f"{len(values)} of {name}" for name, values in axes.items())
        given_points = f"{sizes} = {count:,} runs"
        raise ParameterError(chapter, ", ".join(axes), given_points, f"at most {MOST_POINTS:,} in a sweep")
    points = []
    for combination in itertools.product(*axes.values()):
        at = dict(zip(axes, combination, strict=True))
        points.append(Point(at, {**base, **_as_parameters(at, declared)}))
    return Grid(chapter, profile, axes, points)


def _axis(text: str, chapter: str, declared: Mapping[str, Parameter]) -> tuple[str, list[Value]]:
    """'name=values' -> (name, values), each of the parameter's type and within its limits."""
    name, equals, raw = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise ParameterError(chapter, name or "(no name)", repr(text), "name=values")
    if name == ITERATIONS and name not in declared and (called := [one for one in CALLED if one in declared]):
        name = called[0]
        text = f"{name}={raw}"
    stands_for = FIRST_SEED if name == SEED and SEED not in declared and {FIRST_SEED, SEEDS} <= set(declared) else name
    if stands_for not in declared:
        parameters.parse_assignment(text, declared, chapter)  # says which names there are, and which is near
    parameter = declared[stands_for]
    values = [
        parameters.accept(chapter, parameter, parameters.parse_assignment(f"{stands_for}={item}", declared, chapter)[1])
        for item in _items(raw, chapter, name, parameter)
    ]
    twice = [value for place, value in enumerate(values) if value in values[:place]]
    if twice:
        raise ParameterError(chapter, name, f"{json.dumps(twice[0])} twice", "each value once")
    return name, values


def _items(raw: str, chapter: str, name: str, parameter: Parameter) -> list[str]:
    """The texts of the single values, ranges written out."""
    try:
        parts = split(raw)
    except ValueError as error:
        raise ParameterError(chapter, name, repr(raw), f"values separated by commas; {error}") from None
    found: list[str] = []
    for part in parts:
        if parameter.type.startswith("list[") and not part.startswith("["):
            raise ParameterError(chapter, name, repr(part),
                                 f"{parameter.type}, in a sweep each list in brackets: '{name}=[a,b],[c]'")  # fmt: skip
        match = _RANGE.fullmatch(part) if parameter.type == "int" else None
        found += _written_out(match, chapter, name) if match else [_unquoted(part)]
    return found


def _written_out(match: re.Match[str], chapter: str, name: str) -> list[str]:
    """'0..4' -> 0, 1, 2, 3, 4; '0..4..2' -> 0, 2, 4."""
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if last < first or step < 1:
        raise ParameterError(chapter, name, repr(match[0]), "a range from the smaller to the larger, such as 0..4")
    if (count := (last - first) // step + 1) > MOST_POINTS:
        raise ParameterError(chapter, name, f"{match[0]!r}, {count:,} values", f"at most {MOST_POINTS:,} in a sweep")
    return [str(value) for value in range(first, last + 1, step)]


def split(raw: str) -> list[str]:
    """The parts between commas that stand neither in quotes nor in square brackets, without blanks around them.

    Raises ValueError where a quote or a bracket is not closed.
    """
    parts, current, quote, depth = [], "", "", 0
    for letter in raw:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES and (depth or not current.strip()):  # the apostrophe inside a word is no quote
            quote = letter
        elif letter in "[]":
            depth += 1 if letter == "[" else -1
        elif letter == "," and depth <= 0:
            parts.append(current.strip())
            current = ""
            continue
        current += letter
    if quote or depth:
        raise ValueError(f"a {quote or 'square bracket'} is not closed")
    return [*parts, current.strip()]


def _unquoted(part: str) -> str:
    return part[1:-1] if len(part) >= 2 and part[0] == part[-1] and part[0] in _QUOTES else part


def _as_parameters(at: Mapping[str, Value], declared: Mapping[str, Parameter]) -> dict[str, Value]:
    """What the values at a point set: `seed` becomes two parameters."""
    if SEED not in at or SEED in declared:
        return dict(at)
    rest = {name: value for name, value in at.items() if name != SEED}
    return {**rest, FIRST_SEED: at[SEED], SEEDS: 1}
