"""Refuse JSON in which an object has a key twice: parsers disagree which of the values holds."""

import json
import re
from contextlib import suppress
from typing import Any

from credit.common.errors import CreditError, Problem, raise_if_any
from service.engine.request_errors import shorten

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*+(:?)', re.DOTALL)
_MAX_PROBLEMS = 100


def require_unique_keys(body: bytes, keys: int) -> None:
    """Check that valid JSON has no key twice. `keys`: the keys of all its objects as they were parsed.

    Raises CreditError with the first that it has twice. Nearly every body has as many colons as keys, and is not looked
    at any closer; the others have texts with colons, or duplicate keys, which a parser keeps once.
    """
    if body.count(b":") == keys or sum(found[1] == b":" for found in _STRING.finditer(body)) == keys:
        return
    problems: list[Problem] = []

    def note_duplicates(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen and len(problems) < _MAX_PROBLEMS:
                problems.append(Problem(shorten(name), "a duplicate key", "each key once"))
            seen.add(name)

    with suppress(ValueError):  # a number of thousands of digits, which other parsers take
        json.loads(body, object_pairs_hook=note_duplicates)
    raise_if_any(problems)
    raise CreditError(Problem("the body", "a duplicate key", "each key once"))


def count_keys(content: Any) -> int:
    """Count the keys of all objects in parsed JSON."""
    if isinstance(content, dict):
        return len(content) + sum(map(count_keys, content.values()))
    return sum(map(count_keys, content)) if isinstance(content, list) else 0
