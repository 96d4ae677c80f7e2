"""Probe a store for put-if-absent, on which the ledger rests, and give it an identity that tags can name."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

from pydantic import AwareDatetime

from credit.common.errors import CreditError, Problem
from credit.common.parallel import run_in_threads
from credit.registry.records import StoreRecord
from credit.registry.store import Store

IDENTITY_KEY = "store.json"
PROBES_PREFIX = "probes"


class StoreIdentity(StoreRecord):
    """The identity of a store: another store at the same address is another one."""

    id: str
    created_at: AwareDatetime


def read_store_id(store: Store) -> str | None:
    """Read the identity of a store; None when it was made by code that gave none, or is empty."""
    content = store.read(IDENTITY_KEY)
    return None if content is None else StoreIdentity.parse(content, f"{store.url}/{IDENTITY_KEY}").id


def prepare_store(store: Store) -> None:
    """Probe a store and give it an identity, once. Raises CreditError when it overwrites."""
    if store.read(IDENTITY_KEY) is not None:
        return
    probe_store(store, writers=2)
    store.create(IDENTITY_KEY, StoreIdentity(id=uuid4().hex, created_at=datetime.now(UTC)).serialize())


def probe_store(store: Store, writers: int) -> None:
    """Let several writers put different contents to one key at once, and one more afterwards.

    Raises CreditError when two of them win, or the winner's content is not kept.
    """
    prefix = f"{PROBES_PREFIX}/{uuid4().hex}"
    contents = [f"writer {number}".encode() for number in range(writers)]
    try:
        put: Callable[[bytes], bool] = partial(store.create, f"{prefix}/one")
        winners = [content for content, won in zip(contents, run_in_threads(put, contents), strict=True) if won]
        late = put(b"a late writer")
        found = store.read(f"{prefix}/one")
    finally:
        store.delete(prefix)
    if len(winners) != 1 or late or found != winners[0]:
        won = len(winners) + late
        said = "does not keep what it took" if won == 1 else f"overwrites: of {writers + 1} writers of a key {won} won"
        fix = "two deploys could both believe that they won; use a store that honours If-None-Match"
        raise CreditError(Problem(f"the store {store.url}", said, fix=fix))
