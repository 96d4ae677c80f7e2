"""Find where the ledger and the tags of an environment differ: entries without a tag, and tags made by hand."""

from datetime import datetime
from typing import NamedTuple

from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS, Version
from credit.registry.store import Store
from release.deployment.rollout import is_taggable
from release.repository import tags
from release.repository.store_identity import identify_store
from release.repository.tags import Event, find_live_event


class SyncPlan(NamedTuple):
    """The differences between the ledger and the tags of one environment.

    `untagged`: entries without a tag, the oldest first. `overtaken`: tags by hand that the ledger has overtaken.
    `followed`: the newest one that it has not, and is to follow. `target`: the version that is current by the tags,
    None when all are withdrawn.
    """

    environment: str
    untagged: list[LedgerEntry]
    overtaken: list[Event]
    followed: Event | None
    target: Version | None


def plan_sync(store: Store) -> list[SyncPlan]:
    """Find the differences in each environment."""
    registry = tags.read_registry()
    identity = identify_store(store, registry).id
    return [
        plan_environment(name, Ledger(store, name).read_entries(), registry.list_events(name), identity)
        for name in ENVIRONMENTS
    ]


def plan_environment(environment: str, entries: list[LedgerEntry], events: list[Event], store: str | None) -> SyncPlan:
    """Compare the ledger of an environment, newest first, with its tags, oldest first. `store`: its identity."""
    events = [event for event in events if event.entry_number is None or event.is_of(store)]
    untagged, manual = _find_untagged(entries, events), _find_manual_tags(entries, events)
    overtaken = [event for event in manual if untagged or _is_overtaken(event, entries)]
    remaining = [event for event in manual if event not in overtaken]
    live = find_live_event(events)
    return SyncPlan(
        environment, untagged, overtaken, remaining[-1] if remaining else None, live.version if live else None
    )


def _find_untagged(entries: list[LedgerEntry], events: list[Event]) -> list[LedgerEntry]:
    """Find the entries that can have a tag and are newer than all that have one or follow one; the oldest first."""
    tagged = {event.entry_number for event in events}
    last = max((entry.number for entry in entries if entry.tag or entry.number in tagged), default=0)
    return [entry for entry in reversed(entries) if entry.number > last and is_taggable(entry)]


def _find_manual_tags(entries: list[LedgerEntry], events: list[Event]) -> list[Event]:
    """Find the tags by hand of a version that are newer than all that an entry has or follows; the oldest first."""
    followed = {entry.tag for entry in entries}
    last = max(
        (event.number for event in events if event.entry_number is not None or event.tag.name in followed), default=0
    )
    return [event for event in events if event.number > last and event.version is not None]


def _is_overtaken(event: Event, entries: list[LedgerEntry]) -> bool:
    """Tell whether a tag by hand is no younger than the kill switch that is the newest entry."""
    newest = entries[0] if entries else None
    return newest is not None and newest.kind == "fallback" and datetime.fromisoformat(event.tag.time) <= newest.time
