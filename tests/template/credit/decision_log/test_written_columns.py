"""What SQLite gets of a decision is the text that SQLAlchemy would write, which is what it reads again."""

import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from credit.decision_log.bulk_insert import MAX_ROWS, build_insert, find_conversion
from credit.decision_log.connecting.engine import create_database_engine
from credit.decision_log.tables import DECISIONS_TABLE, SHADOWS_TABLE

MOMENTS = [
    datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    datetime(1, 1, 1, 12, tzinfo=UTC),
    datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
]
VALUES = [{"a": 1 / 3, "b": None, "c": True, "d": 2**70, "é": '\u2028 \\ " \0'}, [], ["x"], {}]


@pytest.mark.parametrize(
    ("column", "value"), [*(("decided_at", one) for one in MOMENTS), *(("inputs", one) for one in VALUES)]
)
def test_a_value_is_written_as_sqlalchemy_writes_it(column: str, value: Any, tmp_path: Path) -> None:
    dialect = create_database_engine(f"sqlite:///{tmp_path}/decisions.db", read_only=False).dialect
    kind = DECISIONS_TABLE.c[column].type.dialect_impl(dialect)
    convert, known = find_conversion(DECISIONS_TABLE.c[column], dialect), kind.bind_processor(dialect)
    assert convert is not None
    assert known is not None
    assert convert(value) == known(value)
    read = kind.result_processor(dialect, None)
    assert read is not None
    assert read(convert(value)) == value


@pytest.mark.parametrize("table", [DECISIONS_TABLE, SHADOWS_TABLE])
@pytest.mark.parametrize("rows", [1, 2, 11])
def test_many_rows_are_inserted_by_the_statement_that_sqlalchemy_builds(table: Table, rows: int) -> None:
    for kind, dialect in ((sqlite, sqlite.dialect()), (postgresql, PGDialect_psycopg())):
        columns = table.columns
        values = [{c.name: bindparam(f"{c.name}_{row}", type_=c.type) for c in columns} for row in range(rows)]
        known = kind.insert(table).values(values).on_conflict_do_nothing().compile(dialect=dialect)
        built, given = build_insert(dialect, [dict.fromkeys(columns.keys())] * rows, table)
        assert built == str(known)
        assert len(given) == rows * len(columns)
        if not dialect.positional:
            assert list(given) == list(known.params)


def test_statements_for_groups_of_every_size_take_little_memory() -> None:
    """A service that waited for its database writes groups of all sizes; one kept for each took 324 MiB."""
    dialect, one = PGDialect_psycopg(), dict.fromkeys(DECISIONS_TABLE.columns.keys())
    tracemalloc.start()
    for rows in range(1, MAX_ROWS + 1, 4):
        build_insert(dialect, [one] * rows)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 16 * 2**20


def test_a_moment_without_a_zone_is_refused() -> None:
    convert = find_conversion(DECISIONS_TABLE.c.decided_at, sqlite.dialect())
    assert convert is not None
    with pytest.raises(ValueError, match="without a time zone"):
        convert(datetime(2026, 1, 1))
