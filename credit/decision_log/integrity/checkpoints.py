"""Checkpoints: the heads of the chains in the release store, where nothing is ever overwritten.

The place and the hash are in the key, so that a listing tells all of them. One at place 0 announces a chain.
"""

import json
import re
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic_core import to_json

from credit.decision_log.integrity.chain import Head
from credit.registry.store import Store

LOG_PREFIX = "log"
"""Where in the store checkpoints are; `release gc` leaves them alone."""

_ANNOUNCEMENTS = f"{LOG_PREFIX}/announcements.json"
_ACCEPTED = f"{LOG_PREFIX}/accepted"

_NAME = re.compile(r"(\d{12})-([0-9a-f]{64})\.json")
_ACCEPTED_NAME = re.compile(r"(.+)-(\d+)\.json")


class Checkpoint(NamedTuple):
    """A head of a writer in a table."""

    table: str
    head: Head


def write_checkpoint(store: Store, checkpoint: Checkpoint, environment: str | None) -> None:
    """Write a head into the store. Raises CreditError when the store does not take it."""
    writer, sequence, row_hash = checkpoint.head
    key = f"{LOG_PREFIX}/{checkpoint.table}/{writer}/{sequence:012d}-{row_hash}.json"
    content = {"environment": environment, "time": datetime.now(UTC), **checkpoint.head._asdict()}
    store.create(key, to_json({"table": checkpoint.table, **content}))


def list_checkpointed_writers(store: Store, table: str) -> list[str]:
    """List the writers of a table that have checkpoints."""
    return store.list_children(f"{LOG_PREFIX}/{table}")[0]


def list_points(store: Store, table: str, writer: str) -> dict[int, set[str]]:
    """List the hashes that checkpoints have for the places of a writer; two for one place are a forgery."""
    points: dict[int, set[str]] = {}
    for name in store.list_children(f"{LOG_PREFIX}/{table}/{writer}")[1]:
        if found := _NAME.fullmatch(name):
            points.setdefault(int(found[1]), set()).add(found[2])
    return points


def note_announcements(store: Store) -> None:
    """Note in the store, once for good, that chains are announced from now on."""
    store.create(_ANNOUNCEMENTS, to_json({"since": datetime.now(UTC)}))


def read_announcements(store: Store) -> datetime | None:
    """Read from when on chains are announced; None: no service that does so has used the store."""
    content = store.read(_ANNOUNCEMENTS)
    return None if content is None else datetime.fromisoformat(json.loads(content)["since"])


def accept_chain(store: Store, checkpoint: Checkpoint, caller: str, reason: str) -> None:
    """Accept a chain by hand up to a row: who did it and why stays in the store. A checkpoint covers the rows then."""
    told = {"time": datetime.now(UTC), "caller": caller, "reason": reason, "table": checkpoint.table}
    writer, sequence, _ = checkpoint.head
    key = f"{_ACCEPTED}/{checkpoint.table}/{writer}-{sequence:012d}.json"
    store.create(key, to_json(told | checkpoint.head._asdict()))
    write_checkpoint(store, checkpoint, None)


def list_accepted(store: Store, table: str) -> dict[str, set[int]]:
    """List the writers whose chains in a table were accepted by hand, with the places up to which they were."""
    accepted: dict[str, set[int]] = {}
    for name in store.list_children(f"{_ACCEPTED}/{table}")[1]:
        if found := _ACCEPTED_NAME.fullmatch(name):
            accepted.setdefault(found[1], set()).add(int(found[2]))
    return accepted
