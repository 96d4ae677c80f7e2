"""A folder of Parquet as the target: a file for each day, written again from the log whenever something of it is new.

So a day is never there twice, whenever the export was killed. `decisions/` has no protected attribute, these are in
`protected/`. The places up to which the log was read are in `cursors.json`, written after the files.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic_core import from_json, to_json
from sqlalchemy import select

from credit.common.errors import CreditError, Problem
from credit.common.files import atomic_write
from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE
from service.batch.sink import open_sink
from service.export.cursors import LogBatch, LogCursor
from service.export.following import Cursors, Stream, iterate_records
from service.export.records import DayDigest, ExportedRecord, digest_days

_PAGE_ROWS = 1_000
_TEXTS = ("decision", "decided_by", "rule_because", "version", "digest", "environment", "repeat_of")
_JSONS = ("reasons", "reason_codes", "inputs", "outcome")
DECISIONS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("decided_at", pa.timestamp("us", tz="UTC")),
        ("score", pa.float64()),
        ("entry", pa.int64()),
        ("erased", pa.bool_()),
        *((name, pa.string()) for name in (*_TEXTS, *_JSONS)),
    ]
)
"""What differs between versions, such as inputs, is JSON."""
PROTECTED_SCHEMA = pa.schema([("id", pa.string()), ("values", pa.string())])


class ParquetTarget:
    """A folder. Raises CreditError for a folder that is something else."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, folder / "cursors.json"
        self._days: set[date] = set()
        try:
            content = json.loads(self._file.read_text()) if self._file.exists() else {}
            self._cursors: dict[str, Cursors] = {
                stream: {name: LogCursor(following, tuple(map(tuple, gaps))) for name, (following, gaps) in of.items()}
                for stream, of in content.items()
            }
        except (ValueError, TypeError, AttributeError):
            fix = "name another folder, or remove this one: it is written again"
            raise CreditError(Problem(str(self._file), "no places of an export", fix=fix)) from None
        # whoever is killed in the first writing leaves the temporary file of the places, and nothing else
        begun = f".{self._file.name}."
        is_other = folder.exists() and not all(one.name.startswith(begun) for one in folder.iterdir())
        if is_other and not self._file.exists():
            found = "a folder with something else in it"
            raise CreditError(Problem(str(folder), found, "an empty folder, or one that was exported to"))
        folder.mkdir(parents=True, exist_ok=True)
        if not self._file.exists():
            self._write_cursors()

    @contextmanager
    def reserve(self) -> Iterator[None]:
        """Reserve the folder until the block ends: of two exports one could write a day as it was before the other's.

        Raises CreditError while another process exports to it.
        """
        with (self._folder / ".export.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fix = "it has what is new as well; name another folder for a copy of its own"
                raise CreditError(Problem(str(self._folder), "another process exports to it", fix=fix)) from None
            yield

    def read_cursors(self, stream: Stream) -> Cursors:
        """Read the place of each writer."""
        return dict(self._cursors.get(stream, {}))

    def put(self, database: Database, batch: LogBatch) -> None:
        """Mark the days of decisions."""
        self._days |= {row["decided_at"].astimezone(UTC).date() for row in batch.rows}

    def refresh(self, database: Database, decisions: list[str]) -> None:
        """Mark the days of decisions whose outcome is new, or that were erased."""
        for start in range(0, len(decisions), 500):
            columns = DECISIONS_TABLE.c
            asked = select(columns.decided_at).where(columns.id.in_(decisions[start : start + 500]))
            with database.begin_read() as connection:
                self._days |= {one.astimezone(UTC).date() for one in connection.execute(asked).scalars()}

    def remove(self, before: datetime, environment: str | None) -> int:
        """Remove old decisions of an environment, None: of all; returns how many.

        The files of a day go, what is protected first, or are written again where others have decisions of it.
        """
        removed, first = 0, before.astimezone(UTC).date()
        days = {date.fromisoformat(one.name.removeprefix("day=")) for one in self._folder.glob("*/day=*")}
        if environment is None:
            self._days = {day for day in self._days if day >= first}
        for day in sorted(one for one in days if one < first):
            file = self._locate("decisions", day)
            own = _count_own(file, environment) if file.exists() else 0
            removed += own
            if environment is None:
                self._remove_day(day)
            elif own:
                self._days.add(day)
        return removed

    def note(self, stream: Stream, writer: str, cursor: LogCursor) -> None:
        """Note the place of a writer, to be written when the days are."""
        self._cursors.setdefault(stream, {})[writer] = cursor

    def finish(self, database: Database) -> None:
        """Write the marked days, then the places."""
        for day in sorted(self._days):
            self._write_day(database, day)
        self._days.clear()
        self._write_cursors()

    def digest(self) -> dict[date, DayDigest]:
        """Digest the decisions of each day."""
        return digest_days(self._iterate_records())

    def _remove_day(self, day: date) -> None:
        for kind in ("protected", "decisions"):
            shutil.rmtree(self._locate(kind, day).parent)  # with what a killed export left there

    def _write_day(self, database: Database, day: date) -> None:
        """Write the decisions of a day; where there are none any more, remove its files."""
        begin = datetime.combine(day, time(), UTC)
        records = iterate_records(database, begin, begin + timedelta(days=1))
        oldest = next(records, None)
        if oldest is None:
            self._remove_day(day)
            return
        records = chain([oldest], records)
        with (
            open_sink(self._locate("decisions", day), DECISIONS_SCHEMA) as write,
            open_sink(self._locate("protected", day), PROTECTED_SCHEMA) as write_protected,
        ):
            while page := list(islice(records, _PAGE_ROWS)):
                write(pa.Table.from_pylist([_flatten(one) for one in page], DECISIONS_SCHEMA))
                told = [{"id": one.id, "values": _dump(one.protected)} for one in page if one.protected is not None]
                write_protected(pa.Table.from_pylist(told, PROTECTED_SCHEMA))

    def _write_cursors(self) -> None:
        with atomic_write(self._file) as temporary:
            temporary.write_text(json.dumps(self._cursors))

    def _locate(self, kind: str, day: date) -> Path:
        path = self._folder / kind / f"day={day}" / f"{kind}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _iterate_records(self) -> Iterator[ExportedRecord]:
        for file in sorted(self._folder.glob("decisions/day=*/decisions.parquet")):
            day = date.fromisoformat(file.parent.name.removeprefix("day="))
            told = _read(self._locate("protected", day)).to_pylist()
            protected = {one["id"]: from_json(one["values"]) for one in told}
            for row in _read(file).to_pylist():
                moment, identifier = row.pop("decided_at"), row.pop("id")
                content = row | {name: None if row[name] is None else from_json(row[name]) for name in _JSONS}
                yield ExportedRecord(identifier, moment, content, protected.get(identifier))


def _count_own(file: Path, environment: str | None) -> int:
    """Count the decisions of an environment, None: of all, in a file; those from before it was noted are of any."""
    whose = _read(file, ["environment"])["environment"].to_pylist()
    return len(whose) if environment is None else sum(one in (environment, None) for one in whose)


def _read(file: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a file. Raises CreditError where it is missing or damaged."""
    try:
        return pq.read_table(file, columns=columns, partitioning=None)
    except (pa.ArrowException, FileNotFoundError) as error:
        fix = "name another folder, or remove this one: it is written again"
        raise CreditError(Problem(str(file), f"no file that was exported ({type(error).__name__})", fix=fix)) from None


def _flatten(record: ExportedRecord) -> dict[str, Any]:
    texts = {name: _dump(record.content[name]) for name in _JSONS}
    return {"id": record.id, "decided_at": record.decided_at, **record.content, **texts}


def _dump(value: Any) -> str | None:
    return None if value is None else to_json(value).decode()
