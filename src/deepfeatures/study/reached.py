"""Which modules a chapter's page depends on: those its cells name, and what shapes what it shows.

A page that named none of the changed code would say the same again, so it is not stale: a new analysis for another
chapter leaves this one as it is.
"""

from __future__ import annotations

import ast
from functools import cache

import jupytext

from deepfeatures.study import fingerprint

SHAPES = ("chapter", "claims", "encoded", "opened", "tables", "verdicts")  # of study: what a page says and how it looks
# The rest of study plans, checks, keeps and runs. What that does to a page stands among the page's other parts: its
# parameters, its claims and the keys of its artifacts.


class BadCell(ValueError):
    """A cell is no Python; the message names it by its number among all cells and by its first line."""


def modules(notebook: str, alias: str = "df") -> set[str]:
    """Names of the package's modules that a notebook (its py:percent text) can reach, less what only runs it.

    `df.analysis.tables.accuracies(...)` names deepfeatures.analysis.tables; `df.figures.scree(...)` the module that
    `figures` takes `scree` from; `df.data.ANGLES_DEG` likewise. Imports are followed.

    Raises ModuleNotFoundError, BadCell.
    """
    named = {f"deepfeatures.study.{name}" for name in SHAPES}
    for number, cell in enumerate(jupytext.reads(notebook, fmt="py:percent").cells, start=1):
        if cell.cell_type != "code":
            continue
        tree = _parsed(cell.source, number)
        for node in ast.walk(tree):
            chain = _chain(node)
            if len(chain) >= 3 and chain[0] == alias:
                named.add(_home(chain[1], chain[2]))
        named |= fingerprint.imports_of(tree)
    return fingerprint.closure(named, leave_out=_machinery())


def _parsed(source: str, number: int) -> ast.Module:
    """A cell's code; what only IPython understands (%time, x = !ls, ?name) is what IPython makes of it."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager  # only here: it imports for a while

    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError) as error:
        first = next((line.strip() for line in source.splitlines() if line.strip()), "")
        at = f", line {error.lineno} of it" if isinstance(error, SyntaxError) and error.lineno else ""
        told = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BadCell(f"cell {number} ({first!r}){at}: {told}") from None


def _chain(node: ast.AST) -> list[str]:
    """['df', 'analysis', 'tables'] of the attribute `df.analysis.tables`; [] of anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [*reversed([*names, node.id])] if isinstance(node, ast.Name) and names else []


@cache
def _home(package: str, name: str) -> str:
    """The module that `deepfeatures.<package>.<name>` is or comes from; the package where that cannot be told."""
    inner = f"deepfeatures.{package}.{name}"
    if fingerprint.is_module(inner):
        return inner
    if not fingerprint.is_module(f"deepfeatures.{package}"):
        raise ModuleNotFoundError(f"df.{package}.{name}: deepfeatures has no package {package}")
    init = fingerprint.PACKAGE / package / "__init__.py"
    for node in ast.walk(ast.parse(init.read_text())) if init.is_file() else ():
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            return fingerprint.absolute(init, node)
        if isinstance(node, ast.Dict):  # `_HOMES` of a package whose names load on first use
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == name and isinstance(value, ast.Constant):
                    return f"deepfeatures.{package}.{value.value!s}"
    return f"deepfeatures.{package}"


@cache
def _machinery() -> frozenset[str]:
    shapes = {f"deepfeatures.study.{name}" for name in SHAPES}
    return frozenset(set(fingerprint.modules_of("deepfeatures.study")) - shapes)
