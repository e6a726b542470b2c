"""The ledger: what the papers assert, as data (claims/*.yaml), and what a chapter reports about it.

A claim says where it stands in the paper, what must be measured and how that is judged. The verdict is computed
(`verdicts`), never typed.
"""
from __future__ import annotations

import math
import operator
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, SupportsFloat

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from deepfeatures.study import paths, strict_yaml
from deepfeatures.study.allowed import did_you_mean

Tier = Literal["original", "substitute", "rendered"]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class ClaimsError(ValueError):
    """A ledger or a report that cannot be used. The message names the file or chapter, the claim and the field."""


class UnknownClaim(ClaimsError):
    """A chapter reported a claim that no ledger holds."""


class _Strict(BaseModel):
    # strict: the text "98.98" or a bool is no number; extra: a misspelt key is an error, not silence
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Judge(_Strict):
    """How a measured value becomes a verdict; the rules are in `verdicts.judge`. Numbers in the claim's unit."""

    rule: Literal["tolerance", "ordering", "sign", "shape"]
    tolerance: float | None = Field(default=None, ge=0)
    expect: Literal["above", "below"] | None = None
    threshold: float | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.rule == "tolerance":
            if self.tolerance is None:
                raise ValueError("rule tolerance needs `tolerance`, in the claim's unit")
            if (self.expect is None) != (self.threshold is None):
                raise ValueError("rule tolerance takes `expect` and `threshold` together or neither")
        elif self.expect is None:
            raise ValueError(f"rule {self.rule} needs `expect`: above or below (`threshold` is 0 unless given)")
        elif self.tolerance is not None:
            raise ValueError(f"rule {self.rule} takes no `tolerance`; the rule tolerance does")
        return self


class Claim(_Strict):
    """One assertion of a paper. id: paper/slug; statement: in our words; paper_value: as printed, in `unit`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")
    location: Text
    statement: Text
    paper_value: float | None = None
    unit: Text | None = None
    measure: Text | None = None
    judge: Judge | None = None
    chapter: Text | None = None
    not_attempted: Text | None = None
    note: str | None = None

    @property
    def paper(self) -> str:
        return self.id.partition("/")[0]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.chapter is None:
            if self.not_attempted is None:
                raise ValueError("needs `chapter`, or `not_attempted` with the reason")
            return self
        if self.not_attempted is not None:
            raise ValueError("has both `chapter` and `not_attempted`; one of them")
        missing = [name for name in ("unit", "measure", "judge") if getattr(self, name) is None]
        if missing:
            raise ValueError(f"is measured in chapter {self.chapter}, so it needs `{'`, `'.join(missing)}`")
        if self.judge is not None and self.judge.rule == "tolerance":
            self._tolerance_has_a_value(self.judge)
        return self

    def _tolerance_has_a_value(self, judge: Judge) -> None:
        if self.paper_value is None:
            raise ValueError("rule tolerance needs `paper_value`")
        if judge.threshold is not None:
            above = self.paper_value > judge.threshold
            if self.paper_value == judge.threshold or above != (judge.expect == "above"):
                raise ValueError(f"expects {judge.expect} {judge.threshold}, but `paper_value` is {self.paper_value}")


class ClaimsFile(_Strict):
    """One file of the ledger: a paper and its claims."""

    paper: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: Text
    url: Text | None = None
    authors: str | list[str] | None = None
    year: int | None = None
    note: str | None = None
    claims: list[Claim]


def _real(value: Any) -> Any:
    """A NumPy or torch scalar as a float; what is no number is left for pydantic to refuse."""
    if type(value).__name__ == "bool":  # by name: NumPy's is not Python's, and pydantic takes it for 1.0
        raise ValueError("must be a number")
    if getattr(value, "ndim", 0) == 0 and isinstance(value, SupportsFloat):
        return float(value)
    return value


def as_pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else value


def _count(value: Any) -> Any:
    """A NumPy integer as an int; what is none is left for pydantic to refuse."""
    if isinstance(value, int) or type(value).__name__ == "bool":  # NumPy's bool would pass as an index
        return value
    try:
        return operator.index(value)
    except TypeError:
        return value


Real = Annotated[float, BeforeValidator(_real)]
Count = Annotated[int, BeforeValidator(_count)]


class Record(_Strict):
    """What a chapter measured for one claim.

    value: in the claim's unit; interval: (low, high) of it, or None; n: how many units were resampled; unit: what was
    resampled, such as 'digit x seed'; seeds: networks trained, 0 where nothing was.
    """

    claim: str
    value: Real
    interval: Annotated[tuple[Real, Real] | None, BeforeValidator(as_pair)] = None
    n: Annotated[Count, Field(ge=1)]
    unit: Text
    seeds: Annotated[Count, Field(ge=0)]
    tier: Tier
    profile: Text
    chapter: Text
    note: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.interval is not None and self.interval[0] > self.interval[1]:
            raise ValueError(f"interval {list(self.interval)} has its ends the wrong way round")
        return self


def load(path: Path, known_chapters: Collection[str] | None = None) -> ClaimsFile:
    """One ledger, checked; with `known_chapters`, also that every chapter it names is one of them."""
    try:
        content = strict_yaml.load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ClaimsError(f"{path.name}: not YAML: {error}") from None
    try:
        ledger = ClaimsFile.model_validate(content)
    except ValidationError as error:
        raise ClaimsError(_explain(path.name, content, error)) from None
    seen: set[str] = set()
    for claim in ledger.claims:
        where = f"{path.name}: claim {claim.id}"
        if claim.paper != ledger.paper:
            raise ClaimsError(f"{where}, field id: must begin with {ledger.paper}/, the paper of this file")
        if claim.id in seen:
            raise ClaimsError(f"{where}, field id: stands twice in this file")
        if claim.chapter is not None and known_chapters is not None and claim.chapter not in known_chapters:
            raise ClaimsError(f"{where}, field chapter: no chapter {claim.chapter}"
                              f"{did_you_mean(claim.chapter, known_chapters)}; there are: {', '.join(known_chapters)}")
        seen.add(claim.id)
    return ledger


def load_all(known_chapters: Collection[str] | None = None, folder: Path | None = None) -> dict[str, Claim]:
    """Claim id -> claim over all ledgers of the folder, in the order of file names and of the lines in them."""
    files: dict[str, str] = {}
    claims: dict[str, Claim] = {}
    for path in sorted((folder or paths.claims()).glob("*.yaml")):
        for claim in load(path, known_chapters).claims:
            if claim.id in claims:
                raise ClaimsError(f"{path.name}: claim {claim.id}, field id: stands in {files[claim.id]} already")
            claims[claim.id], files[claim.id] = claim, path.name
    return claims


def record(claims: Mapping[str, Claim], chapter: str, claim: str, **measured: Any) -> Record:
    """What `chapter` reports for `claim`, checked against the ledger; `measured` are the other fields of `Record`."""
    check_known(claims, claim, chapter)
    owner = claims[claim].chapter
    if owner != chapter:
        whose = f"belongs to chapter {owner}" if owner else "is marked not_attempted"
        raise ClaimsError(f"chapter {chapter}: claim {claim} {whose} in the ledger: give it chapter: {chapter} there")
    try:
        return Record.model_validate({"claim": claim, "chapter": chapter, **measured})
    except ValidationError as error:
        raise ClaimsError("\n".join(f"chapter {chapter}: claim {claim}, {_field(e)}" for e in error.errors())) from None


def check_known(claims: Mapping[str, Claim], claim: str, chapter: str) -> None:
    """UnknownClaim where no ledger holds the claim that the chapter reports."""
    if claim not in claims:
        raise UnknownClaim(f"chapter {chapter} reports claim {claim!r}, which no file in claims/ holds"
                           f"{did_you_mean(claim, claims)}; this chapter's are: "
                           f"{', '.join(c.id for c in claims.values() if c.chapter == chapter) or 'none'}")


def _explain(file: str, content: Any, error: ValidationError) -> str:
    """One line an error: file, claim id where there is one, field, what is wrong."""
    lines = []
    for problem in error.errors():
        claim, rest = "", problem["loc"]
        if len(rest) > 1 and rest[0] == "claims":
            raw = content["claims"][rest[1]]
            name = raw.get("id") if isinstance(raw, dict) else None
            claim, rest = f"claim {name or f'number {int(rest[1]) + 1}'}, ", rest[2:]
        lines.append(f"{file}: {claim}{_field({**problem, 'loc': rest})}")
    return "\n".join(lines)


def _field(problem: Mapping[str, Any]) -> str:
    """'field judge.tolerance: Input should be ...; given ...' of one pydantic error."""
    field = ".".join(str(part) for part in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    given = problem["input"]
    scalar = given is None or isinstance(given, (str, int, float))
    if isinstance(given, float) and not math.isfinite(given):
        message = "must be finite"
    if not field:
        return message
    return f"field {field}: {message}" + (f"; given {given!r}" if scalar else "")
