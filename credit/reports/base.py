"""The base of every report: read from a file or a revision, checked whole, written byte for byte alike.

A report is written in the order of its fields. A key that a report may leave out is a field with a default, and is
written only where it was given: absent stays absent, null stays null.
"""

import math
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.files import round_floats, write_json


def _clip_dust(value: Any) -> Any:
    """Cut off what adding up floats leaves below 0 or above 1."""
    if isinstance(value, float) and -1e-9 < value < 1 + 1e-9:
        return min(max(value, 0.0), 1.0)
    return value


def _check_scalar(value: Any) -> Any:
    """Refuse lists and mappings in one line; a union would say it once for each of its types."""
    if value is not None and not isinstance(value, bool | int | float | str):
        raise PydanticCustomError("scalar", "Input should be a text, a number, true, false or null")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "Input should be a finite number")
    return value


Count = Annotated[int, Strict(), Field(ge=0)]
"""A whole number from 0 on; true, 1.0 and "1" are refused."""

Number = Annotated[float, Strict()]
"""A finite number."""

Share = Annotated[float, Strict(), BeforeValidator(_clip_dust), Field(ge=0, le=1)]
"""From 0, nothing, to 1, all."""

Flag = Annotated[bool, Strict()]
"""true or false; 1 and "yes" are neither."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Scalar = Annotated[bool | int | float | str, BeforeValidator(_check_scalar)]
"""A value of a column, of the type that the file has: 1, 1.0 and true are three values."""

Setting = Annotated[bool | int | float | str | None, BeforeValidator(_check_scalar)]
"""A hyperparameter, of the type that the file has; None: not set."""

Interval = tuple[Number, Number]
"""Lower and upper end."""

OpenInterval = tuple[Number | None, Number | None]
"""Lower and upper end; None: no bound on that side."""


class Snapshot(Protocol):
    """The files of one revision. `release.repository.revision.Revision` is one."""

    @property
    def name(self) -> str:
        """The name of the revision, for errors."""

    def read_text(self, path: str) -> str | None:
        """A file by its path in the repository; None when it is not there."""


class ReportContent(BaseModel):
    """Conversion and rounding, of a whole report or of a part."""

    def dump(self) -> Any:
        """Convert to JSON's types: dictionaries in the order of the file, lists, numbers and texts."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def round_floats(self, digits: int = 4) -> Self:
        """Round every float, so that another processor writes the same bytes."""
        return type(self).model_validate(round_floats(self.dump(), digits))


class ReportPart(ReportContent):
    """A part of a report: frozen; an unknown key, NaN and an infinity are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ReportFile(ReportContent):
    """Reading, checking and writing of a report, of fixed keys (`Report`) or of names of the data (a RootModel)."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises CreditError with every problem: no such file, no JSON, or keys that do not fit."""
        try:
            return cls.parse(path.read_bytes(), str(path))
        except FileNotFoundError:
            raise CreditError(Problem(str(path), "no such file", fix="run dvc repro")) from None

    @classmethod
    def read_at(cls, snapshot: Snapshot, path: str) -> Self | None:
        """Read a file of a revision; None when the revision has no such file. Raises CreditError as `parse`."""
        text = snapshot.read_text(path)
        return None if text is None else cls.parse(text, f"{path} at {snapshot.name}")

    @classmethod
    def parse(cls, text: str | bytes, where: str) -> Self:
        """Check the text of a report that was read from `where`. Raises CreditError with a line per problem."""
        try:
            report = cls.model_validate_json(text, by_alias=True, by_name=False)
        except ValidationError as error:
            raise CreditError(_describe(error, where)) from None
        raise_if_any(report.find_contradictions(where))
        return report

    def find_contradictions(self, where: str) -> list[Problem]:
        """Find values that each fit and do not fit together; `where` names the file."""
        return []

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_json(path, self.dump())


class Report(ReportPart, ReportFile):
    """A report whose keys are the fields of its model."""


def _describe(error: ValidationError, where: str) -> list[Problem]:
    """List the problems of a text; one that is no JSON, or lacks several of the report's keys, is a single problem."""
    found = error.errors(include_url=False)
    if found[0]["type"] == "json_invalid":
        return [Problem(where, f"not JSON: {found[0]['ctx']['error']}")]
    missing = [str(item["loc"][0]) for item in found if item["type"] == "missing" and len(item["loc"]) == 1]
    if len(missing) > 1 and len(missing) == len(found):
        return [Problem(where, f"nothing for {', '.join(missing)}", "a value of each", "run dvc repro")]
    return list_problems(error, where)
