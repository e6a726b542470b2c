"""What the digest of code sees: every module that is reached, and nothing that only explains."""

import ast
import importlib.metadata

import pytest

from deepfeatures.study import fingerprint

SOLVER = '''"""How it is solved."""
RATE = 0.01


def step(x):
    """One step."""
    return x - RATE * x
'''


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """Source digest of `deepfeatures.loop` in a package made of the given files: each call makes a new one."""
    made = iter(range(1000))

    def write(**files):
        package = tmp_path / str(next(made)) / "deepfeatures"
        given = {"loop": "from deepfeatures.training.solver import step\n", "training/solver": SOLVER, **files}
        for name, text in given.items():
            path = package / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for folder in {path.parent for path in package.rglob("*.py")} - {package}:
            (folder / "__init__.py").touch()
        monkeypatch.setattr(fingerprint, "PACKAGE", package)
        return fingerprint.source(["deepfeatures.loop"])

    return write


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""How it is solved."""\n', ""),
        ('"""How it is solved."""', '"""In other words,\n\nand more of them."""'),
        ('    """One step."""\n', '    """One small step."""\n'),
        ("RATE = 0.01\n", "RATE = 0.01  # Caffe's\n"),
        ("RATE = 0.01\n", "# a comment\n\nRATE = 0.01\n\n\n"),
    ],
)
def test_docstrings_comments_and_blank_lines_do_not_count(digest, old, new):
    assert old in SOLVER
    assert digest(**{"training/solver": SOLVER.replace(old, new, 1)}) == digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.01", "0.02"),
        ("x - RATE", "x + RATE"),
        ("RATE = 0.01", 'RATE = "0.01"'),
        ("return x", "if x:\n        return x"),
    ],
)
def test_code_counts_where_it_is_only_imported_too(digest, old, new):
    assert digest(**{"training/solver": SOLVER.replace(old, new, 1)}) != digest()


def test_a_text_that_looks_like_a_comment_counts(digest):
    assert digest(**{"training/solver": 'NAME = "a # b"\n'}) != digest(**{"training/solver": 'NAME = "a # c"\n'})


@pytest.mark.parametrize(
    "statement",
    [
        "import deepfeatures.training.solver",
        "import deepfeatures.training.solver as s, os",
        "from deepfeatures.training import solver",
        "from deepfeatures.training.solver import step, RATE",
        "from .training.solver import step",
        "from .training import solver",
        "def later():\n    from deepfeatures.training.solver import step",
        "if True:\n    from deepfeatures.training.solver import step",
    ],
)
def test_every_way_to_import_is_followed(digest, statement):
    changed = {"training/solver": SOLVER.replace("0.01", "0.02")}
    assert digest(loop=statement + "\n", **changed) != digest(loop=statement + "\n")


@pytest.mark.parametrize(
    "statement", ["from . import solver", "from .solver import step", "from ..training import solver"]
)
def test_relative_imports_are_followed_from_where_they_stand(digest, statement):
    files = {"loop": "from deepfeatures.training import run\n", "training/run": statement + "\n"}
    assert digest(**files, **{"training/solver": "RATE = 1\n"}) != digest(**files, **{"training/solver": "RATE = 2\n"})


def test_what_is_imported_for_types_alone_does_not_count(digest):
    loop = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from deepfeatures.training.solver import step\n"
    assert digest(loop=loop, **{"training/solver": "RATE = 2\n"}) == digest(loop=loop)


def test_modules_that_import_each_other_end(digest):
    assert digest(**{"training/solver": "import deepfeatures.loop\n"})


def test_a_module_that_is_not_there_is_named(digest):
    digest()
    with pytest.raises(ModuleNotFoundError, match="^deepfeatures.missing is not a module of this package$"):
        fingerprint.source(["deepfeatures.missing"])


def test_versions_are_those_installed_without_their_local_part(monkeypatch):
    fingerprint.numerics.cache_clear()
    assert f"numpy {importlib.metadata.version('numpy')}" in fingerprint.numerics()
    fingerprint.numerics.cache_clear()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.2+cpu")
    try:
        assert fingerprint.numerics() == ", ".join(f"{name} 1.2" for name in fingerprint.NUMERICS)
    finally:
        fingerprint.numerics.cache_clear()


def test_no_module_hides_an_import_behind_a_lazy_package():
    """`from deepfeatures.data import rotate` loads data.rotation at run time, where the digest cannot see it."""
    lazy = [init for init in fingerprint.PACKAGE.rglob("__init__.py") if "__getattr__" in init.read_text()]
    names = {".".join(["deepfeatures", *init.relative_to(fingerprint.PACKAGE).parts[:-1]]) for init in lazy}
    assert {"deepfeatures", "deepfeatures.data"} <= names
    for path in sorted(fingerprint.PACKAGE.rglob("*.py")):
        for node in fingerprint._running(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and fingerprint.absolute(path, node) in names:
                folder = fingerprint.PACKAGE.joinpath(*fingerprint.absolute(path, node).split(".")[1:])
                for alias in node.names:  # a module can be followed; a name, or a package that is lazy itself, not
                    assert (folder / f"{alias.name}.py").is_file(), f"{path.name}: {ast.unparse(node)}"
