"""Chain the rows of a writer: each carries the hash of its content and of the row before.

Personal values are hashed by themselves, with a salt: when they are erased the salt goes too, the hash stays, and
nobody can guess the values from it.
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import uuid4

from pydantic_core import to_json
from sqlalchemy import Table

from credit.decision_log.tables import DECISIONS_TABLE, EVENTS_TABLE, OUTCOMES_TABLE, SHADOWS_TABLE

GENESIS = "0" * 64
"""The hash before the first row of a writer."""

_SALT_BYTES = 16


class ChainedTable(NamedTuple):
    """A table whose rows are chained. `moments`, `public` and `personal`: its columns as they are hashed.

    `key`: the columns of which at most one has the idempotency key.
    """

    table: Table
    moments: tuple[str, ...]
    public: tuple[str, ...]
    personal: tuple[str, ...]
    key: tuple[str, ...] = ()


DECISIONS = ChainedTable(
    DECISIONS_TABLE,
    ("decided_at",),
    (
        "id",
        "decision",
        "reasons",
        "reason_codes",
        "language",
        "decided_by",
        "rule_because",
        "version",
        "digest",
        "entry",
        "caller",
        "environment",
    ),
    ("inputs", "protected", "applicant", "fingerprint"),
    ("idempotency_key", "repeated_key"),
)
OUTCOMES = ChainedTable(
    OUTCOMES_TABLE, ("observed_at", "recorded_at"), ("decision_id", "label", "caller"), ("outcome",)
)
EVENTS = ChainedTable(
    EVENTS_TABLE, ("happened_at",), ("id", "environment", "kind", "caller", "decision_id", "detail"), ("personal",)
)
SHADOWS = ChainedTable(
    SHADOWS_TABLE,
    ("shadowed_at",),
    ("id", "decision_id", "environment", "challenge", "version", "digest", "entry"),
    ("decision", "score", "decided_by", "rule_because"),
)
CHAINED_TABLES = (DECISIONS, OUTCOMES, EVENTS, SHADOWS)


class Head(NamedTuple):
    """The newest row of a writer: its place, from 1, and its hash."""

    writer: str
    sequence: int
    row_hash: str


def begin_chain() -> Head:
    """Begin a chain of a new writer: the place and the hash before its first row."""
    return Head(uuid4().hex, 0, GENESIS)


class Hasher:
    """Hashes rows of one table."""

    def __init__(self, kind: ChainedTable) -> None:
        self._personal, self._public = itemgetter("salt", *kind.personal), itemgetter("writer", *kind.public)
        self._moments, self._key, self._has_score = kind.moments, kind.key, kind is DECISIONS

    def hash_personal(self, row: dict[str, Any]) -> str:
        """Hash the personal values of a row, which an erasure removes."""
        return hashlib.sha256(to_json(self._personal(row))).hexdigest()

    def hash_row(self, row: dict[str, Any]) -> str:
        """Hash a row with the hash of the row before. A moment is hashed in UTC, wherever the database is."""
        moments = [row[name].astimezone(UTC) for name in self._moments]
        keys = [value for name in self._key if (value := row[name]) is not None]
        score = float(row["score"]) if self._has_score else None
        content = (row["previous"], row["personal_hash"], moments, keys, score, self._public(row))
        return hashlib.sha256(to_json(content)).hexdigest()


class Chain:
    """The chain of one writer in one table: this process, until it ends or cannot tell what became of a row."""

    def __init__(self, kind: ChainedTable, head: Head | None = None) -> None:
        self.kind = kind
        self._hasher = Hasher(kind)
        self.heads = [head or begin_chain()]
        """The head of each chain that was begun, the current one last."""

    def restart(self) -> None:
        """Begin another chain: whether the last row of this one is in the database is not known."""
        self.heads[-1:] = [*(head for head in self.heads[-1:] if head.sequence), begin_chain()]

    def leave(self) -> None:
        """Leave the current chain to the other writer that went on with it, and begin another one."""
        self.heads[-1] = begin_chain()

    def link(self, rows: Sequence[dict[str, Any]]) -> None:
        """Fill in the chain's columns of rows that come next. Linked again, they are at the same place."""
        writer, sequence, previous = self.heads[-1]
        salts = os.urandom(_SALT_BYTES * len(rows)).hex()
        for place, row in enumerate(rows):
            row["writer"], row["sequence"], row["previous"] = writer, sequence + place + 1, previous
            row["salt"] = salts[2 * _SALT_BYTES * place : 2 * _SALT_BYTES * (place + 1)]
            row["personal_hash"] = self._hasher.hash_personal(row)
            row["row_hash"] = previous = self._hasher.hash_row(row)

    def advance(self, rows: Sequence[dict[str, Any]]) -> None:
        """Move the head to the last of linked rows, which are durable now."""
        if rows:
            self.heads[-1] = Head(rows[-1]["writer"], rows[-1]["sequence"], rows[-1]["row_hash"])
