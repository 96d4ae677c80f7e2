"""People for a rehearsal: drawn from a table, some with other values, as a client sends them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from credit.bundle.request_fields import RequestFields
from credit.common.errors import CreditError, Problem, raise_if_any
from credit.data.tables import open_table

Row = dict[str, Any]


class ColumnValue(NamedTuple):
    """A column and a value, as somebody wrote them: `race=Black`. `value`: the text as JSON, where it is JSON."""

    name: str
    text: str

    @property
    def value(self) -> Any:
        """The value of the text."""
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text

    def is_of(self, row: Row) -> bool:
        """Tell whether a row has the value: text is compared as text, so that a category may be a number."""
        found = row[self.name]
        return bool(found == (self.text if isinstance(found, str) else self.value))

    def __str__(self) -> str:
        return f"{self.name}={self.text}"


class Changes(NamedTuple):
    """The values that people get in place of their own. `of`: who gets them, by all of these; nobody else does."""

    values: Sequence[ColumnValue]
    of: Sequence[ColumnValue]

    def change_row(self, row: Row) -> bool:
        """Change a row if it is about one of those people; returns whether it is."""
        is_one = bool(self.values) and all(one.is_of(row) for one in self.of)
        if is_one:
            row.update({one.name: one.value for one in self.values})
        return is_one


class People:
    """The rows of a table that can be sent as applications to a version that takes `fields`.

    Raises CreditError when the file is no table, lacks a field that is needed, or one that is named in the changes.
    """

    def __init__(self, path: Path, fields: RequestFields, changes: Changes) -> None:
        self._changes = changes
        with open_table(path) as file:
            names = file.schema_arrow.names
            self._sent = [name for name in names if name not in fields.protected and fields.find_column(name)]
            self.protected = [name for name in names if name in fields.protected]
            raise_if_any(list(_find_problems(path, names, self._sent, fields, changes)))
            of = [one.name for one in changes.of]
            self._table: pa.Table = file.read(list(dict.fromkeys([*self._sent, *self.protected, *of])))
        if not len(self._table):
            raise CreditError(Problem(str(path), "no row", "at least one"))

    def draw(self, number: int, seed: int) -> tuple[list[dict[str, Any]], int]:
        """Draw requests, each person as often as it comes; returns them, and of how many values were changed."""
        places = np.random.default_rng(seed).integers(0, len(self._table), number)
        rows = self._table.take(pa.array(places)).to_pylist()
        changed = sum(self._changes.change_row(row) for row in rows)
        return [self._build_request(row) for row in rows], changed

    def _build_request(self, row: Row) -> dict[str, Any]:
        told = {name: row[name] for name in self.protected if row[name] is not None}
        return {"application": {name: _write_value(row[name]) for name in self._sent}, "protected": told}


def _find_problems(
    path: Path, names: Sequence[str], sent: Sequence[str], fields: RequestFields, changes: Changes
) -> Iterator[Problem]:
    for name in sorted(fields.needed - set(names)):
        yield Problem(f"{path}: {name}", "no such column", "one, as the live version needs it")
    for one in changes.values:
        if one.name not in sent:
            yield Problem(f"--change {one}", "no field of an application", "a column of the file that clients send")
    for one in changes.of:
        if one.name not in names:
            yield Problem(f"--of {one}", "no such column", f"a column of {path}")


def _write_value(value: Any) -> Any:
    """Write a value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def parse_column_value(text: str) -> ColumnValue:
    """Parse `COLUMN=VALUE`. Raises ValueError when it is something else."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError(f"found {text!r}, expected COLUMN=VALUE")
    return ColumnValue(name, value)


def count_decisions(decisions: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Count decisions by the version that made them, then by kind."""
    counts: dict[str, dict[str, int]] = {}
    for one in decisions:
        of_version = counts.setdefault(str(one["version"]), dict.fromkeys(("approve", "refer", "deny"), 0))
        of_version[one["decision"]] += 1
    return counts
