"""Refuse a body that has more values than requests have, before anything is built of it."""

import re

from credit.common.errors import CreditError, Problem

_STRING_OR_COMMA = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|,', re.DOTALL)
"""Possessive, and a string that does not end goes to the end: a body of quotes costs no more than another."""


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
