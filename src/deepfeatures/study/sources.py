"""Which data a chapter reads, decided by the parameters it has: `dataset` means digits, `photographs` means faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from deepfeatures.data.digits import mnist_source_without_files, resolve_digits
from deepfeatures.data.face_source import faces_of_fingerprint, resolve_faces
from deepfeatures.study import brought, substitute_digits


class Source(Protocol):
    """A data set found but not yet read. note: one line for the banner; publishable: whether a page may be of it."""

    @property
    def name(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def publishable(self) -> bool: ...


def resolve(parameters: Mapping[str, Any], data_root: Path) -> Source:
    """The data that a chapter with these parameters reads. Raises what looking for it raises."""
    if "photographs" in parameters:
        if parameters["photographs"] != "none":
            brought.check_tables(data_root)
        return resolve_faces(str(parameters["photographs"]), data_root)
    digits = resolve_digits(str(parameters["dataset"]), data_root)
    cut = substitute_digits.said(digits, parameters)
    return replace(digits, note=f"{digits.note}, fewer than the profile asks for: {cut}") if cut else digits


def as_published(parameters: Mapping[str, Any], fingerprint: str | None) -> Source:
    """The data of the published page, none of it at hand. fingerprint: the page's own record, for photographs."""
    if "photographs" in parameters:
        return faces_of_fingerprint(fingerprint or "")
    return mnist_source_without_files()
