"""The error by which a validator of a pydantic model refuses a value."""

from pydantic_core import PydanticCustomError

INVALID_VALUE = "invalid_value"
"""The type of the error in `ValidationError.errors()`; `credit.common.errors.list_problems` reads its context."""


def make_value_error(found: str, expected: str, fix: str = "") -> PydanticCustomError:
    """Make the error to raise: found, expected and fix, each a part of the later Problem.

    The parts travel in the context of the error, so they may contain any character.
    """
    context = {"found": found, "expected": expected, "fix": fix}
    return PydanticCustomError(INVALID_VALUE, "found {found}, expected {expected}", context)
