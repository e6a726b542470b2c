"""YAML in which a key stands once. PyYAML lets a second `id:`, its `- ` forgotten, replace the first one unseen."""
from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """Safe, and strict about keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # SafeLoader refuses what cannot be a key
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f"key {key.value!r} stands a second time in one mapping, line {line}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(text: str) -> Any:
    """The document as plain dicts, lists and scalars; yaml.YAMLError for a repeated key or what is no YAML."""
    return yaml.load(text, Loader=_Loader)
