"""Refuse a body with more values than requests have, or with a key twice, of which parsers keep different values."""

import json
import re
from contextlib import suppress
from typing import Any

from credit.common.errors import CreditError, Problem, raise_if_any
from service.engine.request_errors import shorten

_STRING_OR_COMMA = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|,', re.DOTALL)
"""Possessive, and a string that does not end goes to the end: a body of quotes costs no more than another."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*+(:?)', re.DOTALL)
_MAX_PROBLEMS = 100


def require_few_values(body: bytes, most: int) -> None:
    """Check that JSON has at most so many values beside its first. Raises CreditError when it has more.

    Two bytes can be a value, which takes a hundred as an object: 2 MB of them took 1.2 GB. Nearly every body has fewer
    commas than it may have values, and is not looked at any closer; the others have texts with commas, or too many.
    """
    if body.count(b",") <= most:
        return
    count = 0
    for found in _STRING_OR_COMMA.finditer(body):
        count += found[0] == b","
        if count > most:
            raise CreditError(Problem("the body", f"more than {most:,} values", "as many as its fields and no more"))


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
