"""What the store holds besides files: small JSON records, written once and read strictly."""

import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, ValidationError

from credit.common.errors import CreditError, Problem, problems_of
from credit.contract.columns import Part

FORMAT = 1
"""Raised when older code could no longer read a record."""


class Record(Part):
    """One record. `format` says which code can read it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: int = FORMAT

    @classmethod
    def read(cls, content: bytes, where: str, mend: str = "") -> Self:
        """A record from its bytes. Raises CreditError with the first thing that is wrong."""
        try:
            newer = _Format.model_validate_json(content).format
            if newer > FORMAT:
                raise CreditError(Problem(where, f"format {newer}", f"at most {FORMAT}", "it needs newer code"))
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise CreditError(problems_of(error, where)[0]._replace(mend=mend)) from None

    def written(self) -> bytes:
        """The bytes that `read` reads."""
        return self.model_dump_json(exclude_none=True, indent=2).encode() + b"\n"


class _Format(Part):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    format: int


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
