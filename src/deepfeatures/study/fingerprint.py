"""What a result depends on besides its parameters: the code that makes it and the numerical packages."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import io
import tokenize
from collections.abc import Container, Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

# The packages that do arithmetic. The rest of the lock (a renderer, a linter) may move without retraining anything.
NUMERICS = ("numpy", "scipy", "scikit-learn", "torch", "torchvision")


@cache
def numerics() -> str:
    """Versions of the numerical packages as installed, 'numpy 2.4.6, ...'. A local suffix (+cpu) does not count."""
    return ", ".join(f"{name} {importlib.metadata.version(name).split('+')[0]}" for name in NUMERICS)


def source(modules: Iterable[str]) -> str:
    """Digest of the given modules of this package and of every module of it that they import, directly or not.

    Comments, docstrings and blank lines do not count: to explain code better is not to change what it computes. A
    process reads each file once, and digests each set of modules once: a plan asks hundreds of times.
    """
    return _source(PACKAGE, tuple(modules))


@cache
def _source(package: Path, modules: tuple[str, ...]) -> str:
    return of_modules(closure(modules))


def of_modules(modules: Iterable[str]) -> str:
    """Digest of exactly the given modules."""
    digest = hashlib.sha256()
    for name in sorted(modules):
        digest.update(name.encode() + b"\0" + _code(_file(name)).encode() + b"\0")
    return digest.hexdigest()


def closure(modules: Iterable[str], *, leave_out: Container[str] = ()) -> set[str]:
    """Names of the given modules and of all modules of the package reachable from them by import statements.

    An import under `if TYPE_CHECKING:` does not count: it never runs. leave_out: neither counted nor passed through.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in leave_out:
            found.add(name)
            waiting.extend(_imports(_file(name)))
    return found


def modules_of(package: str) -> list[str]:
    """Every module that lies in a sub-package, by name, sorted."""
    folder = PACKAGE.joinpath(*package.split(".")[1:])
    return sorted(f"{package}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__")


def _file(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    raise ModuleNotFoundError(f"{module} is not a module of this package")


@cache
def _imports(file: Path) -> tuple[str, ...]:
    return tuple(imports_of(ast.parse(file.read_text()), file))


def imports_of(tree: ast.AST, file: Path | None = None) -> set[str]:
    """Modules of the package that code imports. file: where the code stands, for its relative imports."""
    names: list[str] = []
    for node in _running(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(file, node)
            for alias in node.names:  # `from package import module` names a module; else the name lives in `base`
                inner = f"{base}.{alias.name}"
                names.append(inner if base.startswith("deepfeatures") and is_module(inner) else base)
    return {name for name in names if name.startswith("deepfeatures.")}


def absolute(file: Path | None, node: ast.ImportFrom) -> str:
    """The module that is imported from; in figures/, the relative `.style` is deepfeatures.figures.style."""
    if node.level == 0 or file is None:
        return node.module or ""
    package = ["deepfeatures", *file.relative_to(PACKAGE).parts[:-1]]
    return ".".join([*package[: len(package) + 1 - node.level], *([node.module] if node.module else [])])


def _running(tree: ast.AST) -> Iterable[ast.AST]:
    """Every statement below a node, less what stands under `if TYPE_CHECKING:`."""
    for node in _inside(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _running(node)


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The statements (and handlers, cases) directly in a node. No expression holds one: to walk these takes longest."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        found = getattr(node, name, None)
        if isinstance(found, list):
            yield from found


def is_module(name: str) -> bool:
    """True where the package has a module or sub-package of this full name."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@cache
def _code(file: Path) -> str:
    """The file's text less comments, docstrings and blank lines: the same on every Python."""
    text = file.read_text()
    lines = text.splitlines()
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        waiting.extend(_inside(node))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                for number in range(first.lineno - 1, first.end_lineno or first.lineno):
                    lines[number] = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())
