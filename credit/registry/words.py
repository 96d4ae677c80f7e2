"""What people wrote, as it is kept: one line without control characters, which some databases refuse later."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

_CONTROL, _HALF = "Cc", "Cs"
"""Unicode's categories. A half character is what a byte becomes that is no UTF-8; it cannot be written."""


def is_clean(text: str) -> bool:
    """Whether a text is without control characters and halves of characters."""
    return not any(unicodedata.category(character) in (_CONTROL, _HALF) for character in text)


def one_line(text: str) -> str:
    """A text with a space in place of everything that may not be in it."""
    return " ".join("".join(one if is_clean(one) else " " for one in text).split())


def _clean(text: str) -> str:
    if not is_clean(text):
        raise ValueError("a control character|text without any")
    return text


Words = Annotated[str, AfterValidator(_clean)]
"""For the fields of a record."""
