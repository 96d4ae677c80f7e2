"""Records in the store: small JSON objects, written once and read strictly."""

import unicodedata
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, ValidationError

from credit.common.errors import CreditError, Problem, list_problems
from credit.common.invalid_values import make_value_error
from credit.contract.frozen_model import FrozenModel

NEEDS_NEWER_CODE = "it needs newer code: update this checkout, and leave it where it is"


class StoreRecord(FrozenModel):
    """One record. `format` is the version of its layout: newer code may write what this code cannot read.

    `NEWEST_FORMAT` is raised when older code could no longer read a record of this kind.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    NEWEST_FORMAT: ClassVar[int] = 1

    format: int = 1

    @classmethod
    def parse(cls, content: bytes, where: str, fix: str = "") -> Self:
        """Parse a record. Raises CreditError with the first thing that is wrong."""
        try:
            newer, readable = _RecordFormat.model_validate_json(content).format, cls.NEWEST_FORMAT
            if newer > readable:
                raise CreditError(Problem(where, f"format {newer}", f"at most {readable}", NEEDS_NEWER_CODE))
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            if first["type"] == "json_invalid":
                raise CreditError(Problem(where, f"not JSON: {first['ctx']['error']}", fix=fix)) from None
            raise CreditError(list_problems(error, where)[0]._replace(fix=fix)) from None

    def serialize(self) -> bytes:
        """Serialize to the bytes that `parse` reads."""
        return self.model_dump_json(exclude_none=True, indent=2).encode() + b"\n"


class _RecordFormat(FrozenModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    format: int


_CONTROL_CATEGORY, _SURROGATE_CATEGORY = "Cc", "Cs"
"""Unicode's categories. A half character is what a byte becomes that is no UTF-8; it cannot be written."""


def is_clean(text: str) -> bool:
    """Tell whether a text is without control characters and halves of characters."""
    return not any(unicodedata.category(character) in (_CONTROL_CATEGORY, _SURROGATE_CATEGORY) for character in text)


def remove_control_characters(text: str) -> str:
    """Replace each character that may not be in a text by a space."""
    return " ".join("".join(one if is_clean(one) else " " for one in text).split())


def _reject_control_characters(text: str) -> str:
    if not is_clean(text):
        raise make_value_error("a control character", "text without control characters")
    return text


OneLineText = Annotated[str, AfterValidator(_reject_control_characters)]
"""For the fields of a record."""
