"""The questions of a contract file that a person has not answered yet."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

QUESTION_MARK = "?"
"""A value that starts with this is an open question."""


def find_open_questions(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find open questions, each with its key."""
    for key, value in _walk_leaves(content):
        is_data = value == QUESTION_MARK and _is_list_item(key)
        if isinstance(value, str) and value.startswith(QUESTION_MARK) and not is_data:
            yield key, value


def _walk_leaves(node: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for name, value in items:
            yield from _walk_leaves(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, node


def _is_list_item(key: str) -> bool:
    """Tell whether a key is that of a list's item: there a lone `?` is data, a common code for a missing value."""
    return key.rpartition(".")[2].isdigit()
