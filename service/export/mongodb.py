"""MongoDB as the target: a document for each decision, by its id, so that a second try changes nothing.

`decisions` has no protected attribute, these are in `protected`, which needs rights of its own. The places up to which
the log was read are in `export_cursors`, written after the documents that they are about.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from pymongo import MongoClient, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, ConfigurationError, InvalidURI, OperationFailure, PyMongoError
from pymongo.write_concern import WriteConcern
from sqlalchemy import select

from credit.common.errors import CreditError, Problem
from credit.decision_log.database import Database
from credit.decision_log.tables import DECISIONS_TABLE
from service.export.cursors import LogBatch, LogCursor
from service.export.following import Cursors, Stream
from service.export.records import DayDigest, ExportedRecord, build_records, digest_days, truncate

_DUPLICATE = 11000
_TIMEOUT_MILLISECONDS = 5_000

Document = dict[str, Any]


class MongoTarget:
    """A database of MongoDB. Raises CreditError, in one line without a secret, when it does not answer."""

    def __init__(self, url: str, name: str) -> None:
        try:
            self._client: MongoClient[Document] = MongoClient(
                url, serverSelectionTimeoutMS=_TIMEOUT_MILLISECONDS, tz_aware=True
            )
        except (InvalidURI, ConfigurationError, ValueError):
            raise CreditError(Problem("EXPORT_MONGODB_URL", "no address of MongoDB", "mongodb://…")) from None
        database = self._client.get_database(name, write_concern=WriteConcern(w="majority", j=True))
        self._decisions, self._protected = database["decisions"], database["protected"]
        self._cursors = database["export_cursors"]

    def read_cursors(self, stream: Stream) -> Cursors:
        """Read the place of each writer."""
        with _translate_errors():
            found = list(self._cursors.find({"stream": stream}))
        return {
            one["writer"]: LogCursor(one["following"], tuple((first, last) for first, last in one["gaps"]))
            for one in found
        }

    def put(self, database: Database, batch: LogBatch) -> None:
        """Insert decisions; those that are there already are left alone."""
        records = build_records(database, batch.rows)
        protected = [{"_id": one.id, "values": one.protected} for one in records if one.protected is not None]
        with _translate_errors():
            _insert(self._protected, protected)
            _insert(self._decisions, [_build_document(one) for one in records])

    def refresh(self, database: Database, decisions: list[str]) -> None:
        """Update decisions whose outcome is new, or that were erased."""
        for start in range(0, len(decisions), 500):
            asked = select(DECISIONS_TABLE).where(DECISIONS_TABLE.c.id.in_(decisions[start : start + 500]))
            with database.begin_read() as connection:
                rows = [dict(row._mapping) for row in connection.execute(asked)]
            records = build_records(database, rows)
            changed = [UpdateOne({"_id": one.id}, {"$set": one.content}) for one in records]
            erased = [one.id for one in records if one.protected is None]
            with _translate_errors():
                if changed:
                    self._decisions.bulk_write(changed, ordered=False)
                if erased:
                    self._protected.delete_many({"_id": {"$in": erased}})

    def remove(self, before: datetime, environment: str | None) -> int:
        """Remove old decisions of an environment, None: of all, what is protected first; returns how many."""
        old: dict[str, Any] = {"decided_at": {"$lt": before}}
        old |= {} if environment is None else {"environment": {"$in": [environment, None]}}
        removed = 0
        with _translate_errors():
            while found := [one["_id"] for one in self._decisions.find(old, {"_id": 1}).limit(1_000)]:
                self._protected.delete_many({"_id": {"$in": found}})
                self._decisions.delete_many({"_id": {"$in": found}})
                removed += len(found)
        return removed

    def note(self, stream: Stream, writer: str, cursor: LogCursor) -> None:
        """Note the place of a writer."""
        place = {"stream": stream, "writer": writer, "following": cursor.following, "gaps": [*map(list, cursor.gaps)]}
        with _translate_errors():
            self._cursors.replace_one({"_id": f"{stream} {writer}"}, place, upsert=True)

    def finish(self, database: Database) -> None:
        """Make what analysts look for findable."""
        with _translate_errors():
            self._decisions.create_index("decided_at")

    def digest(self) -> dict[date, DayDigest]:
        """Digest the decisions of each day."""
        with _translate_errors():
            return digest_days(self._iterate_records())

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _iterate_records(self) -> Iterator[ExportedRecord]:
        page: list[Document] = []
        for document in self._decisions.find({}):
            page.append(document)
            if len(page) == 1_000:
                yield from self._join(page)
                page = []
        yield from self._join(page)

    def _join(self, documents: Sequence[Document]) -> Iterator[ExportedRecord]:
        """Join decisions with their protected attributes."""
        asked = {"_id": {"$in": [one["_id"] for one in documents]}}
        protected = {one["_id"]: one["values"] for one in self._protected.find(asked)}
        for one in documents:
            identifier, moment = one.pop("_id"), one.pop("decided_at")
            yield ExportedRecord(identifier, moment.astimezone(UTC), one, protected.get(identifier))


def _build_document(record: ExportedRecord) -> Document:
    return {"_id": record.id, "decided_at": truncate(record.decided_at), **record.content}


def _insert(collection: Collection[Document], documents: list[Document]) -> None:
    if not documents:
        return
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        others = [one for one in error.details["writeErrors"] if one["code"] != _DUPLICATE]
        if others or error.details.get("writeConcernErrors"):
            raise


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except OperationFailure as error:  # it answers, and does not do it: no right to, say
        told = error.details or {}
        codes = [one["code"] for one in told.get("writeErrors", ()) if one["code"] != _DUPLICATE]
        code = told.get("codeName") or next(iter(codes), error.code)
        raise CreditError(Problem("MongoDB", f"it refuses: {type(error).__name__}, {code}")) from None
    except PyMongoError as error:
        raise CreditError(Problem("MongoDB", f"no answer: {type(error).__name__}")) from None
