"""Make git and the ledger agree: tag what was rolled back without git, follow what was tagged by hand

The ledger goes first. An entry that git does not know yet (a rollback while git was out of reach) is tagged now and so
gets the newest number; a tag by hand from before it is overtaken, instead of undoing the rollback. The kill switch has
no tag; what was tagged by hand before it is overtaken by its time."""

from datetime import datetime
from typing import Any, NamedTuple

import click

from credit.common.cli import Answer, AnsweringCommand
from credit.common.errors import CreditError
from credit.registry.ledger import Ledger, LedgerEntry
from credit.registry.names import ENVIRONMENTS, Version
from credit.registry.records import remove_control_characters
from credit.registry.store import Store, open_store
from release.commands.options import add_dry_run, add_push, add_wait
from release.deployment import plan, rollout
from release.deployment.plan import Attribution, Change
from release.registration.publish import find_published, publish_version
from release.repository import tags
from release.repository.git import find_actor
from release.repository.tags import Event, find_live_event


class SyncPlan(NamedTuple):
    """What one environment lacks.

    `untagged`: entries without a tag, the oldest first. `manual`: tags that no entry follows yet and that are newer
    than all that one does. `overtaken`: those that are older than the kill switch. `target`: the version that holds by
    the tags, None when all are withdrawn.
    """

    environment: str
    untagged: list[LedgerEntry]
    manual: list[Event]
    overtaken: list[Event]
    target: Version | None


def plan_sync(store: Store) -> list[SyncPlan]:
    """What each environment lacks."""
    registry = tags.read_registry()
    return [
        plan_environment(name, Ledger(store, name).read_entries(), registry.list_events(name)) for name in ENVIRONMENTS
    ]


def plan_environment(environment: str, entries: list[LedgerEntry], events: list[Event]) -> SyncPlan:
    """Compare the ledger of an environment, newest first, with its tags, oldest first."""
    by_entry = {event.entry_number for event in events if event.entry_number is not None}
    followed = {entry.tag for entry in entries if entry.tag is not None}
    last_tagged = max((e.number for e in entries if e.number in by_entry or e.tag), default=0)
    untagged = [e for e in reversed(entries) if e.number > last_tagged and rollout.is_taggable(e)]
    last_linked = max((e.number for e in events if e.entry_number is not None or e.tag.name in followed), default=0)
    new = [event for event in events if event.number > last_linked and event.version is not None]
    switched = entries[0].time if entries and entries[0].kind == "fallback" else None
    overtaken = [event for event in new if switched and datetime.fromisoformat(event.tag.time) <= switched]
    by_hand = [event for event in new if event not in overtaken]
    target = find_live_event(events)
    return SyncPlan(environment, untagged, by_hand, overtaken, target.version if target else None)


def follow_tags(store: Store, one: SyncPlan, actor: str) -> Change | None:
    """The change that makes an environment follow the tags, or None. Publishes the version if needed."""
    if one.untagged or not one.manual:
        return None
    ledger, event = Ledger(store, one.environment), one.manual[-1]
    said = remove_control_characters(f"git tag {event.tag.name}: {event.tag.message.partition(chr(10))[0]}")
    why = Attribution(said, remove_control_characters(event.tag.tagger) or actor)
    last = ledger.read_newest()
    if one.target is None:
        return plan.plan_fallback(ledger, why) if last else None
    record = find_published(store, one.target) or publish_version(store, one.target, actor)[0]
    if event.is_withdrawal and last is not None:
        return plan.plan_rollback_to(ledger, record, why, event.tag.name)
    return plan.plan_deployment(ledger, record, why, event.tag.name)


EPILOG = """example:
  release sync    (after gto deprecate credit-model v1.2.0 prod, say)
  release sync --push"""


@click.command(cls=AnsweringCommand, help=__doc__, epilog=EPILOG)
@click.option("--no-fetch", is_flag=True, help="look at the tags that are here, without asking origin")
@add_wait
@add_push
@add_dry_run
def run(no_fetch: bool, wait: float, push: bool, dry_run: bool) -> Answer:
    """Fetch the tags, tag entries, follow tags, push."""
    if not no_fetch:
        tags.fetch_tags()
    store = open_store()
    lines: list[str] = []
    content: dict[str, Any] = {"environments": {}, "dry_run": dry_run}
    late: list[str] = []
    problems: list[str] = []
    for one in plan_sync(store):
        told: dict[str, Any] = {"tagged": [], "followed": None, "overtaken": []}
        content["environments"][one.environment] = told
        for entry in one.untagged:
            what = f"{one.environment}: entry {entry.number} ({entry.kind}, {entry.version})"
            try:
                name = "a tag" if dry_run else tags.assign_version(one.environment, entry)
            except CreditError as error:  # a version that was withdrawn, or is not known here, gets none
                problems += [f"{what} gets no tag: {error}"]
                continue
            told["tagged"].append(name)
            lines += [f"{what} has {name}"]
        overtaken = [*one.overtaken, *(one.manual if one.untagged else [])]
        told["overtaken"] = [event.tag.name for event in overtaken]
        lines += [f"{one.environment}: {event.tag.name} is overtaken by the ledger" for event in overtaken]
        if one.manual and not one.untagged and dry_run:
            lines += [f"{one.environment}: would follow {one.manual[-1].tag.name} to {one.target or 'the rule'}"]
        elif change := follow_tags(store, one, find_actor()):
            made = plan.apply_change(store, change)
            if made is not None:
                told["followed"] = made.model_dump(mode="json", exclude_none=True)
                lines += [f"{one.environment}: {rollout.describe_decider(made)}, as {one.manual[-1].tag.name} says"]
                late += rollout.wait_for_services(made, wait)
    if push and not dry_run:
        pushed = tags.push_missing_tags()
        content["pushed"] = pushed
        lines += [f"pushed {name}" for name in pushed]
    lines += [f"late:  {said}" for said in late] + [f"problem: {said}" for said in problems]
    content["problems"] = problems
    return Answer(content, "\n".join(lines or ["git and the ledger agree"]), 1 if late or problems else 0)
