"""Git and the ledger agree again: entries get the tags they lack, and what was tagged by hand goes live.

The ledger goes first. An entry that git does not know yet (a rollback while git was out of reach) is tagged now and so
gets the newest number; a tag by hand from before it is overtaken, instead of undoing the rollback. The kill switch has
no tag; what was tagged by hand before it is overtaken by its time.
"""

from datetime import datetime
from typing import NamedTuple

from credit.registry.ledger import Entry, Ledger
from credit.registry.names import ENVIRONMENTS, Version
from credit.registry.store import Store
from credit.registry.words import one_line
from release import after, live, tags
from release.live import Change, Why
from release.tagged import in_store, publish
from release.tags import Event, live_by_tags


class Plan(NamedTuple):
    """What one environment lacks.

    `untagged`: entries without a tag, the oldest first. `by_hand`: tags that no entry follows yet and that are newer
    than all that one does. `overtaken`: those that are older than the kill switch. `target`: the version that holds by
    the tags, None when all are withdrawn.
    """

    environment: str
    untagged: list[Entry]
    by_hand: list[Event]
    overtaken: list[Event]
    target: Version | None


def plans(store: Store) -> list[Plan]:
    """What each environment lacks."""
    registry = tags.read_registry()
    return [plan(name, Ledger(store, name).entries(), registry.of(name)) for name in ENVIRONMENTS]


def plan(environment: str, entries: list[Entry], events: list[Event]) -> Plan:
    """Compare the ledger of an environment, newest first, with its tags, oldest first."""
    by_entry = {event.entry for event in events if event.entry is not None}
    followed = {entry.tag for entry in entries if entry.tag is not None}
    last_tagged = max((e.number for e in entries if e.number in by_entry or e.tag), default=0)
    untagged = [e for e in reversed(entries) if e.number > last_tagged and after.has_tag(e)]
    last_linked = max((e.number for e in events if e.entry is not None or e.tag.name in followed), default=0)
    new = [event for event in events if event.number > last_linked and event.version is not None]
    switched = entries[0].time if entries and entries[0].kind == "fallback" else None
    overtaken = [event for event in new if switched and datetime.fromisoformat(event.tag.time) <= switched]
    by_hand = [event for event in new if event not in overtaken]
    target = live_by_tags(events)
    return Plan(environment, untagged, by_hand, overtaken, target.version if target else None)


def follow(store: Store, one: Plan, actor: str) -> Change | None:
    """The change that makes an environment follow the tags, or None. Publishes the version if needed."""
    if one.untagged or not one.by_hand:
        return None
    ledger, event = Ledger(store, one.environment), one.by_hand[-1]
    said = one_line(f"git tag {event.tag.name}: {event.tag.message.partition(chr(10))[0]}")
    why = Why(said, one_line(event.tag.tagger) or actor)
    last = ledger.newest()
    if one.target is None:
        return live.fallback(ledger, why) if last else None
    record = in_store(store, one.target) or publish(store, one.target, actor)[0]
    if event.withdrawn and last is not None:
        return live.rollback_to(ledger, record, why, event.tag.name)
    return live.deployment(ledger, record, why, event.tag.name)
