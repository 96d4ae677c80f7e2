"""Versions made ready to decide: verified, loaded, and found to decide as they did when they were made."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from credit.bundle import load_bundle
from credit.bundle.examples import check_examples
from credit.common.errors import CreditError, Problem
from credit.contract.columns import Column
from credit.registry import versions
from credit.registry.ledger import Entry, Ledger
from credit.registry.store import Store
from credit.scoring.derived_columns import Derivations
from service.engine.live_version import Serving
from service.engine.requests import requests_of


def of_folder(entry: Entry | None, folder: Path, largest_batch: int = 1) -> Serving:
    """The bundle in a folder. Raises CreditError when it is not intact, or not the one that the entry names."""
    bundle = load_bundle(folder)
    if entry is not None and bundle.manifest.digest != entry.digest:
        raise CreditError(Problem(str(folder), f"digest {bundle.manifest.digest[:12]}", f"{entry.digest[:12]}"))
    rows = check_examples(bundle, folder)  # which warms it too
    derivations = Derivations(bundle.contract, [*bundle.model.features, bundle.rule.column])
    known = rows[0] if rows else {}
    columns = {name: bundle.contract.columns[name] for name in bundle.inputs}
    example = {name: known[name] if name in known else _made_up(column) for name, column in columns.items()}
    return Serving(entry, bundle, requests_of(bundle, largest_batch), derivations, example)


def live(store: Store, environment: str) -> Serving:
    """What is live, the kill switch included. Raises CreditError when nothing is."""
    entry = Ledger(store, environment).newest()
    if entry is None:
        where = f"the ledger of {environment} in {store.url}"
        raise CreditError(Problem(where, "nothing: no version was ever deployed", "an entry", "name a version"))
    return _fetched(store, entry)


def of_store(store: Store, version: str) -> Serving:
    """A version, live or not. Raises CreditError when it is not in the store."""
    record = versions.required(store, version)
    return _fetched(store, deployed(record.version, record.digest))


def deployed(version: str, digest: str) -> Entry:
    """An entry as if a version were live, for whoever decides by it without a ledger."""
    now = datetime.now(UTC)
    return Entry(number=1, kind="deploy", version=version, digest=digest, reason="asked for", actor="", time=now)


def _made_up(column: Column) -> Any:
    """A value of a column that only derived ones are made of, of which a bundle has no example."""
    if column.allowed is not None:
        return column.allowed[0]
    if column.type in ("integer", "number"):
        low, high = column.range or (None, None)
        return min(max(1, 1 if low is None else low), 1 if high is None else high)
    return {"boolean": False, "date": "2026-01-31", "timestamp": "2026-01-31T12:00:00"}.get(column.type, "a text")


def _fetched(store: Store, entry: Entry) -> Serving:
    with versions.fetched(store, versions.required(store, entry.version, entry.digest)) as folder:
        return of_folder(entry, folder)
