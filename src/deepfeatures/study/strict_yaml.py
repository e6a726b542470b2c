"""YAML in which a key stands once. PyYAML lets a second `id:`, its `- ` forgotten, replace the first one unseen.

No anchors and aliases either: nine lines of them stand for more text than any memory holds, once it is printed.
"""
from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

import yaml

LARGEST = 1_000_000  # characters: fifteen times the longest ledger, and a quarter of a minute of PyYAML


class _Loader(yaml.SafeLoader):
    """Safe, and strict about keys; what is written once is meant once."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.YAMLError(f"alias *{event.anchor}, line {event.start_mark.line + 1}: write it out")
        return super().compose_node(parent, index)

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
    """The document as plain dicts, lists and scalars; yaml.YAMLError for a repeated key, an alias, what is no YAML."""
    if len(text) > LARGEST:
        raise yaml.YAMLError(f"{len(text):,} characters; at most {LARGEST:,} are read")
    return copy.deepcopy(_loaded(text))


@lru_cache(maxsize=64)
def _loaded(text: str) -> Any:
    """PyYAML takes most of a second for the ledger, which a build reads for every chapter."""
    try:
        return yaml.load(text, Loader=_Loader)
    except RecursionError:
        raise yaml.YAMLError("lists or mappings within each other, too deep to be read") from None
    except (ValueError, OverflowError) as odd:  # a date of month 13, a whole number of 5,000 digits
        raise yaml.YAMLError(f"a value cannot be read: {odd}") from odd
