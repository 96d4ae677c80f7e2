"""Folded levels and derived columns of single applications, as the contract made them for training."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

from credit.common.errors import CreditError, Problem
from credit.contract import Contract
from credit.contract.sql_names import extract_sql_names
from credit.data.casts.columns import SQL_TYPES, derive_sql
from credit.data.sql_text import quote_identifier
from credit.scoring.row_encoder import ApplicationRow


def find_sources(contract: Contract, name: str) -> list[str]:
    """Find the columns of the raw file that a column is computed from: itself, unless it is derived."""
    sql = contract.columns[name].sql
    if sql is None:
        return [name]
    used = extract_sql_names(sql)
    return [raw for raw in contract.raw if raw.casefold() in used]


class DerivedColumns:
    """What ingest makes of the columns of a file: folded levels, and the derived columns among `features`.

    None of either is the usual case, and costs nothing.
    """

    def __init__(self, contract: Contract, features: Sequence[str]) -> None:
        self._names = [name for name in dict.fromkeys(features) if contract.columns[name].sql is not None]
        self._sources_of = {name: find_sources(contract, name) for name in self._names}
        self._sources = list(dict.fromkeys(source for sources in self._sources_of.values() for source in sources))
        inputs = {*self._sources, *features} - set(self._names)
        self._folds = {name: contract.columns[name] for name in inputs if contract.columns[name].has_folds}
        if not self._names:
            return
        import duckdb

        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'")
        given = ", ".join(
            f"CAST(? AS {SQL_TYPES[contract.columns[s].type]}) AS {quote_identifier(s)}" for s in self._sources
        )
        self._turn = Lock()
        self._expressions = {name: derive_sql(contract.columns[name]) for name in self._names}
        self._given = f"FROM (SELECT {given})"
        self._query = f"SELECT {', '.join(self._expressions.values())} {self._given}"

    def list_folded(self, row: ApplicationRow) -> list[tuple[str, str]]:
        """List the columns whose level in the row counts as another, each with that one."""
        pairs = ((name, row.get(name), column.fold_level(row.get(name))) for name, column in self._folds.items())
        return [(name, into) for name, level, into in pairs if level != into]

    def add(self, row: ApplicationRow) -> ApplicationRow:
        """Fold the levels of a row, then add the derived columns, the same values as ingest gives.

        Its sources must be in it. Raises CreditError when they have values that nothing can be computed from.
        """
        if self._folds:
            row = {name: self._folds[name].fold_level(v) if name in self._folds else v for name, v in row.items()}
        if not self._names:
            return row
        import duckdb

        try:
            with self._turn:
                values: Any = self._connection.execute(self._query, [row[name] for name in self._sources]).fetchone()
        except duckdb.Error:
            raise CreditError(self._find_unfit_sources(row)) from None
        return {**row, **dict(zip(self._names, values, strict=True))}

    def _find_unfit_sources(self, row: ApplicationRow) -> list[Problem]:
        """Find the values of which some derived column cannot be computed, and which one that is."""
        import duckdb

        failing = []
        for name, expression in self._expressions.items():
            try:
                with self._turn:
                    self._connection.execute(f"SELECT {expression} {self._given}", [row[one] for one in self._sources])
            except duckdb.Error:
                failing.append(name)
        unfit = {source: [name for name in failing if source in self._sources_of[name]] for source in self._sources}
        return [
            Problem(source, repr(row[source])[:80], f"a value from which {' and '.join(names)} can be computed")
            for source, names in unfit.items()
            if names
        ]
