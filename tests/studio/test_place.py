"""The studio stands above `study` and below the command: nothing else may come to depend on it."""

from __future__ import annotations

import ast

from deepfeatures.study import fingerprint


def test_only_the_command_imports_it():
    for file in sorted(fingerprint.PACKAGE.rglob("*.py")):
        if file.parent.name != "studio" and file.name != "cli.py":
            found = fingerprint.imports_of(ast.parse(file.read_text()), file)
            assert not [name for name in found if name.startswith("deepfeatures.studio")], file
