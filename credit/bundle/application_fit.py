"""Fit applications that were sent for another version to the one that decides them."""

from collections.abc import Collection
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from credit.bundle.bundle import Bundle, find_inputs
from credit.bundle.field_types import build_field_type
from credit.contract.columns import Column
from credit.scoring.row_encoder import ApplicationRow

OTHER_VERSION = "the application is one for another version"
"""How the reason begins for which the rule decides it."""


class FittedApplication(NamedTuple):
    """An application as the version reads it; what it cannot read is missing there.

    `because`: why the model cannot score it, None when it can. `is_ruled`: whether the rule can decide it.
    """

    row: ApplicationRow
    because: str | None
    is_ruled: bool


class ApplicationFitter:
    """Finds what a version lacks in an application, and what it does not know.

    A field that is not there is missing where the contract allows that. Where it does not, or where a value is none of
    those that the contract knows, the application cannot be scored.
    """

    def __init__(self, bundle: Bundle, optional: Collection[str] = (), contested: Collection[str] = ()) -> None:
        """Fit to the bundle. `optional`: fields that may be left out; `contested`: those whose values may be others."""
        columns = bundle.contract.columns
        inputs = [name for name in bundle.inputs if name in {*optional, *contested}]
        self._ruled = frozenset(find_inputs(bundle.contract, [bundle.rule.column]))
        self._optional = [(name, columns[name].missing == "allowed") for name in inputs if name in optional]
        self._contested = [(name, FieldVariant(columns[name])) for name in inputs if name in contested]

    def __call__(self, row: ApplicationRow) -> FittedApplication:
        """Fit one application; one that fits is given back as it is."""
        absent = [name for name, _ in self._optional if name not in row]
        unknown = [name for name, variant in self._contested if name in row and not variant.accepts(row[name])]
        if not absent and not unknown:
            return FittedApplication(row, None, True)
        lacking = [name for name, may_miss in self._optional if name not in row and not may_miss]
        because = _describe_misfit(lacking, unknown)
        fitted = {**row, **dict.fromkeys([*absent, *unknown])}
        return FittedApplication(fitted, because, self._ruled.isdisjoint([*lacking, *unknown]))


class FieldVariant:
    """The values that one version accepts as a field."""

    def __init__(self, column: Column) -> None:
        self._kind: TypeAdapter[Any] = TypeAdapter(build_field_type(column))
        self._codes = frozenset(column.missing_codes)

    def accepts(self, value: Any) -> bool:
        """Tell whether the version accepts a value."""
        try:
            self.parse(value)
        except ValueError:  # ValidationError is one
            return False
        return True

    def parse(self, value: Any) -> Any:
        """Parse a value. Raises ValueError when the version does not accept it, a code for missing included."""
        parsed = self._kind.validate_python(value, strict=True)
        if parsed is not None and parsed in self._codes:
            raise ValueError(value)
        return parsed


def _describe_misfit(lacking: list[str], unknown: list[str]) -> str | None:
    """Describe by the names of fields why an application cannot be scored: a value may name a person."""
    parts = [f"it lacks {', '.join(lacking)}"] if lacking else []
    parts += [f"values of {', '.join(unknown)} are not known here"] if unknown else []
    return f"{OTHER_VERSION}: {' and '.join(parts)}" if parts else None
