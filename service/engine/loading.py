"""Load versions: verified, warmed, and found to decide as they did when they were made."""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from credit.bundle.application_fit import ApplicationFitter
from credit.bundle.bundle import load_bundle
from credit.bundle.examples import check_examples
from credit.bundle.final_decision import build_derivations
from credit.bundle.packed import PackedBundle, pack_bundle, unpack_temporarily
from credit.common.errors import CreditError, Problem
from credit.contract.columns import Column
from credit.registry import versions
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.store import Store
from service.engine.live_version import LiveVersion
from service.engine.request_types import build_request_parser


def load_folder(entry: LedgerEntry | None, folder: Path, largest_batch: int = 1) -> LiveVersion:
    """Load the bundle in a folder. Raises CreditError when it is not intact, or not the one that the entry names."""
    bundle = load_bundle(folder)
    if entry is not None and bundle.manifest.digest != entry.digest:
        raise CreditError(Problem(str(folder), f"digest {bundle.manifest.digest[:12]}", f"{entry.digest[:12]}"))
    rows = check_examples(bundle, folder)  # which warms it too
    derivations = build_derivations(bundle)
    known = rows[0] if rows else {}
    columns = {name: bundle.contract.columns[name] for name in bundle.inputs}
    example = {name: known[name] if name in known else _invent_value(column) for name, column in columns.items()}
    requests = build_request_parser(bundle, largest_batch)
    return LiveVersion(entry, bundle, requests, derivations, example, ApplicationFitter(bundle))


class PackedVersion(NamedTuple):
    """A version as another process can be sent it: the entry by which it is live, or as if, and its bundle."""

    entry: LedgerEntry
    bundle: PackedBundle


def pack_version(store: Store, environment: str, version: str | None = None) -> PackedVersion:
    """Pack a version, live or not, or without one the live version, the kill switch included.

    Raises CreditError when it is not in the store, or nothing is live.
    """
    if version is not None:
        record = versions.require_version(store, version)
        return _fetch_version(store, build_deployment(record.version, record.digest))
    entry = Ledger(store, environment).read_newest()
    if entry is None:
        where = f"the ledger of {environment} in {store.url}"
        raise CreditError(Problem(where, "no version has been deployed", fix="name one"))
    return _fetch_version(store, entry)


@lru_cache(maxsize=1)
def load_packed(packed: PackedVersion) -> LiveVersion:
    """Load a version, once in a process. Raises CreditError as `load_folder` does."""
    with unpack_temporarily(packed.bundle) as folder:
        return load_folder(packed.entry, folder)


def build_deployment(version: str, digest: str) -> LedgerEntry:
    """Build an entry as if a version were live, to decide by it without a ledger."""
    now = datetime.now(UTC)
    return LedgerEntry(number=1, kind="deploy", version=version, digest=digest, reason="asked for", actor="", time=now)


def _invent_value(column: Column) -> Any:
    """Invent a value of a column that only derived ones are made of: a bundle has no example of it."""
    if column.allowed is not None:
        return column.allowed[0]
    if column.type in ("integer", "number"):
        low, high = column.range or (None, None)
        return min(max(1, 1 if low is None else low), 1 if high is None else high)
    text = column.example or "a text"
    return {"boolean": False, "date": "2026-01-31", "timestamp": "2026-01-31T12:00:00"}.get(column.type, text)


def _fetch_version(store: Store, entry: LedgerEntry) -> PackedVersion:
    with versions.fetch_temporarily(store, versions.require_version(store, entry.version, entry.digest)) as folder:
        return PackedVersion(entry, pack_bundle(folder))
