"""Profiles: named sets of parameter values, profiles/<name>.yaml.

A file maps `all` to values that every chapter with such a parameter takes, and a chapter's slug to values of its own.
"""
from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

from deepfeatures.study import allowed, paths, strict_yaml
from deepfeatures.study.allowed import did_you_mean
from deepfeatures.study.parameters import Parameter, ParameterError, Value, accept, shortened

EVERY = "all"


class ProfileError(ValueError):
    """A profile that does not exist or cannot be used. The message names the file, the chapter and the parameter."""


def names(folder: Path | None = None) -> list[str]:
    """The profiles there are, sorted."""
    return sorted(path.stem for path in (folder or paths.profiles()).glob("*.yaml"))


def load(name: str, folder: Path | None = None) -> dict[str, dict[str, object]]:
    """Slug (or `all`) -> parameter -> value as YAML gives it, not yet checked against a chapter."""
    folder = folder or paths.profiles()
    known = names(folder)
    if name not in known:  # by listing, so that a name such as ../x never reaches the file system
        raise ProfileError(f"no profile {shortened(name)}{did_you_mean(name, known)}; "
                           f"there are: {', '.join(known) or 'none'}")
    return copy.deepcopy(_read(name, (folder / f"{name}.yaml").read_text(encoding="utf-8")))


@lru_cache(maxsize=16)
def _read(name: str, text: str) -> dict[str, dict[str, object]]:
    """Of a file's text: a plan of the whole book asks for each profile a dozen times."""
    file = f"profiles/{name}.yaml"
    try:
        content = strict_yaml.load(text)
    except yaml.YAMLError as error:
        raise ProfileError(f"{file}: not YAML: {error}") from None
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise ProfileError(f"{file}: holds a {type(content).__name__}, not a mapping of chapters")
    sections = {str(key): {} if value is None else value for key, value in content.items()}
    for slug, values in sections.items():
        if not isinstance(values, dict):
            raise ProfileError(f"{file}: {slug} holds {shortened(values)}, not a mapping of parameters")
    for parameter in sections.get(EVERY, {}):
        if parameter not in allowed.TABLE:  # else a misspelt name would apply to no chapter, unnoticed
            raise ProfileError(f"{file}: {EVERY} sets {parameter}, a parameter no chapter can have"
                               f"{did_you_mean(str(parameter), allowed.TABLE)}")
    return sections


def overrides(
    profile: str, chapter: str, params: Mapping[str, Parameter], folder: Path | None = None
) -> dict[str, Value]:
    """The values the profile gives this chapter: those under `all` that it has, then those under its slug."""
    sections = load(profile, folder)
    file = f"profiles/{profile}.yaml"
    shared = {name: value for name, value in sections.get(EVERY, {}).items() if name in params}
    own = sections.get(chapter, {})
    for name in own:
        if name not in params:
            raise ProfileError(f"{file}: chapter {chapter} has no parameter {name}{did_you_mean(str(name), params)}; "
                               f"it has: {', '.join(params) or 'none'}")
    try:
        return {name: accept(chapter, params[name], value) for name, value in {**shared, **own}.items()}
    except ParameterError as error:
        raise ProfileError(f"{file}: {error}") from None


def check(chapters: Mapping[str, Mapping[str, Parameter]], folder: Path | None = None) -> None:
    """Every profile against every chapter: ProfileError for a slug that is no chapter or a value it would refuse."""
    for profile in names(folder):
        for slug in load(profile, folder):
            if slug != EVERY and slug not in chapters:
                raise ProfileError(f"profiles/{profile}.yaml: no chapter {slug}{did_you_mean(slug, chapters)}; "
                                   f"there are: {', '.join(chapters)}")
        for slug, params in chapters.items():
            overrides(profile, slug, params, folder)
