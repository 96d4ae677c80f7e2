"""Identify a store by store.json, and by the git tags that carry the hash of one of its entries.

An entry's hash is of no other entry, so a tag that carries it was made of this store, whatever store.json says now. A
store whose file was deleted or replaced would else be a new one, of which no tag witnesses anything.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from credit.registry.identity import IDENTITY_KEY, StoreIdentity, read_store_id
from credit.registry.ledger import Ledger
from credit.registry.store import Store
from release.repository.git import is_in_repository
from release.repository.tags import Event, Registry, read_registry

_FIX = "put it back from the bucket's own history or from a backup"


class Identification(NamedTuple):
    """The identities that a store has by its file and by tags; more than one, or none in the file, is a problem."""

    by_file: str | None
    by_tags: frozenset[str]
    problem: Problem | None

    @property
    def id(self) -> str | None:
        """The identity that counts: a tag is harder to forge than the file."""
        return min(self.by_tags, default=self.by_file)

    @property
    def all_ids(self) -> frozenset[str]:
        """Every identity under which tags witness this store."""
        return self.by_tags | ({self.by_file} if self.by_file else set())


def identify_store(store: Store, registry: Registry, environment: str | None = None) -> Identification:
    """Identify a store. `environment`: the one whose tags are asked; by default all."""
    unreadable = None
    try:
        by_file = read_store_id(store)
    except CreditError as error:
        by_file, unreadable = None, error.problems[0]._replace(fix=_FIX)
    events = registry.events if environment is None else registry.list_events(environment)
    others = [event for event in events if event.entry_hash and event.store != by_file]
    by_tags = _find_witnessed_ids(store, others)
    return Identification(by_file, by_tags, unreadable or _find_problem(store, others, by_file, by_tags))


def require_identity(store: Store) -> None:
    """Require that store.json is the one that the tags know, before anything is written by it.

    Without git nothing says so. Raises CreditError when it was deleted or replaced.
    """
    if is_in_repository() and (problem := identify_store(store, read_registry()).problem):
        raise CreditError(problem)


def _find_witnessed_ids(store: Store, events: list[Event]) -> frozenset[str]:
    """Find the identities in those tags whose entry is in this store, byte by byte."""

    def is_witness(event: Event) -> bool:
        number = event.entry_number
        return number is not None and Ledger(store, event.environment).hash_entry(number) == event.entry_hash

    found = zip(events, run_in_threads(is_witness, events), strict=True)
    return frozenset(event.store for event, fits in found if fits and event.store)


def _find_problem(
    store: Store, others: Sequence[Event], by_file: str | None, by_tags: frozenset[str]
) -> Problem | None:
    where, known = f"{store.url}/{IDENTITY_KEY}", ", ".join(sorted(by_tags))
    if by_file is not None:
        found = f"the store {by_file}, though git tags that were made of entries here say {known}"
        return Problem(where, found, fix=_suggest_content(by_tags, others)) if by_tags else None
    if not others or not (by_tags or _has_content(store)):
        return None  # nobody knows it, or it is a new one
    named = known or ", ".join(sorted({event.store for event in others if event.store}))
    return Problem(where, f"is gone, and git tags name the store {named}", fix=_suggest_content(by_tags, others))


def _has_content(store: Store) -> bool:
    return any(store.list_children("versions")) or any(store.list_children("environments"))


def _suggest_content(ids: frozenset[str], events: Sequence[Event]) -> str:
    """Say how to put the file back; what it says is known when the tags agree on it."""
    if len(ids) != 1:
        return _FIX
    (known,) = ids
    first = min(datetime.fromisoformat(event.tag.time) for event in events if event.store == known)
    content = StoreIdentity(id=known, created_at=first.astimezone(UTC)).model_dump_json()
    return f"{_FIX}, or write {content}"
