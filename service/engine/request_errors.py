"""The errors of pydantic about the body of a request as problems: where, found, expected."""

import math
from typing import Any

from credit.common.errors import Problem, word_expectation

UNKNOWN_FIELD = ("an unknown field", "a field of the live version")
"""Found and expected."""

_MAX_SHOWN_CHARACTERS = 80  # characters of a value that an answer repeats
_MAX_SHOWN_BITS = 256  # Python refuses to write a number of many thousand digits


def describe_error(error: Any, expected: str | None = None) -> Problem:
    """Turn an error of pydantic's about a body into a problem; `expected`: what the contract says of its column."""
    where = ".".join(shorten(str(part)) for part in error["loc"]) or "the body"
    if error["type"] == "extra_forbidden":
        return Problem(where, *UNKNOWN_FIELD)
    if error["type"] == "json_invalid":
        return Problem("the body", str(error["ctx"]["error"]), "JSON")
    found = "nothing" if error["type"] == "missing" else format_value(error["input"])
    return Problem(where, found, expected or _describe_expectation(error))


def format_value(value: Any) -> str:
    """Format a value for an error as JSON spells it, shortened; an object or a list is named only."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    if isinstance(value, int) and value.bit_length() > _MAX_SHOWN_BITS:
        return "a number of very many digits"
    return repr(shorten(value) if isinstance(value, str) else value)[:_MAX_SHOWN_CHARACTERS]


def shorten(text: str) -> str:
    """Shorten a text that somebody sent to what an answer repeats of it."""
    return text[:_MAX_SHOWN_CHARACTERS]


def _describe_expectation(error: Any) -> str:
    """Describe the list or object that has to be around the applications."""
    sizes = error.get("ctx", {})
    known = {
        "list_type": "a list",
        "missing": "a value",
        "too_short": f"at least {sizes.get('min_length')}",
        "too_long": f"at most {sizes.get('max_length', 0):,}",
        "typed_dict_type": "an object",
        "dict_type": "an object",
        "model_type": "an object",
    }
    return known.get(error["type"]) or word_expectation(error["msg"])
