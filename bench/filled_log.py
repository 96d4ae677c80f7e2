"""A decision log of millions of rows, filled by the database itself, with counts by hour as the product has them.

Through an engine of its own: that of the log gives up after three seconds.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, TextClause, func, literal_column, select, text, update

from credit.decision_log.counting.hourly import Cell, add_counts, count_by_group, list_counted_columns
from credit.decision_log.tables import COUNTED_WRITERS_TABLE, DECISIONS_TABLE

WRITER_ROWS = 10_000
"""Decisions of one writer: a process that is started again is another."""

_PART_ROWS = 500_000

_ROWS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last - 1) {select} "
    "FROM n",
    "postgresql": "{select} FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint) - 1) AS n(i)",
}
_HEX = {"sqlite": "printf('%032x', {0})", "postgresql": "lpad(to_hex({0}), 32, '0')"}
_MOMENT = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', {0}, 'unixepoch') || '000'", "postgresql": "to_timestamp({0})"}
_EARLIER = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', hour, '-' || (25 * i) || ' hours') || '000'",
    "postgresql": "hour - i * interval '25 hours'",
}
_JSON = {"sqlite": "{0}", "postgresql": "CAST({0} AS json)"}

_RACE = """CASE i * 104729 % 4 WHEN 0 THEN '"white"' WHEN 1 THEN '"Black"' WHEN 2 THEN '"Hispanic"' ELSE 'null' END"""
_PROTECTED = f"""'{{"race"\\:' || {_RACE} || ',"sex"\\:"' || CASE i / 3 % 2 WHEN 0 THEN 'female' ELSE 'male' END
|| '","schooling"\\:"' || CASE i / 5 % 2 WHEN 0 THEN 'up to 12 years' ELSE 'over 12 years' END
|| '","marital_status"\\:"' || CASE i / 7 % 2 WHEN 0 THEN 'married' ELSE 'unmarried' END
|| '","age"\\:' || CAST(18 + i * 37 % 62 AS text) || '}}'"""


def fill(engine: Engine, first: int, last: int, begin: datetime, seconds: float) -> None:
    """Fill in decisions by their places, from `begin` on one every so many seconds. Their hashes are made up."""
    statement = _build_insert(engine.dialect.name)
    for start in range(first, last, _PART_ROWS):
        with engine.begin() as connection:
            end, moment = min(start + _PART_ROWS, last), begin - timedelta(seconds=first * seconds)
            values = {"first": start, "last": end, "begin": moment.timestamp(), "seconds": seconds}
            connection.execute(statement, values)


def keep_unanalysed(engine: Engine) -> None:
    """Keep PostgreSQL's daemon from the tables: it may come within a minute, in the midst of a measure."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            tables = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'"
            for name in list(connection.execute(text(tables)).scalars()):
                connection.execute(text(f"ALTER TABLE {name} SET (autovacuum_enabled = off)"))


def analyse(engine: Engine) -> None:
    """Let PostgreSQL look at the tables, as its daemon does some minutes after so many rows came."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))


def count_in_sql(engine: Engine, first: int, last: int) -> Counter[Cell]:
    """Count decisions by their places as the product does, but by the database, a part after the other."""
    counts: Counter[Cell] = Counter()
    for start in range(first, last, _PART_ROWS):
        counts.update(count_by_group(_count_part(engine, start, min(start + _PART_ROWS, last))))
    return counts


def _count_part(engine: Engine, first: int, last: int) -> dict[tuple[Any, ...], int]:
    repeat_of, decided_at, protected, *alike = list_counted_columns()
    is_postgresql = engine.dialect.name == "postgresql"
    hour: Any = (
        func.date_trunc("hour", decided_at, "UTC") if is_postgresql else func.strftime("%Y-%m-%d %H", decided_at)
    )
    place = _HEX[engine.dialect.name]
    asked = (
        select(hour, protected, *alike, func.count())
        .where(DECISIONS_TABLE.c.id >= literal_column(place.format(first)))
        .where(DECISIONS_TABLE.c.id < literal_column(place.format(last)), repeat_of.is_(None))
        .group_by(literal_column("1"), literal_column("2"), *alike)
    )
    with engine.begin() as connection:
        rows = connection.execute(asked).all()
    return {(_read_hour(found), *values): number for found, *values, number in rows}


def _read_hour(found: datetime | str) -> datetime:
    return found if isinstance(found, datetime) else datetime.fromisoformat(f"{found}:00+00:00")


def note_counts(engine: Engine, counts: Counter[Cell], last: int) -> None:
    """Note counts, and that the decisions of all writers up to a place are counted."""
    with engine.begin() as connection:
        add_counts(connection, counts)
        known = set(connection.execute(select(COUNTED_WRITERS_TABLE.c.writer)).scalars())
        places = {f"{one // WRITER_ROWS:032x}": min(WRITER_ROWS, last - one) for one in range(0, last, WRITER_ROWS)}
        new = [
            {"writer": writer, "counted": place, "gaps": []} for writer, place in places.items() if writer not in known
        ]
        for writer in known:
            table = COUNTED_WRITERS_TABLE
            connection.execute(update(table).where(table.c.writer == writer).values(counted=places[writer]))
        if new:
            connection.execute(COUNTED_WRITERS_TABLE.insert(), new)


def repeat_counts(engine: Engine, days: int) -> None:
    """Note the counts that are there for so many days before them too."""
    begin = _EARLIER[engine.dialect.name]
    columns = "environment, entry, version, decision, decided_by, rule_because, attribute, value, number"
    numbers = _ROWS[engine.dialect.name].format(select="SELECT i")
    repeated = f"""INSERT INTO hourly_counts (cell, hour, {columns})
    SELECT i || '-' || substr(cell, 1, 56), {begin}, {columns} FROM ({numbers}) AS earlier CROSS JOIN hourly_counts"""
    with engine.begin() as connection:
        connection.execute(text(repeated), {"first": 1, "last": days + 1})


def _build_insert(dialect: str) -> TextClause:
    texts = _JSON[dialect]
    columns = {
        "id": _HEX[dialect].format("i"),
        "decided_at": _MOMENT[dialect].format(":begin + i * :seconds"),
        "decision": "CASE WHEN i * 7919 % 10 < 6 THEN 'approve' WHEN i * 7919 % 10 < 7 THEN 'refer' ELSE 'deny' END",
        "score": "i % 1000 / 1000.0",
        "reasons": texts.format("""'["Your income"]'"""),
        "reason_codes": texts.format("""'["income.too_low"]'"""),
        "language": "'en'",
        "decided_by": "'model'",
        "version": "'v1.0.0'",
        "digest": f"'{'d' * 64}'",
        "entry": "1",
        "inputs": texts.format("""'{"income"\\:' || CAST(i % 9000 AS text) || ',"home"\\:null,"self"\\:true}'"""),
        "protected": texts.format(_PROTECTED),
        "caller": "'bench'",
        "environment": "'prod'",
        "writer": _HEX[dialect].format(f"i / {WRITER_ROWS}"),
        "sequence": f"i % {WRITER_ROWS} + 1",
        **dict.fromkeys(("previous", "personal_hash", "row_hash"), f"'{'e' * 64}'"),
        "salt": f"'{'f' * 32}'",
    }
    selected = f"SELECT {', '.join(columns.values())}"
    return text(f"INSERT INTO decisions ({', '.join(columns)}) " + _ROWS[dialect].format(select=selected))
