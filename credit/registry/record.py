"""What the store holds besides files: small JSON records, written once and read strictly."""

from typing import Self

from pydantic import ConfigDict, ValidationError

from credit.columns import Part
from credit.errors import CreditError, Problem, problems_of

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
